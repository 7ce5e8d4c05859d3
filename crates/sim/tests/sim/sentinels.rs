//! Sentinels: who finds whom down, who is elected, what a failover does and loses.

use redwind_sim::{Event, NodeSpec, Run, Scenario, Span, WatchSpec};

use crate::common::{run, timeline, with, world};

/// A primary `n1` with the replicas `n2` and `n3`, watched as `mymaster` by `s1`, `s2` and `s3`.
fn watched(clients: &[(&str, &[&str])], quorum: u16) -> Scenario {
    let mut scenario = world(clients);
    scenario.nodes = vec![NodeSpec::named("n1")];
    for name in ["n2", "n3"] {
        scenario.nodes.push(NodeSpec {
            replica_of: Some("n1".to_owned()),
            ..NodeSpec::named(name)
        });
    }
    for name in ["s1", "s2", "s3"] {
        scenario.nodes.push(NodeSpec {
            watches: vec![WatchSpec {
                down_after: Span::seconds(1),
                failover_timeout: Span::seconds(6),
                ..WatchSpec::new("mymaster", "n1", quorum)
            }],
            ..NodeSpec::named(name)
        });
    }
    scenario
}

/// What the sentinels tell, each line with its time.
fn told(run: &Run) -> String {
    timeline(run).join("\n")
}

#[test]
fn show() {
    let scenario = with(
        watched(&[("app", &["SET k v", "sleep 40s"])], 2),
        &["crash n1 at 3s, restart after 10s"],
    );
    println!("{}", told(&run(scenario)));
    panic!();
}
