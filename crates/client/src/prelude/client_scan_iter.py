    def scan_iter(self, match=None, count=None, _type=None):
        found = []
        cursor = 0
        while True:
            cursor, keys = self.scan(cursor=cursor, match=match, count=count, _type=_type)
            found.extend(keys)
            if cursor == 0:
                return iter(found)
    def hscan_iter(self, name, match=None, count=None, no_values=None):
        found = []
        cursor = 0
        while True:
            cursor, fields = self.hscan(name, cursor=cursor, match=match, count=count, no_values=no_values)
            found.extend(fields if no_values else fields.items())
            if cursor == 0:
                return iter(found)
    def sscan_iter(self, name, match=None, count=None):
        found = []
        cursor = 0
        while True:
            cursor, members = self.sscan(name, cursor=cursor, match=match, count=count)
            found.extend(members)
            if cursor == 0:
                return iter(found)
    def zscan_iter(self, name, match=None, count=None, score_cast_func=float):
        found = []
        cursor = 0
        while True:
            cursor, members = self.zscan(name, cursor=cursor, match=match, count=count, score_cast_func=score_cast_func)
            found.extend(members)
            if cursor == 0:
                return iter(found)
