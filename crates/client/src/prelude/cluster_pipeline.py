_rw_cluster_blocked = ('mget', 'mget_nonatomic', 'mset', 'mset_nonatomic', 'msetnx', 'rename', 'renamenx', 'brpoplpush', 'rpoplpush', 'smove', 'sdiff', 'sdiffstore', 'sinter', 'sinterstore', 'sunion', 'sunionstore', 'sort', 'keys', 'scan', 'dbsize', 'randomkey', 'flushall', 'flushdb', 'ping', 'echo', 'info', 'time', 'move', 'publish', 'pfcount', 'pfmerge', 'bitop', 'evalsha', 'config_get', 'config_set', 'config', 'script_load', 'script_exists', 'script_flush', 'client_list', 'client_setname', 'client_getname', 'lastsave', 'save', 'readonly', 'readwrite')
def _rw_cluster_queue(pipe, name, args, kwargs):
    if name in _rw_cluster_blocked:
        raise _rw_cluster_fail('RedisClusterException', 'ERROR: Calling pipelined function ' + name + ' is blocked when running redis in cluster mode...')
    route = _rw_route(_rw_known, name, args, kwargs)
    if not pipe._transaction:
        pipe._commands.append((name, args, kwargs, route))
        return pipe
    slot = _rw_cluster_slot(route)
    if pipe._inner is not None and not pipe._multi:
        if slot not in pipe._slots:
            raise _rw_cluster_fail('CrossSlotTransactionError,RedisClusterException', 'Cannot watch or send commands on different slots')
        return _rw_pipe(pipe._inner, name, args, kwargs)
    if slot not in pipe._slots:
        pipe._slots.append(slot)
    pipe._commands.append((name, args, kwargs, route))
    return pipe
