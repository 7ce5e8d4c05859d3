class Redis:
    def __init__(self, *args, **kwargs):
        self._id = _rw_connect(args, kwargs)
    def __repr__(self):
        return '<redis.client.Redis(' + _rw_describe(self._id) + ')>'
    def __enter__(self):
        return self
    def __exit__(self, kind, raised, traceback):
        pass
    def close(self):
        pass
    def execute_command(self, *args, **options):
        return _rw_redis(self._id, 'execute_command', args, options)
_rw_Redis = Redis
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
