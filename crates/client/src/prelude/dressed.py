def _rw_dressed(kind):
    try:
        _rw_class(kind, False)
    except Exception:
        pass
def _rw_type(name, bases, members):
    kind = type(name, bases, members)
    _rw_dressed(kind) if '__init__' in members else _rw_class(kind, True)
    return kind
