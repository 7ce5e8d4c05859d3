"""What the scenarios share: where the server is, and how they tell what happened.

Everything that a scenario shows is compared with what it showed beside a real redis-server, so it must be
the same in every run: no times, ids or ports.
"""

import os
import sys
import time

PORT = int(os.environ["REDIS_PORT"])
URL = f"redis://127.0.0.1:{PORT}"


def show(what, value):
    """Prints one line; sets and maps in order, for theirs is free."""
    print(f"{what}: {settled(value)}", flush=True)


def settled(value):
    if isinstance(value, (set, frozenset)):
        return "{" + ", ".join(sorted(map(str, map(settled, value)))) + "}"
    if isinstance(value, dict):
        pairs = sorted((str(settled(key)), str(settled(item))) for key, item in value.items())
        return "{" + ", ".join(f"{key}: {item}" for key, item in pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(str(settled(item)) for item in value) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(str(settled(item)) for item in value) + ")"
    return repr(value)


def refused(call, *args, **kwargs):
    """The error that a call ends in, with its class: programs catch it by that."""
    try:
        return f"no error but {call(*args, **kwargs)!r}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def server(order):
    """Asks whoever runs this for another state of the server: "stop", "start" or "restart"."""
    print(f"@{order}", flush=True)
    sys.stdin.readline()


def until(what, condition, seconds=20):
    """Waits for something that another thread or process does, a bounded time."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"in vain for {what}")
        time.sleep(0.01)
    return found
