class UUID:
    def __init__(self, hex):
        self.hex = hex
    def __str__(self):
        hex = self.hex
        return hex[:8] + '-' + hex[8:12] + '-' + hex[12:16] + '-' + hex[16:20] + '-' + hex[20:]
    def __repr__(self):
        return "UUID('" + str(self) + "')"
    def __eq__(self, other):
        return type(other) is type(self) and other.hex == self.hex
    def __hash__(self):
        return hash(self.hex)
_rw_UUID = UUID
