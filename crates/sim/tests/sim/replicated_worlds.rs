//! What is so in every world with replicas, whatever happens to its machines and its network.

use std::collections::BTreeMap;

use redwind_resp::Value;
use redwind_sim::{
    Event, Fsync, Latency, Message, NodeSpec, Persistence, Place, Scenario, SimTime, Span, World,
};

use crate::common::{once, with, world};
use crate::properties::Dice;

const NODES: [&str; 3] = ["redis", "r1", "r2"];

const STEPS: &[&str] = &[
    "SET a 1",
    "APPEND a x",
    "INCR n",
    "RPUSH jobs x",
    "LPOP jobs",
    "transaction: INCR n; DEL a",
    "pipeline: SADD s 1 2; SREM s 1",
    "WAIT 1 20",
    "sleep 9ms",
    "sleep 400ms",
];

fn fault(dice: &mut Dice) -> String {
    let node = dice.pick(&NODES);
    let replica = dice.pick(&["r1", "r2"]);
    let at = dice.roll(3_000);
    let lasts = dice.roll(1_500) + 1;
    match dice.roll(12) {
        0 => format!("pause {node} at {at}ms for {lasts}ms"),
        1 => format!("kill {node} at {at}ms, restart after {lasts}ms"),
        2 => format!("cut-power {node} at {at}ms, restart after {lasts}ms"),
        3 => format!("partition {replica} from redis at {at}ms for {lasts}ms"),
        4 => format!("partition redis towards {replica} at {at}ms for {lasts}ms"),
        5 => format!("reset between {replica} and redis at {at}ms"),
        6 => format!("lose 30% between {{r1, r2}} and redis at {at}ms for {lasts}ms"),
        7 => format!("slow-link from redis towards {replica} by 40ms at {at}ms for {lasts}ms"),
        8 => format!("failover {replica} at {at}ms"),
        9 => format!("slow-disk {node} by 30ms at {at}ms for {lasts}ms"),
        10 => format!("jump-clock {node} by +2m at {at}ms"),
        _ => format!("type {node} at {at}ms: FAILOVER TIMEOUT 300"),
    }
}

fn replicated(seed: u64, clients: &[(&str, &[&str])]) -> Scenario {
    let mut scenario = world(clients);
    scenario.seed = seed;
    scenario.latency = Latency {
        least: Span(200),
        most: Span::millis(3),
    };
    scenario.bounds.until = SimTime(12_000_000);
    for name in ["r1", "r2"] {
        scenario.nodes.push(NodeSpec {
            replica_of: Some("redis".to_owned()),
            ..NodeSpec::named(name)
        });
    }
    scenario
}

fn random_world(seed: u64) -> Scenario {
    let mut dice = Dice(seed);
    let programs: Vec<Vec<&str>> = (0..2)
        .map(|_| (0..dice.roll(25) + 10).map(|_| dice.pick(STEPS)).collect())
        .collect();
    let clients: Vec<(&str, &[&str])> = ["c0", "c1"]
        .into_iter()
        .zip(programs.iter().map(Vec::as_slice))
        .collect();
    let mut scenario = replicated(seed, &clients);
    for node in &mut scenario.nodes {
        node.persistence = match dice.roll(3) {
            0 => Persistence::None,
            1 => Persistence::Aof(Fsync::Always),
            _ => Persistence::Aof(Fsync::EverySecond),
        };
        let backlog = ["60", "1mb"][usize::from(dice.roll(3) > 0)];
        node.config = vec![("repl-backlog-size".to_owned(), backlog.to_owned())];
    }
    let faults: Vec<String> = (0..dice.roll(5)).map(|_| fault(&mut dice)).collect();
    let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
    with(scenario, &faults)
}

/// All that a node holds.
fn held(world: &World, node: u16) -> String {
    let keys = world.keys().into_iter();
    let own = keys.filter(|(place, _)| *place == Place::Node(node));
    let told = own.map(|(_, change)| format!("{}:{:?}={:?};", change.db, change.key, change.view));
    told.collect()
}

