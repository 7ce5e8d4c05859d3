//! What primaries and replicas know of each other: lag, silence, backlogs, disks, and handing over.

use redwind_sim::{Fsync, NodeSpec, Persistence, Scenario};

use crate::common::{check, run, timeline, with, world};

fn settings(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(own).collect()
}

/// A primary `redis` and a replica `replica`, both with these settings.
fn pair(clients: &[(&str, &[&str])], config: &[(&str, &str)]) -> Scenario {
    let mut scenario = world(clients);
    scenario.nodes[0].config = settings(config);
    scenario.nodes.push(NodeSpec {
        replica_of: Some("redis".to_owned()),
        config: settings(config),
        ..NodeSpec::named("replica")
    });
    scenario
}

#[test]
fn a_primary_without_good_replicas_refuses_writes_once_their_word_is_too_old() {
    check(
        with(
            pair(
                &[(
                    "worker-a",
                    &[
                        "SET k 1",
                        "sleep 3900ms",
                        "SET k 2",
                        "sleep 200ms",
                        "SET k 3",
                        "transaction: SET k 4",
                        "GET k",
                        "sleep 6s",
                        "SET k 5",
                    ],
                )],
                &[
                    ("min-replicas-to-write", "1"),
                    ("min-replicas-max-lag", "2"),
                ],
            ),
            &["partition redis from replica at 1500ms for 7s"],
        ),
        r#"
            0s worker-a starts
            10us worker-a sends SET k 1 to redis
            1.01ms redis executes SET k 1 for worker-a and answers OK
            1.01ms redis passes SET k 1 on to replica
            2.01ms replica repeats SET k 1 from redis
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 3.9s
            1.5s the network between redis and replica is cut for 7s
            3.90202s worker-a wakes
            3.90203s worker-a sends SET k 2 to redis
            3.90303s redis executes SET k 2 for worker-a and answers OK
            3.90303s redis passes SET k 2 on to replica
            3.90303s the network holds up what redis passes on by 4.59697s
            3.90403s worker-a receives OK from redis
            3.90404s worker-a sleeps for 200ms
            4.10404s worker-a wakes
            4.10405s worker-a sends SET k 3 to redis
            4.10505s redis refuses SET k 3 of worker-a: NOREPLICAS Not enough good replicas to write.
            4.10605s worker-a receives an error from redis: NOREPLICAS Not enough good replicas to write.
            4.10606s worker-a sends 3 commands at once to redis: MULTI; SET k 4; EXEC
            4.10706s redis executes MULTI for worker-a and answers OK
            4.10706s redis refuses SET k 4 of worker-a: NOREPLICAS Not enough good replicas to write.
            4.10706s redis refuses EXEC of worker-a: EXECABORT Transaction discarded because of previous errors.
            4.10806s worker-a receives 3 replies from redis: OK; the error NOREPLICAS Not enough good replicas to write.; the error EXECABORT Transaction discarded because of previ…
            4.10807s worker-a sends GET k to redis
            4.10907s redis executes GET k for worker-a and answers "2"
            4.11007s worker-a receives "2" from redis
            4.11008s worker-a sleeps for 6s
            8.5s the network between redis and replica is whole again
            8.501s replica repeats SET k 2 from redis
            10.11008s worker-a wakes
            10.11009s worker-a sends SET k 5 to redis
            10.11109s redis executes SET k 5 for worker-a and answers OK
            10.11109s redis passes SET k 5 on to replica
            10.11209s replica repeats SET k 5 from redis
            10.11209s worker-a receives OK from redis
            10.11209s worker-a ends
            "#,
    );
}

#[test]
fn waiting_for_disks_lasts_until_they_are_forced() {
    let mut scenario = pair(
        &[(
            "worker-a",
            &["sleep 300ms", "SET k 1", "WAITAOF 1 0 0", "WAITAOF 1 1 0"],
        )],
        &[],
    );
    for node in &mut scenario.nodes {
        node.persistence = Persistence::Aof(Fsync::EverySecond);
    }
    check(
        scenario,
        "
            0s worker-a starts
            10us worker-a sleeps for 300ms
            300.01ms worker-a wakes
            300.02ms worker-a sends SET k 1 to redis
            301.02ms redis executes SET k 1 for worker-a and answers OK
            301.02ms redis passes SET k 1 on to replica
            302.02ms replica repeats SET k 1 from redis
            302.02ms worker-a receives OK from redis
            302.03ms worker-a sends WAITAOF 1 0 0 to redis
            303.03ms redis lets worker-a wait for WAITAOF 1 0 0
            1s redis ends the wait of worker-a for WAITAOF 1 0 0 and answers [1, 0]
            1.001s worker-a receives [1, 0] from redis
            1.00101s worker-a sends WAITAOF 1 1 0 to redis
            1.00201s redis executes WAITAOF 1 1 0 for worker-a and answers [1, 1]
            1.00301s worker-a receives [1, 1] from redis
            1.00301s worker-a ends
            ",
    );
}

