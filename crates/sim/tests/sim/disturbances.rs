//! Slow disks, slow processors, slow and lossy links, resets: small worlds and exactly what happens in them.

use redwind_sim::{Event, Fsync, LinkSpec, NodeSpec, Persistence, Scenario, Span, Travel};

use crate::common::{check, run, timeline, with, world};

fn kept(clients: &[(&str, &[&str])], fsync: Fsync) -> Scenario {
    let mut scenario = world(clients);
    scenario.nodes[0].persistence = Persistence::Aof(fsync);
    scenario
}

#[test]
fn a_slow_disk_makes_each_write_wait_with_appendfsync_always() {
    check(
        with(
            kept(
                &[
                    ("worker-a", &["SET a 1", "GET a"]),
                    ("worker-b", &["sleep 1100us", "GET a"]),
                ],
                Fsync::Always,
            ),
            &["slow-disk redis by 50ms at the start for 40ms"],
        ),
        r#"
            0s worker-a starts
            0s worker-b starts
            0s the disk of redis is slow: to force data to it takes 50ms for 40ms
            10us worker-a sends SET a 1 to redis
            10us worker-b sleeps for 1.1ms
            1.01ms redis executes SET a 1 for worker-a and answers OK
            1.11ms worker-b wakes
            1.12ms worker-b sends GET a to redis
            40ms the disk of redis is as quick as before
            51.01ms redis executes GET a for worker-b and answers "1"
            52.01ms worker-a receives OK from redis
            52.01ms worker-b receives "1" from redis
            52.01ms worker-b ends
            52.02ms worker-a sends GET a to redis
            53.02ms redis executes GET a for worker-a and answers "1"
            54.02ms worker-a receives "1" from redis
            54.02ms worker-a ends
            "#,
    );
}

