class Redis:
    def __init__(self, *args, **kwargs):
        self._id = _rw_connect(_rw_known, args, kwargs)
    def __repr__(self):
        return '<redis.client.Redis(' + _rw_describe(_rw_known, self._id) + ')>'
    def __enter__(self):
        return self
    def __exit__(self, kind, raised, traceback):
        pass
    def close(self):
        pass
    def execute_command(self, *args, **options):
        return _rw_redis(_rw_known, self._id, 'execute_command', args, options)
_rw_Redis = Redis
_rw_class(Redis, False)
def _rw_from_url(url, **kwargs):
    kwargs['url'] = url
    return _rw_Redis(**kwargs)
class ConnectionPool:
    def __init__(self, **kwargs):
        self.connection_kwargs = kwargs
    def disconnect(self, inuse_connections=True):
        pass
    def close(self):
        pass
_rw_Pool = ConnectionPool
_rw_class(ConnectionPool, False)
