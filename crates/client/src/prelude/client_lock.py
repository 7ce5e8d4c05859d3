    def lock(self, name, timeout=None, sleep=0.1, blocking=True, blocking_timeout=None, lock_class=None, thread_local=True, raise_on_release_error=True):
        return _rw_Lock(self, name, timeout, sleep, blocking, blocking_timeout, thread_local, raise_on_release_error)