#[test]
fn with_everysec_a_slow_disk_is_felt_after_two_seconds_and_a_kill_takes_what_redis_kept_to_itself()
{
    check(
        with(
            kept(
                &[(
                    "worker-a",
                    &[
                        "SET a 1",
                        "sleep 1500ms",
                        "SET b 2",
                        "sleep 2100ms",
                        "SET c 3",
                        "sleep 3s",
                        "MGET a b c",
                    ],
                )],
                Fsync::EverySecond,
            ),
            &["slow-disk redis by 4s at 500ms"],
        ),
        r#"
            0s worker-a starts
            10us worker-a sends SET a 1 to redis
            1.01ms redis executes SET a 1 for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 1.5s
            500ms the disk of redis is slow: to force data to it takes 4s
            1.50202s worker-a wakes
            1.50203s worker-a sends SET b 2 to redis
            1.50303s redis executes SET b 2 for worker-a and answers OK
            1.50403s worker-a receives OK from redis
            1.50404s worker-a sleeps for 2.1s
            3.60404s worker-a wakes
            3.60405s worker-a sends SET c 3 to redis
            5s redis executes SET c 3 for worker-a and answers OK
            5.001s worker-a receives OK from redis
            5.00101s worker-a sleeps for 3s
            8.00101s worker-a wakes
            8.00102s worker-a sends MGET a b c to redis
            9s redis executes MGET a b c for worker-a and answers ["1", "2", "3"]
            9.001s worker-a receives ["1", "2", "3"] from redis
            9.001s worker-a ends
            "#,
    );
    let killed = with(
        kept(
            &[(
                "worker-a",
                &["SET a 1", "sleep 1500ms", "SET b 2", "sleep 2s", "MGET a b"],
            )],
            Fsync::EverySecond,
        ),
        &[
            "slow-disk redis by 4s at 500ms for 1s",
            "kill redis at 2s, restart after 1s",
        ],
    );
    let told = timeline(&run(killed)).join("\n");
    assert!(told.contains(r#"answers ["1", nil]"#), "{told}");
}

#[test]
fn a_slow_processor_makes_everybody_wait_in_turn() {
    check(
        with(
            world(&[
                ("worker-a", &["pipeline: INCR n; INCR n"]),
                ("worker-b", &["print x", "GET n"]),
            ]),
            &[
                "slow-cpu redis by 100x at the start",
                "slow-cpu worker-b by 20x at the start",
            ],
        ),
        r#"
            0s worker-a starts
            0s worker-b starts
            0s redis works 100 times slower
            0s worker-b works 20 times slower
            10us worker-a sends 2 commands at once to redis: INCR n; INCR n
            10us worker-b prints: x
            210us worker-b sends GET n to redis
            2.01ms redis executes INCR n for worker-a and answers 1
            3.01ms redis executes INCR n for worker-a and answers 2
            4.01ms worker-a receives 2 replies from redis: 1; 2
            4.01ms worker-a ends
            4.01ms redis executes GET n for worker-b and answers "2"
            5.01ms worker-b receives "2" from redis
            5.01ms worker-b ends
            "#,
    );
}

#[test]
fn a_slow_link_is_slow_in_the_direction_that_it_says() {
    check(
        with(
            world(&[("worker-a", &["GET a", "sleep 100ms", "GET a"])]),
            &["slow-link from redis towards worker-a by 30ms at the start for 50ms"],
        ),
        "
            0s worker-a starts
            0s the network from redis to worker-a takes 30ms longer for 50ms
            10us worker-a sends GET a to redis
            1.01ms redis executes GET a for worker-a and answers nil
            32.01ms worker-a receives nil from redis
            32.02ms worker-a sleeps for 100ms
            50ms the network from redis to worker-a is as good as before
            132.02ms worker-a wakes
            132.03ms worker-a sends GET a to redis
            133.03ms redis executes GET a for worker-a and answers nil
            134.03ms worker-a receives nil from redis
            134.03ms worker-a ends
            ",
    );
}

#[test]
fn a_lost_packet_is_sent_again_and_what_follows_waits_for_it() {
    let scenario = with(
        world(&[(
            "worker-a",
            &[
                "subscription: SUBSCRIBE news",
                "listen",
                "listen",
                "listen",
                "listen",
            ],
        )]),
        &[
            "lose 60% from redis towards worker-a at 5ms",
            "type redis at 10ms: PUBLISH news one",
            "type redis at 20ms: PUBLISH news two",
            "type redis at 30ms: PUBLISH news three",
        ],
    );
    let run = run(scenario);
    let told = timeline(&run);
    let heard: Vec<&str> = ["one", "two", "three"]
        .into_iter()
        .filter(|word| {
            told.iter()
                .any(|line| line.contains(&format!("hears \"{word}\" on")))
        })
        .collect();
    assert_eq!(heard, ["one", "two", "three"], "{told:#?}");
    let resent: Vec<Span> = run
        .records()
        .iter()
        .filter_map(|record| match record.event {
            Event::Delayed { by, .. } => Some(by),
            _ => None,
        })
        .collect();
    assert!(!resent.is_empty(), "{told:#?}");
    let waits = [200, 600, 1_400, 3_000, 6_200].map(Span::millis);
    assert!(resent.iter().all(|by| waits.contains(by)), "{resent:?}");
    let order: Vec<usize> = ["one", "two", "three"]
        .iter()
        .filter_map(|word| {
            told.iter()
                .position(|line| line.contains(&format!("hears \"{word}\"")))
        })
        .collect();
    assert!(order.is_sorted(), "{told:#?}");
}

#[test]
fn a_reset_breaks_a_connection_on_both_ends_and_what_is_under_way_is_void() {
    check(
        with(
            world(&[
                ("worker-a", &["INCR n", "INCR n"]),
                ("worker-b", &["BLPOP jobs 0"]),
            ]),
            &[
                "reset between worker-a and redis at 2.5ms",
                "reset between {worker-b, worker-a} and redis at 1s",
                "type redis at 2s: RPUSH jobs x",
            ],
        ),
        "
            0s worker-a starts
            0s worker-b starts
            10us worker-a sends INCR n to redis
            10us worker-b sends BLPOP jobs 0 to redis
            1.01ms redis executes INCR n for worker-a and answers 1
            1.01ms redis lets worker-b wait for BLPOP jobs 0
            2.01ms worker-a receives 1 from redis
            2.02ms worker-a sends INCR n to redis
            2.5ms connections between worker-a and redis are reset
            2.5ms worker-a loses its connection before the answer has come
            2.5ms worker-a ends with Reset at line 2: no answer came
            3.02ms the request to redis finds nobody there
            1s connections between worker-b and worker-a and redis are reset
            1s worker-b loses its connection before the answer has come
            1s worker-b ends with Reset at line 1: no answer came
            2s somebody types RPUSH jobs x on redis
            2s redis executes RPUSH jobs x for the terminal and answers 1
            2s the terminal receives 1 from redis
            ",
    );
}

#[test]
fn a_retry_after_a_reset_executes_twice_what_had_been_executed_already() {
    check(
        with(
            world(&[(
                "worker-a",
                &["try INCR n", "go to 4 unless failed", "INCR n", "GET n"],
            )]),
            &["reset between worker-a and redis at 1.5ms"],
        ),
        r#"
            0s worker-a starts
            10us worker-a sends INCR n to redis
            1.01ms redis executes INCR n for worker-a and answers 1
            1.5ms connections between worker-a and redis are reset
            1.5ms worker-a loses its connection before the answer has come
            1.52ms worker-a sends INCR n to redis
            2.01ms the reply to worker-a finds nobody who waits for it
            2.52ms redis executes INCR n for worker-a and answers 2
            3.52ms worker-a receives 2 from redis
            3.53ms worker-a sends GET n to redis
            4.53ms redis executes GET n for worker-a and answers "2"
            5.53ms worker-a receives "2" from redis
            5.53ms worker-a ends
            "#,
    );
}

#[test]
fn a_reset_between_nodes_is_made_good_by_a_partial_resynchronisation() {
    let mut scenario = world(&[("worker-a", &["sleep 1199ms", "SET a 1", "sleep 2s"])]);
    scenario.nodes.push(NodeSpec {
        replica_of: Some("redis".to_owned()),
        ..NodeSpec::named("replica")
    });
    check(
        with(scenario, &["reset between replica and redis at 1201ms"]),
        "
            0s worker-a starts
            10us worker-a sleeps for 1.199s
            1.19901s worker-a wakes
            1.19902s worker-a sends SET a 1 to redis
            1.20002s redis executes SET a 1 for worker-a and answers OK
            1.20002s redis passes SET a 1 on to replica
            1.201s connections between replica and redis are reset
            1.20102s the request to replica finds nobody there
            1.20102s worker-a receives OK from redis
            1.20103s worker-a sleeps for 2s
            2.002s replica has caught up with redis
            3.20103s worker-a wakes
            3.20103s worker-a ends
            ",
    );
}

#[test]
fn a_thin_link_sends_one_message_after_the_other() {
    let mut scenario = world(&[
        (
            "worker-a",
            &["ECHO 0123456789012345678901234567890123456789"],
        ),
        ("worker-b", &["PING"]),
    ]);
    let thin = |from: &str, to: &str| LinkSpec {
        from: from.to_owned(),
        to: to.to_owned(),
        both_ways: false,
        latency: None,
        loss_ppm: None,
        bytes_per_second: Some(1_000),
    };
    scenario.links = vec![thin("worker-a", "redis"), thin("redis", "worker-b")];
    check(
        scenario,
        r#"
            0s worker-a starts
            0s worker-b starts
            10us worker-a sends ECHO 0123456789012345678901234567890123456789 to redis
            10us worker-b sends PING to redis
            1.01ms redis executes PING for worker-b and answers PONG
            9.01ms worker-b receives PONG from redis
            9.01ms worker-b ends
            62.01ms redis executes ECHO 0123456789012345678901234567890123456789 for worker-a and answers "0123456789012345678901234567890123456789"
            63.01ms worker-a receives "0123456789012345678901234567890123456789" from redis
            63.01ms worker-a ends
            "#,
    );
}

#[test]
fn a_link_may_be_slow_one_way_and_follow_percentiles() {
    let mut scenario = world(&[("worker-a", &["GET a"])]);
    let link = |from: &str, to: &str, points: &[(u32, Span)]| LinkSpec {
        from: from.to_owned(),
        to: to.to_owned(),
        both_ways: false,
        latency: Some(Travel::Percentiles(points.to_vec())),
        loss_ppm: None,
        bytes_per_second: None,
    };
    let sure = [(500_000, Span::millis(40))];
    scenario.links = vec![link("redis", "worker-a", &sure)];
    check(
        scenario,
        "
            0s worker-a starts
            10us worker-a sends GET a to redis
            1.01ms redis executes GET a for worker-a and answers nil
            41.01ms worker-a receives nil from redis
            41.01ms worker-a ends
            ",
    );

    let steps = ["PING"; 200];
    let mut scenario = world(&[("worker-a", &steps)]);
    let tail = [
        (0, Span::millis(1)),
        (900_000, Span::millis(2)),
        (1_000_000, Span::millis(100)),
    ];
    scenario.links = vec![link("worker-a", "redis", &tail)];
    let run = run(scenario);
    let (mut quick, mut slow, mut sent) = (0, 0, None);
    for record in run.records() {
        match record.event {
            Event::Sent { .. } => sent = Some(record.at),
            Event::Executed { .. } => match sent.map(|sent| record.at - sent) {
                Some(took) if took <= Span::millis(2) => quick += 1,
                _ => slow += 1,
            },
            _ => {}
        }
    }
    assert!((165..=195).contains(&quick), "{quick} quick, {slow} slow");
}

#[test]
fn a_node_that_gets_an_empty_disk_has_nothing_any_more() {
    let scenario = with(
        kept(
            &[("worker-a", &["SET a 1", "sleep 2s", "GET a"])],
            Fsync::Always,
        ),
        &[
            "kill redis at 500ms",
            "restart redis at 1s with an empty disk",
        ],
    );
    let told = timeline(&run(scenario)).join("\n");
    assert!(told.contains("answers nil"), "{told}");
}
