def _rw_lock_error(kind, message):
    return _rw_raise(_rw_kind(kind)(message))
class Lock:
    def __init__(self, redis, name, timeout=None, sleep=0.1, blocking=True, blocking_timeout=None, thread_local=True, raise_on_release_error=True):
        self.redis = redis
        self.name = name
        self.timeout = timeout
        self.sleep = sleep
        self.blocking = blocking
        self.blocking_timeout = blocking_timeout
        self.raise_on_release_error = raise_on_release_error
        self._token = None
        self._release = _rw_Script(redis, "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0")
        self._extend = _rw_Script(redis, "if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end local left = redis.call('pttl', KEYS[1]) if ARGV[3] == '1' or left < 0 then left = 0 end redis.call('pexpire', KEYS[1], left + ARGV[2]) return 1")
    def __repr__(self):
        return '<Lock ' + repr(self.name) + '>'
    def __enter__(self):
        if self.acquire():
            return self
        raise _rw_lock_error('LockError,RedisError', 'Unable to acquire lock within the time specified')
    def __exit__(self, kind, raised, traceback):
        try:
            self.release()
        except RuntimeError as raised:
            if self.raise_on_release_error or not _rw_is(_rw_open(raised), _rw_kind('LockError,RedisError')):
                raise
    def acquire(self, sleep=None, blocking=None, blocking_timeout=None, token=None):
        if sleep is None:
            sleep = self.sleep
        if blocking is None:
            blocking = self.blocking
        if blocking_timeout is None:
            blocking_timeout = self.blocking_timeout
        if token is None:
            token = _rw_random(_rw_known, 16).hex()
        if type(token) is str:
            token = token.encode()
        until = None if blocking_timeout is None else _rw_monotonic(_rw_known) + blocking_timeout
        while True:
            if self._try(token):
                self._token = token
                return True
            if not blocking:
                return False
            if until is not None and _rw_monotonic(_rw_known) + sleep > until:
                return False
            _rw_sleep(_rw_known, sleep)
    def _try(self, token):
        px = int(self.timeout * 1000) if self.timeout else None
        return bool(self.redis.set(self.name, token, nx=True, px=px))
    def _stored(self):
        stored = self.redis.get(self.name)
        return stored.encode() if type(stored) is str else stored
    def locked(self):
        return self.redis.get(self.name) is not None
    def owned(self):
        return self._token is not None and self._stored() == self._token
    def release(self):
        token = self._token
        if token is None:
            raise _rw_lock_error('LockError,RedisError', 'Cannot release a lock that\'s not owned or is already unlocked.')
        self._token = None
        if not self._release(keys=[self.name], args=[token]):
            raise _rw_lock_error('LockNotOwnedError,LockError,RedisError', 'Cannot release a lock that\'s no longer owned')
    def extend(self, additional_time, replace_ttl=False):
        if self._token is None:
            raise _rw_lock_error('LockError,RedisError', 'Cannot extend an unlocked lock')
        if self.timeout is None:
            raise _rw_lock_error('LockError,RedisError', 'Cannot extend a lock with no timeout')
        added = int(additional_time * 1000)
        if not self._extend(keys=[self.name], args=[self._token, added, '1' if replace_ttl else '0']):
            raise _rw_lock_error('LockNotOwnedError,LockError,RedisError', 'Cannot extend a lock that\'s no longer owned')
        return True
    def reacquire(self):
        if self._token is None:
            raise _rw_lock_error('LockError,RedisError', 'Cannot reacquire an unlocked lock')
        if self.timeout is None:
            raise _rw_lock_error('LockError,RedisError', 'Cannot reacquire a lock with no timeout')
        if not self._extend(keys=[self.name], args=[self._token, int(self.timeout * 1000), '1']):
            raise _rw_lock_error('LockNotOwnedError,LockError,RedisError', 'Cannot reacquire a lock that\'s no longer owned')
        return True
_rw_Lock = Lock
