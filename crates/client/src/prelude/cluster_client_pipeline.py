    def pipeline(self, transaction=None, shard_hint=None):
        if shard_hint:
            raise _rw_cluster_fail('RedisClusterException', 'shard_hint is deprecated in cluster mode')
        return _rw_ClusterPipeline(self, transaction)
    def transaction(self, func, *watches, **kwargs):
        pipe = _rw_ClusterPipeline(self, True)
        while True:
            failed = None
            try:
                if watches:
                    pipe.watch(*watches)
                value = func(pipe)
                results = pipe.execute()
                return value if kwargs.get('value_from_callable') else results
            except RuntimeError as raised:
                failed = raised
            pipe.reset()
            if _rw_cluster_kind(_rw_open(failed)) != 'WatchError':
                raise failed
            if kwargs.get('watch_delay'):
                _rw_sleep(_rw_known, kwargs['watch_delay'])
