_rw_known = []
def _rw_nothing(self, *args, **kwargs):
    pass
def _rw_class(kind, plain):
    if len(_rw_known) >= 64:
        return
    if plain:
        _rw_known.append(kind())
        return
    init = kind.__init__
    kind.__init__ = _rw_nothing
    try:
        _rw_known.append(kind())
    finally:
        kind.__init__ = init
