    def scan_iter(self, match=None, count=None, _type=None):
        found = []
        for node in self.get_primaries():
            cursor = 0
            while True:
                cursors, keys = _rw_cluster_call(self, 'scan', (), {'cursor': cursor, 'match': match, 'count': count, '_type': _type, 'target_nodes': node})
                found.extend(keys)
                cursor = cursors[node.name]
                if cursor == 0:
                    break
        return iter(found)
