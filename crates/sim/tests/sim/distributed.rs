//! Several nodes, their clocks, disks and networks: small worlds and exactly what happens in them.

use redwind_sim::{Fsync, NodeSpec, Persistence, Scenario, Span};

use crate::common::{check, run, timeline, with, world};

/// The world of these clients with a primary and a replica, named `redis` and `replica`.
fn replicated(clients: &[(&str, &[&str])]) -> Scenario {
    let mut scenario = world(clients);
    scenario.nodes.push(NodeSpec {
        replica_of: Some("redis".to_owned()),
        ..NodeSpec::named("replica")
    });
    scenario
}

fn kept(clients: &[(&str, &[&str])], persistence: Persistence) -> Scenario {
    let mut scenario = world(clients);
    scenario.nodes[0].persistence = persistence;
    scenario
}

#[test]
fn a_clock_that_jumps_ahead_expires_a_lock_early() {
    check(
        with(
            world(&[
                (
                    "worker-a",
                    &["SET lock a NX PX 10000", "sleep 5s", "DEL lock"],
                ),
                ("worker-b", &["sleep 3s", "SET lock b NX PX 10000"]),
            ]),
            &["jump-clock redis by +20s at 2s"],
        ),
        "
            0s worker-a starts
            0s worker-b starts
            10us worker-a sends SET lock a NX PX 10000 to redis
            10us worker-b sleeps for 3s
            1.01ms redis executes SET lock a NX PX 10000 for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.01ms worker-a now believes that it holds lock
            2.02ms worker-a sleeps for 5s
            2s the clock of redis jumps forward by 20s
            2s lock expires on redis
            3.00001s worker-b wakes
            3.00002s worker-b sends SET lock b NX PX 10000 to redis
            3.00102s redis executes SET lock b NX PX 10000 for worker-b and answers OK
            3.00202s worker-b receives OK from redis
            3.00202s worker-b now believes that it holds lock
            3.00202s worker-b ends
            3.00202s worker-b no longer believes that it holds lock
            5.00202s worker-a wakes
            5.00203s worker-a sends DEL lock to redis
            5.00303s redis executes DEL lock for worker-a and answers 1
            5.00403s worker-a receives 1 from redis
            5.00403s worker-a no longer believes that it holds lock
            5.00403s worker-a ends
            ",
    );
}

#[test]
fn a_clock_that_is_set_back_keeps_a_key_longer() {
    check(
        with(
            world(&[("worker-a", &["SET k v PX 1000", "sleep 12s"])]),
            &[
                "jump-clock redis by -10s at 500ms",
                "jump-clock worker-a by -1m at 1s",
            ],
        ),
        "
            0s worker-a starts
            10us worker-a sends SET k v PX 1000 to redis
            1.01ms redis executes SET k v PX 1000 for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 12s
            500ms the clock of redis jumps back by 10s
            1s the clock of worker-a jumps back by 60s
            11.002s k expires on redis
            12.00202s worker-a wakes
            12.00202s worker-a ends
            ",
    );
}

#[test]
fn a_clock_that_runs_fast_expires_keys_sooner() {
    check(
        with(
            world(&[(
                "worker-a",
                &["SET k v PX 1000", "sleep 2s", "time", "print $"],
            )]),
            &[
                "drift redis by 250000ppm at the start",
                "drift worker-a by -500000ppm at the start",
            ],
        ),
        "
            0s worker-a starts
            0s the clock of redis runs 250000 ppm too fast from now on
            0s the clock of worker-a runs 500000 ppm too slow from now on
            10us worker-a sends SET k v PX 1000 to redis
            1.01ms redis executes SET k v PX 1000 for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.03ms worker-a sleeps for 2s
            801.6ms k expires on redis
            4.00203s worker-a wakes
            4.00207s worker-a prints: 1700000002001025
            4.00207s worker-a ends
            ",
    );
}

#[test]
fn a_cut_network_holds_messages_until_it_heals() {
    check(
        with(
            world(&[
                ("worker-a", &["INCR n", "INCR n"]),
                ("worker-b", &["timeout 200ms", "sleep 3ms", "INCR n"]),
            ]),
            &["partition {worker-a, worker-b} from redis at 2.5ms for 1s"],
        ),
        "
            0s worker-a starts
            0s worker-b starts
            10us worker-a sends INCR n to redis
            20us worker-b sleeps for 3ms
            1.01ms redis executes INCR n for worker-a and answers 1
            2.01ms worker-a receives 1 from redis
            2.02ms worker-a sends INCR n to redis
            2.5ms the network between worker-a and worker-b and redis is cut for 1s
            3.02ms redis executes INCR n for worker-a and answers 2
            3.02ms the network holds up the reply of redis by 999.48ms
            3.02ms worker-b wakes
            3.03ms worker-b sends INCR n to redis
            3.03ms the network holds up the request of worker-b by 999.47ms
            203.03ms worker-b gives up waiting: its socket timeout has passed
            203.03ms worker-b ends with Timeout at line 3: no answer came
            1.0025s the network between worker-a and worker-b and redis is whole again
            1.0035s worker-a receives 2 from redis
            1.0035s worker-a ends
            1.0035s redis executes INCR n for worker-b and answers 3
            1.0045s the reply to worker-b finds nobody who waits for it
            ",
    );
}

