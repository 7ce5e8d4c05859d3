def _rw_mark(line):
    print('\x01' + str(line), file=_rw_stderr)
