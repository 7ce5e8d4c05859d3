def _rw_transaction():
    raise NotImplementedError('with db.transaction() does not work in a program with threads: write db.begin(), then db.commit() or db.rollback()')
