//! Roles by hand: `REPLICAOF` to and fro, what a replica hides before its primary says so, and who counts for `WAIT`.

use redwind_sim::{Latency, LinkSpec, NodeSpec, Scenario, Span, Travel};

use crate::common::{check, with, world};

/// A node of this name beside `redis`, a replica of it or on its own.
fn beside(clients: &[(&str, &[&str])], others: &[(&str, bool)]) -> Scenario {
    let mut scenario = world(clients);
    for (name, follows) in others {
        scenario.nodes.push(NodeSpec {
            replica_of: follows.then(|| "redis".to_owned()),
            ..NodeSpec::named(*name)
        });
    }
    scenario
}

/// Messages from one place to another take exactly so long.
fn slow(from: &str, to: &str, takes: Span) -> LinkSpec {
    LinkSpec {
        from: from.to_owned(),
        to: to.to_owned(),
        both_ways: false,
        latency: Some(Travel::Range(Latency {
            least: takes,
            most: takes,
        })),
        loss_ppm: None,
        bytes_per_second: None,
    }
}

#[test]
fn replicaof_makes_a_node_give_up_its_own_data_and_no_one_makes_it_a_primary_with_the_copy() {
    check(
        with(
            beside(
                &[(
                    "worker-a",
                    &[
                        "SET k mine",
                        "on other: SET k own",
                        "sleep 5s",
                        "SET k newer",
                        "sleep 1s",
                    ],
                )],
                &[("other", false)],
            ),
            &[
                "type other at 1s: REPLICAOF redis 6379",
                "type other at 4s: GET k",
                "type other at 4.1s: SET k x",
                "type other at 4.2s: ROLE",
                "type other at 4.5s: REPLICAOF NO ONE",
                "type other at 4.6s: SET k x",
                "type redis at 4.7s: ROLE",
                "type other at 5.5s: GET k",
            ],
        ),
        r#"
            0s worker-a starts
            10us worker-a sends SET k mine to redis
            1.01ms redis executes SET k mine for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sends SET k own to other
            3.02ms other executes SET k own for worker-a and answers OK
            4.02ms worker-a receives OK from other
            4.03ms worker-a sleeps for 5s
            1s somebody types REPLICAOF redis 6379 on other
            1s other is now a replica of redis
            1s other executes REPLICAOF redis 6379 for the terminal and answers OK
            1s the terminal receives OK from other
            1.002s other gives up its own data for a copy of that of redis
            4s somebody types GET k on other
            4s other executes GET k for the terminal and answers "mine"
            4s the terminal receives "mine" from other
            4.1s somebody types SET k x on other
            4.1s other refuses SET k x of the terminal: READONLY You can't write against a read only replica.
            4.1s the terminal receives an error from other: READONLY You can't write against a read only replica.
            4.2s somebody types ROLE on other
            4.2s other executes ROLE for the terminal and answers ["slave", "redis", 6379, "connected", 30]
            4.2s the terminal receives ["slave", "redis", 6379, "connected", 30] from other
            4.5s somebody types REPLICAOF NO ONE on other
            4.5s other is now a primary
            4.5s other executes REPLICAOF NO ONE for the terminal and answers OK
            4.5s the terminal receives OK from other
            4.6s somebody types SET k x on other
            4.6s other executes SET k x for the terminal and answers OK
            4.6s the terminal receives OK from other
            4.7s somebody types ROLE on redis
            4.7s redis executes ROLE for the terminal and answers ["master", 30, []]
            4.7s the terminal receives ["master", 30, []] from redis
            5.00403s worker-a wakes
            5.00404s worker-a sends SET k newer to redis
            5.00504s redis executes SET k newer for worker-a and answers OK
            5.00604s worker-a receives OK from redis
            5.00605s worker-a sleeps for 1s
            5.5s somebody types GET k on other
            5.5s other executes GET k for the terminal and answers "x"
            5.5s the terminal receives "x" from other
            6.00605s worker-a wakes
            6.00605s worker-a ends
            "#,
    );
}

