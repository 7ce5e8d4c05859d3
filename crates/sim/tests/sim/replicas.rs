//! Replication: exactly what replicas have when, and what a failover loses.

use redwind_resp::Value;
use redwind_sim::{NodeSpec, Run, Scenario};

use crate::common::{check, with, world};

/// The world of these clients with a primary and a replica, named `redis` and `replica`.
fn replicated(clients: &[(&str, &[&str])]) -> Scenario {
    let mut scenario = world(clients);
    scenario.nodes.push(NodeSpec {
        replica_of: Some("redis".to_owned()),
        ..NodeSpec::named("replica")
    });
    scenario
}

#[test]
fn a_write_is_answered_before_its_replica_has_it() {
    check(
        replicated(&[("worker-a", &["SET k v", "WAIT 1 100", "print $"])]),
        "
            0s worker-a starts
            10us worker-a sends SET k v to redis
            1.01ms redis executes SET k v for worker-a and answers OK
            1.01ms redis passes SET k v on to replica
            2.01ms replica repeats SET k v from redis
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sends WAIT 1 100 to redis
            3.02ms redis lets worker-a wait for WAIT 1 100
            5.02ms redis ends the wait of worker-a for WAIT 1 100 and answers 1
            6.02ms worker-a receives 1 from redis
            6.03ms worker-a prints: 1
            6.03ms worker-a ends
            ",
    );
}

#[test]
fn waiting_for_a_replica_that_is_cut_off_ends_at_its_timeout() {
    check(
        with(
            replicated(&[("worker-a", &["SET k v", "WAIT 1 100", "print $"])]),
            &["partition redis from replica at the start for 1s"],
        ),
        "
            0s worker-a starts
            0s the network between redis and replica is cut for 1s
            10us worker-a sends SET k v to redis
            1.01ms redis executes SET k v for worker-a and answers OK
            1.01ms redis passes SET k v on to replica
            1.01ms the network holds up what redis passes on by 998.99ms
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sends WAIT 1 100 to redis
            3.02ms redis lets worker-a wait for WAIT 1 100
            103.02ms redis ends the wait of worker-a for WAIT 1 100 and answers 0
            104.02ms worker-a receives 0 from redis
            104.03ms worker-a prints: 0
            104.03ms worker-a ends
            1s the network between redis and replica is whole again
            1.001s replica repeats SET k v from redis
            ",
    );
}

#[test]
fn a_failover_loses_the_lock_that_was_not_replicated_yet() {
    check(
        with(
            replicated(&[
                (
                    "worker-a",
                    &[
                        "SET lock a NX PX 10000",
                        "end unless OK",
                        "sleep 100ms",
                        "storage.write report A",
                    ],
                ),
                (
                    "worker-b",
                    &[
                        "sleep 20ms",
                        "SET lock b NX PX 10000",
                        "end unless OK",
                        "storage.write report B",
                    ],
                ),
            ]),
            &[
                "partition redis from replica at the start for 50ms",
                "crash redis after worker-a's 1st SET",
                "failover replica at 10ms",
                "restart redis at 1s",
            ],
        ),
        "
            0s worker-a starts
            0s worker-b starts
            0s the network between redis and replica is cut for 50ms
            10us worker-a sends SET lock a NX PX 10000 to redis
            10us worker-b sleeps for 20ms
            1.01ms redis executes SET lock a NX PX 10000 for worker-a and answers OK
            1.01ms redis passes SET lock a PXAT 1700000010001 on to replica
            1.01ms the network holds up what redis passes on by 48.99ms
            2.01ms worker-a receives OK from redis
            2.01ms worker-a now believes that it holds lock
            2.01ms redis is killed: its connections break
            2.03ms worker-a sleeps for 100ms
            10ms replica is now a primary
            20.01ms worker-b wakes
            20.02ms worker-b sends SET lock b NX PX 10000 to replica
            21.02ms replica executes SET lock b NX PX 10000 for worker-b and answers OK
            22.02ms worker-b receives OK from replica
            22.02ms worker-b now believes that it holds lock
            22.04ms worker-b asks storage for write('report', 'B')
            24.04ms storage carries out worker-b's write('report', 'B') and returns True; worker-b believed that it held lock
            25.04ms worker-b receives True from storage
            25.04ms worker-b ends
            25.04ms worker-b no longer believes that it holds lock
            50ms the network between redis and replica is whole again
            51ms the request to replica finds nobody there
            102.03ms worker-a wakes
            102.04ms worker-a asks storage for write('report', 'A')
            104.04ms storage carries out worker-a's write('report', 'A') and returns True; worker-a believed that it held lock
            105.04ms worker-a receives True from storage
            105.04ms worker-a ends
            105.04ms worker-a no longer believes that it holds lock
            1s redis starts again
            1s redis has loaded what its disk had kept; the latest of lock is lost
            1.001s redis is now a replica of replica
            1.003s redis gives up its own data for a copy of that of replica
            ",
    );
}

