//! Messages: how long each takes, what a lost packet holds up, and the order that a connection keeps.

use redwind_sim::{Latency, LinkSpec, NodeSpec, Scenario, Span, Travel};

use crate::common::{check, with, world};

/// This link from one place to another.
fn link(from: &str, to: &str, latency: Option<Travel>, loss_ppm: Option<u32>) -> LinkSpec {
    LinkSpec {
        from: from.to_owned(),
        to: to.to_owned(),
        both_ways: false,
        latency,
        loss_ppm,
        bytes_per_second: None,
    }
}

fn told_by(links: Vec<LinkSpec>, clients: &[(&str, &[&str])]) -> Scenario {
    let mut scenario = world(clients);
    scenario.links = links;
    scenario
}

#[test]
fn each_message_draws_its_latency_from_the_range_and_another_seed_draws_another() {
    let range = Travel::Range(Latency {
        least: Span::millis(1),
        most: Span::millis(9),
    });
    let scenario = told_by(
        vec![link("worker-a", "redis", Some(range), None)],
        &[("worker-a", &["INCR n", "INCR n", "INCR n"])],
    );
    check(
        scenario.clone(),
        "
            0s worker-a starts
            10us worker-a sends INCR n to redis
            4.919ms redis executes INCR n for worker-a and answers 1
            5.919ms worker-a receives 1 from redis
            5.929ms worker-a sends INCR n to redis
            8.823ms redis executes INCR n for worker-a and answers 2
            9.823ms worker-a receives 2 from redis
            9.833ms worker-a sends INCR n to redis
            18.39ms redis executes INCR n for worker-a and answers 3
            19.39ms worker-a receives 3 from redis
            19.39ms worker-a ends
            ",
    );
    check(
        Scenario {
            seed: 8,
            ..scenario
        },
        "
            0s worker-a starts
            10us worker-a sends INCR n to redis
            7.818ms redis executes INCR n for worker-a and answers 1
            8.818ms worker-a receives 1 from redis
            8.828ms worker-a sends INCR n to redis
            13.337ms redis executes INCR n for worker-a and answers 2
            14.337ms worker-a receives 2 from redis
            14.347ms worker-a sends INCR n to redis
            17.632ms redis executes INCR n for worker-a and answers 3
            18.632ms worker-a receives 3 from redis
            18.632ms worker-a ends
            ",
    );
}

#[test]
fn a_lost_packet_comes_late_and_every_later_one_on_its_connection_after_it() {
    let scenario = world(&[
        (
            "worker-a",
            &[
                "subscription: SUBSCRIBE news",
                "listen",
                "listen",
                "listen",
                "listen",
            ],
        ),
        (
            "worker-b",
            &[
                "sleep 10ms",
                "PUBLISH news one",
                "PUBLISH news two",
                "PUBLISH news three",
            ],
        ),
    ]);
    check(
        with(scenario, &["lose 60% from redis towards worker-a at 5ms"]),
        r#"
            0s worker-a starts
            0s worker-b starts
            10us worker-a sends SUBSCRIBE news to redis
            10us worker-b sleeps for 10ms
            20us worker-a waits for a message
            1.01ms redis executes SUBSCRIBE news for worker-a and answers ["subscribe", "news", 1]
            2.01ms worker-a hears from redis that it listens to news
            2.02ms worker-a waits for a message
            5ms the network from redis to worker-a loses 60% of all packets, which are sent again
            10.01ms worker-b wakes
            10.02ms worker-b sends PUBLISH news one to redis
            11.02ms redis executes PUBLISH news one for worker-b and answers 1
            12.02ms worker-a hears "one" on news from redis
            12.02ms worker-b receives 1 from redis
            12.03ms worker-a waits for a message
            12.03ms worker-b sends PUBLISH news two to redis
            13.03ms redis executes PUBLISH news two for worker-b and answers 1
            13.03ms the network holds up the reply of redis by 200ms
            14.03ms worker-b receives 1 from redis
            14.04ms worker-b sends PUBLISH news three to redis
            15.04ms redis executes PUBLISH news three for worker-b and answers 1
            15.04ms the network holds up the reply of redis by 6.2s
            16.04ms worker-b receives 1 from redis
            16.04ms worker-b ends
            214.03ms worker-a hears "two" on news from redis
            214.04ms worker-a waits for a message
            6.21604s worker-a hears "three" on news from redis
            6.21604s worker-a ends
            "#,
    );
}

