//! Clocks, the network, and nodes that fall: small worlds and exactly what happens in them.

use redwind_sim::{Fsync, NodeSpec, Persistence, SavePoint, SavePoints, Scenario, Span};

use crate::common::{check, run, timeline, with, world};

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
fn a_snapshot_is_taken_after_so_many_changes_and_so_much_time() {
    let points = |seconds, changes| SavePoint { seconds, changes };
    let kept_after = |first: SavePoint, second: SavePoint, fault: &str| {
        let none = SavePoint::default();
        let points = SavePoints([first, second, none, none]);
        let steps = &[
            "MSET a 1 b 2",
            "sleep 3s",
            "SET c 3",
            "sleep 4s",
            "DBSIZE",
            "print $",
        ];
        let scenario = kept(&[("worker-a", steps)], Persistence::Save(points));
        let fault = format!("crash redis at {fault}, restart after 100ms");
        let run = run(with(scenario, &[&fault]));
        let printed = timeline(&run)
            .into_iter()
            .rfind(|line| line.contains("prints"));
        printed
            .unwrap_or_default()
            .split(' ')
            .next_back()
            .map(str::to_owned)
    };
    let never = SavePoint::default();
    // Two changes at 1 ms, the third one at 3 s, whether or not the first two are still there.
    for (first, second, fault, keys) in [
        (points(2, 2), never, "2.05s", "3"),
        (points(2, 2), never, "1.9s", "1"),
        (points(2, 3), never, "2.9s", "1"),
        (points(2, 3), never, "3.2s", "3"),
        // The clock of a save point begins again with each snapshot.
        (points(2, 1), never, "3.9s", "2"),
        (points(2, 1), never, "4.2s", "3"),
        // Any of them is enough.
        (points(100, 1), points(1, 2), "2s", "3"),
        (points(100, 1), points(1, 4), "6s", "0"),
    ] {
        let kept = kept_after(first, second, fault);
        assert_eq!(kept.as_deref(), Some(keys), "{first:?} {second:?} {fault}");
    }
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
fn a_node_of_its_own_follows_nobody_when_it_starts_again() {
    let mut scenario = world(&[("worker-a", &["sleep 2s", "SET k v"])]);
    scenario.nodes.push(NodeSpec::named("other"));
    let faults = ["cut-power other at 1s, restart after 100ms"];
    let run = run(with(scenario, &faults));
    let text = timeline(&run).join("\n");
    assert!(text.contains("other starts again"), "{text}");
    assert!(!text.contains("replica"), "{text}");
}