#[test]
fn an_old_primary_that_comes_back_gives_up_what_nobody_had_copied() {
    check(
        with(
            replicated(&[
                (
                    "worker-a",
                    &["SET a 1", "sleep 10ms", "SET a 2", "sleep 200ms", "GET a"],
                ),
                ("worker-b", &["sleep 3s"]),
            ]),
            &[
                "partition redis from replica at 5ms for 1s",
                "failover replica at 100ms",
            ],
        ),
        r#"
            0s worker-a starts
            0s worker-b starts
            10us worker-a sends SET a 1 to redis
            10us worker-b sleeps for 3s
            1.01ms redis executes SET a 1 for worker-a and answers OK
            1.01ms redis passes SET a 1 on to replica
            2.01ms replica repeats SET a 1 from redis
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 10ms
            5ms the network between redis and replica is cut for 1s
            12.02ms worker-a wakes
            12.03ms worker-a sends SET a 2 to redis
            13.03ms redis executes SET a 2 for worker-a and answers OK
            13.03ms redis passes SET a 2 on to replica
            13.03ms the network holds up what redis passes on by 991.97ms
            14.03ms worker-a receives OK from redis
            14.04ms worker-a sleeps for 200ms
            100ms replica is now a primary
            214.04ms worker-a wakes
            214.05ms worker-a sends GET a to redis
            215.05ms redis executes GET a for worker-a and answers "2"
            216.05ms worker-a receives "2" from redis
            216.05ms worker-a ends
            1.005s the network between redis and replica is whole again
            1.006s the request to replica finds nobody there
            1.006s redis is now a replica of replica
            1.008s redis gives up its own data for a copy of that of replica
            3.00001s worker-b wakes
            3.00001s worker-b ends
            "#,
    );
}

#[test]
fn a_replica_refuses_writes_and_leaves_expiry_to_its_primary() {
    check(
        with(
            replicated(&[("worker-a", &["SET k v PX 1000", "sleep 2s"])]),
            &[
                "type replica at 500ms: GET k",
                "type replica at 600ms: DEL k",
                "type replica at 700ms: ROLE",
                "type redis at 800ms: ROLE",
            ],
        ),
        r#"
            0s worker-a starts
            10us worker-a sends SET k v PX 1000 to redis
            1.01ms redis executes SET k v PX 1000 for worker-a and answers OK
            1.01ms redis passes SET k v PXAT 1700000001001 on to replica
            2.01ms replica repeats SET k v PXAT 1700000001001 from redis
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 2s
            500ms somebody types GET k on replica
            500ms replica executes GET k for the terminal and answers "v"
            500ms the terminal receives "v" from replica
            600ms somebody types DEL k on replica
            600ms replica refuses DEL k of the terminal: READONLY You can't write against a read only replica.
            600ms the terminal receives an error from replica: READONLY You can't write against a read only replica.
            700ms somebody types ROLE on replica
            700ms replica executes ROLE for the terminal and answers ["slave", "redis", 6379, "connected", 57]
            700ms the terminal receives ["slave", "redis", 6379, "connected", 57] from replica
            800ms somebody types ROLE on redis
            800ms redis executes ROLE for the terminal and answers ["master", 57, [["replica", "6379", "0"]]]
            800ms the terminal receives ["master", 57, [["replica", "6379", "0"]]] from redis
            1.002s k expires on redis
            1.002s redis passes DEL k on to replica
            1.003s replica repeats DEL k from redis
            2.00202s worker-a wakes
            2.00202s worker-a ends
            "#,
    );
}

#[test]
fn after_a_failover_another_replica_gets_only_what_it_has_missed() {
    let mut scenario = replicated(&[(
        "worker-a",
        &["SET a 1", "sleep 50ms", "SET a 2", "sleep 2s"],
    )]);
    scenario.nodes.push(NodeSpec {
        replica_of: Some("redis".to_owned()),
        ..NodeSpec::named("slow")
    });
    check(
        with(
            scenario,
            &[
                "partition redis from slow at 20ms",
                "crash redis at 100ms",
                "failover replica at 200ms",
            ],
        ),
        "
            0s worker-a starts
            10us worker-a sends SET a 1 to redis
            1.01ms redis executes SET a 1 for worker-a and answers OK
            1.01ms redis passes SET a 1 on to replica
            1.01ms redis passes SET a 1 on to slow
            2.01ms replica repeats SET a 1 from redis
            2.01ms slow repeats SET a 1 from redis
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 50ms
            20ms the network between redis and slow is cut
            52.02ms worker-a wakes
            52.03ms worker-a sends SET a 2 to redis
            53.03ms redis executes SET a 2 for worker-a and answers OK
            53.03ms redis passes SET a 2 on to replica
            53.03ms redis passes SET a 2 on to slow
            53.03ms the network loses the request to slow
            54.03ms replica repeats SET a 2 from redis
            54.03ms worker-a receives OK from redis
            54.04ms worker-a sleeps for 2s
            100ms redis is killed: its connections break
            200ms replica is now a primary
            201ms slow is now a replica of replica
            203ms slow has caught up with replica
            2.05404s worker-a wakes
            2.05404s worker-a ends
            ",
    );
}

