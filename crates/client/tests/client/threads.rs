//! Programs with several threads.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;

use redwind_client::PythonSource;
use redwind_resp::Value;
use redwind_sim::{Answer, Exit, Failure, Request, Span};

use crate::transcript::{automatic, start, words};

/// Runs a program whose threads take turns in order of time, each statement taking no time, each command a
/// millisecond; what was asked, one line each with its thread.
fn told(source: &str) -> String {
    let mut program = start(source);
    let mut text = String::new();
    let mut now = 0;
    // What each thread waits for: until when, in which order it was asked, and the answer.
    let mut due: BTreeMap<(u64, u64), (u16, Answer)> = BTreeMap::new();
    let mut parked: BTreeMap<u16, Option<(u64, u64)>> = BTreeMap::new();
    let mut order = 0;
    let mut turn = VecDeque::from([(0_u16, Answer::Done)]);
    loop {
        let Some((thread, answer)) = turn.pop_front() else {
            let Some(((at, _), next)) = due.pop_first() else {
                return text + "nothing is left to happen\n";
            };
            now = at;
            parked.remove(&next.0);
            turn.push_back(next);
            continue;
        };
        program = program.fork();
        let request = program.resume_thread(thread, answer);
        order += 1;
        assert!(order < 5_000, "it does not end:\n{text}");
        match &request {
            Request::Line { .. } => turn.push_back((thread, Answer::Done)),
            Request::Sleep(span) => {
                due.insert((now + span.0, order), (thread, Answer::Done));
            }
            Request::Spawn { thread: new, name } => {
                let _ = writeln!(text, "{thread} starts {new} {name}");
                turn.push_back((thread, Answer::Done));
                turn.push_back((*new, Answer::Done));
            }
            Request::Park { timeout } => {
                let until = timeout.map(|Span(span)| (now + span, order));
                if let Some(until) = until {
                    due.insert(until, (thread, Answer::Failed(Failure::Timeout)));
                }
                parked.insert(thread, until);
            }
            Request::Unpark { thread: other } => {
                if let Some(until) = parked.remove(other) {
                    until.map(|until| due.remove(&until));
                    turn.push_back((*other, Answer::Done));
                }
                turn.push_front((thread, Answer::Done));
            }
            Request::EndThread => {
                let _ = writeln!(text, "{thread} ends");
            }
            Request::Exit(Exit::Finished) => return text,
            Request::Exit(_) => return text + &words(&request) + "\n",
            Request::Redis { .. } => {
                let _ = writeln!(text, "{thread} {}", words(&request));
                let reply = match words(&request).contains(" SET ") {
                    true => Value::OK,
                    false => Value::Int(1),
                };
                let replies = Answer::Replies(vec![reply]);
                due.insert((now + 1_000, order), (thread, replies));
            }
            other => {
                if let Request::Print(line) = other {
                    let _ = writeln!(text, "{thread} prints {line}");
                }
                turn.push_front((thread, automatic(other).unwrap_or(Answer::Done)));
            }
        }
    }
}

#[test]
fn a_renewer_beside_a_worker_shares_its_memory_and_stops_when_told() {
    let source = "\
import threading
import time
import redis
r = redis.Redis()
stop = threading.Event()
renewed = []
def renew(key, every):
    while not stop.wait(every):
        renewed.append(r.pexpire(key, 3000))
    print('stopped after', len(renewed))
renewer = threading.Thread(target=renew, args=('lock', 1), daemon=True)
renewer.start()
print(renewer.is_alive(), renewer.name)
time.sleep(2.5)
print('renewed', renewed)
stop.set()
renewer.join()
print(renewer.is_alive())
";
    assert_eq!(
        told(source),
        "0 starts 1 renew\n\
         0 prints True Thread (renew)\n\
         1 redis PEXPIRE lock 3000\n\
         1 redis PEXPIRE lock 3000\n\
         0 prints renewed [True, True]\n\
         1 prints stopped after 2\n\
         1 ends\n\
         0 prints False\n"
    );
}

