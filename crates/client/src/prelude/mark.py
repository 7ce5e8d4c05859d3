import sys as _rw_sys
_rw_stderr = _rw_sys.stderr
def _rw_mark(line):
    print('\x01' + str(line), file=_rw_stderr)