#[test]
fn a_replica_that_restarts_takes_a_copy() {
    check(
        with(
            replicated(&[("worker-a", &["SET a 1", "sleep 1s", "SET b 2", "sleep 4s"])]),
            &["crash replica at 500ms, restart after 2s"],
        ),
        "
            0s worker-a starts
            10us worker-a sends SET a 1 to redis
            1.01ms redis executes SET a 1 for worker-a and answers OK
            1.01ms redis passes SET a 1 on to replica
            2.01ms replica repeats SET a 1 from redis
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 1s
            500ms replica is killed: its connections break
            1.00202s worker-a wakes
            1.00203s worker-a sends SET b 2 to redis
            1.00303s redis executes SET b 2 for worker-a and answers OK
            1.00403s worker-a receives OK from redis
            1.00404s worker-a sleeps for 4s
            2.5s replica starts again
            2.5s replica has loaded what its disk had kept; the latest of a is lost
            2.502s replica gives up its own data for a copy of that of redis
            5.00404s worker-a wakes
            5.00404s worker-a ends
            ",
    );
}

#[test]
fn replicas_of_a_primary_that_restarts_empty_are_emptied_too() {
    check(
        with(
            replicated(&[("worker-a", &["SET a 1", "sleep 4s"])]),
            &["crash redis at 500ms, restart after 100ms"],
        ),
        "
            0s worker-a starts
            10us worker-a sends SET a 1 to redis
            1.01ms redis executes SET a 1 for worker-a and answers OK
            1.01ms redis passes SET a 1 on to replica
            2.01ms replica repeats SET a 1 from redis
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 4s
            500ms redis is killed: its connections break
            600ms redis starts again
            600ms redis has loaded what its disk had kept; the latest of a is lost
            1.002s replica gives up its own data for a copy of that of redis
            4.00202s worker-a wakes
            4.00202s worker-a ends
            ",
    );
}

#[test]
fn info_tells_each_nodes_place_before_and_after_a_failover() {
    let scenario = with(
        replicated(&[("worker-a", &["SET k v", "sleep 1s", "INFO replication"])]),
        &["failover replica at 500ms"],
    );
    let run = Run::new(scenario).unwrap();
    let asked = |node: u16, at: u64, field: &str| {
        let after = run.records().partition_point(|record| record.at.0 <= at);
        let world = run.world_at(u32::try_from(after - 1).unwrap());
        let argv = ["INFO", "replication"].map(|word| word.into());
        let text = match world.peek(node, &argv).unwrap() {
            Value::Bulk(text) => String::from_utf8_lossy(&text).into_owned(),
            Value::Verbatim { text, .. } => String::from_utf8_lossy(&text).into_owned(),
            other => panic!("{other:?}"),
        };
        let lines = text.lines().map(str::trim);
        let found = lines
            .clone()
            .find_map(|line| line.strip_prefix(&format!("{field}:")));
        found.map(str::to_owned)
    };
    let is = |node, at, field: &str| asked(node, at, field).unwrap_or_default();
    assert_eq!(
        (is(0, 400_000, "role"), is(1, 400_000, "role")),
        ("master".into(), "slave".into())
    );
    assert_eq!(is(1, 400_000, "master_host"), "redis");
    assert_eq!(is(1, 400_000, "master_link_status"), "up");
    assert_eq!(
        is(0, 400_000, "master_repl_offset"),
        is(1, 400_000, "slave_repl_offset")
    );
    assert_eq!(is(0, 400_000, "connected_slaves"), "1");
    assert_eq!(
        (is(0, 900_000, "role"), is(1, 900_000, "role")),
        ("slave".into(), "master".into())
    );
    // The new primary remembers the history that it shares with the old one.
    assert_eq!(
        is(1, 900_000, "master_replid2"),
        is(0, 400_000, "master_replid")
    );
    assert_ne!(
        is(1, 900_000, "master_replid"),
        is(0, 400_000, "master_replid")
    );
    let told = run
        .records()
        .iter()
        .any(|record| record.sentence(run.scenario()).contains("role:"));
    assert!(told, "a program is told the same");
}
