//! Messages of channels: who hears them, when, and who misses them.

use redwind_sim::NodeSpec;

use crate::common::{check, run, timeline, with, world};

#[test]
fn a_message_reaches_everybody_who_listens_in_order_with_the_confirmation() {
    check(
        world(&[
            (
                "listener",
                &[
                    "subscription: SUBSCRIBE news",
                    "listen",
                    "listen",
                    "listen 5ms",
                ],
            ),
            ("speaker", &["sleep 10ms", "PUBLISH news hello"]),
        ]),
        "
            0s listener starts
            0s speaker starts
            10us listener sends SUBSCRIBE news to redis
            10us speaker sleeps for 10ms
            20us listener waits for a message
            1.01ms redis executes SUBSCRIBE news for listener and answers [\"subscribe\", \"news\", 1]
            2.01ms listener hears from redis that it listens to news
            2.02ms listener waits for a message
            10.01ms speaker wakes
            10.02ms speaker sends PUBLISH news hello to redis
            11.02ms redis executes PUBLISH news hello for speaker and answers 1
            12.02ms listener hears \"hello\" on news from redis
            12.02ms speaker receives 1 from redis
            12.02ms speaker ends
            12.03ms listener waits up to 5ms for a message
            17.03ms listener wakes
            17.03ms listener ends
        ",
    );
}

#[test]
fn who_pauses_hears_late_and_who_crashes_never_hears() {
    let steps = [
        "subscription: SUBSCRIBE news",
        "listen",
        "listen",
        "print $",
    ];
    let scenario = world(&[
        ("paused", &steps),
        ("crashed", &steps),
        ("speaker", &["sleep 10ms", "PUBLISH news hello"]),
    ]);
    let told = timeline(&run(with(
        scenario,
        &["pause paused at 5ms for 1s", "crash crashed at 5ms"],
    )));
    let heard: Vec<&String> = told
        .iter()
        .filter(|line| line.contains("hears \"hello\""))
        .collect();
    assert_eq!(
        heard,
        ["1.005s paused hears \"hello\" on news from redis"],
        "{told:#?}"
    );
}

#[test]
fn a_listener_whose_node_dies_learns_it_and_what_was_published_meanwhile_is_lost() {
    let told = timeline(&run(with(
        world(&[(
            "listener",
            &["subscription: SUBSCRIBE news", "listen", "listen"],
        )]),
        &["crash redis at 5ms"],
    )));
    assert_eq!(
        told.last().map(String::as_str),
        Some("6ms listener ends with Reset at line 3: no answer came"),
        "{told:#?}"
    );
}

#[test]
fn a_listener_on_a_replica_hears_what_is_published_on_its_primary() {
    let mut scenario = world(&[
        (
            "listener",
            &["subscription: SUBSCRIBE news", "listen", "listen"],
        ),
        ("speaker", &["sleep 10ms", "PUBLISH news hello"]),
    ]);
    scenario.nodes.push(NodeSpec::named("n2"));
    scenario.nodes[0].replica_of = Some("n2".to_owned());
    let told = timeline(&run(with(scenario, &[])));
    assert!(
        told.iter()
            .any(|line| line.contains("hears \"hello\" on news from redis")),
        "{told:#?}"
    );
}

#[test]
fn key_events_of_expiry_are_heard() {
    let mut scenario = world(&[
        (
            "listener",
            &[
                "subscription: SUBSCRIBE __keyevent@0__:expired",
                "listen",
                "listen",
            ],
        ),
        ("worker", &["SET k v PX 20"]),
    ]);
    scenario.nodes[0].config = vec![("notify-keyspace-events".to_owned(), "Ex".to_owned())];
    let told = timeline(&run(scenario));
    assert!(
        told.iter()
            .any(|line| line.contains("hears \"k\" on __keyevent@0__:expired")),
        "{told:#?}"
    );
}