#[test]
fn a_failover_on_request_loses_nothing_and_refuses_who_writes_to_the_old_primary() {
    check(
        with(
            pair(
                &[(
                    "worker-a",
                    &["SET k 1", "sleep 8500us", "SET k 2", "sleep 10ms", "ROLE"],
                )],
                &[],
            ),
            &["type redis at 10ms: FAILOVER TO replica 6379 TIMEOUT 1000"],
        ),
        r#"
            0s worker-a starts
            10us worker-a sends SET k 1 to redis
            1.01ms redis executes SET k 1 for worker-a and answers OK
            1.01ms redis passes SET k 1 on to replica
            2.01ms replica repeats SET k 1 from redis
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 8.5ms
            10ms somebody types FAILOVER TO replica 6379 TIMEOUT 1000 on redis
            10ms redis executes FAILOVER TO replica 6379 TIMEOUT 1000 for the terminal and answers OK
            10ms the terminal receives OK from redis
            10.52ms worker-a wakes
            10.53ms worker-a sends SET k 2 to redis
            11.53ms redis lets worker-a wait for SET k 2
            12ms redis is now a replica of replica
            12ms redis ends the wait of worker-a for SET k 2 and answers the error READONLY You can't write against a read only replica.
            13ms replica is now a primary
            13ms worker-a receives an error from redis: READONLY You can't write against a read only replica.
            13.01ms worker-a sleeps for 10ms
            14ms redis has caught up with replica
            23.01ms worker-a wakes
            23.02ms worker-a sends ROLE to redis
            24.02ms redis executes ROLE for worker-a and answers ["slave", "replica", 6379, "connected", 27]
            25.02ms worker-a receives ["slave", "replica", 6379, "connected", 27] from redis
            25.02ms worker-a ends
            "#,
    );
}

#[test]
fn a_failover_that_takes_too_long_is_given_up_and_writers_go_on() {
    check(
        with(
            pair(&[("worker-a", &["SET k 1", "sleep 100ms", "SET k 2"])], &[]),
            &[
                "partition redis from replica at the start for 3s",
                "type redis at 50ms: FAILOVER TIMEOUT 500",
            ],
        ),
        "
            0s worker-a starts
            0s the network between redis and replica is cut for 3s
            10us worker-a sends SET k 1 to redis
            1.01ms redis executes SET k 1 for worker-a and answers OK
            1.01ms redis passes SET k 1 on to replica
            1.01ms the network holds up what redis passes on by 2.99899s
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 100ms
            50ms somebody types FAILOVER TIMEOUT 500 on redis
            50ms redis executes FAILOVER TIMEOUT 500 for the terminal and answers OK
            50ms the terminal receives OK from redis
            102.02ms worker-a wakes
            102.03ms worker-a sends SET k 2 to redis
            103.03ms redis lets worker-a wait for SET k 2
            550ms redis passes SET k 2 on to replica
            550ms the network holds up what redis passes on by 2.45s
            550ms redis ends the wait of worker-a for SET k 2 and answers OK
            551ms worker-a receives OK from redis
            551ms worker-a ends
            3s the network between redis and replica is whole again
            3.001s replica repeats SET k 1 from redis
            3.001s replica repeats SET k 2 from redis
            ",
    );
}

