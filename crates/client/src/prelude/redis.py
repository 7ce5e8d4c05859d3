class Redis:
    def __init__(self, *args, **kwargs):
        self._id = _rw_connect(_rw_known, args, kwargs)
    def __repr__(self):
        return '<redis.client.Redis(' + _rw_describe(_rw_known, self._id) + ')>'
