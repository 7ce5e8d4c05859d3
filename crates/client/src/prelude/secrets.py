import base64 as _rw_base64
def _rw_token_bytes(nbytes=32):
    return _rw_random(_rw_known, nbytes)
def _rw_token_hex(nbytes=32):
    return _rw_random(_rw_known, nbytes).hex()
def _rw_token_urlsafe(nbytes=32):
    return _rw_base64.urlsafe_b64encode(_rw_random(_rw_known, nbytes)).rstrip(b'=').decode()
def _rw_randbelow(n):
    if n <= 0:
        raise ValueError('Upper bound must be positive.')
    return int(_rw_random(_rw_known, len(str(n)) + 8).hex(), 16) % n
def _rw_choice(sequence):
    return sequence[_rw_randbelow(len(sequence))]
_rw_module_secrets = type('secrets', (), {'token_bytes': _rw_token_bytes, 'token_hex': _rw_token_hex, 'token_urlsafe': _rw_token_urlsafe, 'randbelow': _rw_randbelow, 'choice': _rw_choice, 'compare_digest': lambda a, b: a == b})
