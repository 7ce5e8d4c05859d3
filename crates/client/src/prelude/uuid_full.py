class UUID:
    def __init__(self, hex=None, bytes=None, int=None):
        if hex is not None:
            hex = hex.replace('urn:', '').replace('uuid:', '').strip('{}').replace('-', '')
            if len(hex) != 32:
                raise ValueError('badly formed hexadecimal UUID string')
            self.hex = hex.lower()
        elif bytes is not None:
            if len(bytes) != 16:
                raise ValueError('bytes is not a 16-char string')
            self.hex = bytes.hex()
        elif int is not None:
            self.hex = f'{int:032x}'
        else:
            raise TypeError('one of the hex, bytes or int arguments must be given')
        self.int = _rw_int(self.hex, 16)
        self.bytes = _rw_bytes(self.hex)
        self.version = _rw_int(self.hex[12], 16)
    def __str__(self):
        hex = self.hex
        return hex[:8] + '-' + hex[8:12] + '-' + hex[12:16] + '-' + hex[16:20] + '-' + hex[20:]
    def __repr__(self):
        return "UUID('" + str(self) + "')"
    def __eq__(self, other):
        return type(other) is type(self) and other.hex == self.hex
    def __hash__(self):
        return hash(self.hex)
    def __lt__(self, other):
        return self.int < other.int
def _rw_bytes(text):
    return bytes.fromhex(text)
def _rw_int(text, base):
    return int(text, base)
_rw_UUID = UUID
