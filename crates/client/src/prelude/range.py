def _rw_range(*args):
    whole = range(*args)
    if whole[10_000_000:]:
        raise MemoryError('a range of more than 10,000,000 numbers can only be gone through by a for loop here')
    return whole
