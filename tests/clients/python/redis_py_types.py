"""Every data type through redis-py, in both protocols."""

from datetime import timedelta

import redis

from scenario import PORT, refused, show


def strings(r):
    show("set", [r.set("s", "hello"), r.set("s", "x", nx=True), r.set("s", "new", get=True)])
    show("set ex", [r.set("t", 1, ex=timedelta(seconds=90)), 0 < r.pttl("t") <= 90_000, r.persist("t"), r.ttl("t")])
    show("get", [r.get("s"), r.get("none"), r["s"], r.strlen("s"), r.getrange("s", 0, 1), r.setrange("s", 1, "OO")])
    show("mset", [r.mset({"a": 1, "b": 2}), r.msetnx({"b": 3, "c": 3}), r.mget("a", "b", "c")])
    show("incr", [r.incr("n"), r.incrby("n", 41), r.decr("n"), r.incrbyfloat("n", 0.5), r.append("n", "0")])
    show("getex", [r.getex("s", ex=50), r.ttl("s") > 0, r.getdel("s"), r.exists("s", "a", "b")])
    show("lcs", [r.set("l1", "ohmytext"), r.set("l2", "mynewtext"), r.lcs("l1", "l2"), r.lcs("l1", "l2", len=True)])
    show("bits", [r.setbit("bits", 7, 1), r.getbit("bits", 7), r.bitcount("bits"), r.bitpos("bits", 1)])
    show("bitfield", r.bitfield("bits").set("u8", 8, 200).incrby("u8", 8, 100).get("u4", 0).execute())
    show("bitop", [r.bitop("NOT", "inv", "bits"), r.bitop("XOR", "same", "bits", "bits"), r.bitcount("same")])
    show("bytes", r.set("raw", bytes(range(256))) and r.strlen("raw"))


def hashes(r):
    show("hset", [r.hset("h", mapping={"f": 1, "g": "x"}), r.hset("h", "f", 2), r.hsetnx("h", "f", 3)])
    show("hget", [r.hget("h", "f"), r.hmget("h", "f", "none"), r.hgetall("h"), r.hlen("h"), r.hexists("h", "z")])
    show("hincr", [r.hincrby("h", "f", 5), r.hincrbyfloat("h", "f", 0.25), r.hstrlen("h", "f")])
    show("hfields", [set(r.hkeys("h")), set(r.hvals("h")), r.hdel("h", "g", "z")])
    show("hexpire", [r.hexpire("h", 100, "f", "z"), r.httl("h", "f"), r.hpersist("h", "f"), r.httl("h", "f", "z")])
    show("hgetex", [r.hsetex("h2", mapping={"a": 1, "b": 2}, ex=60), r.hgetex("h2", "a", persist=True), r.httl("h2", "a", "b")])
    show("hgetdel", [r.hgetdel("h2", "a", "b"), r.exists("h2")])
    show("hrandfield", [r.hrandfield("h"), r.hrandfield("h", 3, withvalues=True)])
    show("hscan", r.hscan("h"))


def lists(r):
    show("push", [r.rpush("l", *"abcabc"), r.lpush("l", "z"), r.lpushx("no", 1), r.linsert("l", "BEFORE", "c", "b2")])
    show("range", [r.lrange("l", 0, -1), r.llen("l"), r.lindex("l", -1), r.lpos("l", "c", rank=2), r.lpos("l", "a", count=0)])
    show("change", [r.lset("l", 0, "Z"), r.lrem("l", 1, "a"), r.ltrim("l", 0, 3), r.lrange("l", 0, -1)])
    show("pop", [r.lpop("l"), r.rpop("l", 2), r.lpop("none"), r.lpop("none", 2)])
    show("move", [r.rpush("l", "q"), r.lmove("l", "m", "RIGHT", "LEFT"), r.rpoplpush("l", "m"), r.lmpop(2, "l", "m", direction="LEFT", count=5)])
    show("sort", [r.rpush("nums", 3, 1, 2), r.sort("nums"), r.sort("nums", desc=True, start=0, num=2), r.sort("nums", store="sorted")])


def sets(r):
    show("sadd", [r.sadd("x", "a", "b", "c"), r.sadd("y", "b", "c", "d"), r.scard("x"), r.sismember("x", "a"), r.smismember("x", "a", "q")])
    show("smembers", [set(r.smembers("x")), set(r.sinter("x", "y")), set(r.sunion("x", "y")), set(r.sdiff("x", "y"))])
    show("store", [r.sinterstore("i", "x", "y"), r.sunionstore("u", "x", "y"), r.sdiffstore("d", "x", "y"), r.sintercard(2, ["x", "y"], limit=1)])
    show("spop", [r.spop("d"), r.spop("none"), len(r.srandmember("u", 2)), r.smove("x", "y", "a"), r.srem("x", "b", "q")])
    show("sscan", set(r.sscan_iter("y")))


