//! A cluster: redirections, moving slots, elections, and who serves whom when the network is cut.

use redwind_sim::{ClusterMember, ClusterSpec, NodeSpec, Scenario, SimTime, Span};

use crate::common::{run, timeline, with, world};

/// Three primaries `n1` to `n3` with a replica each, `n4` to `n6`; nodes suspect each other after a second.
fn cluster(clients: &[(&str, &[&str])]) -> Scenario {
    let mut scenario = world(clients);
    scenario.nodes = (1..=6)
        .map(|index| NodeSpec {
            replica_of: (index > 3).then(|| format!("n{}", index - 3)),
            ..NodeSpec::named(format!("n{index}"))
        })
        .collect();
    let shares = ClusterSpec::shares(3);
    let members = (0..6).map(|index| ClusterMember {
        node: format!("n{}", index + 1),
        slots: shares.get(index).copied().into_iter().collect(),
    });
    scenario.cluster = Some(ClusterSpec {
        node_timeout: Span::seconds(1),
        ..ClusterSpec::new(members.collect())
    });
    scenario.bounds.until = SimTime(60_000_000);
    scenario
}

#[test]
fn slots_are_shared_as_redis_cli_shares_them() {
    assert_eq!(
        ClusterSpec::shares(3),
        [(0, 5460), (5461, 10922), (10923, 16383)]
    );
    assert_eq!(ClusterSpec::shares(1), [(0, 16383)]);
}

#[test]
fn the_same_seed_gives_the_same_failover() {
    let scenario = || {
        with(
            cluster(&[("ada", &["sleep 12s"])]),
            &["crash n1 at 2s, restart after 6s"],
        )
    };
    let (one, other) = (run(scenario()), run(scenario()));
    assert_eq!(one.hash(), other.hash());
    assert!(
        timeline(&one)
            .iter()
            .any(|line| line.ends_with("n4 is now a primary"))
    );
}
