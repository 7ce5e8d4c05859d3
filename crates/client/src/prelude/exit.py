def _rw_exit(kind, raised):
    if raised is None:
        return (kind, raised)
    opened = _rw_open(raised)
    return (kind if opened is raised else type(opened), opened)
