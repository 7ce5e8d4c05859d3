import sys as _rw_sys
_rw_stderr = _rw_sys.stderr