#[test]
fn a_cut_in_one_direction_lets_the_other_through() {
    check(
        with(
            world(&[
                ("worker-a", &["INCR n"]),
                ("worker-b", &["sleep 5s", "GET n"]),
            ]),
            &["partition redis towards worker-a at the start"],
        ),
        r#"
            0s worker-a starts
            0s worker-b starts
            0s the network from redis to worker-a is cut, the other way is open
            10us worker-a sends INCR n to redis
            10us worker-b sleeps for 5s
            1.01ms redis executes INCR n for worker-a and answers 1
            2.01ms the network loses the reply to worker-a
            5.00001s worker-b wakes
            5.00002s worker-b sends GET n to redis
            5.00102s redis executes GET n for worker-b and answers "1"
            5.00202s worker-b receives "1" from redis
            5.00202s worker-b ends
            "#,
    );
}

#[test]
fn a_paused_node_lets_everyone_wait_and_expires_late() {
    check(
        with(
            world(&[(
                "worker-a",
                &["SET k v PX 1000", "GET k", "sleep 1.5s", "GET k"],
            )]),
            &["pause redis after worker-a's 1st SET for 2s"],
        ),
        "
            0s worker-a starts
            10us worker-a sends SET k v PX 1000 to redis
            1.01ms redis executes SET k v PX 1000 for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.01ms redis is paused for 2s: its process stops, the world goes on
            2.02ms worker-a sends GET k to redis
            2.00201s redis goes on after its pause
            2.00201s k expires on redis
            2.00201s redis executes GET k for worker-a and answers nil
            2.00301s worker-a receives nil from redis
            2.00302s worker-a sleeps for 1.5s
            3.50302s worker-a wakes
            3.50303s worker-a sends GET k to redis
            3.50403s redis executes GET k for worker-a and answers nil
            3.50503s worker-a receives nil from redis
            3.50503s worker-a ends
            ",
    );
}

#[test]
fn a_killed_node_without_a_disk_begins_empty() {
    check(
        with(
            world(&[
                ("worker-a", &["SET k v", "BLPOP jobs 0"]),
                ("worker-b", &["sleep 1.2s", "GET k"]),
            ]),
            &["crash redis at 1s, restart after 5s"],
        ),
        "
            0s worker-a starts
            0s worker-b starts
            10us worker-a sends SET k v to redis
            10us worker-b sleeps for 1.2s
            1.01ms redis executes SET k v for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sends BLPOP jobs 0 to redis
            3.02ms redis lets worker-a wait for BLPOP jobs 0
            1s redis is killed: its connections break
            1.001s worker-a loses its connection before the answer has come
            1.001s worker-a ends with Reset at line 2: no answer came
            1.20001s worker-b wakes
            1.20002s worker-b sends GET k to redis
            1.20102s the request to redis finds nobody there
            1.20202s worker-b finds nobody to connect to
            1.20202s worker-b ends with Refused at line 2: no answer came
            ",
    );
}

#[test]
fn a_killed_node_with_an_append_only_file_loses_nothing() {
    for fsync in [Fsync::Always, Fsync::EverySecond, Fsync::No] {
        let steps: &[&str] = &[
            "SET k 1",
            "PEXPIRE k 60000",
            "sleep 2500ms",
            "SET other 2",
            "INCR k",
            "sleep 2s",
            "GET k",
        ];
        let scenario = kept(&[("worker-a", steps)], Persistence::Aof(fsync));
        let run = run(with(scenario, &["crash redis at 3s, restart after 1s"]));
        let told = timeline(&run);
        assert!(
            told.iter()
                .any(|line| line.ends_with("redis has loaded all its data from its disk")),
            "{told:#?}"
        );
        assert!(
            told.iter().any(|line| line.ends_with("answers \"2\"")),
            "{told:#?}"
        );
    }
}

