//! Readers that are too slow are cut off.

use redwind_sim::{NodeSpec, Scenario};

use crate::common::{check, run, timeline, with, world};

fn limited(clients: &[(&str, &[&str])], limit: &str) -> Scenario {
    let mut scenario = world(clients);
    let config = ("client-output-buffer-limit".to_owned(), limit.to_owned());
    scenario.nodes[0].config = vec![config];
    scenario.nodes[0].socket_buffer = Some(100);
    scenario
}

#[test]
fn a_listener_that_does_not_read_is_cut_off_and_loses_what_was_kept_for_it() {
    check(
        with(
            limited(
                &[(
                    "worker-a",
                    &[
                        "subscription: SUBSCRIBE news",
                        "listen",
                        "sleep 1s",
                        "listen",
                        "listen",
                        "listen",
                        "listen",
                    ],
                )],
                "pubsub 100 0 0",
            ),
            &[
                "type redis at 10ms: PUBLISH news one",
                "type redis at 20ms: PUBLISH news two",
                "type redis at 30ms: PUBLISH news three",
                "type redis at 40ms: PUBLISH news four",
                "type redis at 50ms: PUBLISH news five",
            ],
        ),
        r#"
            0s worker-a starts
            10us worker-a sends SUBSCRIBE news to redis
            20us worker-a waits for a message
            1.01ms redis executes SUBSCRIBE news for worker-a and answers ["subscribe", "news", 1]
            2.01ms worker-a hears from redis that it listens to news
            2.02ms worker-a sleeps for 1s
            10ms somebody types PUBLISH news one on redis
            10ms redis executes PUBLISH news one for the terminal and answers 1
            10ms the terminal receives 1 from redis
            11ms worker-a hears "one" on news from redis
            20ms somebody types PUBLISH news two on redis
            20ms redis executes PUBLISH news two for the terminal and answers 1
            20ms the terminal receives 1 from redis
            21ms worker-a hears "two" on news from redis
            30ms somebody types PUBLISH news three on redis
            30ms redis executes PUBLISH news three for the terminal and answers 1
            30ms the terminal receives 1 from redis
            40ms somebody types PUBLISH news four on redis
            40ms redis executes PUBLISH news four for the terminal and answers 1
            40ms the terminal receives 1 from redis
            50ms somebody types PUBLISH news five on redis
            50ms redis executes PUBLISH news five for the terminal and answers 1
            50ms redis cuts off worker-a, which reads too slowly: 112 bytes wait for it
            50ms the terminal receives 1 from redis
            1.00202s worker-a wakes
            1.00205s worker-a ends with Reset at line 6: no answer came
            "#,
    );
}

#[test]
fn a_listener_that_catches_up_gets_everything_in_order() {
    check(
        with(
            limited(
                &[(
                    "worker-a",
                    &[
                        "subscription: SUBSCRIBE news",
                        "listen",
                        "sleep 100ms",
                        "listen",
                        "listen",
                        "listen",
                        "listen",
                    ],
                )],
                "pubsub 1000 70 1",
            ),
            &[
                "type redis at 10ms: PUBLISH news one",
                "type redis at 20ms: PUBLISH news two",
                "type redis at 30ms: PUBLISH news three",
                "type redis at 40ms: PUBLISH news four",
            ],
        ),
        r#"
            0s worker-a starts
            10us worker-a sends SUBSCRIBE news to redis
            20us worker-a waits for a message
            1.01ms redis executes SUBSCRIBE news for worker-a and answers ["subscribe", "news", 1]
            2.01ms worker-a hears from redis that it listens to news
            2.02ms worker-a sleeps for 100ms
            10ms somebody types PUBLISH news one on redis
            10ms redis executes PUBLISH news one for the terminal and answers 1
            10ms the terminal receives 1 from redis
            11ms worker-a hears "one" on news from redis
            20ms somebody types PUBLISH news two on redis
            20ms redis executes PUBLISH news two for the terminal and answers 1
            20ms the terminal receives 1 from redis
            21ms worker-a hears "two" on news from redis
            30ms somebody types PUBLISH news three on redis
            30ms redis executes PUBLISH news three for the terminal and answers 1
            30ms the terminal receives 1 from redis
            40ms somebody types PUBLISH news four on redis
            40ms redis executes PUBLISH news four for the terminal and answers 1
            40ms the terminal receives 1 from redis
            102.02ms worker-a wakes
            102.05ms worker-a waits for a message
            103.03ms worker-a hears "three" on news from redis
            103.04ms worker-a hears "four" on news from redis
            103.04ms worker-a ends
            "#,
    );
    let told = timeline(&run(with(
        limited(
            &[(
                "worker-a",
                &[
                    "subscription: SUBSCRIBE news",
                    "listen",
                    "sleep 3s",
                    "listen",
                    "listen",
                ],
            )],
            "pubsub 1000 70 1",
        ),
        &[
            "type redis at 10ms: PUBLISH news one",
            "type redis at 20ms: PUBLISH news two",
            "type redis at 30ms: PUBLISH news three",
            "type redis at 40ms: PUBLISH news four",
        ],
    )));
    let cut = "1.04s redis cuts off worker-a, which reads too slowly: 75 bytes wait for it";
    assert!(told.iter().any(|line| line == cut), "{told:#?}");
}

