//! Small worlds for tests: one Redis node, scripted clients, every message takes a millisecond.

use std::sync::Arc;

use bytes::Bytes;
use redwind_engine::Micros;
use redwind_sim::{
    Bounds, ClientSpec, ClockSpec, Latency, LockSpec, Names, NodeSpec, Record, ResourceKind,
    ResourceSpec, Run, Scenario, Script, SimTime, Span,
};

pub(crate) const EPOCH: Micros = Micros(1_700_000_000_000_000);

/// A world of these clients, each a name and its steps.
pub(crate) fn world(clients: &[(&str, &[&str])]) -> Scenario {
    let client = |(name, steps): &(&str, &[&str])| ClientSpec {
        name: (*name).to_owned(),
        source: Arc::new(Script::new(steps)),
        starts_at: SimTime(0),
        restarts_after: None,
        clock: ClockSpec::default(),
    };
    let resource = |name: &str, kind| ResourceSpec {
        name: name.to_owned(),
        kind,
        takes: Span::millis(1),
        initial: Vec::new(),
        unique: Vec::new(),
        lock_timeout: ResourceSpec::LOCK_TIMEOUT,
    };
    let latency = Latency {
        least: Span::millis(1),
        most: Span::millis(1),
    };
    Scenario {
        seed: 7,
        epoch: EPOCH,
        nodes: vec![NodeSpec::named("redis")],
        cluster: None,
        clients: clients.iter().map(client).collect(),
        resources: vec![
            resource("db", ResourceKind::Db),
            resource("storage", ResourceKind::Storage),
            resource("mailer", ResourceKind::Mailer),
        ],
        latency,
        links: Vec::new(),
        setup: Vec::new(),
        locks: vec![LockSpec {
            key: Bytes::from("lock"),
            quorum: 1,
        }],
        interventions: Vec::new(),
        bounds: Bounds::default(),
    }
}

/// Adds interventions in the fault language.
pub(crate) fn with(mut scenario: Scenario, interventions: &[&str]) -> Scenario {
    let names = Names::of(&scenario);
    for text in interventions {
        match redwind_sim::Intervention::parse(text, &names) {
            Ok(intervention) => scenario.interventions.push(intervention),
            Err(mistake) => panic!("{text}: {mistake}"),
        }
    }
    scenario
}

/// Runs a scenario twice, and compares: a run is a function of its scenario.
#[track_caller]
pub(crate) fn run(scenario: Scenario) -> Run {
    let first = once(scenario.clone());
    let again = once(scenario);
    assert_eq!(first.hash(), again.hash(), "a run is the same every time");
    first
}

/// Runs a scenario, for tests of many worlds that compare some of them in a test of its own.
#[track_caller]
pub(crate) fn once(scenario: Scenario) -> Run {
    match Run::new(scenario) {
        Ok(run) => run,
        Err(error) => panic!("{error}"),
    }
}

/// Every record as `time sentence`, statements left out.
pub(crate) fn timeline(run: &Run) -> Vec<String> {
    let told = |record: &&Record| !matches!(record.event, redwind_sim::Event::Line { .. });
    let line = |record: &Record| format!("{} {}", record.at, record.sentence(run.scenario()));
    run.records().iter().filter(told).map(line).collect()
}

/// Checks a whole timeline, statements left out.
#[track_caller]
pub(crate) fn check(scenario: Scenario, expected: &str) -> Run {
    let run = run(scenario);
    let wanted: Vec<&str> = expected
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let told = timeline(&run);
    if told != wanted {
        panic!(
            "expected:\n{}\n\ntold:\n{}\n",
            wanted.join("\n"),
            told.join("\n")
        );
    }
    run
}
