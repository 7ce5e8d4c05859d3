//! Clocks that are wrong from the start, that jump and that drift: what goes by which of them, to the microsecond.

use redwind_sim::{ClockSpec, Scenario};

use crate::common::{check, with, world};

/// A world whose node has clocks like these.
fn node_with(clock: ClockSpec, clients: &[(&str, &[&str])]) -> Scenario {
    let mut scenario = world(clients);
    scenario.nodes[0].clock = clock;
    scenario
}

#[test]
fn a_clock_that_is_ahead_shortens_deadlines_that_others_compute_and_no_time_to_live() {
    let steps: &[&str] = &[
        "SET ttl v PX 1000",
        "SET at v PXAT 1700000003000",
        "TIME",
        "sleep 3s",
        "MGET ttl at",
    ];
    let clock = ClockSpec {
        ahead_micros: 2_000_000,
        drift_ppm: 0,
    };
    check(
        node_with(clock, &[("worker-a", steps)]),
        r#"
            0s worker-a starts
            10us worker-a sends SET ttl v PX 1000 to redis
            1.01ms redis executes SET ttl v PX 1000 for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sends SET at v PXAT 1700000003000 to redis
            3.02ms redis executes SET at v PXAT 1700000003000 for worker-a and answers OK
            4.02ms worker-a receives OK from redis
            4.03ms worker-a sends TIME to redis
            5.03ms redis executes TIME for worker-a and answers ["1700000002", "5030"]
            6.03ms worker-a receives ["1700000002", "5030"] from redis
            6.04ms worker-a sleeps for 3s
            1.001s at expires on redis
            1.002s ttl expires on redis
            3.00604s worker-a wakes
            3.00605s worker-a sends MGET ttl at to redis
            3.00705s redis executes MGET ttl at for worker-a and answers [nil, nil]
            3.00805s worker-a receives [nil, nil] from redis
            3.00805s worker-a ends
            "#,
    );
}

#[test]
fn a_clock_that_is_behind_and_slow_from_the_start_keeps_keys_longer() {
    let steps: &[&str] = &[
        "SET ttl v PX 1000",
        "SET at v PXAT 1700000001000",
        "sleep 5s",
    ];
    let clock = ClockSpec {
        ahead_micros: -1_000_000,
        drift_ppm: -500_000,
    };
    check(
        node_with(clock, &[("worker-a", steps)]),
        "
            0s worker-a starts
            10us worker-a sends SET ttl v PX 1000 to redis
            1.01ms redis executes SET ttl v PX 1000 for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sends SET at v PXAT 1700000001000 to redis
            3.02ms redis executes SET at v PXAT 1700000001000 for worker-a and answers OK
            4.02ms worker-a receives OK from redis
            4.03ms worker-a sleeps for 5s
            2.002s ttl expires on redis
            4.002s at expires on redis
            5.00403s worker-a wakes
            5.00403s worker-a ends
            ",
    );
}

#[test]
fn a_clients_own_waiting_goes_by_its_monotonic_clock_which_never_jumps() {
    let mut scenario = world(&[(
        "worker-a",
        &[
            "time",
            "print $",
            "monotonic",
            "print $",
            "sleep 2s",
            "time",
            "print $",
            "monotonic",
            "print $",
            "timeout 3s",
            "BLPOP jobs 0",
        ],
    )]);
    scenario.clients[0].clock.ahead_micros = 500_000;
    check(
        with(
            scenario,
            &[
                "jump-clock worker-a by +1h at 1s",
                "jump-clock worker-a by -2h at 3s",
            ],
        ),
        "
            0s worker-a starts
            20us worker-a prints: 1700000000500010
            40us worker-a prints: 30
            50us worker-a sleeps for 2s
            1s the clock of worker-a jumps forward by 3600s
            2.00005s worker-a wakes
            2.00007s worker-a prints: 1700003602500060
            2.00009s worker-a prints: 2000080
            2.00011s worker-a sends BLPOP jobs 0 to redis
            2.00111s redis lets worker-a wait for BLPOP jobs 0
            3s the clock of worker-a jumps back by 7200s
            5.00011s worker-a gives up waiting: its socket timeout has passed
            5.00011s worker-a ends with Timeout at line 11: no answer came
            ",
    );
}

#[test]
fn a_nodes_jumping_clock_ends_what_waits_with_a_deadline_of_its_own() {
    check(
        with(
            world(&[
                ("worker-a", &["BLPOP jobs 10", "print $"]),
                ("worker-b", &["BLPOP jobs 2", "print $"]),
                ("worker-c", &["sleep 4s"]),
            ]),
            &[
                "jump-clock redis by +9s at 500ms",
                "jump-clock redis by -9s at 600ms",
            ],
        ),
        "
            0s worker-a starts
            0s worker-b starts
            0s worker-c starts
            10us worker-a sends BLPOP jobs 10 to redis
            10us worker-b sends BLPOP jobs 2 to redis
            10us worker-c sleeps for 4s
            1.01ms redis lets worker-a wait for BLPOP jobs 10
            1.01ms redis lets worker-b wait for BLPOP jobs 2
            500ms the clock of redis jumps forward by 9s
            500ms redis tells worker-b that BLPOP jobs 2 waited in vain: nil
            501ms worker-b receives nil from redis
            501.01ms worker-b prints: nil
            501.01ms worker-b ends
            600ms the clock of redis jumps back by 9s
            4.00001s worker-c wakes
            4.00001s worker-c ends
            10.00101s redis tells worker-a that BLPOP jobs 10 waited in vain: nil
            10.00201s worker-a receives nil from redis
            10.00202s worker-a prints: nil
            10.00202s worker-a ends
            ",
    );
}
