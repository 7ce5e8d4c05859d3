"""rq: jobs with results, dependencies, retries, failures, schedules and a worker of its own process."""

import logging
import os
import sys
from datetime import datetime, timedelta, timezone

import redis
from rq import Queue, Retry, SimpleWorker, Worker
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.registry import FailedJobRegistry, FinishedJobRegistry, ScheduledJobRegistry
from rq.scheduler import RQScheduler

from scenario import PORT, refused, show

# A worker imports what it runs: this file, by its name.
sys.modules["rq_jobs"] = sys.modules["__main__"]
sys.path.insert(0, os.path.dirname(__file__))
logging.disable(logging.CRITICAL)


def add(a, b):
    return a + b


def fail(why):
    raise ValueError(why)


def flaky(key):
    tries = redis.Redis(port=PORT).incr(key)
    if tries < 3:
        raise RuntimeError(f"try {tries}")
    return int(tries)


def told(job, connection, result):
    connection.rpush("told", f"{job.func_name} gave {result}")


for function in (add, fail, flaky, told):
    function.__module__ = "rq_jobs"


def main():
    connection = redis.Redis(port=PORT)
    queue = Queue("work", connection=connection)
    high = Queue("high", connection=connection)

    def work(kind=SimpleWorker, **options):
        worker = kind([high, queue], connection=connection)
        return worker.work(burst=True, logging_level="CRITICAL", **options)

    job = queue.enqueue(add, 2, 3, on_success=told)
    show("enqueued", [job.get_status().value, queue.count, queue.job_ids == [job.id]])
    show("worked", [work(), job.get_status(refresh=True).value, job.return_value(), connection.lrange("told", 0, -1)])
    show("nothing to do", work())
    show("finished", [job.id in FinishedJobRegistry(queue=queue), queue.is_empty()])

    # A process of its own for each job, as in production.
    job = queue.enqueue(add, "forked ", "worker")
    show("forked", [work(Worker), Job.fetch(job.id, connection=connection).return_value()])

    first = queue.enqueue(add, 1, 1)
    second = queue.enqueue(add, 10, 10, depends_on=first)
    urgent = high.enqueue(add, 0, 0)
    show("dependent", [second.get_status().value, queue.count, high.count])
    work()
    show("after it", [job.get_status(refresh=True).value for job in (first, second, urgent)])

    broken = queue.enqueue(fail, "no way")
    work()
    failed = FailedJobRegistry(queue=queue)
    show("failed", [broken.get_status(refresh=True).value, broken.id in failed, "ValueError: no way" in broken.latest_result().exc_string])
    failed.requeue(broken.id)
    show("requeued", [broken.get_status(refresh=True).value, broken.id in failed, queue.count])
    work()
    failed.remove(broken.id, delete_job=True)
    show("deleted", refused(Job.fetch, broken.id, connection)[:15])

    stubborn = queue.enqueue(flaky, "tries", retry=Retry(max=5))
    work()
    show("retried", [stubborn.get_status(refresh=True).value, stubborn.return_value()])

    many = queue.enqueue_many([Queue.prepare_data(add, (number, number)) for number in range(5)])
    work(max_jobs=3)
    show("max jobs", [queue.count, [job.return_value() for job in many]])
    work()
    show("results", [job.return_value() for job in many])

    past = queue.enqueue_at(datetime.now(timezone.utc) - timedelta(seconds=5), add, 4, 4)
    later = queue.enqueue_in(timedelta(hours=1), add, 5, 5)
    scheduled = ScheduledJobRegistry(queue=queue)
    show("scheduled", [past.get_status().value, len(scheduled), past.id in scheduled, queue.count])
    scheduler = RQScheduler([queue], connection=connection)
    show("scheduler", [scheduler.acquire_locks() == {"work"}, scheduler.enqueue_scheduled_jobs(), queue.count, len(scheduled)])
    other = RQScheduler([queue], connection=connection)
    show("one at a time", other.acquire_locks())
    scheduler.release_locks()
    work()
    show("past and later", [past.return_value(refresh=True), later.get_status(refresh=True).value])
    later.cancel()
    show("cancelled", [later.get_status(refresh=True).value, len(scheduled)])

    doomed = queue.enqueue(add, 1, 1, result_ttl=0)
    work()
    try:
        show("no result kept", Job.fetch(doomed.id, connection=connection).get_status().value)
    except NoSuchJobError:
        show("no result kept", "the job is gone")
    show("a result that expires", 0 < connection.ttl(f"rq:job:{job.id}") <= 500)
    queue.enqueue(add, 1, 1)
    show("emptied", [queue.empty(), queue.count, Worker.count(connection=connection), queue.delete(delete_jobs=True)])


if __name__ == "__main__":
    main()
