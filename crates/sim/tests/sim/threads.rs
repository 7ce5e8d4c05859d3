//! Several threads of control in one process: they wait each for its own, and stop together.

use std::sync::Arc;

use bytes::Bytes;
use redwind_sim::{Answer, Batch, Exit, Program, Request, Scenario, Source, Span, Start};

use crate::common::{check, run, timeline, with, world};

/// A program of threads that each ask for these things in turn, whatever they are answered.
#[derive(Clone)]
struct Threads {
    asks: Vec<Vec<Request>>,
    at: Vec<usize>,
}

impl Source for Threads {
    fn start(&self, _: &Start) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

impl Program for Threads {
    fn resume(&mut self, answer: Answer) -> Request {
        self.resume_thread(0, answer)
    }

    fn resume_thread(&mut self, thread: u16, _: Answer) -> Request {
        let thread = usize::from(thread);
        let next = self.asks[thread].get(self.at[thread]).cloned();
        self.at[thread] += 1;
        next.unwrap_or(match thread {
            0 => Request::Exit(Exit::Finished),
            _ => Request::EndThread,
        })
    }

    fn fork(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

fn redis(connection: u32, command: &str) -> Request {
    let words = command.split(' ').map(|word| Bytes::from(word.to_owned()));
    Request::Redis {
        node: None,
        connection,
        commands: vec![words.collect()],
        batch: Batch::Single,
        timeout: None,
    }
}

fn spawn(thread: u16, name: &str) -> Request {
    Request::Spawn {
        thread,
        name: Arc::from(name),
    }
}

/// A worker that works on a job for 20 ms, and a renewer beside it that extends its lock every 4 ms.
fn worker() -> Scenario {
    let mut renewer = Vec::new();
    for _ in 0..4 {
        renewer.push(Request::Sleep(Span::millis(4)));
        renewer.push(redis(1, "PEXPIRE lock 10"));
    }
    renewer.push(Request::Unpark { thread: 0 });
    let main = vec![
        redis(0, "SET lock a NX PX 10"),
        spawn(1, "renew"),
        Request::Park { timeout: None },
        redis(0, "DEL lock"),
    ];
    let mut scenario = world(&[("a", &[])]);
    scenario.clients[0].source = Arc::new(Threads {
        at: vec![0; 2],
        asks: vec![main, renewer],
    });
    scenario
}

#[test]
fn one_thread_waits_while_another_goes_on_and_each_has_its_connection() {
    check(
        worker(),
        "
            0s a starts
            0s a sends SET lock a NX PX 10 to redis
            1ms redis executes SET lock a NX PX 10 for a and answers OK
            2ms a receives OK from redis
            2ms a now believes that it holds lock
            2ms a starts the thread renew
            2ms a waits for another thread
            2ms a's renew sleeps for 4ms
            6ms a's renew wakes
            6ms a's renew sends PEXPIRE lock 10 to redis
            7ms redis executes PEXPIRE lock 10 for a and answers 1
            8ms a's renew receives 1 from redis
            8ms a's renew sleeps for 4ms
            12ms a's renew wakes
            12ms a's renew sends PEXPIRE lock 10 to redis
            13ms redis executes PEXPIRE lock 10 for a and answers 1
            14ms a's renew receives 1 from redis
            14ms a's renew sleeps for 4ms
            18ms a's renew wakes
            18ms a's renew sends PEXPIRE lock 10 to redis
            19ms redis executes PEXPIRE lock 10 for a and answers 1
            20ms a's renew receives 1 from redis
            20ms a's renew sleeps for 4ms
            24ms a's renew wakes
            24ms a's renew sends PEXPIRE lock 10 to redis
            25ms redis executes PEXPIRE lock 10 for a and answers 1
            26ms a's renew receives 1 from redis
            26ms a wakes
            26ms a's renew ends
            26ms a sends DEL lock to redis
            27ms redis executes DEL lock for a and answers 1
            28ms a receives 1 from redis
            28ms a no longer believes that it holds lock
            28ms a ends
            ",
    );
}

#[test]
fn a_pause_stops_all_threads_and_so_the_lock_is_not_renewed() {
    let told = timeline(&run(with(worker(), &["pause a at 9ms for 30ms"])));
    let during: Vec<&String> = told
        .iter()
        .skip_while(|line| !line.contains("is paused"))
        .skip(1)
        .take_while(|line| !line.contains("goes on"))
        .collect();
    assert_eq!(during, ["18ms lock expires on redis"], "{told:#?}");
}

#[test]
fn a_crash_ends_all_threads_and_a_restart_begins_with_the_first_alone() {
    let told = timeline(&run(with(worker(), &["crash a at 9ms, restart after 1s"])));
    let after: Vec<&String> = told.iter().filter(|line| line.contains("renew")).collect();
    assert!(
        after
            .iter()
            .all(|line| !line.starts_with("1.001") || line.contains("starts the thread"))
    );
    let spawned = told
        .iter()
        .filter(|line| line.contains("starts the thread renew"));
    assert_eq!(spawned.count(), 2, "{told:#?}");
    assert!(told.last().is_some_and(|line| line.ends_with("a ends")));
}

#[test]
fn threads_use_connections_of_their_own_to_a_resource_and_so_have_their_own_transactions() {
    let call = |method: &str| {
        Request::Resource(redwind_sim::ResourceCall {
            resource: "db".to_owned(),
            method: method.to_owned(),
            args: Vec::new(),
            named: Vec::new(),
            believing: Vec::new(),
        })
    };
    let mut scenario = world(&[("a", &[])]);
    scenario.clients[0].source = Arc::new(Threads {
        at: vec![0; 2],
        asks: vec![
            vec![
                spawn(1, "other"),
                call("begin"),
                Request::Park { timeout: None },
                call("commit"),
            ],
            vec![call("begin"), call("commit"), Request::Unpark { thread: 0 }],
        ],
    });
    let told = timeline(&run(scenario));
    // In one connection the second of them would be refused.
    assert!(
        !told.iter().any(|line| line.contains("refuses")),
        "{told:#?}"
    );
}
