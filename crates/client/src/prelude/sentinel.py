class Sentinel:
    def __init__(self, sentinels, min_other_sentinels=0, sentinel_kwargs=None, force_master_ip=None, **connection_kwargs):
        if sentinel_kwargs is None:
            sentinel_kwargs = {}
            for name, value in connection_kwargs.items():
                if name.startswith('socket_'):
                    sentinel_kwargs[name] = value
        self.sentinel_kwargs = sentinel_kwargs
        self.connection_kwargs = connection_kwargs
        self.min_other_sentinels = min_other_sentinels
        self.sentinels = []
        for host, port in sentinels:
            self.sentinels.append(_rw_Redis(host, port, **sentinel_kwargs))
        ids = [one._id for one in self.sentinels]
        self._manager = _rw_sentinels(_rw_known, ids, min_other_sentinels, force_master_ip)
    def _client(self, service_name, primary, kwargs):
        merged = dict(self.connection_kwargs)
        merged.update(kwargs)
        client = _rw_Redis(**merged)
        _rw_manage(_rw_known, client._id, self._manager, service_name, primary)
        return client
    def master_for(self, service_name, **kwargs):
        return self._client(service_name, True, kwargs)
    def slave_for(self, service_name, **kwargs):
        return self._client(service_name, False, kwargs)
    def replica_for(self, service_name, **kwargs):
        return self._client(service_name, False, kwargs)
    def discover_master(self, service_name):
        return _rw_discover(_rw_known, self._manager, service_name, False)
    def discover_slaves(self, service_name):
        return _rw_discover(_rw_known, self._manager, service_name, True)
    def discover_replicas(self, service_name):
        return _rw_discover(_rw_known, self._manager, service_name, True)
_rw_Sentinel = Sentinel
