//! Pipelines and transactions.

use redwind_resp::Value;
use redwind_sim::Answer;

use crate::transcript::{TIMEOUT, array, asks, bulk, error, printed, replies};

fn exec(results: impl IntoIterator<Item = Value>) -> Answer {
    Answer::Replies(vec![array(results)])
}

#[test]
fn a_pipeline_queues_and_sends_everything_at_once() {
    let source = "\
import redis
r = redis.Redis(decode_responses=True)
pipe = r.pipeline()
pipe.set('a', 1).incr('a')
pipe.hgetall('h')
print(len(pipe), pipe.execute(), len(pipe))
print(r.pipeline(transaction=False).get('a').execute())
print(r.pipeline().execute())
";
    let answers = vec![
        exec([Value::OK, Value::Int(2), array([bulk("f"), bulk("v")])]),
        Answer::Replies(vec![bulk("2")]),
    ];
    assert_eq!(
        asks(source, answers),
        "redis MULTI | SET a 1 | INCRBY a 1 | HGETALL h | EXEC (Transaction)\n\
         print 3 [True, 2, {'f': 'v'}] 0\n\
         redis GET a (Pipeline)\n\
         print ['2']\n\
         print []\n\
         finished\n"
    );
}

#[test]
fn the_queue_may_also_be_answered_command_by_command() {
    let source = "import redis\nr = redis.Redis()\nprint(r.pipeline().incr('a').execute())\n";
    let queued = || Value::Simple("QUEUED".into());
    let answer = Answer::Replies(vec![Value::OK, queued(), array([Value::Int(1)])]);
    assert_eq!(printed(source, [answer]), "[1]\n");
    let refused = Answer::Replies(vec![
        Value::OK,
        error("ERR wrong number of arguments for 'incrby' command"),
        error("EXECABORT Transaction discarded because of previous errors."),
    ]);
    let text = printed(source, [refused]);
    assert!(
        text.starts_with(
            "raised ResponseError: Command # 1 (INCRBY a 1) of pipeline caused error: wrong number"
        ),
        "{text}"
    );
}

#[test]
fn watched_keys_hold_a_connection_and_a_change_is_a_watch_error() {
    let source = "\
import redis
r = redis.Redis(decode_responses=True)
r.get('x')
with r.pipeline() as pipe:
    while True:
        try:
            pipe.watch('n')
            n = int(pipe.get('n'))
            pipe.multi()
            pipe.set('n', n + 1)
            r.get('y')
            pipe.execute()
            break
        except redis.WatchError as e:
            print(e)
";
    let answers = [
        replies([Value::Null, Value::OK, bulk("1"), Value::Null]),
        replies([Value::NullArray, Value::OK, bulk("2"), Value::Null]),
        vec![exec([Value::OK])],
    ];
    assert_eq!(
        asks(source, answers.into_iter().flatten()),
        "redis GET x\n\
         redis WATCH n\n\
         redis GET n\n\
         redis GET y on 1\n\
         redis MULTI | SET n 2 | EXEC (Transaction)\n\
         print Watched variable changed.\n\
         redis WATCH n\n\
         redis GET n\n\
         redis GET y on 1\n\
         redis MULTI | SET n 3 | EXEC (Transaction)\n\
         finished\n"
    );
}

#[test]
fn leaving_a_pipeline_that_watches_unwatches() {
    let source = "import redis\nr = redis.Redis()\nwith r.pipeline() as pipe:\n    pipe.watch('a')\nr.get('a')\n";
    assert_eq!(
        asks(source, replies([Value::OK, Value::OK, Value::Null])),
        "redis WATCH a\nredis UNWATCH\nredis GET a\nfinished\n"
    );
}

#[test]
fn an_error_says_which_command_it_was_or_is_returned_among_the_results() {
    let source = "\
import redis
r = redis.Redis()
pipe = r.pipeline()
pipe.set('a', 'x').incr('a')
try:
    pipe.execute()
except redis.ResponseError as e:
    print(e)
pipe.set('a', 'x').incr('a')
results = pipe.execute(raise_on_error=False)
print(results[0], isinstance(results[1], redis.ResponseError))
";
    let wrong = || {
        exec([
            Value::OK,
            error("ERR value is not an integer or out of range"),
        ])
    };
    assert_eq!(
        printed(source, [wrong(), wrong()]),
        "Command # 2 (INCRBY a 1) of pipeline caused error: value is not an integer or out of range\nTrue True\n"
    );
}

#[test]
fn transaction_runs_its_function_again_until_nothing_changed_meanwhile() {
    let source = "\
import redis
r = redis.Redis(decode_responses=True)

def double(pipe):
    n = int(pipe.get('n'))
    pipe.multi()
    pipe.set('n', n * 2)

print(r.transaction(double, 'n'))
";
    let mut answers = replies([Value::OK, bulk("2"), Value::NullArray, Value::OK, bulk("5")]);
    answers.push(exec([Value::OK]));
    let text = asks(source, answers);
    assert!(
        text.ends_with("redis MULTI | SET n 10 | EXEC (Transaction)\nprint [True]\nfinished\n"),
        "{text}"
    );
}

#[test]
fn a_connection_lost_while_watching_is_a_watch_error_and_the_next_one_is_new() {
    let source = "\
import redis
r = redis.Redis(socket_timeout=1)
pipe = r.pipeline()
pipe.watch('a')
try:
    pipe.get('a')
except redis.WatchError as e:
    print(e)
pipe.reset()
r.get('a')
";
    let mut answers = replies([Value::OK]);
    answers.push(TIMEOUT);
    answers.extend(replies([Value::Null]));
    assert_eq!(
        asks(source, answers),
        "redis WATCH a within 1s\n\
         redis GET a within 1s\n\
         print A TimeoutError occurred while watching one or more keys\n\
         redis GET a on 1 within 1s\n\
         finished\n"
    );
}

#[test]
fn a_script_in_a_pipeline_is_loaded_before_it_when_the_server_does_not_know_it() {
    let source = "\
import redis
r = redis.Redis()
double = r.register_script('return ARGV[1] * 2')
pipe = r.pipeline()
double(keys=['k'], args=[4], client=pipe)
print(pipe.execute())
";
    let mut answers = replies([array([Value::Int(0)]), bulk("its sum")]);
    answers.push(exec([Value::Int(8)]));
    let text = asks(source, answers);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("redis SCRIPT EXISTS "), "{text}");
    assert_eq!(lines[1], "redis SCRIPT LOAD return ARGV[1] * 2");
    assert!(
        lines[2].starts_with("redis MULTI | EVALSHA ") && lines[2].contains(" 1 k 4 | EXEC"),
        "{text}"
    );
    assert_eq!(lines[3], "print [8]");
}
