def _rw_builtin(line, *args):
    kind = line[0]
    if not args:
        return kind()
    if len(args) == 1 and type(args[0]) is str:
        return kind(args[0])
    name = type(kind()).__name__
    shadow = _rw_kinds.get('builtin ' + name)
    if shadow is None:
        text = _rw_error_str
        if name == 'KeyError':
            text = _rw_key_error_str
        shadow = type(name, (), {'__init__': _rw_error_init, '__str__': text, '__repr__': _rw_error_repr, '_bases': line})
        _rw_kinds['builtin ' + name] = shadow
        _rw_class(shadow, True)
    return shadow(*args)
def _rw_key_error_str(self):
    return repr(self.args[0]) if len(self.args) == 1 else str(self.args)
