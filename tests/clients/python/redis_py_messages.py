"""Pub/sub and streams through redis-py."""

import threading

import redis

from scenario import PORT, refused, show, until


def message(p, wanted=1):
    """The next messages, as what a program looks at."""
    found = []
    while len(found) < wanted:
        one = p.get_message(timeout=20)
        if one is None:
            raise TimeoutError(f"only {found}")
        found.append((one["type"], one["pattern"], one["channel"], one["data"]))
    return found


def pubsub(r):
    with r.pubsub() as p:
        p.subscribe("news", "sport")
        p.psubscribe("n*")
        show("subscribed", message(p, 3))
        show("publish", [r.publish("news", "hello"), r.publish("sport", "goal"), r.publish("other", "x")])
        show("heard", message(p, 3))
        show("channels", [sorted(r.pubsub_channels()), r.pubsub_numsub("news", "none"), r.pubsub_numpat()])
        p.ping("are you there")
        show("pong", message(p))
        p.unsubscribe("sport")
        p.punsubscribe()
        show("unsubscribed", message(p, 2))
        show("still", [p.subscribed, r.publish("sport", "x"), r.publish("news", "y"), message(p)])
    with r.pubsub(ignore_subscribe_messages=True) as p:
        heard = []
        p.subscribe(**{"jobs": lambda one: heard.append(one["data"])})
        thread = p.run_in_thread(sleep_time=0.01)
        until("a listener", lambda: r.publish("jobs", "first"))
        r.publish("jobs", "second")
        until("both", lambda: len(heard) == 2)
        thread.stop()
        thread.join()
        show("run_in_thread", heard)
    with r.pubsub() as p:
        p.ssubscribe("shard")
        show("shard", [message(p), r.execute_command("SPUBLISH", "shard", "one")])
        one = p.get_sharded_message(timeout=20)
        show("shard message", (one["type"], one["channel"], one["data"]))
    until("nobody to listen", lambda: r.publish("shard", "x") == 0 and not r.pubsub_channels())


def keyspace(r):
    r.config_set("notify-keyspace-events", "KEA")
    with r.pubsub(ignore_subscribe_messages=True) as p:
        p.psubscribe("__key*@0__:*")
        until("the subscription", lambda: r.pubsub_numpat() == 1)
        p.get_message(timeout=20)
        r.set("k", 1, px=60)
        r.lpush("l", 1)
        r.delete("l")
        show("events", sorted((channel, data) for _, _, channel, data in message(p, 10)))
    r.config_set("notify-keyspace-events", "")


def streams(r):
    show("xadd", [r.xadd("s", {"n": i}, id=f"{i}-0") for i in range(1, 6)])
    show("generated", r.xadd("auto", {"a": 1}) > "1600000000000-0")
    show("range", [r.xlen("s"), r.xrange("s", "2", "3"), r.xrevrange("s", count=1), r.xrange("s", "(4")])
    show("xread", r.xread({"s": "3-0", "none": "0"}, count=1))
    show("trim", [r.xadd("s", {"n": 6}, id="6-0", maxlen=4, approximate=False), r.xtrim("s", minid="4", approximate=False), r.xdel("s", "4-0"), r.xlen("s")])
    show("too small", refused(r.xadd, "s", {"n": 1}, id="1-0"))
    show("nomkstream", r.xadd("nothing", {"a": 1}, nomkstream=True))
    show("group", [r.xgroup_create("s", "g", "0"), refused(r.xgroup_create, "s", "g"), r.xgroup_create("new", "g", mkstream=True), r.xgroup_createconsumer("s", "g", "idle")])
    show("read", r.xreadgroup("g", "ada", {"s": ">"}, count=1))
    show("the rest", r.xreadgroup("g", "bo", {"s": ">"}))
    show("nothing new", r.xreadgroup("g", "bo", {"s": ">"}, block=5))
    show("again", r.xreadgroup("g", "ada", {"s": "0"}))
    show("pending", r.xpending("s", "g"))
    pending = r.xpending_range("s", "g", "-", "+", 10)
    show("one by one", [(one["message_id"], one["consumer"], one["times_delivered"]) for one in pending])
    show("claim", [r.xclaim("s", "g", "bo", 0, ["5-0"]), r.xclaim("s", "g", "ada", 0, ["5-0"], justid=True)])
    show("autoclaim", r.xautoclaim("s", "g", "cy", 0, count=1))
    show("ack", [r.xack("s", "g", "5-0", "9-0"), r.xpending("s", "g")["pending"]])
    info = r.xinfo_stream("s")
    show("info", {name: info[name] for name in ("length", "groups", "last-generated-id", "entries-added", "first-entry", "last-entry")})
    show("groups", r.xinfo_groups("s"))
    show("consumers", [(c["name"], c["pending"]) for c in r.xinfo_consumers("s", "g")])
    show("full", r.xinfo_stream("s", full=True)["groups"][0]["pel-count"])
    show("ackdel", [r.xackdel("s", "g", "6-0", ref_policy="DELREF"), r.xdelex("s", "6-0", ref_policy="KEEPREF"), r.xlen("s")])
    show("end", [r.xgroup_setid("s", "g", "0"), r.xgroup_delconsumer("s", "g", "ada"), r.xgroup_destroy("s", "g"), refused(r.xreadgroup, "g", "ada", {"s": ">"})])
    heard = []

    def reader():
        with redis.Redis(port=PORT, decode_responses=True, protocol=PROTOCOL) as mine:
            heard.append(mine.xread({"live": "$"}, block=20_000))
            heard.append(mine.xreadgroup("g", "me", {"new": ">", "s": ">"}, block=20_000))

    r.xgroup_create("s", "g", "$")
    thread = threading.Thread(target=reader)
    thread.start()
    for key in ("live", "new"):
        until("the reader", lambda: r.info("clients")["blocked_clients"] == 1)
        r.xadd(key, {"for": key}, id="9-9")
    thread.join()
    show("blocking", heard)


for PROTOCOL in (2, 3):
    print(f"-- RESP{PROTOCOL}")
    with redis.Redis(port=PORT, decode_responses=True, protocol=PROTOCOL) as client:
        client.flushall()
        for part in (pubsub, keyspace, streams):
            part(client)
