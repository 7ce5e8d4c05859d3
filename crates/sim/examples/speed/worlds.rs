//! The worlds whose speed is measured, natively (`examples/speed`) and in a browser (`tests/browser.rs`).

use std::sync::Arc;

use bytes::Bytes;
use redwind_engine::Micros;
use redwind_sim::{
    Bounds, ClientSpec, ClockSpec, Fsync, Latency, LockSpec, NodeSpec, Persistence, ResourceKind,
    ResourceSpec, Scenario, Script, SimTime, Span,
};

/// Each with its name.
pub(crate) fn all() -> [(&'static str, Scenario); 3] {
    let steps = [
        "SET lock:report me NX PX 50",
        "INCR n",
        "GET n",
        "storage.write report $",
        "DEL lock:report",
        "go to 1",
    ];
    [
        ("3 clients, a lesson's size", scenario(3, 600, &steps)),
        ("1 node, 20 clients", scenario(20, 100_000, &steps)),
        ("5 nodes, 20 clients", five_nodes()),
    ]
}

/// A primary with two replicas, and two nodes of their own; a tenth of the packets between them is lost for a while.
fn five_nodes() -> Scenario {
    let steps = [
        "SET lock:report me NX PX 50",
        "INCR n",
        "WAIT 1 10",
        "on n2: GET n",
        "on n4: SET lock:report me NX PX 50",
        "on n5: RPUSH jobs x",
        "on n5: LPOP jobs",
        "DEL lock:report",
        "go to 1",
    ];
    let mut scenario = scenario(20, 100_000, &steps);
    let node = |name: &str, replica_of: Option<&str>| NodeSpec {
        replica_of: replica_of.map(str::to_owned),
        persistence: Persistence::Aof(Fsync::EverySecond),
        ..NodeSpec::named(name)
    };
    scenario.nodes = vec![
        node("n1", None),
        node("n2", Some("n1")),
        node("n3", Some("n1")),
        node("n4", None),
        node("n5", None),
    ];
    let faults = ["lose 10% between n1 and {n2, n3} at 100ms for 1s"];
    scenario.interventions = faults
        .iter()
        .filter_map(|fault| fault.parse().ok())
        .collect();
    scenario
}

fn scenario(clients: usize, records: u32, steps: &[&str]) -> Scenario {
    Scenario {
        seed: 1,
        epoch: Micros(1_700_000_000_000_000),
        nodes: vec![NodeSpec::named("redis")],
        cluster: None,
        clients: (0..clients)
            .map(|index| ClientSpec {
                name: format!("client-{index}"),
                source: Arc::new(Script::new(steps)),
                starts_at: SimTime(0),
                restarts_after: None,
                clock: ClockSpec::default(),
            })
            .collect(),
        resources: vec![ResourceSpec {
            name: "storage".to_owned(),
            kind: ResourceKind::Storage,
            takes: Span::millis(1),
            initial: Vec::new(),
            unique: Vec::new(),
            lock_timeout: ResourceSpec::LOCK_TIMEOUT,
        }],
        latency: Latency {
            least: Span(500),
            most: Span(2_500),
        },
        links: Vec::new(),
        setup: Vec::new(),
        locks: vec![LockSpec {
            key: Bytes::from("lock:report"),
            quorum: 1,
        }],
        interventions: Vec::new(),
        bounds: Bounds {
            until: SimTime(u64::MAX),
            records,
        },
    }
}