#[test]
fn a_replica_hides_an_expired_key_before_it_hears_that_it_is_gone() {
    let mut scenario = beside(
        &[("worker-a", &["SET k v PX 1000", "sleep 4s"])],
        &[("replica", true)],
    );
    scenario.links = vec![slow("redis", "replica", Span::millis(600))];
    check(
        with(
            scenario,
            &[
                "type replica at 900ms: GET k",
                "type replica at 1.2s: GET k",
                "type replica at 1.3s: DBSIZE",
                "type replica at 2s: DBSIZE",
            ],
        ),
        r#"
            0s worker-a starts
            10us worker-a sends SET k v PX 1000 to redis
            1.01ms redis executes SET k v PX 1000 for worker-a and answers OK
            1.01ms redis passes SET k v PXAT 1700000001001 on to replica
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 4s
            601.01ms replica repeats SET k v PXAT 1700000001001 from redis
            900ms somebody types GET k on replica
            900ms replica executes GET k for the terminal and answers "v"
            900ms the terminal receives "v" from replica
            1.002s k expires on redis
            1.002s redis passes DEL k on to replica
            1.2s somebody types GET k on replica
            1.2s replica executes GET k for the terminal and answers nil
            1.2s the terminal receives nil from replica
            1.3s somebody types DBSIZE on replica
            1.3s replica executes DBSIZE for the terminal and answers 1
            1.3s the terminal receives 1 from replica
            1.602s replica repeats DEL k from redis
            2s somebody types DBSIZE on replica
            2s replica executes DBSIZE for the terminal and answers 0
            2s the terminal receives 0 from replica
            4.00202s worker-a wakes
            4.00202s worker-a ends
            "#,
    );
}

#[test]
fn a_wait_counts_the_replicas_that_have_answered_for_the_writes_of_its_own_connection() {
    let mut scenario = beside(
        &[(
            "worker-a",
            &["WAIT 2 50", "SET k v", "WAIT 2 50", "WAIT 2 500"],
        )],
        &[("near", true), ("far", true)],
    );
    scenario.links = vec![slow("redis", "far", Span::millis(200))];
    check(
        scenario,
        "
            0s worker-a starts
            10us worker-a sends WAIT 2 50 to redis
            1.01ms redis executes WAIT 2 50 for worker-a and answers 2
            2.01ms worker-a receives 2 from redis
            2.02ms worker-a sends SET k v to redis
            3.02ms redis executes SET k v for worker-a and answers OK
            3.02ms redis passes SET k v on to near
            3.02ms redis passes SET k v on to far
            4.02ms near repeats SET k v from redis
            4.02ms worker-a receives OK from redis
            4.03ms worker-a sends WAIT 2 50 to redis
            5.03ms redis lets worker-a wait for WAIT 2 50
            55.03ms redis ends the wait of worker-a for WAIT 2 50 and answers 1
            56.03ms worker-a receives 1 from redis
            56.04ms worker-a sends WAIT 2 500 to redis
            57.04ms redis lets worker-a wait for WAIT 2 500
            203.02ms far repeats SET k v from redis
            206.03ms redis ends the wait of worker-a for WAIT 2 500 and answers 2
            207.03ms worker-a receives 2 from redis
            207.03ms worker-a ends
            ",
    );
}

#[test]
fn a_forced_failover_hands_over_when_its_time_is_up_and_loses_what_the_replica_lacks() {
    check(
        with(
            beside(
                &[(
                    "worker-a",
                    &["SET a 1", "sleep 20ms", "SET b 2", "sleep 3s", "MGET a b"],
                )],
                &[("replica", true)],
            ),
            &[
                "partition redis towards replica at 10ms for 1s",
                "type redis at 50ms: FAILOVER TO replica 6379 FORCE TIMEOUT 100",
                "reset between redis and replica at 120ms",
            ],
        ),
        r#"
            0s worker-a starts
            10us worker-a sends SET a 1 to redis
            1.01ms redis executes SET a 1 for worker-a and answers OK
            1.01ms redis passes SET a 1 on to replica
            2.01ms replica repeats SET a 1 from redis
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 20ms
            10ms the network from redis to replica is cut for 1s, the other way is open
            22.02ms worker-a wakes
            22.03ms worker-a sends SET b 2 to redis
            23.03ms redis executes SET b 2 for worker-a and answers OK
            23.03ms redis passes SET b 2 on to replica
            23.03ms the network holds up what redis passes on by 986.97ms
            24.03ms worker-a receives OK from redis
            24.04ms worker-a sleeps for 3s
            50ms somebody types FAILOVER TO replica 6379 FORCE TIMEOUT 100 on redis
            50ms redis executes FAILOVER TO replica 6379 FORCE TIMEOUT 100 for the terminal and answers OK
            50ms the terminal receives OK from redis
            120ms connections between redis and replica are reset
            150ms redis is now a replica of replica
            1.01s the network between redis and replica is whole again
            1.011s the request to replica finds nobody there
            1.011s replica is now a primary
            1.012s redis gives up its own data for a copy of that of replica
            3.02404s worker-a wakes
            3.02405s worker-a sends MGET a b to replica
            3.02505s replica executes MGET a b for worker-a and answers ["1", nil]
            3.02605s worker-a receives ["1", nil] from replica
            3.02605s worker-a ends
            "#,
    );
}
