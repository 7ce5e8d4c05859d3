"""redis-py while the server is restarted: retries, subscriptions, scripts, what is lost."""

import redis
from redis.backoff import ConstantBackoff, NoBackoff
from redis.retry import Retry

from scenario import PORT, refused, server, show

stubborn = redis.Redis(port=PORT, decode_responses=True, retry=Retry(ConstantBackoff(0.02), 100))
simple = redis.Redis(port=PORT, decode_responses=True, retry=Retry(NoBackoff(), 0))
script = stubborn.register_script("return 'from the script'")
listener = stubborn.pubsub(ignore_subscribe_messages=True)
listener.subscribe("news")
show("before", [stubborn.set("k", 1), simple.get("k"), script(), listener.get_message(timeout=20)])
server("restart")
show("a retry finds the new server", stubborn.get("k"))
show("without retries the broken connection shows, once", [refused(simple.ping).split(":")[0], simple.ping()])
show("the script is loaded again", script())
show("the subscription is renewed", [listener.get_message(timeout=1), stubborn.publish("news", "x"), listener.get_message(timeout=20)["data"]])
server("stop")
show("no server", refused(simple.ping).split(" connecting")[0])
server("start")
show("again", simple.ping())
