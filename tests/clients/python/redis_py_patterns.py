"""What programs build from commands: pipelines, transactions, scripts, locks, scans, waiting, errors, pools."""

import threading

import redis
from redis.backoff import NoBackoff
from redis.exceptions import LockNotOwnedError
from redis.retry import Retry

from scenario import PORT, URL, refused, show, until


def pipelines(r):
    with r.pipeline() as pipe:
        pipe.set("a", 1).incr("a").lpush("list", "x", "y").lrange("list", 0, -1)
        show("transaction", pipe.execute())
    with r.pipeline(transaction=False) as pipe:
        for number in range(1000):
            pipe.rpush("many", number)
        show("pipeline", [sum(pipe.execute()), r.llen("many")])
    with r.pipeline() as pipe:
        pipe.incr("a").lpush("a", 1).incr("a")
        show("errors come in their places", pipe.execute(raise_on_error=False))
    with r.pipeline() as pipe:
        show("errors name the command", refused(lambda: pipe.set("a", 1).lpush("a", 1).execute()))
    with r.pipeline() as pipe:
        show("a mistake discards all", refused(lambda: pipe.set("a", 5).execute_command("SET", "b").execute()))
    show("and so nothing was done", r.get("a"))


def watching(r):
    r.set("counter", 10)
    with r.pipeline() as pipe:
        pipe.watch("counter")
        r.incr("counter")
        pipe.multi()
        pipe.set("counter", 0)
        show("watch", refused(pipe.execute))
    tries = []

    def double(pipe):
        tries.append(int(pipe.get("counter")))
        if len(tries) == 1:
            r.set("counter", 7)
        pipe.multi()
        pipe.set("counter", tries[-1] * 2)

    show("transaction()", [r.transaction(double, "counter"), tries, r.get("counter")])
    with r.pipeline() as pipe:
        pipe.watch("counter")
        pipe.unwatch()
        r.incr("counter")
        pipe.multi()
        pipe.get("counter")
        show("unwatch", pipe.execute())


def scripts(r):
    multiply = r.register_script("return redis.call('GET', KEYS[1]) * ARGV[1]")
    r.set("n", 6)
    show("script", [multiply(keys=["n"], args=[7]), r.script_exists(multiply.sha), r.script_flush(), multiply(keys=["n"], args=[2])])
    with r.pipeline() as pipe:
        r.script_flush()
        multiply(keys=["n"], args=[3], client=pipe)
        show("script in a pipeline", pipe.execute())
    show("eval", r.eval("return {1, 'two', {3, false, 5}, 3.9}", 0))
    show("tables", r.eval("local t = {} for i = 1, 3 do t[i] = {KEYS[i], redis.call('TYPE', KEYS[i]).ok} end return t", 3, "n", "list", "no"))
    show("error", refused(r.eval, "return redis.error_reply('MINE my words')", 0))
    show("uncaught", refused(r.eval, "return redis.call('INCR', 'list')", 0))
    show("caught", r.eval("local e = redis.pcall('INCR', 'list') return e.err", 0))
    show("no script", refused(r.evalsha, "f" * 40, 0))
    show("compile", refused(r.eval, "return +", 0)[:40])
    show("json", r.eval("return cjson.encode({1, cjson.decode(ARGV[1]).a, 'x'})", 0, '{"a": [true, null]}'))
    show("read only", [r.eval_ro("return redis.call('GET', KEYS[1])", 1, "n"), refused(r.eval_ro, "return redis.call('SET', KEYS[1], 1)", 1, "n")[:60]])


def locks(r):
    lock = r.lock("lock", timeout=10)
    show("acquire", [lock.acquire(blocking=False), lock.locked(), lock.owned(), 9000 < r.pttl("lock") <= 10_000])
    other = r.lock("lock", timeout=10, blocking_timeout=0.05)
    show("contention", [other.acquire(), refused(other.release), other.locked(), other.owned()])
    show("extend", [lock.extend(20), r.pttl("lock") > 20_000, lock.reacquire(), r.pttl("lock") <= 10_000])
    waited = []
    waiter = threading.Thread(target=lambda: waited.append(r.lock("lock", timeout=5, sleep=0.01).acquire(blocking_timeout=20)))
    waiter.start()
    lock.release()
    waiter.join()
    show("a waiter gets it", waited)
    show("released", refused(lock.release))
    r.delete("lock")
    try:
        with r.lock("lock", timeout=5):
            r.set("lock", "somebody else")
    except LockNotOwnedError as error:
        show("stolen", error)
    r.delete("lock")


