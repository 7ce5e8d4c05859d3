//! Methods of a client: the commands they send, and the values they return.

use redwind_resp::Value;

use crate::transcript::{TIMEOUT, array, asks, bulk, printed, replies};

/// What a call sends, and the repr of what it returns when it is answered `reply`.
fn call(call: &str, reply: Value) -> (String, String) {
    called("decode_responses=True", call, reply)
}

fn called(options: &str, call: &str, reply: Value) -> (String, String) {
    let source = format!("import redis\nr = redis.Redis({options})\nprint(repr({call}))\n");
    let asked = asks(&source, replies([reply]));
    let mut lines = asked.lines();
    let sent = lines
        .next()
        .unwrap_or_default()
        .trim_start_matches("redis ")
        .to_owned();
    let value = lines
        .next()
        .unwrap_or_default()
        .trim_start_matches("print ")
        .to_owned();
    (sent, value)
}

#[track_caller]
fn check(python: &str, sent: &str, reply: Value, value: &str) {
    assert_eq!(
        call(python, reply),
        (sent.to_owned(), value.to_owned()),
        "{python}"
    );
}

fn ints(numbers: &[i64]) -> Value {
    array(numbers.iter().map(|n| Value::Int(*n)))
}

fn bulks(texts: &[&str]) -> Value {
    array(texts.iter().map(|text| bulk(text)))
}

#[test]
fn strings() {
    check("r.set('k', 'v')", "SET k v", Value::OK, "True");
    check(
        "r.set('k', 1, ex=10, nx=True)",
        "SET k 1 EX 10 NX",
        Value::Null,
        "None",
    );
    check(
        "r.set('k', 1.5, px=10, get=True)",
        "SET k 1.5 PX 10 GET",
        bulk("old"),
        "'old'",
    );
    check("r.get('k')", "GET k", Value::Null, "None");
    check("r.incr('n', 5)", "INCRBY n 5", Value::Int(6), "6");
    check(
        "r.incrbyfloat('n')",
        "INCRBYFLOAT n 1.0",
        bulk("2.5"),
        "2.5",
    );
    check(
        "r.mget('a', 'b')",
        "MGET a b",
        array([bulk("1"), Value::Null]),
        "['1', None]",
    );
    check(
        "r.mset({'a': 1, 'b': 2})",
        "MSET a 1 b 2",
        Value::OK,
        "True",
    );
    check("r.setnx('a', 1)", "SETNX a 1", Value::Int(0), "False");
    check(
        "r.getex('k', persist=True)",
        "GETEX k PERSIST",
        bulk("v"),
        "'v'",
    );
}

#[test]
fn keys() {
    check("r.delete('a', 'b')", "DEL a b", Value::Int(1), "1");
    check("r.exists('a')", "EXISTS a", Value::Int(1), "1");
    check(
        "r.expire('a', 10, nx=True)",
        "EXPIRE a 10 NX",
        Value::Int(1),
        "True",
    );
    check("r.ttl('a')", "TTL a", Value::Int(-2), "-2");
    check(
        "r.type('a')",
        "TYPE a",
        Value::Simple("none".into()),
        "'none'",
    );
    check(
        "r.scan(match='a*', count=5)",
        "SCAN 0 MATCH a* COUNT 5",
        array([bulk("17"), bulks(&["a1"])]),
        "(17, ['a1'])",
    );
    check("r.rename('a', 'b')", "RENAME a b", Value::OK, "True");
    check("r.keys()", "KEYS *", bulks(&["a"]), "['a']");
}