#[test]
fn a_replica_that_missed_more_than_the_backlog_holds_takes_a_copy() {
    let scenario = |backlog: &str| {
        with(
            pair(
                &[(
                    "worker-a",
                    &[
                        "sleep 1500ms",
                        "SET a 111",
                        "SET b 222",
                        "SET c 333",
                        "sleep 6s",
                    ],
                )],
                &[("repl-backlog-size", backlog), ("repl-timeout", "2")],
            ),
            &["partition redis from replica at 1100ms for 5s"],
        )
    };
    check(
        scenario("1mb"),
        "
            0s worker-a starts
            10us worker-a sleeps for 1.5s
            1.1s the network between redis and replica is cut for 5s
            1.50001s worker-a wakes
            1.50002s worker-a sends SET a 111 to redis
            1.50102s redis executes SET a 111 for worker-a and answers OK
            1.50102s redis passes SET a 111 on to replica
            1.50102s the network holds up what redis passes on by 4.59898s
            1.50202s worker-a receives OK from redis
            1.50203s worker-a sends SET b 222 to redis
            1.50303s redis executes SET b 222 for worker-a and answers OK
            1.50303s redis passes SET b 222 on to replica
            1.50303s the network holds up what redis passes on by 4.59697s
            1.50403s worker-a receives OK from redis
            1.50404s worker-a sends SET c 333 to redis
            1.50504s redis executes SET c 333 for worker-a and answers OK
            1.50504s redis passes SET c 333 on to replica
            1.50504s the network holds up what redis passes on by 4.59496s
            1.50604s worker-a receives OK from redis
            1.50605s worker-a sleeps for 6s
            6.1s the network between redis and replica is whole again
            6.101s the request to replica finds nobody there
            6.101s the request to replica finds nobody there
            6.101s the request to replica finds nobody there
            6.102s replica has caught up with redis
            7.50605s worker-a wakes
            7.50605s worker-a ends
            ",
    );
    check(
        scenario("60"),
        "
            0s worker-a starts
            10us worker-a sleeps for 1.5s
            1.1s the network between redis and replica is cut for 5s
            1.50001s worker-a wakes
            1.50002s worker-a sends SET a 111 to redis
            1.50102s redis executes SET a 111 for worker-a and answers OK
            1.50102s redis passes SET a 111 on to replica
            1.50102s the network holds up what redis passes on by 4.59898s
            1.50202s worker-a receives OK from redis
            1.50203s worker-a sends SET b 222 to redis
            1.50303s redis executes SET b 222 for worker-a and answers OK
            1.50303s redis passes SET b 222 on to replica
            1.50303s the network holds up what redis passes on by 4.59697s
            1.50403s worker-a receives OK from redis
            1.50404s worker-a sends SET c 333 to redis
            1.50504s redis executes SET c 333 for worker-a and answers OK
            1.50504s redis passes SET c 333 on to replica
            1.50504s the network holds up what redis passes on by 4.59496s
            1.50604s worker-a receives OK from redis
            1.50605s worker-a sleeps for 6s
            6.1s the network between redis and replica is whole again
            6.101s the request to replica finds nobody there
            6.101s the request to replica finds nobody there
            6.101s the request to replica finds nobody there
            6.102s replica gives up its own data for a copy of that of redis
            7.50605s worker-a wakes
            7.50605s worker-a ends
            ",
    );
}

#[test]
fn a_replica_that_lost_its_primary_answers_as_it_was_told_to() {
    check(
        with(
            pair(
                &[("worker-a", &["SET k 1", "sleep 4s"])],
                &[("replica-serve-stale-data", "no")],
            ),
            &[
                "crash redis at 1s, restart after 2s",
                "type replica at 900ms: GET k",
                "type replica at 1500ms: GET k",
                "type replica at 1600ms: PING",
                "type replica at 1700ms: ROLE",
                "type replica at 3500ms: GET k",
            ],
        ),
        r#"
            0s worker-a starts
            10us worker-a sends SET k 1 to redis
            1.01ms redis executes SET k 1 for worker-a and answers OK
            1.01ms redis passes SET k 1 on to replica
            2.01ms replica repeats SET k 1 from redis
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 4s
            900ms somebody types GET k on replica
            900ms replica executes GET k for the terminal and answers "1"
            900ms the terminal receives "1" from replica
            1s redis is killed: its connections break
            1.5s somebody types GET k on replica
            1.5s replica refuses GET k of the terminal: MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.
            1.5s the terminal receives an error from replica: MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.
            1.6s somebody types PING on replica
            1.6s replica refuses PING of the terminal: MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.
            1.6s the terminal receives an error from replica: MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.
            1.7s somebody types ROLE on replica
            1.7s replica executes ROLE for the terminal and answers ["slave", "redis", 6379, "connect", 27]
            1.7s the terminal receives ["slave", "redis", 6379, "connect", 27] from replica
            3s redis starts again
            3s redis has loaded what its disk had kept; the latest of k is lost
            3.002s replica gives up its own data for a copy of that of redis
            3.5s somebody types GET k on replica
            3.5s replica executes GET k for the terminal and answers nil
            3.5s the terminal receives nil from replica
            4.00202s worker-a wakes
            4.00202s worker-a ends
            "#,
    );
}

#[test]
fn silence_breaks_a_link_and_a_replica_without_power_counts_until_then() {
    let scenario = with(
        pair(
            &[("worker-a", &["SET k 1", "sleep 9s"])],
            &[("repl-timeout", "3")],
        ),
        &[
            "cut-power replica at 1500ms",
            "type redis at 2s: ROLE",
            "type redis at 8s: ROLE",
        ],
    );
    let told = timeline(&run(scenario));
    let role = |at: &str| {
        let asked = format!("{at} redis executes ROLE for the terminal and answers ");
        let line = told.iter().find_map(|line| line.strip_prefix(&asked));
        line.unwrap_or_default().to_owned()
    };
    // Nobody told the primary that the machine is gone.
    assert_eq!(role("2s"), r#"["master", 27, [["replica", "6379", "27"]]]"#);
    assert_eq!(role("8s"), r#"["master", 27, []]"#);
}