def sorted_sets(r):
    show("zadd", [r.zadd("z", {"a": 1, "b": 2.5, "c": 3}), r.zadd("z", {"a": 9}, nx=True), r.zadd("z", {"a": 2}, gt=True, ch=True)])
    show("zincr", [r.zincrby("z", 1.5, "a"), r.zadd("z", {"b": 1}, incr=True), r.zscore("z", "c"), r.zmscore("z", ["a", "no"])])
    show("zrange", [r.zrange("z", 0, -1), r.zrange("z", 0, -1, withscores=True), r.zrange("z", "(3", "+inf", byscore=True), r.zrevrange("z", 0, 0, withscores=True)])
    show("zrank", [r.zrank("z", "a"), r.zrank("z", "a", withscore=True), r.zrevrank("z", "a"), r.zrank("z", "no"), r.zcount("z", "-inf", "3")])
    show("zlex", [r.zadd("lex", dict.fromkeys("abcd", 0)), r.zrangebylex("lex", "[b", "(d"), r.zlexcount("lex", "-", "+"), r.zremrangebylex("lex", "-", "[a")])
    show("zset ops", [r.zunion(["z", "lex"], withscores=True), r.zinter(["z", "lex"], aggregate="MAX"), r.zdiff(["z", "lex"]), r.zinterstore("zi", {"z": 2, "lex": 1}), r.zintercard(2, ["z", "lex"])])
    show("zpop", [r.zpopmin("z"), r.zpopmax("z", 2), r.zmpop(2, ["z", "lex"], min=True, count=2), r.zpopmin("none")])
    show("infinite", [r.zadd("inf", {"a": float("inf"), "b": float("-inf")}), r.zrange("inf", 0, -1, withscores=True)])
    show("zscan", r.zscan("inf"))


def places(r):
    show("geoadd", r.geoadd("g", (13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania")))
    show("geo", [r.geodist("g", "Palermo", "Catania", unit="km"), r.geohash("g", "Palermo", "no"), r.geopos("g", "Catania", "no")])
    show("geosearch", r.geosearch("g", longitude=15, latitude=37, radius=200, unit="km", sort="ASC", withdist=True, withcoord=True))
    show("geosearchstore", [r.geosearchstore("g2", "g", member="Palermo", radius=10, unit="km"), r.zrange("g2", 0, -1)])


def others(r):
    show("hyperloglog", [r.pfadd("p", *range(1000)), r.pfcount("p"), r.pfadd("q", "x"), r.pfmerge("pq", "p", "q"), r.pfcount("p", "q")])
    show("keys", [sorted(r.keys("l*")), r.type("l1"), r.type("h"), r.type("none"), r.rename("l1", "l3"), r.renamenx("l3", "l2")])
    show("copy", [r.copy("l3", "l4"), r.copy("l3", "l4"), r.copy("l3", "l4", replace=True), r.touch("l3", "l4", "no"), r.unlink("l3", "l4")])
    show("expire", [r.expire("a", 100), r.expire("a", 50, gt=True), r.ttl("a") > 90, r.expireat("a", 4102444800), r.expiretime("a"), r.pexpiretime("a"), r.ttl("no"), r.ttl("b")])
    show("object", [r.object("ENCODING", "a"), r.object("ENCODING", "x"), r.object("REFCOUNT", "h"), r.object("IDLETIME", "h") < 50])
    show("databases", [r.dbsize() > 10, r.move("a", 3), r.swapdb(0, 3), r.dbsize(), r.keys(), r.swapdb(0, 3)])
    show("time", [isinstance(part, int) for part in r.time()])
    show("info", {name: r.info()[name] for name in ("redis_version", "redis_mode", "role", "maxmemory_policy", "loading")})
    show("server", [r.ping(), r.echo("hi"), r.config_get("maxmemory*")["maxmemory-policy"], r.client_setname("me"), r.client_getname()])
    show("client list", [(c["name"], c["db"], c["resp"], c["lib-name"], c["cmd"]) for c in r.client_list() if c["name"] == "me"])
    show("client info", {name: r.client_info()[name] for name in ("name", "flags", "sub", "multi", "user")})
    show("command", [r.command_count() > 200, r.command_getkeys("EVAL", "x", 2, "k1", "k2", "v"), r.command()["get"]["arity"]])
    show("scan", [len(set(r.scan_iter(count=3))) == r.dbsize(), sorted(r.scan_iter(match="l*")), sorted(r.scan_iter(_type="ZSET"))])
    show("memory", r.memory_usage("x") > 0)


for protocol in (2, 3):
    print(f"-- RESP{protocol}")
    with redis.Redis(port=PORT, decode_responses=False, protocol=protocol) as r:
        r.flushall()
        strings(r)
    with redis.Redis(port=PORT, decode_responses=True, protocol=protocol) as r:
        for part in (hashes, lists, sets, sorted_sets, places, others):
            part(r)
        show("wrong type", refused(r.lpush, "x", 1))
        show("flush", [r.flushdb(), r.dbsize(), r.flushall(asynchronous=True)])