#[test]
fn hashes_lists_and_sets() {
    check("r.hset('h', 'f', 1)", "HSET h f 1", Value::Int(1), "1");
    check(
        "r.hset('h', mapping={'a': 1, 'b': 2})",
        "HSET h a 1 b 2",
        Value::Int(2),
        "2",
    );
    check(
        "r.hgetall('h')",
        "HGETALL h",
        bulks(&["a", "1"]),
        "{'a': '1'}",
    );
    check(
        "r.hmget('h', ['a', 'b'])",
        "HMGET h a b",
        array([bulk("1"), Value::Null]),
        "['1', None]",
    );
    check("r.hexists('h', 'a')", "HEXISTS h a", Value::Int(1), "True");
    check("r.lpush('l', 1, 2)", "LPUSH l 1 2", Value::Int(2), "2");
    check(
        "r.lrange('l', 0, -1)",
        "LRANGE l 0 -1",
        bulks(&["2", "1"]),
        "['2', '1']",
    );
    check(
        "r.blpop('l', timeout=5)",
        "BLPOP l 5",
        bulks(&["l", "1"]),
        "('l', '1')",
    );
    check(
        "r.brpop(['l', 'm'])",
        "BRPOP l m 0",
        Value::NullArray,
        "None",
    );
    check(
        "r.blmove('l', 'm', 30, 'RIGHT', 'LEFT')",
        "BLMOVE l m RIGHT LEFT 30",
        bulk("1"),
        "'1'",
    );
    check("r.lrem('l', 1, 'x')", "LREM l 1 x", Value::Int(0), "0");
    check("r.sadd('s', 'a')", "SADD s a", Value::Int(1), "1");
    check("r.smembers('s')", "SMEMBERS s", bulks(&["a"]), "{'a'}");
    check("r.sismember('s', 'a')", "SISMEMBER s a", Value::Int(1), "1");
}

#[test]
fn sorted_sets_and_streams() {
    check(
        "r.zadd('z', {'a': 1.5})",
        "ZADD z 1.5 a",
        Value::Int(1),
        "1",
    );
    check(
        "r.zrange('z', 0, -1, withscores=True)",
        "ZRANGE z 0 -1 WITHSCORES",
        bulks(&["a", "1.5"]),
        "[('a', 1.5)]",
    );
    check("r.zscore('z', 'a')", "ZSCORE z a", bulk("1.5"), "1.5");
    check(
        "r.zpopmin('z')",
        "ZPOPMIN z",
        bulks(&["a", "1"]),
        "[('a', 1.0)]",
    );
    check(
        "r.xadd('x', {'f': 'v'})",
        "XADD x * f v",
        bulk("1-0"),
        "'1-0'",
    );
    let entry = || array([bulk("1-0"), bulks(&["f", "v"])]);
    check(
        "r.xrange('x')",
        "XRANGE x - +",
        array([entry()]),
        "[('1-0', {'f': 'v'})]",
    );
    check(
        "r.xreadgroup('g', 'c', {'x': '>'}, count=1, block=100)",
        "XREADGROUP GROUP g c COUNT 1 BLOCK 100 STREAMS x >",
        array([array([bulk("x"), array([entry()])])]),
        "[['x', [('1-0', {'f': 'v'})]]]",
    );
}

#[test]
fn the_server_and_scripts() {
    check("r.ping()", "PING", Value::Simple("PONG".into()), "True");
    check("r.time()", "TIME", bulks(&["17", "5"]), "(17, 5)");
    check(
        "r.eval('return 1', 1, 'k', 'a')",
        "EVAL return 1 1 k a",
        ints(&[1, 2]),
        "[1, 2]",
    );
    check(
        "r.script_exists('x')",
        "SCRIPT EXISTS x",
        ints(&[1]),
        "[True]",
    );
    check(
        "r.config_get('max*')",
        "CONFIG GET max*",
        bulks(&["maxmemory", "0"]),
        "{'maxmemory': '0'}",
    );
    check(
        "r.execute_command('HGETALL', 'h')",
        "HGETALL h",
        bulks(&["a", "1"]),
        "{'a': '1'}",
    );
    check(
        "r.execute_command('OBJECT ENCODING', 'k')",
        "OBJECT ENCODING k",
        bulk("int"),
        "'int'",
    );
}

#[test]
fn replies_are_bytes_unless_they_are_asked_to_be_text() {
    let (_, value) = called("", "r.get('k')", bulk("v"));
    assert_eq!(value, "b'v'");
    let (_, value) = called("", "r.hgetall('k')", bulks(&["f", "v"]));
    assert_eq!(value, "{b'f': b'v'}");
    let source = "import redis\nr = redis.from_url('redis://cache:6379/0', decode_responses=True)\nprint(repr(r.get('k')))\n";
    assert_eq!(
        asks(source, replies([bulk("v")])),
        "redis GET k at cache\nprint 'v'\nfinished\n"
    );
}