#[test]
fn a_replica_holds_what_its_primary_held_at_the_same_place_of_the_stream() {
    let (mut compared, mut copies) = (0, 0);
    for seed in 0..150 {
        let scenario = random_world(seed);
        let mut world = match World::new(scenario) {
            Ok(world) => world,
            Err(error) => panic!("{error}"),
        };
        let mut known: BTreeMap<(u64, u64), String> = BTreeMap::new();
        let mut before = [0_u16, 1, 2].map(|node| world.stream(node));
        let mut told = Vec::new();
        while world.step(&mut told) {
            for node in [0_u16, 1, 2] {
                let now = world.stream(node);
                let Some(stream) = now.filter(|_| now != before[usize::from(node)]) else {
                    continue;
                };
                let last = before[usize::from(node)].replace(stream);
                let here = (stream.history, stream.offset);
                // Of the same history there is only ever more.
                if let Some(last) = last.filter(|last| last.history == stream.history) {
                    assert!(
                        last.offset <= stream.offset,
                        "seed {seed}: {last:?} {stream:?}"
                    );
                }
                copies += usize::from(last.is_some_and(|last| last.history != stream.history));
                let holds = held(&world, node);
                match (stream.primary, stream.linked) {
                    (None, _) => {
                        known.entry(here).or_insert(holds);
                    }
                    (Some(_), true) => {
                        if let Some(expected) = known.get(&here) {
                            compared += 1;
                            assert_eq!(&holds, expected, "seed {seed}, node {node}, {stream:?}");
                        }
                    }
                    (Some(_), false) => {}
                }
            }
        }
    }
    assert!(compared > 1_000, "{compared} comparisons");
    assert!(copies > 50, "{copies} changes of history");
}

#[test]
fn a_write_that_a_wait_was_answered_for_survives_the_loss_of_any_one_node() {
    let (mut survived, mut at_risk) = (0, 0);
    for seed in 0..60 {
        let mut dice = Dice(seed ^ 0x5eed);
        let steps: Vec<String> = (0..20)
            .flat_map(|n| [format!("SET k{n} v"), "WAIT 1 30".to_owned()])
            .collect();
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        let at = Span(dice.roll(120_000));
        let node = usize::try_from(dice.roll(3)).unwrap_or(0);
        let how = dice.pick(&["kill", "cut-power"]);
        let mut faults = vec![format!("{how} {} at {at}", NODES[node])];
        if dice.roll(2) == 0 {
            let replica = dice.pick(&["r1", "r2"]);
            faults.push(format!(
                "slow-link from redis towards {replica} by 20ms at the start"
            ));
        }
        let base = replicated(seed, &[("c0", &steps), ("c1", &["sleep 3s"])]);
        let lines = |faults: &[String]| {
            let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
            with(base.clone(), &faults)
        };
        if node == 0 {
            // Whoever decides takes the replica that has most, once nothing is under way any more.
            let first = once(lines(&faults));
            let moment = first
                .records()
                .iter()
                .take_while(|it| it.at.0 <= at.0 + 200_000);
            let there = first.world_at(moment.last().map_or(0, |it| it.seq));
            let offset = |node| there.stream(node).map_or(0, |stream| stream.offset);
            let best = if offset(1) >= offset(2) { "r1" } else { "r2" };
            faults.push(format!("failover {best} at {}", Span(at.0 + 200_000)));
        }
        let run = once(lines(&faults));
        let mut last = None;
        let mut safe = Vec::new();
        for record in run.records() {
            match &record.event {
                Event::Executed { argv, .. } if argv[0].as_ref() == b"SET" => {
                    last = argv.get(1).cloned();
                }
                Event::Received {
                    message: Message::Replies(replies),
                    ..
                } if matches!(replies.first(), Some(Value::Int(n)) if *n >= 1) => {
                    safe.extend(last.take());
                }
                _ => {}
            }
        }
        let end = run.world_at(u32::MAX);
        let primary = (0_u16..3)
            .filter(|index| node != usize::from(*index))
            .find(|index| {
                end.stream(*index)
                    .is_some_and(|stream| stream.primary.is_none())
            });
        let Some(primary) = primary else {
            panic!("seed {seed}: nobody is primary");
        };
        for key in &safe {
            let argv = [bytes::Bytes::from("GET"), key.clone()];
            let value = end.peek(primary, &argv);
            assert_eq!(
                value,
                Some(Value::bulk("v")),
                "seed {seed}: {key:?} is lost"
            );
            survived += 1;
        }
        at_risk += usize::from(node == 0 && !safe.is_empty());
    }
    assert!(survived > 200, "{survived} writes were safe");
    assert!(at_risk > 5, "{at_risk} primaries were lost");
}

#[test]
fn the_same_seed_gives_the_same_records() {
    for seed in 0..60 {
        let hash = || once(random_world(seed)).hash();
        assert_eq!(hash(), hash(), "seed {seed}");
    }
}
