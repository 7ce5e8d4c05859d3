def _rw_cluster_text(value):
    return value.decode() if type(value) is bytes else value
def _rw_cluster_fail(line, message):
    return _rw_raise(_rw_kind(line)(message))
def _rw_cluster_kind(error):
    return type(error).__name__
class ClusterNode:
    def __init__(self, host, port, server_type=None, redis_connection=None):
        if host == 'localhost':
            host = '127.0.0.1'
        self.host = host
        self.port = port
        self.name = host + ':' + str(port)
        self.server_type = server_type
        self.redis_connection = redis_connection
    def __repr__(self):
        return '[host=' + self.host + ',port=' + str(self.port) + ',name=' + self.name + ',server_type=' + str(self.server_type) + ',redis_connection=' + repr(self.redis_connection) + ']'
    def __eq__(self, other):
        return hasattr(other, 'server_type') and other.name == self.name
_rw_ClusterNode = ClusterNode
class LoadBalancingStrategy:
    ROUND_ROBIN = 'round_robin'
    ROUND_ROBIN_REPLICAS = 'round_robin_replicas'
    RANDOM = 'random'
    RANDOM_REPLICA = 'random_replica'
_rw_LoadBalancingStrategy = LoadBalancingStrategy
_rw_cluster_default = ('PING', 'TIME', 'INFO', 'DBSIZE', 'KEYS', 'CONFIG', 'CLIENT', 'PUBSUB', 'WAIT', 'WAITAOF', 'SAVE', 'BGSAVE', 'LASTSAVE', 'READONLY', 'READWRITE', 'CLUSTER', 'SLOWLOG', 'COMMAND', 'PUBLISH')
_rw_cluster_primaries = ('FLUSHALL', 'FLUSHDB', 'SCRIPT', 'SCAN')
def _rw_cluster_below(most):
    drawn = _rw_random(_rw_known, 4)
    return (drawn[0] * 16777216 + drawn[1] * 65536 + drawn[2] * 256 + drawn[3]) % most
def _rw_cluster_slot(route):
    command, words, slots, reads = route
    if command in ('EVAL', 'EVALSHA') and len(words) > 2 and len(slots) == 0:
        return _rw_cluster_below(16384)
    if len(slots) == 0:
        raise _rw_cluster_fail('RedisClusterException', 'No way to dispatch this command to Redis Cluster. Missing key.\nYou can execute the command by specifying target nodes.\nCommand: ' + str(words))
    for slot in slots:
        if slot != slots[0]:
            raise _rw_cluster_fail('RedisClusterException', command + ' - all keys must map to the same key slot')
    return slots[0]
def _rw_cluster_listed(targets):
    if hasattr(targets, 'server_type'):
        return [targets]
    if type(targets) is list:
        return targets
    if type(targets) is dict:
        return list(targets.values())
    raise TypeError('target_nodes type can be one of the following: node_flag (PRIMARIES, REPLICAS, RANDOM, ALL_NODES),ClusterNode, list<ClusterNode>, or dict<any, ClusterNode>. The passed type is ' + str(type(targets)))
def _rw_cluster_targets(cluster, route, targets):
    command = route[0]
    if type(targets) is not str:
        if targets is not None:
            return _rw_cluster_listed(targets)
        targets = ''
        if command in _rw_cluster_default and len(route[2]) == 0:
            targets = 'default-node'
        elif command in _rw_cluster_primaries:
            targets = 'primaries'
        elif command == 'RANDOMKEY':
            primaries = cluster.get_primaries()
            return [primaries[_rw_cluster_below(len(primaries))]]
    if targets == 'primaries':
        return cluster.get_primaries()
    if targets == 'replicas':
        return cluster.get_replicas()
    if targets == 'all':
        return cluster.get_nodes()
    if targets == 'random':
        return [cluster.get_random_node()]
    if targets == 'default-node':
        return [cluster._default]
    return [cluster._serving(_rw_cluster_slot(route), route[3])]
def _rw_cluster_combined(command, results):
    if command == 'SCAN':
        cursors = {}
        keys = []
        for name, one in results.items():
            cursors[name] = one[0]
            keys.extend(one[1])
        return (cursors, keys)
    values = list(results.values())
    if len(values) == 1:
        return values[0]
    if command == 'DBSIZE':
        return sum(values)
    if command == 'KEYS':
        keys = []
        for one in values:
            keys.extend(one)
        return keys
    if command in ('PING', 'CONFIG') and all(type(one) is bool for one in values):
        return all(values)
    if command == 'SCRIPT':
        return values[0]
    return results