class ClusterPipeline:
    def __init__(self, cluster, transaction=False):
        self._cluster = cluster
        self._transaction = bool(transaction)
        self._commands = []
        self._slots = []
        self._inner = None
        self._multi = False
    def __repr__(self):
        return 'ClusterPipeline'
    def __enter__(self):
        return self
    def __exit__(self, kind, raised, traceback):
        self.reset()
    def __len__(self):
        return len(self._commands)
    def __bool__(self):
        return True
    def close(self):
        self.reset()
    def reset(self):
        self._commands = []
        self._slots = []
        self._multi = False
        inner = self._inner
        self._inner = None
        if inner is not None:
            inner.reset()
    def _only(self, name):
        if not self._transaction:
            raise _rw_cluster_fail('RedisClusterException', 'method ' + name + '() is not supported outside of transactional context')
    def watch(self, *names):
        self._only('watch')
        if self._multi:
            raise _rw_cluster_fail('RedisError', 'Cannot issue a WATCH after a MULTI')
        slot = _rw_cluster_slot(_rw_route(_rw_known, 'watch', names, {}))
        if self._slots and slot not in self._slots:
            raise _rw_cluster_fail('CrossSlotTransactionError,RedisClusterException', 'Cannot watch or send commands on different slots')
        if self._inner is None:
            self._slots = [slot]
            self._inner = _rw_Pipeline(self._cluster.get_redis_connection(self._cluster._serving(slot)), True)
        return self._inner.watch(*names)
    def unwatch(self):
        self._only('unwatch')
        inner = self._inner
        if inner is not None:
            inner.unwatch()
        self._inner = None
        self._slots = []
        return True
    def multi(self):
        self._only('multi')
        if self._multi:
            raise _rw_cluster_fail('RedisError', 'Cannot issue nested calls to MULTI')
        self._multi = True
    def discard(self):
        self._only('discard')
        self.reset()
    def delete(self, *names):
        if len(names) != 1 and not self._transaction:
            raise _rw_cluster_fail('RedisClusterException', 'deleting multiple keys is not implemented in pipeline command')
        return _rw_cluster_queue(self, 'delete', names, {})
    def unlink(self, *names):
        if len(names) != 1 and not self._transaction:
            raise _rw_cluster_fail('RedisClusterException', 'unlinking multiple keys is not implemented in pipeline command')
        return _rw_cluster_queue(self, 'unlink', names, {})
    def execute_command(self, *args, **kwargs):
        return _rw_cluster_queue(self, 'execute_command', args, kwargs)
    def execute(self, raise_on_error=True):
        commands = self._commands
        inner = self._inner
        slots = self._slots
        watching = inner is not None
        self._commands = []
        self._slots = []
        self._inner = None
        self._multi = False
        if not commands:
            if watching:
                inner.reset()
            return []
        if self._transaction:
            return self._together(commands, slots, inner, raise_on_error)
        return self._apart(commands, raise_on_error)
    def _together(self, commands, slots, inner, raise_on_error):
        cluster = self._cluster
        if len(slots) > 1:
            raise _rw_cluster_fail('CrossSlotTransactionError,RedisClusterException', 'All keys involved in a cluster transaction must map to the same slot')
        watching = inner is not None
        tries = cluster._tries
        while True:
            failed = None
            if inner is None:
                inner = _rw_Pipeline(cluster.get_redis_connection(cluster._serving(slots[0])), True)
            else:
                inner.multi()
            for name, args, kwargs, route in commands:
                _rw_pipe(inner, name, args, kwargs)
            try:
                return inner.execute(raise_on_error)
            except RuntimeError as raised:
                failed = raised
            kind = _rw_cluster_kind(_rw_open(failed))
            if kind in ('MovedError', 'AskError'):
                if watching:
                    raise _rw_cluster_fail('WatchError,RedisError', 'Slot rebalancing occurred while watching keys')
            elif kind not in ('ConnectionError', 'TimeoutError', 'ClusterDownError', 'SlotNotCoveredError', 'TryAgainError') or watching:
                raise failed
            if tries <= 0:
                raise failed
            tries -= 1
            if kind == 'ClusterDownError':
                _rw_sleep(_rw_known, 0.25)
            cluster.initialize()
            inner = None
    def _apart(self, commands, raise_on_error):
        cluster = self._cluster
        results = [None] * len(commands)
        again = []
        groups = {}
        nodes = {}
        for at in range(len(commands)):
            name, args, kwargs, route = commands[at]
            targets = kwargs.pop('target_nodes', None)
            chosen = _rw_cluster_targets(cluster, route, targets)
            if len(chosen) > 1:
                raise _rw_cluster_fail('RedisClusterException', 'Too many targets for command ' + str(route[1]))
            node = chosen[0]
            nodes[node.name] = node
            if node.name not in groups:
                groups[node.name] = []
            groups[node.name].append(at)
        for place, positions in list(groups.items()):
            ident = cluster.get_redis_connection(nodes[place])._id
            found = None
            try:
                found = _rw_execute(_rw_known, ident, None, False, [commands[at][:3] for at in positions], False)
            except RuntimeError:
                again.extend(positions)
            if found is None:
                continue
            for index in range(len(positions)):
                one = found[index]
                if type(one) is tuple and len(one) == 3 and one[0] == '\x01':
                    kind = one[1].split(',')[0]
                    if kind in ('MovedError', 'AskError', 'TryAgainError'):
                        again.append(positions[index])
                    else:
                        text = one[2].split(' of pipeline caused error: ', 1)[-1]
                        one = _rw_kind(one[1])(text)
                results[positions[index]] = one
        if again:
            cluster._redirects += 1
            if cluster._steps and cluster._redirects % cluster._steps == 0:
                cluster.initialize()
                cluster._redirects = 0
        for at in sorted(again):
            name, args, kwargs, route = commands[at]
            try:
                results[at] = _rw_cluster_call(cluster, name, args, dict(kwargs))
            except RuntimeError as raised:
                results[at] = _rw_open(raised)
        if raise_on_error:
            for at in range(len(results)):
                one = results[at]
                if hasattr(one, '_bases'):
                    shown = ' '.join([str(word) for word in commands[at][3][1]])
                    one.args = ('Command # ' + str(at + 1) + ' (' + shown + ') of pipeline caused error: ' + str(one),)
                    raise _rw_raise(one)
        return results
_rw_ClusterPipeline = ClusterPipeline
