def _rw_view(known):
    return {name: known[name] for name in _rw_variables if name in known}
