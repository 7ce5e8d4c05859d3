//! Channels: redis-py's `PubSub`.

use bytes::Bytes;
use redwind_resp::Value;
use redwind_sim::{Answer, Failure};

use crate::transcript::{array, asks, bulk, printed};

fn pushed(kind: &str, name: &str, last: Value) -> Answer {
    Answer::Pushed(array([bulk(kind), bulk(name), last]))
}

#[test]
fn messages_are_dicts_as_redis_py_makes_them() {
    let source = "\
import redis
r = redis.Redis(decode_responses=True)
p = r.pubsub()
p.subscribe('news')
p.psubscribe('n*')
print(p.get_message())
print(p.get_message(timeout=1))
print(p.get_message(timeout=1))
print(p.get_message(timeout=1, ignore_subscribe_messages=True))
print(p.get_message(timeout=None))
p.close()
print(p.subscribed)
";
    let pattern = array([bulk("pmessage"), bulk("n*"), bulk("news"), bulk("hi")]);
    let answers = [
        Answer::Done,
        Answer::Done,
        Answer::Done,
        pushed("subscribe", "news", Value::Int(1)),
        pushed("message", "news", bulk("hi")),
        pushed("psubscribe", "n*", Value::Int(2)),
        Answer::Pushed(pattern),
    ];
    assert_eq!(
        asks(source, answers),
        "redis SUBSCRIBE news (Subscription)\n\
         redis PSUBSCRIBE n* (Subscription)\n\
         listen on 0 up to 0s\n\
         print None\n\
         listen on 0 up to 1s\n\
         print {'type': 'subscribe', 'pattern': None, 'channel': 'news', 'data': 1}\n\
         listen on 0 up to 1s\n\
         print {'type': 'message', 'pattern': None, 'channel': 'news', 'data': 'hi'}\n\
         listen on 0 up to 1s\n\
         print None\n\
         listen on 0\n\
         print {'type': 'pmessage', 'pattern': 'n*', 'channel': 'news', 'data': 'hi'}\n\
         hang up 0\n\
         print False\n\
         finished\n"
    );
}

#[test]
fn without_decoding_names_and_texts_are_bytes() {
    let source = "\
import redis
p = redis.Redis().pubsub(ignore_subscribe_messages=True)
p.subscribe('news')
print(p.get_message(timeout=1), p.channels)
print(p.get_message(timeout=1))
";
    let answers = [
        Answer::Done,
        pushed("subscribe", "news", Value::Int(1)),
        pushed("message", "news", Value::Bulk(Bytes::from_static(b"\xff"))),
    ];
    assert_eq!(
        printed(source, answers),
        "None {b'news': None}\n\
         {'type': 'message', 'pattern': None, 'channel': b'news', 'data': b'\\xff'}\n"
    );
}

#[test]
fn a_loop_over_listen_ends_when_nothing_is_listened_to_any_more() {
    let source = "\
import redis
p = redis.Redis(decode_responses=True).pubsub()
p.subscribe('news')
for message in p.listen():
    print(message['type'], message['data'])
    if message['data'] == 'stop':
        p.unsubscribe()
print('over', p.subscribed)
";
    let answers = [
        Answer::Done,
        pushed("subscribe", "news", Value::Int(1)),
        pushed("message", "news", bulk("stop")),
        Answer::Done,
        pushed("unsubscribe", "news", Value::Int(0)),
    ];
    assert_eq!(
        printed(source, answers),
        "subscribe 1\nmessage stop\nunsubscribe 0\nover False\n"
    );
}

#[test]
fn a_handler_is_called_instead_of_a_message_being_returned() {
    let source = "\
import redis
def on_news(message):
    print('handled', message['data'])
p = redis.Redis(decode_responses=True).pubsub()
p.subscribe(news=on_news)
print(p.get_message(timeout=1))
";
    let answers = [Answer::Done, pushed("message", "news", bulk("hi"))];
    assert_eq!(printed(source, answers), "handled hi\nNone\n");
}

#[test]
fn a_lost_connection_is_raised_once_and_then_everything_is_subscribed_again() {
    let source = "\
import redis
p = redis.Redis(decode_responses=True).pubsub()
p.subscribe('news')
try:
    p.get_message(timeout=1)
except redis.ConnectionError as e:
    print('lost:', e)
p.get_message(timeout=1)
";
    let answers = [
        Answer::Done,
        Answer::Failed(Failure::Reset),
        Answer::Done,
        Answer::Done,
    ];
    assert_eq!(
        asks(source, answers),
        "redis SUBSCRIBE news (Subscription)\n\
         listen on 0 up to 1s\n\
         print lost: Connection closed by server.\n\
         redis SUBSCRIBE news (Subscription) on 1\n\
         listen on 1 up to 1s\n\
         finished\n"
    );
}