def _rw_cluster_once(cluster, node, route, name, args, kwargs, script):
    ttl = 16
    asks = None
    moved = False
    while ttl > 0:
        ttl -= 1
        if asks is not None:
            node = cluster._known(asks)
        elif moved:
            node = cluster._serving(_rw_cluster_slot(route), route[3])
            moved = False
        failed = None
        connection = None
        ident = cluster.get_redis_connection(node)._id
        try:
            if asks is not None:
                asks = None
                connection = _rw_take(_rw_known, ident)
                _rw_redis(_rw_known, ident, 'execute_command', ('ASKING',), {}, connection)
                result = _rw_redis(_rw_known, ident, name, args, kwargs, connection)
            elif script is not None:
                result = _rw_redis(_rw_known, ident, name, args, kwargs, None, script)
            else:
                result = _rw_redis(_rw_known, ident, name, args, kwargs)
        except RuntimeError as raised:
            failed = raised
        if connection is not None:
            _rw_release(_rw_known, ident, connection, False)
        if failed is None:
            return result
        error = _rw_open(failed)
        kind = _rw_cluster_kind(error)
        if kind == 'WatchError' and connection is not None:
            kind = 'ConnectionError'
            failed = _rw_cluster_fail('ConnectionError,RedisError', 'Connection closed by server.')
        if kind == 'MovedError':
            slot, place = str(error).split(' ')
            cluster._redirects += 1
            if cluster._steps and cluster._redirects % cluster._steps == 0:
                cluster.initialize((place,))
                cluster._redirects = 0
            else:
                cluster._move_slot(int(slot), place)
            moved = True
        elif kind == 'AskError':
            asks = str(error).split(' ')[1]
        elif kind == 'TryAgainError':
            if ttl < 8:
                _rw_sleep(_rw_known, 0.05)
        elif kind == 'ClusterDownError':
            _rw_sleep(_rw_known, 0.25)
            cluster.initialize()
            raise failed
        elif kind == 'ConnectionError' or kind == 'TimeoutError':
            cluster.initialize((), node.name)
            raise failed
        else:
            raise failed
    raise _rw_cluster_fail('ClusterError,RedisError', 'TTL exhausted.')
def _rw_cluster_call(cluster, name, args, kwargs, script=None):
    targets = kwargs.pop('target_nodes', None)
    route = _rw_route(_rw_known, name, args, kwargs)
    tries = cluster._tries
    if targets is not None and type(targets) is not str:
        tries = 0
    while True:
        failed = None
        usual = False
        try:
            nodes = _rw_cluster_targets(cluster, route, targets)
            if not nodes:
                raise _rw_cluster_fail('RedisClusterException', 'No targets were found to execute ' + str(route[1]) + ' command on')
            usual = len(nodes) == 1 and nodes[0] == cluster._default
            results = {}
            for node in nodes:
                results[node.name] = _rw_cluster_once(cluster, node, route, name, args, kwargs, script)
        except RuntimeError as raised:
            failed = raised
        if failed is None:
            return _rw_cluster_combined(route[0], results)
        kind = _rw_cluster_kind(_rw_open(failed))
        if tries <= 0 or kind not in ('ConnectionError', 'TimeoutError', 'ClusterDownError', 'SlotNotCoveredError'):
            raise failed
        tries -= 1
        if usual:
            cluster._replace_default()
