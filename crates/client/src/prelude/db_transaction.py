class _rw_DbTransaction:
    def __enter__(self):
        _rw_resource(_rw_known, 'db', 'begin', (), {})
        return self
    def __exit__(self, kind, raised, traceback):
        if kind is None:
            _rw_resource(_rw_known, 'db', 'commit', (), {})
        else:
            try:
                _rw_resource(_rw_known, 'db', 'rollback', (), {})
            except RuntimeError:
                pass
def _rw_transaction():
    return _rw_DbTransaction()