#[test]
fn a_link_that_loses_everything_is_one_that_nothing_gets_through() {
    check(
        told_by(
            vec![link("worker-a", "redis", None, Some(1_000_000))],
            &[
                ("worker-a", &["timeout 10s", "INCR n"]),
                ("worker-b", &["sleep 12s", "GET n"]),
            ],
        ),
        "
            0s worker-a starts
            0s worker-b starts
            10us worker-b sleeps for 12s
            20us worker-a sends INCR n to redis
            1.02ms the network loses the request to redis
            10.00002s worker-a gives up waiting: its socket timeout has passed
            10.00002s worker-a ends with Timeout at line 2: no answer came
            12.00001s worker-b wakes
            12.00002s worker-b sends GET n to redis
            12.00102s redis executes GET n for worker-b and answers nil
            12.00202s worker-b receives nil from redis
            12.00202s worker-b ends
            ",
    );
}

#[test]
fn a_delayed_request_is_overtaken_on_other_connections_and_executed_all_the_same() {
    check(
        with(
            world(&[
                ("worker-a", &["timeout 5ms", "try INCR n", "INCR n"]),
                ("worker-b", &["sleep 3ms", "GET n"]),
            ]),
            &["delay worker-a's 1st INCR by 20ms"],
        ),
        "
            0s worker-a starts
            0s worker-b starts
            10us worker-b sleeps for 3ms
            20us worker-a sends INCR n to redis
            20us the network holds up the request of worker-a by 20ms
            3.01ms worker-b wakes
            3.02ms worker-b sends GET n to redis
            4.02ms redis executes GET n for worker-b and answers nil
            5.02ms worker-b receives nil from redis
            5.02ms worker-b ends
            5.02ms worker-a gives up waiting: its socket timeout has passed
            5.03ms worker-a sends INCR n to redis
            6.03ms redis executes INCR n for worker-a and answers 1
            7.03ms worker-a receives 1 from redis
            7.03ms worker-a ends
            21.02ms redis executes INCR n for worker-a and answers 2
            22.02ms the reply to worker-a finds nobody who waits for it
            ",
    );
}

#[test]
fn a_request_that_arrives_after_its_client_gave_up_and_asked_again_is_executed_twice() {
    check(
        with(
            world(&[(
                "worker-a",
                &[
                    "timeout 5ms",
                    "try INCR n",
                    "go to 5 unless failed",
                    "INCR n",
                    "sleep 40ms",
                    "GET n",
                ],
            )]),
            &["delay the reply to worker-a's 1st INCR by 20ms"],
        ),
        r#"
            0s worker-a starts
            20us worker-a sends INCR n to redis
            1.02ms redis executes INCR n for worker-a and answers 1
            1.02ms the network holds up the reply of redis by 20ms
            5.02ms worker-a gives up waiting: its socket timeout has passed
            5.04ms worker-a sends INCR n to redis
            6.04ms redis executes INCR n for worker-a and answers 2
            7.04ms worker-a receives 2 from redis
            7.05ms worker-a sleeps for 40ms
            22.02ms the reply to worker-a finds nobody who waits for it
            47.05ms worker-a wakes
            47.06ms worker-a sends GET n to redis
            48.06ms redis executes GET n for worker-a and answers "2"
            49.06ms worker-a receives "2" from redis
            49.06ms worker-a ends
            "#,
    );
}

#[test]
fn what_was_still_to_get_through_a_cut_is_gone_with_its_machines_power_and_not_with_its_process() {
    let told = |how: &str| {
        let mut scenario = world(&[("worker-a", &["SET k v", "sleep 3s"])]);
        scenario.nodes.push(NodeSpec {
            replica_of: Some("redis".to_owned()),
            ..NodeSpec::named("replica")
        });
        with(
            scenario,
            &[
                "partition redis from replica at the start for 1s",
                how,
                "type replica at 2s: GET k",
            ],
        )
    };
    check(
        told("kill redis at 500ms"),
        r#"
            0s worker-a starts
            0s the network between redis and replica is cut for 1s
            10us worker-a sends SET k v to redis
            1.01ms redis executes SET k v for worker-a and answers OK
            1.01ms redis passes SET k v on to replica
            1.01ms the network holds up what redis passes on by 998.99ms
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 3s
            500ms redis is killed: its connections break
            1s the network between redis and replica is whole again
            1.001s replica repeats SET k v from redis
            2s somebody types GET k on replica
            2s replica executes GET k for the terminal and answers "v"
            2s the terminal receives "v" from replica
            3.00202s worker-a wakes
            3.00202s worker-a ends
            "#,
    );
    check(
        told("cut-power redis at 500ms"),
        "
            0s worker-a starts
            0s the network between redis and replica is cut for 1s
            10us worker-a sends SET k v to redis
            1.01ms redis executes SET k v for worker-a and answers OK
            1.01ms redis passes SET k v on to replica
            1.01ms the network holds up what redis passes on by 998.99ms
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 3s
            500ms redis loses power: what was not forced to its disk is gone
            1s the network between redis and replica is whole again
            1.001s the network loses the request to replica
            2s somebody types GET k on replica
            2s replica executes GET k for the terminal and answers nil
            2s the terminal receives nil from replica
            3.00202s worker-a wakes
            3.00202s worker-a ends
            ",
    );
}