class RedisCluster:
    PRIMARIES = 'primaries'
    REPLICAS = 'replicas'
    ALL_NODES = 'all'
    RANDOM = 'random'
    DEFAULT_NODE = 'default-node'
    def __init__(self, host=None, port=6379, startup_nodes=None, cluster_error_retry_attempts=10, retry=None, require_full_coverage=True, reinitialize_steps=5, read_from_replicas=False, load_balancing_strategy=None, dynamic_startup_nodes=True, url=None, **kwargs):
        if 'db' in kwargs:
            raise _rw_cluster_fail('RedisClusterException', "Argument 'db' is not possible to use in cluster mode")
        starts = list(startup_nodes or [])
        if url is not None:
            place = url.split('://')[-1].split('?')[0].split('/')[0].split('@')[-1]
            named = place.split(':')
            if '?' in url:
                for option in url.split('?')[1].split('&'):
                    if option.split('=')[0] == 'decode_responses':
                        kwargs['decode_responses'] = option.split('=')[1].lower() in ('true', '1', 'yes')
            starts.append(ClusterNode(named[0] or 'localhost', int(named[1]) if len(named) > 1 else 6379))
        elif host is not None:
            starts.append(ClusterNode(host, port))
        elif not starts:
            raise _rw_cluster_fail('RedisClusterException', "RedisCluster requires at least one node to discover the cluster. Please provide one of the followings:\n1. host and port, for example:\n RedisCluster(host='localhost', port=6379)\n2. list of startup nodes, for example:\n RedisCluster(startup_nodes=[ClusterNode('localhost', 6379), ClusterNode('localhost', 6378)])")
        self._options = kwargs
        self._steps = reinitialize_steps
        self._tries = cluster_error_retry_attempts if retry is None else retry.retries
        self._covers = require_full_coverage
        self.read_from_replicas = read_from_replicas
        self.load_balancing_strategy = load_balancing_strategy
        self._strategy = load_balancing_strategy
        if self._strategy is None and read_from_replicas:
            self._strategy = 'round_robin'
        self._dynamic = dynamic_startup_nodes
        self._starts = {}
        for node in starts:
            self._starts[node.name] = node
        self._nodes = {}
        self._ranges = []
        self._single = {}
        self._turns = {}
        self._redirects = 0
        self._default = None
        self.nodes_manager = self
        self.initialize()
    def __repr__(self):
        return '<redis.cluster.RedisCluster(' + ', '.join(self._nodes.keys()) + ')>'
    def __enter__(self):
        return self
    def __exit__(self, kind, raised, traceback):
        pass
    def close(self):
        pass
    def initialize(self, extra=(), failed=None):
        self._turns = {}
        starts = []
        last = []
        for node in self._starts.values():
            if node.name == failed:
                last.append(node)
            else:
                starts.append(node)
        at = len(starts) - 1
        while at > 0:
            other = _rw_cluster_below(at + 1)
            starts[at], starts[other] = starts[other], starts[at]
            at -= 1
        for place in extra:
            if place != failed:
                starts.append(self._known(place))
        problem = ''
        reached = False
        nodes = {}
        ranges = []
        total = 0
        for start in starts + last:
            found = None
            try:
                found = _rw_redis(_rw_known, self.get_redis_connection(start)._id, 'execute_command', ('CLUSTER', 'SLOTS'), {})
            except RuntimeError as raised:
                error = _rw_open(raised)
                problem = str(error)
                if _rw_is(error, _rw_kind('ResponseError,RedisError')):
                    problem = 'Cluster mode is not enabled on this node'
            if found is None:
                continue
            reached = True
            nodes = {}
            ranges = []
            total = 0
            for section in found:
                group = []
                for told in section[2:]:
                    host = _rw_cluster_text(told[0]) or start.host
                    name = host + ':' + str(told[1])
                    node = nodes.get(name)
                    if node is None:
                        node = self._nodes.get(name)
                        if node is None:
                            node = self._starts.get(name)
                        if node is None:
                            node = ClusterNode(host, told[1])
                        node.server_type = 'replica' if group else 'primary'
                        nodes[name] = node
                    group.append(node)
                ranges.append((section[0], section[1], group))
                total += section[1] - section[0] + 1
            if total == 16384:
                break
        if not reached:
            raise _rw_cluster_fail('RedisClusterException', 'Redis Cluster cannot be connected. Please provide at least one reachable node: ' + problem)
        if total != 16384 and self._covers:
            raise _rw_cluster_fail('RedisClusterException', 'All slots are not covered after query all startup_nodes. ' + str(total) + ' of 16384 covered...')
        self._nodes = nodes
        self._ranges = ranges
        self._single = {}
        self._default = self.get_primaries()[0]
        if self._dynamic:
            self._starts = nodes
    def _known(self, name):
        node = self._nodes.get(name)
        if node is None:
            host, port = name.rsplit(':', 1)
            node = ClusterNode(host, int(port))
        return node
    def _group(self, slot):
        group = self._single.get(slot)
        if group is None:
            for first, last, nodes in self._ranges:
                if first <= slot and slot <= last:
                    return nodes
        return group
    def _serving(self, slot, reads=False):
        group = self._group(slot)
        if not group:
            raise _rw_cluster_fail('SlotNotCoveredError,RedisClusterException', 'Slot "' + str(slot) + '" not covered by the cluster. "require_full_coverage=' + str(self._covers) + '"')
        if not reads or self._strategy is None or len(group) == 1:
            return group[0]
        if self._strategy == 'random':
            return group[_rw_cluster_below(len(group))]
        if self._strategy == 'random_replica':
            return group[1 + _rw_cluster_below(len(group) - 1)]
        turn = self._turns.get(group[0].name, 0)
        if turn == 0 and self._strategy == 'round_robin_replicas':
            turn = 1
        self._turns[group[0].name] = (turn + 1) % len(group)
        return group[turn]
    def _move_slot(self, slot, place):
        node = self._known(place)
        node.server_type = 'primary'
        self._nodes[node.name] = node
        group = self._group(slot) or []
        inside = False
        for one in group:
            if one == node:
                inside = True
        if not inside:
            self._single[slot] = [node]
        elif not group[0] == node:
            old = group[0]
            old.server_type = 'replica'
            rest = [one for one in group[1:] if not one == node]
            group[:] = [node] + rest + [old]
            if self._default == old:
                self._default = node
    def _replace_default(self):
        primaries = [node for node in self.get_primaries() if not node == self._default]
        if primaries:
            self._default = primaries[_rw_cluster_below(len(primaries))]
        else:
            replicas = self.get_replicas()
            self._default = replicas[_rw_cluster_below(len(replicas))]
    def get_redis_connection(self, node):
        if node.redis_connection is None:
            options = dict(self._options)
            options['host'] = node.host
            options['port'] = node.port
            if self._strategy is not None:
                options['_readonly'] = True
            node.redis_connection = _rw_Redis(**options)
        return node.redis_connection
    def get_node(self, host=None, port=None, node_name=None):
        if host and port:
            if host == 'localhost':
                host = '127.0.0.1'
            return self._nodes.get(host + ':' + str(port))
        return self._nodes.get(node_name) if node_name else None
    def get_primaries(self):
        return [node for node in self._nodes.values() if node.server_type == 'primary']
    def get_replicas(self):
        return [node for node in self._nodes.values() if node.server_type == 'replica']
    def get_nodes(self):
        return list(self._nodes.values())
    def get_random_node(self):
        nodes = self.get_nodes()
        return nodes[_rw_cluster_below(len(nodes))]
    def get_default_node(self):
        return self._default
    def set_default_node(self, node):
        if node is None or self.get_node(node_name=node.name) is None:
            return False
        self._default = node
        return True
    def keyslot(self, key):
        return _rw_slot(_rw_known, key)
    def get_node_from_key(self, key, replica=False):
        slot = self.keyslot(key)
        group = self._group(slot)
        if not group:
            raise _rw_cluster_fail('SlotNotCoveredError,RedisClusterException', 'Slot "' + str(slot) + '" is not covered by the cluster.')
        if replica:
            return group[1] if len(group) > 1 else None
        return group[0]
    def execute_command(self, *args, **kwargs):
        return _rw_cluster_call(self, 'execute_command', args, kwargs)
    def _by_slot(self, name, keys):
        slots = {}
        for key in keys:
            slot = self.keyslot(key)
            if slot not in slots:
                slots[slot] = []
            slots[slot].append(key)
        return slots
    def _summed(self, name, keys):
        total = 0
        for part in list(self._by_slot(name, keys).values()):
            total += _rw_cluster_call(self, name, tuple(part), {})
        return total
    def delete(self, *names):
        return self._summed('delete', names)
    def exists(self, *names):
        return self._summed('exists', names)
    def unlink(self, *names):
        return self._summed('unlink', names)
    def touch(self, *names):
        return self._summed('touch', names)
    def mget_nonatomic(self, keys, *args):
        keys = list(keys) if type(keys) in (list, tuple, set) else [keys]
        keys.extend(args)
        found = {}
        for part in list(self._by_slot('mget', keys).values()):
            values = _rw_cluster_call(self, 'mget', tuple(part), {})
            for at in range(len(part)):
                found[part[at]] = values[at]
        return [found[key] for key in keys]
    def mset_nonatomic(self, mapping):
        slots = {}
        for key, value in mapping.items():
            slot = self.keyslot(key)
            if slot not in slots:
                slots[slot] = {}
            slots[slot][key] = value
        done = []
        for part in list(slots.values()):
            done.append(_rw_cluster_call(self, 'mset', (part,), {}))
        return done
    def slaveof(self, *args, **kwargs):
        raise _rw_cluster_fail('RedisClusterException', 'SLAVEOF is not supported in cluster mode')
    def replicaof(self, *args, **kwargs):
        raise _rw_cluster_fail('RedisClusterException', 'REPLICAOF is not supported in cluster mode')
    def swapdb(self, *args, **kwargs):
        raise _rw_cluster_fail('RedisClusterException', 'SWAPDB is not supported in cluster mode')
