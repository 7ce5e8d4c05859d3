class Script:
    def __init__(self, registered_client, script):
        self.registered_client = registered_client
        self.script = script
        self.sha = _rw_sha(_rw_known, script)
    def __repr__(self):
        return '<Script ' + self.sha[:8] + '>'
    def __call__(self, keys=None, args=None, client=None):
        keys = keys or []
        if client is None:
            client = self.registered_client
        everything = (self.sha, len(keys), *keys, *(args or []))
        if hasattr(client, '_scripts'):
            client._scripts.append(self)
            return _rw_pipe(client, 'evalsha', everything, {})
        if hasattr(client, '_ranges'):
            return _rw_cluster_call(client, 'evalsha', everything, {}, self.script)
        return _rw_redis(_rw_known, client._id, 'evalsha', everything, {}, None, self.script)
_rw_Script = Script
