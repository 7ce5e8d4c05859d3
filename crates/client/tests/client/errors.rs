//! Exceptions: redis-py's, the program's own, and those that nobody catches.

use redwind_resp::Value;

use crate::transcript::{TIMEOUT, bulk, error, printed, prints, replies, traceback};

#[test]
fn an_error_reply_is_caught_by_its_class_and_by_every_class_above_it() {
    let source = "\
import redis
from redis.exceptions import RedisError as Any

r = redis.Redis()
for kind in (redis.ResponseError, redis.exceptions.RedisError, Any, Exception, BaseException):
    try:
        r.incr('k')
    except redis.TimeoutError:
        print('wrong')
    except kind as e:
        print(type(e).__name__, e, e.args, isinstance(e, redis.RedisError))
";
    let answers = replies(vec![error("WRONGTYPE Operation against a key"); 5]);
    let line = "ResponseError WRONGTYPE Operation against a key ('WRONGTYPE Operation against a key',) True\n";
    assert_eq!(printed(source, answers), line.repeat(5));
}

#[test]
fn handlers_are_tried_in_order_and_else_and_finally_run_as_in_python() {
    let source = "\
def attempt(f):
    try:
        f()
    except (KeyError, IndexError) as e:
        print('lookup', repr(e))
    except ZeroDivisionError:
        print('zero')
    else:
        print('fine')
    finally:
        print('finally')

attempt(lambda: {}['k'])
attempt(lambda: [][1])
attempt(lambda: 1 // 0)
attempt(lambda: 1)
try:
    attempt(lambda: int('x'))
except:
    print('bare')
";
    assert_eq!(
        prints(source),
        "lookup KeyError('k')\nfinally\nlookup IndexError('list index out of range')\nfinally\nzero\nfinally\nfine\nfinally\nfinally\nbare\n"
    );
}

#[test]
fn a_program_may_have_exception_classes_of_its_own() {
    let source = "\
class LockLost(Exception):
    \"\"\"Somebody else has it.\"\"\"

class Late(LockLost):
    def __init__(self, name, by):
        super().__init__(f'{name} is {by} s late')
        self.by = by

class Broken(ValueError):
    pass

for raised in (Late('job', 3), LockLost('gone', 2), LockLost, Broken('b')):
    try:
        raise raised
    except Late as e:
        print('late', e, e.by, e.args, repr(e))
    except LockLost as e:
        print('lost', e, e.args, isinstance(e, Exception))
    except ValueError as e:
        print('value', repr(e))

try:
    try:
        raise Late('x', 1)
    except Late:
        raise
except LockLost as e:
    print('again', e)
";
    assert_eq!(
        prints(source),
        "late job is 3 s late 3 ('job is 3 s late',) Late('job is 3 s late')\n\
         lost ('gone', 2) ('gone', 2) True\n\
         lost  () True\n\
         value Broken('b')\n\
         again x is 1 s late\n"
    );
}

#[test]
fn an_exit_method_is_given_the_exception_that_was_raised() {
    let source = "\
import redis

class Guard:
    def __enter__(self):
        return self
    def __exit__(self, kind, value, tb):
        print(kind.__name__ if kind else None, value)
        return True

with Guard():
    raise redis.WatchError('changed')
with Guard():
    1 // 0
with Guard():
    pass
";
    assert_eq!(
        prints(source),
        "WatchError changed\nZeroDivisionError division by zero\nNone None\n"
    );
}

#[test]
fn an_exception_that_nobody_catches_ends_with_the_learners_own_lines() {
    let source = "\
import redis

r = redis.Redis()


def work(key):
    try:
        return r.incr(key)
    except redis.ConnectionError:
        return None


if True:
    work('k')
";
    let text = traceback(
        source,
        replies([error("ERR value is not an integer or out of range")]),
    );
    assert_eq!(
        text,
        "Traceback (most recent call last):\n\
         \x20 File \"program.py\", line 14, in <module>\n\
         \x20   work('k')\n\
         \x20 File \"program.py\", line 8, in work\n\
         \x20   return r.incr(key)\n\
         ResponseError: value is not an integer or out of range"
    );
}

#[test]
fn a_timeout_is_redis_pys_timeout() {
    let source = "\
import redis
r = redis.Redis(socket_timeout=0.5)
try:
    r.get('k')
except redis.TimeoutError as e:
    print(repr(e))
print(r.get('k'))
";
    let mut answers = vec![TIMEOUT];
    answers.extend(replies([bulk("v")]));
    assert_eq!(
        printed(source, answers),
        "TimeoutError('Timeout reading from socket')\nb'v'\n"
    );
}

#[test]
fn wrong_calls_and_unknown_methods_read_as_in_python() {
    let call = |call: &str| {
        printed(
            &format!("import redis\nr = redis.Redis()\n{call}\n"),
            replies([Value::OK]),
        )
    };
    assert_eq!(
        call("r.set('k')"),
        "raised TypeError: Redis.set() missing 1 required positional argument: 'value' (line Some(3))\n"
    );
    assert_eq!(
        call("r.set('k', 1, exx=3)"),
        "raised TypeError: Redis.set() got an unexpected keyword argument 'exx' (line Some(3))\n"
    );
    assert_eq!(
        call("r.sett('k', 1)"),
        "raised AttributeError: 'Redis' object has no attribute 'sett' (line Some(3))\n"
    );
    assert_eq!(
        call("redis.Rediss()"),
        "raised AttributeError: module 'redis' has no attribute 'Rediss' (line Some(3))\n"
    );
    assert_eq!(
        call("r.set('k', None)"),
        "raised DataError: Invalid input of type: 'NoneType'. Convert to a bytes, string, int or float first. (line Some(3))\n"
    );
    assert_eq!(
        call("redis.Redis(hots='x')"),
        "raised TypeError: Redis.__init__() got an unexpected keyword argument 'hots' (line Some(3))\n"
    );
}

#[test]
fn recursion_without_end_is_pythons_recursion_error() {
    let source = "def f(n):\n    return f(n + 1)\n\nf(0)\n";
    let text = traceback(source, []);
    assert!(text.contains("[Previous line repeated"), "{text}");
    assert!(
        text.ends_with("RecursionError: maximum recursion depth exceeded"),
        "{text}"
    );
}

#[test]
fn what_waits_cannot_be_called_from_within_a_sort_and_says_so() {
    let source = "import redis\nr = redis.Redis()\nprint(sorted(['a'], key=lambda k: r.ttl(k)))\n";
    let text = printed(source, []);
    assert!(text.contains("call it in a loop first"), "{text}");
    assert!(text.contains("line Some(3)"), "{text}");
}
