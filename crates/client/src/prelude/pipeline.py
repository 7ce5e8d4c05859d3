def _rw_pipe(pipe, name, args, kwargs):
    if pipe._connection is not None and not pipe._multi:
        return _rw_redis(_rw_known, pipe._id, name, args, kwargs, pipe._connection)
    _rw_check(_rw_known, pipe._id, name, args, kwargs)
    pipe._commands.append((name, args, kwargs))
    return pipe
class Pipeline:
    def __init__(self, client, transaction=True, shard_hint=None):
        self._client = client
        self._id = client._id
        self._transaction = transaction
        self._connection = None
        self._multi = False
        self._commands = []
        self._scripts = []
    def __repr__(self):
        return '<redis.client.Pipeline(' + _rw_describe(_rw_known, self._id) + ')>'
    def __enter__(self):
        return self
    def __exit__(self, kind, raised, traceback):
        self.reset()
    def __len__(self):
        return len(self._commands)
    def __bool__(self):
        return True
    def close(self):
        self.reset()
    def reset(self):
        self._commands = []
        self._scripts = []
        connection = self._connection
        self._connection = None
        self._multi = False
        if connection is not None:
            _rw_release(_rw_known, self._id, connection, True)
    def discard(self):
        self.reset()
    def watch(self, *names):
        if self._multi:
            raise _rw_raise(_rw_kind('RedisError')('Cannot issue a WATCH after a MULTI'))
        if self._connection is None:
            self._connection = _rw_take(_rw_known, self._id)
        return _rw_redis(_rw_known, self._id, 'watch', names, {}, self._connection)
    def unwatch(self):
        if self._connection is None:
            return True
        done = _rw_redis(_rw_known, self._id, 'unwatch', (), {}, self._connection)
        _rw_release(_rw_known, self._id, self._connection, False)
        self._connection = None
        return done
    def multi(self):
        if self._multi:
            raise _rw_raise(_rw_kind('RedisError')('Cannot issue nested calls to MULTI'))
        if self._commands:
            raise _rw_raise(_rw_kind('RedisError')('Commands without an initial WATCH have already been issued'))
        self._multi = True
    def execute_command(self, *args, **options):
        return _rw_pipe(self, 'execute_command', args, options)
    def execute(self, raise_on_error=True):
        commands = self._commands
        connection = self._connection
        if not commands and connection is None:
            return []
        scripts = self._scripts
        self._commands = []
        self._scripts = []
        self._connection = None
        transaction = self._transaction or self._multi
        self._multi = False
        for script in scripts:
            if not self._client.script_exists(script.sha)[0]:
                self._client.script_load(script.script)
        try:
            results = _rw_execute(_rw_known, self._id, connection, transaction, commands, raise_on_error)
        finally:
            if connection is not None:
                _rw_release(_rw_known, self._id, connection, False)
        if not raise_on_error:
            for i in range(len(results)):
                one = results[i]
                if type(one) is tuple and len(one) == 3 and one[0] == '\x01':
                    results[i] = _rw_kind(one[1])(one[2])
        return results
_rw_Pipeline = Pipeline
