    def _about(self, words, kwargs):
        return _rw_cluster_text(_rw_cluster_call(self, 'execute_command', ('CLUSTER',) + words, kwargs))
    def _at_slot(self, slot, words):
        return _rw_cluster_call(self, 'execute_command', ('CLUSTER',) + words, {'target_nodes': [self._serving(slot)]})
    def cluster_info(self, target_nodes=None):
        lines = self._about(('INFO',), {'target_nodes': target_nodes}).splitlines()
        info = {}
        for line in lines:
            if ':' in line:
                name, value = line.split(':', 1)
                info[name] = value
        return info
    def cluster_nodes(self):
        nodes = {}
        for line in self._about(('NODES',), {}).splitlines():
            words = line.split(' ')
            slots = []
            migrations = []
            for word in words[8:]:
                if word[:1] == '[':
                    sign = '->-' if '->-' in word else '-<-'
                    slot, node = word[1:-1].split(sign)
                    migrations.append({'slot': slot, 'node_id': node, 'state': 'migrating' if sign == '->-' else 'importing'})
                else:
                    slots.append(word.split('-'))
            address = words[1].split('@')[0]
            nodes[address] = {'node_id': words[0], 'hostname': '', 'flags': words[2], 'master_id': words[3], 'last_ping_sent': words[4], 'last_pong_rcvd': words[5], 'epoch': words[6], 'slots': slots, 'migrations': migrations, 'connected': words[7] == 'connected'}
        return nodes
    def cluster_slots(self, target_nodes=None):
        slots = {}
        for section in _rw_cluster_call(self, 'execute_command', ('CLUSTER', 'SLOTS'), {'target_nodes': target_nodes}):
            places = [(_rw_cluster_text(told[0]), told[1]) for told in section[2:]]
            slots[(section[0], section[1])] = {'primary': places[0], 'replicas': places[1:]}
        return slots
    def cluster_myid(self, target_node):
        return _rw_cluster_call(self, 'execute_command', ('CLUSTER', 'MYID'), {'target_nodes': target_node})
    def cluster_keyslot(self, key):
        return self.keyslot(key)
    def cluster_countkeysinslot(self, slot_id):
        return self._at_slot(slot_id, ('COUNTKEYSINSLOT', slot_id))
    def cluster_get_keys_in_slot(self, slot, num_keys):
        return self._at_slot(slot, ('GETKEYSINSLOT', slot, num_keys))
    def cluster_failover(self, target_node, option=None):
        words = ('FAILOVER',)
        if option is not None:
            if option.upper() not in ('FORCE', 'TAKEOVER'):
                raise _rw_cluster_fail('RedisError', 'Invalid option for CLUSTER FAILOVER command: ' + str(option))
            words = words + (option,)
        return self._about(words, {'target_nodes': target_node}) == 'OK'
    def cluster_setslot(self, target_node, node_id, slot_id, state):
        if state.upper() not in ('IMPORTING', 'NODE', 'MIGRATING'):
            raise _rw_cluster_fail('RedisError', 'Invalid slot state: ' + str(state))
        return self._about(('SETSLOT', slot_id, state, node_id), {'target_nodes': target_node}) == 'OK'
    def cluster_replicate(self, target_nodes, node_id):
        return self._about(('REPLICATE', node_id), {'target_nodes': target_nodes}) == 'OK'
