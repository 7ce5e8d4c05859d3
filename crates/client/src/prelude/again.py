def _rw_again(raised):
    print('\x03', file=_rw_stderr)
    return raised
