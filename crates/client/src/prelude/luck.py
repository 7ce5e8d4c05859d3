_rw_state = [_rw_seed]
def _rw_random(count):
    drawn = ''
    while len(drawn) < 2 * count:
        _rw_state[0] = (_rw_state[0] + 0x9e3779b97f4a7c15) & 0xffffffffffffffff
        mixed = _rw_state[0]
        mixed = ((mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9) & 0xffffffffffffffff
        mixed = ((mixed ^ (mixed >> 27)) * 0x94d049bb133111eb) & 0xffffffffffffffff
        drawn = drawn + f'{mixed ^ (mixed >> 31):016x}'
    return bytes.fromhex(drawn[:2 * count])
