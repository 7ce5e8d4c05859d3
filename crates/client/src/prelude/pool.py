class ConnectionPool:
    def __init__(self, **kwargs):
        self.connection_kwargs = kwargs
    def disconnect(self, inuse_connections=True):
        pass
    def close(self):
        pass
_rw_Pool = ConnectionPool
