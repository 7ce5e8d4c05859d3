_rw_count = [0]
def _rw_raise(raised):
    if not hasattr(raised, '_bases') or not _rw_below(raised if type(raised).__name__ == 'type' else type(raised), BaseException):
        return raised
    if type(raised).__name__ == 'type':
        raised = raised()
    number = _rw_count[0]
    _rw_count[0] = number + 1
    _rw_raised[number] = raised
    if number >= 256:
        _rw_raised.pop(number - 256, None)
    return RuntimeError('\x01' + str(number) + '\x01' + type(raised).__name__ + '\x01' + str(raised))