#[test]
fn a_database_is_selected_once_a_connection() {
    let source = "import redis\nr = redis.Redis(db=3)\nr.get('a')\nr.get('b')\n";
    assert_eq!(
        asks(source, replies([Value::OK, Value::Null, Value::Null])),
        "redis SELECT 3\nredis GET a\nredis GET b\nfinished\n"
    );
}

#[test]
fn a_failed_connection_is_replaced_and_commands_are_sent_again_only_when_asked_for() {
    let source = "\
import redis
from redis.retry import Retry
from redis.backoff import ConstantBackoff

r = redis.Redis(host='redis', socket_timeout=1, retry=Retry(ConstantBackoff(0.25), 2))
print(r.get('k'))
";
    let mut answers = vec![TIMEOUT, TIMEOUT];
    answers.extend(replies([bulk("v")]));
    assert_eq!(
        asks(source, answers),
        "redis GET k at redis within 1s\n\
         sleep 250ms\n\
         redis GET k on 1 at redis within 1s\n\
         sleep 250ms\n\
         redis GET k on 2 at redis within 1s\n\
         print b'v'\n\
         finished\n"
    );
}

#[test]
fn scan_iter_goes_on_until_the_cursor_is_zero() {
    let source = "\
import redis
r = redis.Redis(decode_responses=True)
for key in r.scan_iter('user:*'):
    print(key)
for field, value in r.hscan_iter('h'):
    print(field, value)
";
    let answers = replies([
        array([bulk("5"), bulks(&["user:1"])]),
        array([bulk("0"), bulks(&["user:2"])]),
        array([bulk("0"), bulks(&["f", "v"])]),
    ]);
    assert_eq!(
        asks(source, answers),
        "redis SCAN 0 MATCH user:*\nredis SCAN 5 MATCH user:*\nprint user:1\nprint user:2\nredis HSCAN h 0\nprint f v\nfinished\n"
    );
}

#[test]
fn a_registered_script_is_loaded_when_the_server_does_not_know_it() {
    let source = "\
import redis
r = redis.Redis()
double = r.register_script('return ARGV[1] * 2')
print(double(keys=['k'], args=[21]))
print(double(args=[4]))
";
    let answers = replies([
        Value::Error("NOSCRIPT No matching script. Please use EVAL.".into()),
        bulk("the sum of it"),
        Value::Int(42),
        Value::Int(8),
    ]);
    let text = asks(source, answers);
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with("redis EVALSHA ") && lines[0].ends_with(" 1 k 21"),
        "{text}"
    );
    assert_eq!(lines[1], "redis SCRIPT LOAD return ARGV[1] * 2");
    assert_eq!(lines[2], lines[0]);
    assert_eq!(lines[3], "print 42");
    assert_eq!(lines[5], "print 8");
}

#[test]
fn a_lock_object_is_taken_held_and_released_by_its_owner_only() {
    let source = "\
import redis
r = redis.Redis()
with r.lock('job', timeout=10, blocking_timeout=1) as lock:
    print('mine')
";
    let text = asks(source, replies([Value::Null, Value::OK, Value::Int(1)]));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "monotonic clock");
    assert!(
        lines[1].starts_with("redis SET job ") && lines[1].ends_with(" PX 10000 NX"),
        "{text}"
    );
    assert_eq!(lines[2..4], ["monotonic clock", "sleep 100ms"]);
    assert_eq!(lines[4], lines[1]);
    assert_eq!(lines[5], "print mine");
    assert!(lines[6].starts_with("redis EVALSHA "), "{text}");

    let source = "\
import redis
r = redis.Redis()
lock = r.lock('job')
try:
    lock.release()
except redis.exceptions.LockError as e:
    print(e)
";
    assert_eq!(
        printed(source, []),
        "Cannot release a lock that's not owned or is already unlocked.\n"
    );
}
