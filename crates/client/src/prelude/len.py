def _rw_len(value):
    length = getattr(value, '__len__', None)
    return len(value) if length is None else length()
