import hashlib as _rw_hashlib
class Script:
    def __init__(self, registered_client, script):
        self.registered_client = registered_client
        self.script = script
        if type(script) is str:
            script = script.encode()
        self.sha = _rw_hashlib.sha1(script).hexdigest()
    def __repr__(self):
        return '<Script ' + self.sha[:8] + '>'
    def __call__(self, keys=None, args=None, client=None):
        keys = keys or []
        if client is None:
            client = self.registered_client
        everything = tuple(keys) + tuple(args or [])
        if hasattr(client, '_scripts'):
            client._scripts.append(self)
            return client.evalsha(self.sha, len(keys), *everything)
        try:
            return client.evalsha(self.sha, len(keys), *everything)
        except RuntimeError as raised:
            if not _rw_is(_rw_open(raised), _rw_kind('NoScriptError')):
                raise
        self.sha = client.script_load(self.script)
        return client.evalsha(self.sha, len(keys), *everything)
_rw_class(Script, False)
_rw_Script = Script