def waiting(r):
    results = []

    def consumer():
        with redis.Redis(port=PORT, decode_responses=True) as mine:
            results.append(mine.blpop(["q1", "q2"], timeout=20))
            results.append(mine.bzpopmin("zq", timeout=20))
            results.append(mine.blmove("q1", "done", 20))
            results.append(mine.blmpop(20, 2, "q1", "q2", direction="RIGHT"))

    def blocked(count):
        until("a waiting client", lambda: r.info("clients")["blocked_clients"] == count)

    thread = threading.Thread(target=consumer)
    thread.start()
    for act in (lambda: r.rpush("q2", "job"), lambda: r.zadd("zq", {"m": 2}), lambda: r.lpush("q1", "moved"), lambda: r.rpush("q1", 1, 2)):
        blocked(1)
        act()
    thread.join()
    show("what came", results)
    show("in vain", [r.blpop("none", timeout=0.01), r.brpoplpush("none", "x", timeout=1), r.bzpopmax("none", timeout=0.01), r.blmpop(0.01, 1, "none", direction="LEFT")])
    show("nobody is waiting", until("nobody to wait", lambda: r.info("clients")["blocked_clients"] == 0))
    impatient = redis.Redis(port=PORT, socket_timeout=0.1, retry=Retry(NoBackoff(), 0))
    show("socket timeout", refused(impatient.blpop, "none", 20))
    show("and after it", impatient.ping())
    thread = threading.Thread(target=lambda: results.append(refused(redis.Redis(port=PORT, client_name="sleeper").blpop, "none", 20)))
    thread.start()
    blocked(1)
    sleeper = next(c["id"] for c in r.client_list() if c["name"] == "sleeper")
    show("unblock", r.client_unblock(sleeper, error=True))
    thread.join()
    show("what it got", results[-1])


def scans(r):
    with r.pipeline(transaction=False) as pipe:
        for number in range(3000):
            pipe.set(f"user:{number}", number)
            pipe.hset("big", f"f{number}", number)
            pipe.zadd("bigz", {f"m{number}": number})
            pipe.sadd("bigs", number)
        pipe.execute()
    show("scan_iter", [len(set(r.scan_iter("user:*", count=100))), len(set(r.scan_iter("user:1?", count=7)))])
    show("of collections", [len(dict(r.hscan_iter("big"))), len(dict(r.zscan_iter("bigz", match="*9"))), len(set(r.sscan_iter("bigs", count=500)))])
    show("while keys go", len({key for key in r.scan_iter("user:*", count=50) if r.delete(key)}))


def errors(r):
    r.set("text", "x")
    for what, call in {
        "wrong type": lambda: r.lpush("text", 1),
        "no integer": lambda: r.incr("text"),
        "syntax": lambda: r.execute_command("SET", "a", "b", "MAYBE"),
        "arity": lambda: r.execute_command("GET"),
        "unknown": lambda: r.execute_command("FOO", "bar", "x y"),
        "unknown subcommand": lambda: r.execute_command("CONFIG", "FOO"),
        "index": lambda: r.lset("many", 99999, 1),
        "no key": lambda: r.rename("nothing", "x"),
        "no stream": lambda: r.xgroup_create("nothing", "g"),
        "database": lambda: redis.Redis(port=PORT, db=99).ping(),
        "password": lambda: redis.Redis(port=PORT, password="x", protocol=2, retry=Retry(NoBackoff(), 0)).ping(),
        "loading": lambda: redis.Redis(port=PORT, retry=None).execute_command("DEBUG", "ERROR", "LOADING wait"),
        "port": lambda: redis.Redis(port=1, retry=Retry(NoBackoff(), 0)).ping(),
        "data": lambda: r.set("x", [1]),
    }.items():
        show(what, refused(call))
    show("cluster", refused(redis.RedisCluster, "127.0.0.1", PORT))
    show("read only", refused(r.execute_command, "DEBUG", "ERROR", "READONLY You can't write"))


def passwords(r):
    r.config_set("requirepass", "secret")
    once = Retry(NoBackoff(), 0)
    show("none", refused(redis.Redis(port=PORT, retry=once).ping))
    show("wrong", refused(redis.Redis(port=PORT, retry=once, password="wrong").ping))
    for protocol in (2, 3):
        show("right", [redis.Redis(port=PORT, password="secret", protocol=protocol).ping(),
                       redis.from_url(f"redis://default:secret@127.0.0.1:{PORT}/2", protocol=protocol).client_info()["db"]])
    show("off", r.config_set("requirepass", ""))


def pools(r):
    pool = redis.ConnectionPool.from_url(URL, max_connections=2, decode_responses=True)
    one, two = redis.Redis(connection_pool=pool), redis.Redis(connection_pool=pool)
    held = [pool.get_connection(), pool.get_connection()]
    show("full", refused(one.ping))
    for connection in held:
        pool.release(connection)
    show("free again", [one.ping(), two.set("pool", 1)])
    patient = redis.BlockingConnectionPool.from_url(URL, max_connections=1, timeout=20)
    shared = redis.Redis(connection_pool=patient)
    threads = [threading.Thread(target=lambda: [shared.incr("shared") for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    show("shared by threads", shared.get("shared"))
    single = r.client()
    show("single connection", [single.client_setname("mine"), single.client_getname()])
    checked = redis.Redis(port=PORT, health_check_interval=0.001, client_name="checked")
    show("health checks", [checked.ping() for _ in range(3)])
    for c in r.client_list():
        if c["name"] == "checked":
            r.client_kill_filter(_id=c["id"])
    show("after a kill", checked.get("shared"))
    show("with a name", [(c["name"], c["lib-name"]) for c in r.client_list() if c["name"] == "checked"])


with redis.Redis(port=PORT, decode_responses=True) as client:
    for part in (pipelines, watching, scripts, locks, waiting, errors, passwords, pools, scans):
        print(f"-- {part.__name__}")
        part(client)