#[test]
fn a_power_cut_takes_what_was_not_forced_to_the_disk() {
    let after = |fsync| {
        let clients: &[(&str, &[&str])] = &[
            ("worker-a", &["SET a 1", "sleep 1500ms", "SET b 2"]),
            ("worker-b", &["sleep 4s", "MGET a b"]),
        ];
        let scenario = kept(clients, Persistence::Aof(fsync));
        let run = run(with(
            scenario,
            &["cut-power redis at 1.9s, restart after 1s"],
        ));
        let told = timeline(&run);
        told.into_iter()
            .find(|line| line.contains("for worker-b and answers ["))
            .unwrap_or_default()
    };
    assert!(after(Fsync::Always).ends_with("answers [\"1\", \"2\"]"));
    assert!(
        after(Fsync::EverySecond).ends_with("answers [\"1\", nil]"),
        "{}",
        after(Fsync::EverySecond)
    );
    assert!(after(Fsync::No).ends_with("answers [nil, nil]"));
}

#[test]
fn a_snapshot_brings_back_what_was_there_when_it_was_taken() {
    check(
        with(
            kept(
                &[(
                    "worker-a",
                    &["SET a 1", "sleep 3s", "SET b 2", "sleep 3s", "MGET a b"],
                )],
                Persistence::Snapshot(Span::seconds(2)),
            ),
            &["crash redis at 3.5s, restart after 1s"],
        ),
        r#"
            0s worker-a starts
            10us worker-a sends SET a 1 to redis
            1.01ms redis executes SET a 1 for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 3s
            3.00202s worker-a wakes
            3.00203s worker-a sends SET b 2 to redis
            3.00303s redis executes SET b 2 for worker-a and answers OK
            3.00403s worker-a receives OK from redis
            3.00404s worker-a sleeps for 3s
            3.5s redis is killed: its connections break
            4.5s redis starts again
            4.5s redis has loaded what its disk had kept; the latest of b is lost
            6.00404s worker-a wakes
            6.00405s worker-a sends MGET a b to redis
            6.00505s redis executes MGET a b for worker-a and answers ["1", nil]
            6.00605s worker-a receives ["1", nil] from redis
            6.00605s worker-a ends
            "#,
    );
}

#[test]
fn a_machine_without_power_tells_nobody() {
    check(
        with(
            world(&[
                ("worker-a", &["timeout 300ms", "sleep 10ms", "GET k"]),
                ("worker-b", &["sleep 5s"]),
            ]),
            &["cut-power redis at 5ms, restart after 1s"],
        ),
        "
            0s worker-a starts
            0s worker-b starts
            10us worker-b sleeps for 5s
            20us worker-a sleeps for 10ms
            5ms redis loses power: what was not forced to its disk is gone
            10.02ms worker-a wakes
            10.03ms worker-a sends GET k to redis
            11.03ms the request to redis finds nobody there
            310.03ms worker-a gives up waiting: its socket timeout has passed
            310.03ms worker-a ends with Timeout at line 3: no answer came
            1.005s redis starts again
            1.005s redis has loaded all its data from its disk
            5.00001s worker-b wakes
            5.00001s worker-b ends
            ",
    );
}

#[test]
fn a_key_expires_while_its_node_is_down() {
    check(
        with(
            kept(
                &[("worker-a", &["SET k v PX 1000", "sleep 4s", "GET k"])],
                Persistence::Aof(Fsync::Always),
            ),
            &["crash redis at 500ms, restart after 2s"],
        ),
        "
            0s worker-a starts
            10us worker-a sends SET k v PX 1000 to redis
            1.01ms redis executes SET k v PX 1000 for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 4s
            500ms redis is killed: its connections break
            2.5s redis starts again
            2.5s redis has loaded all its data from its disk
            2.5s k expires on redis
            4.00202s worker-a wakes
            4.00203s worker-a sends GET k to redis
            4.00303s redis executes GET k for worker-a and answers nil
            4.00403s worker-a receives nil from redis
            4.00403s worker-a ends
            ",
    );
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
            24.04ms storage carries out worker-b's write('report', 'B') and returns True
            25.04ms worker-b receives True from storage
            25.04ms worker-b ends
            25.04ms worker-b no longer believes that it holds lock
            50ms the network between redis and replica is whole again
            51ms the request to replica finds nobody there
            102.03ms worker-a wakes
            102.04ms worker-a asks storage for write('report', 'A')
            104.04ms storage carries out worker-a's write('report', 'A') and returns True
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
            1.602s replica gives up its own data for a copy of that of redis
            4.00202s worker-a wakes
            4.00202s worker-a ends
            ",
    );
}
