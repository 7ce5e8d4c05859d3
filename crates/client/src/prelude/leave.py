def _rw_leave(code=None):
    if code is None:
        raise SystemExit()
    raise SystemExit(str(code))
