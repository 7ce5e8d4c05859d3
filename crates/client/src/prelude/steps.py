_rw_see = [1]
_rw_known = []
def _rw_view(known):
    return {name: known[name] for name in _rw_variables if name in known}
def _rw_nothing(self, *args, **kwargs):
    pass
