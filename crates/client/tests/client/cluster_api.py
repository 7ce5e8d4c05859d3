from redis.cluster import RedisCluster
from redis import exceptions

c = RedisCluster(host=HOST, port=PORT, decode_responses=True)


def show(what, call):
    try:
        print(what + ":", repr(call()))
    except Exception as error:
        print(what + " raises", type(error).__name__ + ":", error)


def both(pipe):
    pipe.set("{a}1", 1)
    pipe.incrby("{a}1", 4)
    return [bool(reply) for reply in pipe.execute()]


def failing(pipe):
    pipe.set("a", 1)
    pipe.lpush("a", 2)
    pipe.get("b")
    return pipe.execute()


def told(pipe):
    pipe.set("a", 1)
    pipe.lpush("a", 2)
    pipe.get("b")
    results = pipe.execute(raise_on_error=False)
    return [str(result) for result in results]


def apart(pipe):
    pipe.set("a", 1)
    pipe.set("b", 2)
    return pipe.execute()


def watched():
    with c.pipeline(transaction=True) as pipe:
        pipe.watch("{a}1")
        current = int(pipe.get("{a}1"))
        pipe.multi()
        pipe.set("{a}1", current + 1)
        pipe.execute()
    return c.get("{a}1")


def elsewhere():
    with c.pipeline(transaction=True) as pipe:
        pipe.watch("{a}1")
        return pipe.get("b")


show("set", lambda: c.set("foo", 1))
show("get", lambda: c.get("foo"))
show("two slots", lambda: c.mget("a", "b"))
show("one slot", lambda: c.mget("{a}1", "{a}2"))
show("mset", lambda: c.mset({"a": 1, "b": 2}))
show("mset_nonatomic", lambda: c.mset_nonatomic({"a": 1, "b": 2, "c": 3}))
show("mget_nonatomic", lambda: c.mget_nonatomic("a", "b", "c"))
show("mget_nonatomic of a list", lambda: c.mget_nonatomic(["a", "nope", "b"]))
show("exists", lambda: c.exists("a", "b", "zz"))
show("delete", lambda: c.delete("a", "b"))
show("touch", lambda: c.touch("foo", "c"))
show("unlink", lambda: c.unlink("c", "zzz"))
show("ping", lambda: c.ping())
show("ping primaries", lambda: c.ping(target_nodes=RedisCluster.PRIMARIES))
show("ping replicas", lambda: c.ping(target_nodes=RedisCluster.REPLICAS))
show("ping one", lambda: c.ping(target_nodes=c.get_node_from_key("foo")))
show("echo", lambda: c.echo("x"))
show("keyslot", lambda: c.keyslot("foo"))
show("cluster_keyslot", lambda: c.cluster_keyslot("{foo}bar"))
show("owner", lambda: c.get_node_from_key("foo").server_type)
show("replica", lambda: c.get_node_from_key("foo", replica=True).server_type)
show("primaries", lambda: len(c.get_primaries()))
show("replicas", lambda: len(c.get_replicas()))
show("nodes", lambda: len(c.get_nodes()))
show("default", lambda: c.get_default_node().server_type)
show("no such node", lambda: c.get_node(host="x", port=1))
show("dbsize of all", lambda: c.dbsize(target_nodes="primaries"))
show("keys of all", lambda: c.keys("*", target_nodes="primaries"))
show("execute_command", lambda: c.execute_command("GET", "foo"))
show("unknown", lambda: c.execute_command("FOO"))
show("cluster_info", lambda: c.cluster_info()["cluster_size"])
show("cluster_slots", lambda: list(c.cluster_slots()))
show("cluster_countkeysinslot", lambda: c.cluster_countkeysinslot(12182))
show("cluster_get_keys_in_slot", lambda: c.cluster_get_keys_in_slot(12182, 5))
show("eval", lambda: c.eval("return redis.call('get', KEYS[1])", 1, "foo"))
show("eval without keys", lambda: c.eval("return 1", 0))
show("eval of two slots", lambda: c.eval("return 1", 2, "a", "b"))
show("script", lambda: c.register_script("return ARGV[1]")(keys=["foo"], args=["x"]))
show("rename", lambda: c.rename("a", "b"))
show("sinter", lambda: c.sinter("a", "b"))
show("blpop", lambda: c.blpop(["a", "b"], 1))
show("xread", lambda: c.xread({"s": 0, "t": 0}))
show("zunionstore", lambda: c.zunionstore("d", ["a", "b"]))
show("role", lambda: c.execute_command("ROLE"))
show("swapdb", lambda: c.swapdb(0, 1))
show("move", lambda: c.move("foo", 1))
show("pipeline", lambda: apart(c.pipeline()))
show("a failing pipeline", lambda: failing(c.pipeline()))
show("a pipeline that tells", lambda: told(c.pipeline()))
show("pipeline mget", lambda: c.pipeline().mget("a", "b"))
show("pipeline delete", lambda: c.pipeline().delete("a", "b"))
show("pipeline watch", lambda: c.pipeline().watch("a"))
show("pipeline multi", lambda: c.pipeline().multi())
show("pipeline shard_hint", lambda: c.pipeline(shard_hint=1))
show("transaction", lambda: both(c.pipeline(transaction=True)))
show("transaction of two slots", lambda: apart(c.pipeline(transaction=True)))
show("watch", watched)
show("watch and another slot", elsewhere)
show("scan_iter", lambda: sorted(c.scan_iter()))
show("lock", lambda: c.lock("l", timeout=5).acquire())
show("no node", lambda: RedisCluster())
show("a database", lambda: RedisCluster(host=HOST, port=PORT, db=1))


try:
    raise exceptions.ClusterDownError("down")
except exceptions.ClusterError as error:
    print("an exception:", error)
