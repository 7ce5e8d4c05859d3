//! Client processes: a machine that is suspended and comes back with its memory, one that dies and begins anew, and one that
//! tries again with growing patience.

use crate::common::{check, with, world};

#[test]
fn a_machine_that_is_suspended_comes_back_with_its_memory_and_without_its_connections() {
    check(
        with(
            world(&[(
                "worker-a",
                &["INCR n", "SET remembered $", "GET remembered"],
            )]),
            &[
                "pause worker-a after worker-a's 1st INCR for 10s",
                "reset between worker-a and redis at 5s",
            ],
        ),
        r#"
            0s worker-a starts
            10us worker-a sends INCR n to redis
            1.01ms redis executes INCR n for worker-a and answers 1
            2.01ms worker-a receives 1 from redis
            2.01ms worker-a is paused for 10s: its process stops, the world goes on
            5s connections between worker-a and redis are reset
            10.00201s worker-a goes on after its pause
            10.00202s worker-a sends SET remembered 1 to redis
            10.00302s redis executes SET remembered 1 for worker-a and answers OK
            10.00402s worker-a receives OK from redis
            10.00403s worker-a sends GET remembered to redis
            10.00503s redis executes GET remembered for worker-a and answers "1"
            10.00603s worker-a receives "1" from redis
            10.00603s worker-a ends
            "#,
    );
}

#[test]
fn a_process_that_dies_begins_at_its_first_line_and_remembers_nothing() {
    check(
        with(
            world(&[("worker-a", &["INCR n", "sleep 1s", "SET remembered $"])]),
            &["crash worker-a at 500ms, restart after 200ms"],
        ),
        "
            0s worker-a starts
            10us worker-a sends INCR n to redis
            1.01ms redis executes INCR n for worker-a and answers 1
            2.01ms worker-a receives 1 from redis
            2.02ms worker-a sleeps for 1s
            500ms worker-a crashes: its memory and its connections are gone
            700ms worker-a starts again from its first line, its 1st restart
            700.01ms worker-a sends INCR n to redis
            701.01ms redis executes INCR n for worker-a and answers 2
            702.01ms worker-a receives 2 from redis
            702.02ms worker-a sleeps for 1s
            1.70202s worker-a wakes
            1.70203s worker-a sends SET remembered 2 to redis
            1.70303s redis executes SET remembered 2 for worker-a and answers OK
            1.70403s worker-a receives OK from redis
            1.70403s worker-a ends
            ",
    );
}

#[test]
fn retries_with_growing_pauses_meet_a_server_that_is_back() {
    check(
        with(
            world(&[(
                "worker-a",
                &[
                    "sleep 10ms",
                    "try INCR n",
                    "go to 12 unless failed",
                    "sleep 100ms",
                    "try INCR n",
                    "go to 12 unless failed",
                    "sleep 200ms",
                    "try INCR n",
                    "go to 12 unless failed",
                    "sleep 400ms",
                    "INCR n",
                    "print $",
                ],
            )]),
            &["crash redis at 5ms, restart after 250ms"],
        ),
        "
            0s worker-a starts
            10us worker-a sleeps for 10ms
            5ms redis is killed: its connections break
            10.01ms worker-a wakes
            10.02ms worker-a sends INCR n to redis
            11.02ms the request to redis finds nobody there
            12.02ms worker-a finds nobody to connect to
            12.04ms worker-a sleeps for 100ms
            112.04ms worker-a wakes
            112.05ms worker-a sends INCR n to redis
            113.05ms the request to redis finds nobody there
            114.05ms worker-a finds nobody to connect to
            114.07ms worker-a sleeps for 200ms
            255ms redis starts again
            255ms redis has loaded all its data from its disk
            314.07ms worker-a wakes
            314.08ms worker-a sends INCR n to redis
            315.08ms redis executes INCR n for worker-a and answers 1
            316.08ms worker-a receives 1 from redis
            316.1ms worker-a prints: 1
            316.1ms worker-a ends
            ",
    );
}
