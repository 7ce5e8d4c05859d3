//! `RedisCluster` in a simulated cluster, beside what redis-py 8.1.0 printed with six real nodes of Redis 8.2.3.

use std::sync::Arc;

use redwind_client::PythonSource;
use redwind_sim::{
    Bounds, ClientSpec, ClockSpec, ClusterMember, ClusterSpec, Event, Exit, Intervention, Latency,
    Names, NodeSpec, Run, Scenario, Span,
};

/// Three primaries with a replica each, and a client that runs this program.
fn run(source: &str, faults: &[&str]) -> Run {
    let program = match PythonSource::parse(source) {
        Ok(program) => program,
        Err(error) => panic!("{error}\n{source}"),
    };
    let shares = ClusterSpec::shares(3);
    let members = (0..6).map(|index| ClusterMember {
        node: format!("n{}", index + 1),
        slots: shares.get(index).copied().into_iter().collect(),
    });
    let mut scenario = Scenario {
        nodes: (1..=6)
            .map(|index| NodeSpec {
                replica_of: (index > 3).then(|| format!("n{}", index - 3)),
                ..NodeSpec::named(format!("n{index}"))
            })
            .collect(),
        cluster: Some(ClusterSpec {
            node_timeout: Span::seconds(1),
            ..ClusterSpec::new(members.collect())
        }),
        clients: vec![ClientSpec {
            name: "ada".to_owned(),
            source: Arc::new(program),
            starts_at: Default::default(),
            restarts_after: None,
            clock: ClockSpec::default(),
        }],
        ..plain()
    };
    let names = Names::of(&scenario);
    for fault in faults {
        match Intervention::parse(fault, &names) {
            Ok(fault) => scenario.interventions.push(fault),
            Err(mistake) => panic!("{fault}: {mistake}"),
        }
    }
    match Run::new(scenario) {
        Ok(run) => run,
        Err(error) => panic!("{error}"),
    }
}

/// What a program prints, and how it ends unless it just ends.
fn printed(run: &Run) -> String {
    let mut text = String::new();
    for record in run.records() {
        match &record.event {
            Event::Printed { text: line } => {
                text.push_str(line);
                text.push('\n');
            }
            Event::Exited(Exit::Raised { traceback, .. }) => text.push_str(traceback),
            Event::Exited(Exit::Stopped { why, .. }) => text.push_str(why),
            _ => {}
        }
    }
    text
}

/// The sentences of a run that have one of these in them.
fn told(run: &Run, wanted: &[&str]) -> Vec<String> {
    let all = run
        .records()
        .iter()
        .map(|record| record.sentence(run.scenario()));
    all.filter(|line| wanted.iter().any(|text| line.contains(text)))
        .collect()
}

#[test]
fn every_call_prints_what_redis_py_prints() {
    let source = format!(
        "HOST, PORT = \"n1\", 6379\n{}",
        include_str!("cluster_api.py")
    );
    let ours = printed(&run(&source, &[]));
    for (ours, theirs) in ours.lines().zip(include_str!("cluster_api.txt").lines()) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(ours, include_str!("cluster_api.txt"));
}

#[test]
fn a_client_follows_ask_while_a_slot_moves_and_moved_afterwards() {
    let source = "\
import time
from redis.cluster import RedisCluster
r = RedisCluster(host='n1', decode_responses=True)
r.set('foo', 1)
time.sleep(0.1)
r.set('{foo}2', 2)
print(r.mget('foo', '{foo}2'))
";
    let run = run(source, &["move-slot 12182 to n1 at 50ms for 200ms"]);
    assert_eq!(printed(&run), "['1', '2']\n");
    let wanted = [
        "refuses SET",
        "executes ASKING",
        "executes SET {foo}2",
        ": MOVED",
        "executes MGET",
    ];
    assert_eq!(
        told(&run, &wanted),
        [
            "n3 refuses SET {foo}2 2 of ada: ASK 12182 n1:6379",
            "n1 executes ASKING for ada and answers OK",
            "n1 executes SET {foo}2 2 for ada and answers OK",
            "n3 refuses MGET foo {foo}2 of ada: MOVED 12182 n1:6379",
            "ada receives an error from n3: MOVED 12182 n1:6379",
            "n1 executes MGET foo {foo}2 for ada and answers [\"1\", \"2\"]",
        ]
    );
    // Between the two, the keys are on two nodes: it tries again.
    assert!(told(&run, &["refuses MGET foo {foo}2 of ada: TRYAGAIN"]).len() > 8);
}

#[test]
fn a_client_goes_on_with_the_replica_that_was_elected() {
    let source = "\
import time
import redis
from redis.cluster import RedisCluster
r = RedisCluster(host='n2', decode_responses=True, socket_timeout=0.5)
for n in range(14):
    time.sleep(0.4)
    try:
        print(r.incr('b'))
    except redis.RedisError as error:
        print(type(error).__name__, error)
";
    let run = run(source, &["crash n1 at 1s"]);
    let refused = "ConnectionError Error 111 connecting to n1:6379. Connection refused.\n";
    let expected = format!("1\n2\n{}3\n4\n5\n6\n7\n8\n", refused.repeat(6));
    assert_eq!(printed(&run), expected);
    // The count goes on where the replica had it.
    let wanted = ["n4 is now a primary", "n4 executes INCRBY b 1"];
    assert_eq!(
        told(&run, &wanted)[..2],
        [
            "n4 is now a primary",
            "n4 executes INCRBY b 1 for ada and answers 3",
        ]
    );
}

#[test]
fn reads_may_come_from_replicas_in_turn() {
    let source = "\
from redis.cluster import RedisCluster
r = RedisCluster(host='n1', read_from_replicas=True, decode_responses=True)
r.set('b', 1)
for n in range(4):
    r.get('b')
";
    let run = run(source, &[]);
    let wanted = ["executes READONLY", "executes GET", "executes SET"];
    assert_eq!(
        told(&run, &wanted),
        [
            "n1 executes READONLY for ada and answers OK",
            "n1 executes SET b 1 for ada and answers OK",
            "n1 executes GET b for ada and answers \"1\"",
            "n4 executes READONLY for ada and answers OK",
            "n4 executes GET b for ada and answers \"1\"",
            "n1 executes GET b for ada and answers \"1\"",
            "n4 executes GET b for ada and answers \"1\"",
        ]
    );
}

fn plain() -> Scenario {
    Scenario {
        seed: 7,
        epoch: Default::default(),
        nodes: Vec::new(),
        cluster: None,
        clients: Vec::new(),
        resources: Vec::new(),
        latency: Latency {
            least: Span::millis(1),
            most: Span::millis(1),
        },
        links: Vec::new(),
        setup: Vec::new(),
        locks: Vec::new(),
        interventions: Vec::new(),
        bounds: Bounds::default(),
    }
}
