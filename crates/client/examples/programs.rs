//! Measures how fast programs start, step, call and fork: `cargo run --release -p redwind-client --example programs`.

#![expect(clippy::disallowed_types, reason = "it measures real time")]

use std::time::Instant;

use redwind_client::PythonSource;
use redwind_resp::Value;
use redwind_sim::{Answer, Program, Request, Source, Start};

const SOURCE: &str = r#"
import time
import uuid

import redis
import storage

r = redis.Redis(host="redis", decode_responses=True)

release = r.register_script("""
if redis.call('GET', KEYS[1]) == ARGV[1] then
    return redis.call('DEL', KEYS[1])
end
return 0
""")


def add_to_report(line):
    token = str(uuid.uuid4())
    if not r.set("lock:report", token, nx=True, px=10_000):
        return False
    try:
        report = storage.read("report")
        storage.write("report", report + "; " + line)
    except storage.StaleToken:
        return False
    finally:
        release(keys=["lock:report"], args=[token])
    return True


line = r.lpop("totals")
while True:
    add_to_report(line)
    time.sleep(4)
"#;

/// What the world would say.
fn answer(request: &Request) -> Answer {
    match request {
        Request::Redis { .. } => Answer::Replies(vec![Value::OK]),
        Request::Resource(_) => Answer::Data(redwind_sim::Data::Text("report".to_owned())),
        _ => Answer::Done,
    }
}

fn report(what: &str, rounds: u32, started: Instant) {
    let each = started.elapsed() / rounds;
    #[expect(clippy::print_stdout, reason = "it is what this example is for")]
    {
        println!("{what:<28} {each:>10.1?}");
    }
}

fn main() {
    let start = Start {
        client: "worker-a".to_owned(),
        seed: 1,
    };
    let rounds = 2_000;

    let began = Instant::now();
    for _ in 0..rounds {
        let _ = PythonSource::parse(SOURCE);
    }
    report("parse and compile", rounds, began);

    let Ok(source) = PythonSource::parse(SOURCE) else {
        return;
    };
    let began = Instant::now();
    for _ in 0..rounds {
        let _ = source.start(&start).resume(Answer::Done);
    }
    report("start, to the first line", rounds, began);

    let mut program: Box<dyn Program> = source.start(&start);
    let mut next = Answer::Done;
    for _ in 0..60 {
        next = answer(&program.resume(next));
    }
    let began = Instant::now();
    for _ in 0..rounds * 10 {
        next = answer(&program.resume(next));
    }
    report("one request and its answer", rounds * 10, began);

    let began = Instant::now();
    for _ in 0..rounds {
        // As a world does that keeps a checkpoint before each step.
        let mut copy = program.fork();
        next = answer(&copy.resume(next));
        program = copy;
    }
    report("fork, and one request", rounds, began);

    let kept = program.fork();
    drop(program);
    let began = Instant::now();
    for _ in 0..rounds {
        let mut copy = kept.fork();
        let _ = copy.resume(next.clone());
        drop(copy.fork());
    }
    report("again from a kept moment", rounds, began);
}