#[test]
fn a_reply_that_is_more_than_a_client_may_be_owed_is_never_sent() {
    let scenario = limited(
        &[(
            "worker-a",
            &["SET k 0123456789", "GET k", "APPEND k 0123456789", "GET k"],
        )],
        "normal 25 0 0",
    );
    check(
        scenario,
        r#"
            0s worker-a starts
            10us worker-a sends SET k 0123456789 to redis
            1.01ms redis executes SET k 0123456789 for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sends GET k to redis
            3.02ms redis executes GET k for worker-a and answers "0123456789"
            4.02ms worker-a receives "0123456789" from redis
            4.03ms worker-a sends APPEND k 0123456789 to redis
            5.03ms redis executes APPEND k 0123456789 for worker-a and answers 20
            6.03ms worker-a receives 20 from redis
            6.04ms worker-a sends GET k to redis
            7.04ms redis executes GET k for worker-a and answers "01234567890123456789"
            7.04ms redis cuts off worker-a, which reads too slowly: 27 bytes wait for it
            8.04ms worker-a loses its connection before the answer has come
            8.04ms worker-a ends with Reset at line 4: no answer came
            "#,
    );
}

#[test]
fn a_replica_that_falls_too_far_behind_is_cut_off_and_asks_again() {
    let mut scenario = limited(
        &[(
            "worker-a",
            &[
                "SET a 1", "SET b 2", "SET c 3", "SET d 4", "SET e 5", "SET f 6", "SET g 7",
                "SET h 8", "sleep 6s",
            ],
        )],
        "replica 100 0 0",
    );
    scenario.nodes.push(NodeSpec {
        replica_of: Some("redis".to_owned()),
        ..NodeSpec::named("replica")
    });
    check(
        with(scenario, &["pause replica at the start for 2s"]),
        "
            0s worker-a starts
            0s replica is paused for 2s: its process stops, the world goes on
            10us worker-a sends SET a 1 to redis
            1.01ms redis executes SET a 1 for worker-a and answers OK
            1.01ms redis passes SET a 1 on to replica
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sends SET b 2 to redis
            3.02ms redis executes SET b 2 for worker-a and answers OK
            3.02ms redis passes SET b 2 on to replica
            4.02ms worker-a receives OK from redis
            4.03ms worker-a sends SET c 3 to redis
            5.03ms redis executes SET c 3 for worker-a and answers OK
            5.03ms redis passes SET c 3 on to replica
            6.03ms worker-a receives OK from redis
            6.04ms worker-a sends SET d 4 to redis
            7.04ms redis executes SET d 4 for worker-a and answers OK
            7.04ms redis passes SET d 4 on to replica
            8.04ms worker-a receives OK from redis
            8.05ms worker-a sends SET e 5 to redis
            9.05ms redis executes SET e 5 for worker-a and answers OK
            9.05ms redis passes SET e 5 on to replica
            10.05ms worker-a receives OK from redis
            10.06ms worker-a sends SET f 6 to redis
            11.06ms redis executes SET f 6 for worker-a and answers OK
            11.06ms redis passes SET f 6 on to replica
            12.06ms worker-a receives OK from redis
            12.07ms worker-a sends SET g 7 to redis
            13.07ms redis executes SET g 7 for worker-a and answers OK
            13.07ms redis passes SET g 7 on to replica
            14.07ms worker-a receives OK from redis
            14.08ms worker-a sends SET h 8 to redis
            15.08ms redis executes SET h 8 for worker-a and answers OK
            15.08ms redis passes SET h 8 on to replica
            15.08ms redis cuts off replica, which reads too slowly: 116 bytes wait for it
            16.08ms worker-a receives OK from redis
            16.09ms worker-a sleeps for 6s
            2s replica goes on after its pause
            2s replica repeats SET a 1 from redis
            2s replica repeats SET b 2 from redis
            2s replica repeats SET c 3 from redis
            2s replica repeats SET d 4 from redis
            2s replica repeats SET e 5 from redis
            2s replica repeats SET f 6 from redis
            2s replica repeats SET g 7 from redis
            2s replica repeats SET h 8 from redis
            2.002s replica has caught up with redis
            6.01609s worker-a wakes
            6.01609s worker-a ends
            ",
    );
}
