"""redis.asyncio: many at once, waiting, pub/sub, locks, scripts."""

import asyncio

import redis.asyncio as redis

from scenario import PORT, URL, show


async def refused(awaitable):
    try:
        return f"no error but {await awaitable!r}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"


async def main():
    r = redis.from_url(URL, decode_responses=True)
    show("ping", await r.ping())
    numbers = await asyncio.gather(*(r.incr("n") for _ in range(50)))
    show("at once", [sorted(numbers) == list(range(1, 51)), await r.get("n")])
    async with r.pipeline(transaction=True) as pipe:
        show("pipeline", await pipe.set("a", 1).incr("a").hset("h", mapping={"x": 1}).hgetall("h").execute())
    async with r.pipeline() as pipe:
        await pipe.watch("a")
        await r.incr("a")
        pipe.multi()
        pipe.get("a")
        show("watch", await refused(pipe.execute()))
    waiting = asyncio.create_task(redis.Redis(port=PORT, decode_responses=True).blpop("queue", timeout=20))
    while (await r.info("clients"))["blocked_clients"] == 0:
        await asyncio.sleep(0.01)
    await r.rpush("queue", "job")
    show("blpop", await waiting)
    cancelled = asyncio.create_task(r.blpop("queue", timeout=20))
    while (await r.info("clients"))["blocked_clients"] == 0:
        await asyncio.sleep(0.01)
    cancelled.cancel()
    show("cancelled", await refused(asyncio.wait_for(asyncio.gather(cancelled, return_exceptions=True), 5)))
    while (await r.info("clients"))["blocked_clients"] > 0:
        await asyncio.sleep(0.01)
    show("nothing is taken by who has gone", [await r.rpush("queue", "kept"), await r.llen("queue")])
    async with r.pubsub() as p:
        await p.subscribe("news")
        show("subscribed", (await p.get_message(timeout=20))["type"])
        await r.publish("news", "hello")
        async for one in p.listen():
            show("heard", (one["type"], one["channel"], one["data"]))
            break
    async with r.lock("lock", timeout=10) as lock:
        show("lock", [await lock.owned(), await r.lock("lock", blocking_timeout=0.05).acquire()])
    show("released", await r.exists("lock"))
    script = r.register_script("return {KEYS[1], ARGV[1]}")
    show("script", await script(keys=["k"], args=["v"]))
    await r.xgroup_create("s", "g", mkstream=True)
    reading = asyncio.create_task(redis.Redis(port=PORT, decode_responses=True).xreadgroup("g", "me", {"s": ">"}, block=20_000))
    while (await r.info("clients"))["blocked_clients"] == 0:
        await asyncio.sleep(0.01)
    await r.xadd("s", {"a": 1}, id="1-1")
    show("stream", await reading)
    show("scan", sorted([key async for key in r.scan_iter("*")]))
    show("wrong type", await refused(r.incr("h")))
    await r.aclose()


asyncio.run(main())
