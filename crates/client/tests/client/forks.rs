//! Copies of a running program go on from the same point, each on its own.

use redwind_resp::Value;
use redwind_sim::{Answer, Program, Request};

use crate::transcript::{automatic, bulk, start, words};

const SOURCE: &str = "\
import random
import time
import uuid

import redis
import db

r = redis.Redis(decode_responses=True)
token = str(uuid.uuid4())

class Count:
    def __init__(self):
        self.n = 0

    def up(self, by):
        self.n += by
        return self.n

count = Count()
for i in range(6):
    try:
        value = r.get(f'k{i}')
        print(i, value, count.up(i), random.random(), token)
        if i == 3:
            raise redis.WatchError('three')
    except redis.WatchError as e:
        print('caught', e)
    with r.pipeline() as pipe:
        pipe.watch('w')
        pipe.multi()
        pipe.set('a', token)
        pipe.execute()
    time.sleep(0.5)
    for name, n in {'a': 1, 'b': 2}.items():
        print(name, n)
    for at, (x, y) in enumerate(zip([1, 2], {3, 4})):
        print(at, x, y)
";

/// Everything that a program asks from here to its end.
fn rest(program: &mut dyn Program, mut answer: Answer) -> Vec<String> {
    let mut told = Vec::new();
    loop {
        let request = program.resume(answer);
        told.push(words(&request));
        answer = match &request {
            Request::Exit(_) => return told,
            Request::Redis { commands, .. } => redis(commands),
            other => automatic(other).unwrap_or(Answer::Done),
        };
    }
}

fn redis(commands: &[Vec<bytes::Bytes>]) -> Answer {
    Answer::Replies(vec![match &*commands[0][0] {
        b"GET" => bulk(&String::from_utf8_lossy(&commands[0][1])),
        b"MULTI" => Value::Array(vec![Value::OK]),
        _ => Value::OK,
    }])
}

#[test]
fn a_copy_at_any_point_goes_on_as_the_original_does() {
    let whole = rest(&mut *start(SOURCE), Answer::Done);
    assert!(whole.len() > 60, "{whole:?}");
    let mut program = start(SOURCE);
    let mut answer = Answer::Done;
    for (at, told) in whole.iter().enumerate() {
        let mut copy = program.fork();
        let mut second = copy.fork();
        assert_eq!(rest(&mut *copy, answer.clone()), whole[at..], "at {at}");
        assert_eq!(rest(&mut *second, answer.clone()), whole[at..], "at {at}");
        let request = program.resume(answer);
        assert_eq!(words(&request), *told);
        answer = match &request {
            Request::Redis { commands, .. } => redis(commands),
            other => automatic(other).unwrap_or(Answer::Done),
        };
    }
}

#[test]
fn two_runs_are_the_same_and_another_seed_draws_other_numbers() {
    use redwind_client::PythonSource;
    use redwind_sim::{Source, Start};

    let source = PythonSource::parse(SOURCE).expect("a good program");
    let run = |seed| {
        let start = Start {
            client: "c".to_owned(),
            seed,
        };
        rest(&mut *source.start(&start), Answer::Done)
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}