#[test]
fn statements_of_threads_alternate_so_an_unguarded_counter_loses() {
    let source = "\
import threading
count = 0
def add():
    global count
    for _ in range(10):
        seen = count
        count = seen + 1
threads = [threading.Thread(target=add) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(count < 20)
";
    assert!(told(source).contains("0 prints True\n"), "{}", told(source));
}

#[test]
fn a_lock_makes_the_same_counter_right() {
    let source = "\
import threading
count = 0
guard = threading.Lock()
def add():
    global count
    for _ in range(10):
        with guard:
            seen = count
            count = seen + 1
threads = [threading.Thread(target=add) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(count, guard.locked())
";
    assert!(
        told(source).contains("0 prints 30 False\n"),
        "{}",
        told(source)
    );
}

#[test]
fn a_thread_that_raises_ends_alone_and_a_daemon_ends_with_the_program() {
    let source = "\
import threading
import time
class Worker:
    def __init__(self, name):
        self.name = name
        self.done = 0
    def run(self):
        while True:
            self.done += 1
            time.sleep(1)
def fails():
    raise ValueError('no')
worker = Worker('w')
threading.Thread(target=worker.run, daemon=True).start()
threading.Thread(target=fails, name='second').start()
time.sleep(2.5)
print(worker.done)
";
    assert_eq!(
        told(source),
        "0 starts 1 thread\n0 starts 2 second\n2 prints Exception in thread second: ValueError: no\n2 ends\n0 prints 3\n"
    );
}

#[test]
fn redis_pys_lock_pipelines_and_scripts_work_in_threads() {
    let source = "\
import threading
import redis
r = redis.Redis()
def work():
    with r.lock('job', timeout=5) as lock:
        lock.extend(5)
        lock.reacquire()
        with r.pipeline() as pipe:
            pipe.incr('a')
            pipe.incr('b')
    script = r.register_script('return 1')
    print(script(keys=['x']))
thread = threading.Thread(target=work)
thread.start()
thread.join()
";
    let told = told(source);
    assert!(told.contains("1 prints 1\n"), "{told}");
    assert_eq!(told.matches("EVALSHA").count(), 4, "{told}");
}

#[test]
fn what_cannot_wait_says_so() {
    let source = "\
import threading
import redis
class Store:
    def __init__(self):
        self.r = redis.Redis()
        self.r.set('a', 1)
Store()
";
    assert!(
        told(source).contains("in a program with threads nothing that waits"),
        "{}",
        told(source)
    );
    let refused = |source: &str| PythonSource::parse(source).expect_err(source).to_string();
    let inside = refused("def f():\n    import threading\n");
    assert!(inside.contains("imported at the top"), "{inside}");
    let several = refused("import threading\nwith a, b:\n    pass\n");
    assert!(several.contains("one `with` inside the other"), "{several}");
    let base = refused("import threading\nclass T(threading.Thread):\n    pass\n");
    assert!(base.contains("can't inherit"), "{base}");
}

#[test]
fn a_transaction_is_begun_and_ended_by_hand_in_a_program_with_threads() {
    let source = |work: &str| {
        format!(
            "\
import threading
import db
def work(seat):
{work}
threads = [threading.Thread(target=work, args=(seat,)) for seat in (1, 2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print('end')
"
        )
    };
    let by_hand = source(
        "    db.begin()
    try:
        db.update('seats', seat, {'n': 9})
        db.commit()
    except db.OperationalError:
        db.rollback()
    print('done', seat)",
    );
    let by_hand = told(&by_hand);
    for line in ["1 prints done 1\n", "2 prints done 2\n", "0 prints end\n"] {
        assert!(by_hand.contains(line), "{by_hand}");
    }
    let block = source("    with db.transaction():\n        db.update('seats', seat, {'n': 9})");
    let block = told(&block);
    assert!(
        block.contains("1 prints Exception in thread Thread (work): NotImplementedError: with db.transaction() does not work in a program with threads: write db.begin(), then db.commit() or db.rollback()\n"),
        "{block}"
    );
    assert!(!block.contains("update"), "{block}");
}

#[test]
fn a_traceback_in_a_program_with_threads_names_the_learners_lines() {
    let source = "\
import threading
def f(x):
    return 1 / x
def g():
    return f(0)
g()
";
    let told = told(source);
    assert!(told.contains("ZeroDivisionError"), "{told}");
    assert!(told.contains("(line Some(3))"), "{told}");
}
