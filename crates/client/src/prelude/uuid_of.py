def _rw_uuid_of(version):
    drawn = _rw_random(_rw_known, 16).hex()
    return _rw_UUID(drawn[:12] + version + drawn[13:16] + '89ab'[int(drawn[16], 16) & 3] + drawn[17:])
