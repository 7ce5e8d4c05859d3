"""huey: results, delays, retries, locks, priorities, pipelines, periodic tasks, a consumer of threads."""

import datetime
import logging
import threading

from huey import PriorityRedisHuey, RedisHuey, crontab
from huey.exceptions import TaskException

from scenario import PORT, refused, show, until

logging.disable(logging.CRITICAL)
runs = []
gate = threading.Event()


def tasks(huey):
    @huey.task()
    def add(a, b):
        return a + b

    @huey.task(retries=3)
    def flaky(name):
        runs.append(name)
        if runs.count(name) < 3:
            raise RuntimeError(name)
        return runs.count(name)

    @huey.task()
    def fail(why):
        raise ValueError(why)

    @huey.task()
    @huey.lock_task("one at a time")
    def exclusive():
        gate.wait(20)
        return "alone"

    @huey.periodic_task(crontab(minute="*/5", hour="3"))
    def nightly():
        runs.append("nightly")

    return add, flaky, fail, exclusive, nightly


def by_hand(huey):
    """What a consumer does, step by step."""
    add, flaky, fail, _, nightly = tasks(huey)

    def work():
        done = 0
        while (task := huey.dequeue()) is not None:
            huey.execute(task, huey_now())
            done += 1
        return done

    def huey_now():
        return datetime.datetime.utcnow() if huey.utc else datetime.datetime.now()

    result = add(2, 3)
    show("waiting", [result(), huey.pending_count(), len(huey)])
    show("done", [work(), result(preserve=True), result(), huey.result_count()])
    failed = fail("no way")
    work()
    try:
        failed.get()
    except TaskException as error:
        show("failed", error.metadata["error"])
    stubborn = flaky("twice")
    show("retried", [work(), stubborn(), runs])
    delayed = add.schedule((1, 1), delay=3600)
    work()
    show("scheduled", [huey.scheduled_count(), delayed(), huey.storage.read_schedule(huey_now())])
    delayed.reschedule(eta=huey_now() - datetime.timedelta(seconds=1))
    work()
    for task in huey.read_schedule(huey_now()):
        huey.enqueue(task)
    work()
    show("in the end", [huey.scheduled_count(), huey.result_count()])
    revoked = add(1, 1)
    revoked.revoke()
    show("revoked", [revoked.is_revoked(), work(), revoked()])
    show("pipeline", [huey.enqueue(add.s(1, 2).then(add, 10).then(add, 100)), work()][1])
    show("periodic", [nightly.task_class().name, [task.name for task in huey.read_periodic(datetime.datetime(2026, 1, 1, 3, 15))], huey.read_periodic(datetime.datetime(2026, 1, 1, 4, 15))])
    show("store", [huey.put("key", {"a": 1}), huey.get("key", peek=True), huey.get("key"), huey.get("key")])
    huey.flush()
    show("flushed", [huey.pending_count(), huey.result_count(), huey.scheduled_count()])


def in_threads(huey):
    """A real consumer, which blocks on the queue."""
    add, flaky, _, exclusive, _ = tasks(huey)
    consumer = huey.create_consumer(workers=3, check_worker_health=False, scheduler_interval=1)
    consumer.start()
    results = [add(number, 1) for number in range(20)]
    show("results", [result.get(blocking=True, timeout=20) for result in results])
    show("group", add.map([(number, number) for number in range(4)]).get(blocking=True, timeout=20))
    show("soon", add.schedule((20, 22), delay=0.1).get(blocking=True, timeout=20))
    one = exclusive()
    until("the lock", lambda: huey.is_locked("one at a time"))
    two = exclusive()
    show("locked out", refused(two.get, blocking=True, timeout=20).split("(")[0])
    gate.set()
    show("alone", one.get(blocking=True, timeout=20))
    result = flaky("in a thread")
    until("three tries", lambda: runs.count("in a thread") == 3)
    # Until the last try has ended, the result is the error of the one before.
    until("the result", lambda: result.reset() or not refused(result.get).startswith(("TaskException", "no error but None")))
    show("retried", result.get())
    consumer.stop(graceful=True)


print("-- by hand")
by_hand(RedisHuey("plain", port=PORT, blocking=False))
print("-- priorities")
first = PriorityRedisHuey("urgent", port=PORT, blocking=False)
order = []


@first.task()
def note(name):
    order.append(name)


for name, priority in (("low", 1), ("high", 9), ("middle", 5), ("high too", 9)):
    note(name, priority=priority)
while (task := first.dequeue()) is not None:
    first.execute(task)
show("order", order)
print("-- in threads")
in_threads(RedisHuey("threads", port=PORT, blocking=True, read_timeout=1))
