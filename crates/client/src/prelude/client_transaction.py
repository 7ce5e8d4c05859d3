    def transaction(self, func, *watches, shard_hint=None, value_from_callable=False, watch_delay=None):
        pipe = _rw_Pipeline(self, True, shard_hint)
        while True:
            try:
                if watches:
                    pipe.watch(*watches)
                value = func(pipe)
                results = pipe.execute()
                pipe.reset()
                return value if value_from_callable else results
            except RuntimeError as raised:
                if not _rw_is(_rw_open(raised), _rw_kind('WatchError,RedisError')):
                    pipe.reset()
                    raise
            if watch_delay is not None and watch_delay > 0:
                _rw_sleep(_rw_known, watch_delay)
