//! Faults of clients and of messages: small worlds and exactly what happens in them, statements left out.

use redwind_sim::{SimTime, Span};

use crate::common::{check, with, world};

#[test]
fn a_crashed_client_no_longer_waits_and_its_job_stays() {
    check(
        with(
            world(&[
                ("worker", &["BLPOP jobs 0"]),
                ("producer", &["sleep 1s", "RPUSH jobs job-1"]),
            ]),
            &["crash worker at 500ms"],
        ),
        "
            0s worker starts
            0s producer starts
            10us worker sends BLPOP jobs 0 to redis
            10us producer sleeps for 1s
            1.01ms redis lets worker wait for BLPOP jobs 0
            500ms worker crashes: its memory and its connections are gone
            1.00001s producer wakes
            1.00002s producer sends RPUSH jobs job-1 to redis
            1.00102s redis executes RPUSH jobs job-1 for producer and answers 1
            1.00202s producer receives 1 from redis
            1.00202s producer ends
            ",
    );
}

#[test]
fn a_job_popped_for_a_worker_that_dies_meanwhile_is_gone() {
    check(
        with(
            world(&[
                ("worker", &["BLPOP jobs 0"]),
                ("producer", &["sleep 1s", "RPUSH jobs job-1"]),
            ]),
            &["crash worker when producer's 1st RPUSH is executed"],
        ),
        r#"
            0s worker starts
            0s producer starts
            10us worker sends BLPOP jobs 0 to redis
            10us producer sleeps for 1s
            1.01ms redis lets worker wait for BLPOP jobs 0
            1.00001s producer wakes
            1.00002s producer sends RPUSH jobs job-1 to redis
            1.00102s redis executes RPUSH jobs job-1 for producer and answers 1
            1.00102s redis ends the wait of worker for BLPOP jobs 0 and answers ["jobs", "job-1"]
            1.00102s worker crashes: its memory and its connections are gone
            1.00202s producer receives 1 from redis
            1.00202s producer ends
            1.00202s the reply to worker finds nobody who waits for it
            "#,
    );
}

#[test]
fn a_socket_timeout_closes_the_connection_and_the_command_may_still_run() {
    check(
        with(
            world(&[("worker-a", &["timeout 200ms", "SET k v"])]),
            &["delay worker-a's 1st SET by 1s"],
        ),
        "
            0s worker-a starts
            20us worker-a sends SET k v to redis
            20us the network holds up the request of worker-a by 1s
            200.02ms worker-a gives up waiting: its socket timeout has passed
            200.02ms worker-a ends with Timeout at line 2: no answer came
            1.00102s redis executes SET k v for worker-a and answers OK
            1.00202s the reply to worker-a finds nobody who waits for it
            ",
    );
}

#[test]
fn a_dropped_request_never_runs_and_a_dropped_reply_hides_that_it_did() {
    check(
        with(
            world(&[
                ("worker-a", &["timeout 200ms", "SET a 1"]),
                ("worker-b", &["timeout 200ms", "SET b 1"]),
            ]),
            &[
                "drop worker-a's 1st SET",
                "drop the reply to worker-b's 1st SET",
            ],
        ),
        "
            0s worker-a starts
            0s worker-b starts
            20us worker-a sends SET a 1 to redis
            20us worker-b sends SET b 1 to redis
            1.02ms the network loses the request to redis
            1.02ms redis executes SET b 1 for worker-b and answers OK
            2.02ms the network loses the reply to worker-b
            200.02ms worker-a gives up waiting: its socket timeout has passed
            200.02ms worker-a ends with Timeout at line 2: no answer came
            200.02ms worker-b gives up waiting: its socket timeout has passed
            200.02ms worker-b ends with Timeout at line 2: no answer came
            ",
    );
}

#[test]
fn a_delayed_reply_arrives_late() {
    check(
        with(
            world(&[("worker-a", &["SET a 1", "storage.write report A"])]),
            &[
                "delay the reply to worker-a's 1st SET by 5s",
                "delay worker-a's 1st storage.write by 2s",
            ],
        ),
        "
            0s worker-a starts
            10us worker-a sends SET a 1 to redis
            1.01ms redis executes SET a 1 for worker-a and answers OK
            1.01ms the network holds up the reply of redis by 5s
            5.00201s worker-a receives OK from redis
            5.00202s worker-a asks storage for write('report', 'A')
            5.00202s the network holds up the request of worker-a by 2s
            7.00402s storage carries out worker-a's write('report', 'A') and returns True
            7.00502s worker-a receives True from storage
            7.00502s worker-a ends
            ",
    );
}

#[test]
fn a_reply_waits_in_the_socket_of_a_paused_client() {
    check(
        with(
            world(&[("worker-a", &["INCR n"])]),
            &["pause worker-a at 1ms for 3s"],
        ),
        "
            0s worker-a starts
            10us worker-a sends INCR n to redis
            1ms worker-a is paused for 3s: its process stops, the world goes on
            1.01ms redis executes INCR n for worker-a and answers 1
            3.001s worker-a goes on after its pause
            3.001s worker-a receives 1 from redis
            3.001s worker-a ends
            ",
    );
}

#[test]
fn data_in_the_socket_wins_over_a_timeout_that_passed_during_the_pause() {
    check(
        with(
            world(&[("worker-a", &["timeout 500ms", "INCR n"])]),
            &["pause worker-a at 1ms for 3s"],
        ),
        "
            0s worker-a starts
            20us worker-a sends INCR n to redis
            1ms worker-a is paused for 3s: its process stops, the world goes on
            1.02ms redis executes INCR n for worker-a and answers 1
            3.001s worker-a goes on after its pause
            3.001s worker-a receives 1 from redis
            3.001s worker-a ends
            ",
    );
}

#[test]
fn without_data_in_the_socket_the_timeout_strikes_when_the_pause_ends() {
    check(
        with(
            world(&[("worker-a", &["timeout 500ms", "BLPOP jobs 0"])]),
            &["pause worker-a at 1ms for 3s"],
        ),
        "
            0s worker-a starts
            20us worker-a sends BLPOP jobs 0 to redis
            1ms worker-a is paused for 3s: its process stops, the world goes on
            1.02ms redis lets worker-a wait for BLPOP jobs 0
            3.001s worker-a goes on after its pause
            3.001s worker-a gives up waiting: its socket timeout has passed
            3.001s worker-a ends with Timeout at line 2: no answer came
            ",
    );
}

#[test]
fn a_sleep_that_ends_during_a_pause_ends_late() {
    check(
        with(
            world(&[("worker-a", &["sleep 1s"]), ("worker-b", &["sleep 5s"])]),
            &[
                "pause worker-a at 500ms for 3s",
                "pause worker-b at 500ms for 1s",
            ],
        ),
        "
            0s worker-a starts
            0s worker-b starts
            10us worker-a sleeps for 1s
            10us worker-b sleeps for 5s
            500ms worker-a is paused for 3s: its process stops, the world goes on
            500ms worker-b is paused for 1s: its process stops, the world goes on
            1.5s worker-b goes on after its pause
            3.5s worker-a goes on after its pause
            3.5s worker-a wakes
            3.5s worker-a ends
            5.00001s worker-b wakes
            5.00001s worker-b ends
            ",
    );
}

#[test]
fn a_longer_pause_takes_over_from_a_shorter_one() {
    check(
        with(
            world(&[("worker-a", &["sleep 1s"])]),
            &[
                "pause worker-a at 500ms for 3s",
                "pause worker-a at 600ms for 1s",
                "pause worker-a at 1s for 4s",
            ],
        ),
        "
            0s worker-a starts
            10us worker-a sleeps for 1s
            500ms worker-a is paused for 3s: its process stops, the world goes on
            1s worker-a is paused for 4s: its process stops, the world goes on
            5s worker-a goes on after its pause
            5s worker-a wakes
            5s worker-a ends
            ",
    );
}

#[test]
fn a_crash_before_a_call_prevents_it_and_a_restart_begins_anew() {
    check(
        with(
            world(&[("worker-a", &["INCR n", "LREM jobs 1 a"])]),
            &["crash worker-a before worker-a's 1st LREM, restart after 3s"],
        ),
        "
            0s worker-a starts
            10us worker-a sends INCR n to redis
            1.01ms redis executes INCR n for worker-a and answers 1
            2.01ms worker-a receives 1 from redis
            2.02ms worker-a crashes: its memory and its connections are gone
            3.00202s worker-a starts again from its first line, its 1st restart
            3.00203s worker-a sends INCR n to redis
            3.00303s redis executes INCR n for worker-a and answers 2
            3.00403s worker-a receives 2 from redis
            3.00404s worker-a sends LREM jobs 1 a to redis
            3.00504s redis executes LREM jobs 1 a for worker-a and answers 0
            3.00604s worker-a receives 0 from redis
            3.00604s worker-a ends
            ",
    );
}

#[test]
fn a_reply_to_a_dead_process_finds_nobody() {
    check(
        with(
            world(&[("worker-a", &["INCR n"])]),
            &["crash worker-a at 1.5ms", "restart worker-a at 1s"],
        ),
        "
            0s worker-a starts
            10us worker-a sends INCR n to redis
            1.01ms redis executes INCR n for worker-a and answers 1
            1.5ms worker-a crashes: its memory and its connections are gone
            2.01ms the reply to worker-a finds nobody who waits for it
            1s worker-a starts again from its first line, its 1st restart
            1.00001s worker-a sends INCR n to redis
            1.00101s redis executes INCR n for worker-a and answers 2
            1.00201s worker-a receives 2 from redis
            1.00201s worker-a ends
            ",
    );
}

#[test]
fn a_client_starts_again_by_itself_when_its_scenario_says_so() {
    let mut scenario = with(
        world(&[("worker-a", &["sleep 1s"])]),
        &["crash worker-a at 500ms"],
    );
    scenario.clients[0].starts_at = SimTime(200_000);
    scenario.clients[0].restarts_after = Some(Span::seconds(2));
    check(
        scenario,
        "
            200ms worker-a starts
            200.01ms worker-a sleeps for 1s
            500ms worker-a crashes: its memory and its connections are gone
            2.5s worker-a starts again from its first line, its 1st restart
            2.50001s worker-a sleeps for 1s
            3.50001s worker-a wakes
            3.50001s worker-a ends
            ",
    );
}

#[test]
fn a_typed_command_is_a_client_of_its_own() {
    check(
        with(
            world(&[("worker-a", &["SET lock a", "sleep 1s", "GET lock"])]),
            &[
                "type redis at 500ms: DEL lock",
                "type redis at 600ms: BLPOP jobs 1",
            ],
        ),
        "
            0s worker-a starts
            10us worker-a sends SET lock a to redis
            1.01ms redis executes SET lock a for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.01ms worker-a now believes that it holds lock
            2.02ms worker-a sleeps for 1s
            500ms somebody types DEL lock on redis
            500ms redis executes DEL lock for the terminal and answers 1
            500ms the terminal receives 1 from redis
            600ms somebody types BLPOP jobs 1 on redis
            600ms redis lets the terminal wait for BLPOP jobs 1
            1.00202s worker-a wakes
            1.00203s worker-a sends GET lock to redis
            1.00303s redis executes GET lock for worker-a and answers nil
            1.00403s worker-a receives nil from redis
            1.00403s worker-a ends
            1.00403s worker-a no longer believes that it holds lock
            1.6s redis tells the terminal that BLPOP jobs 1 waited in vain: nil
            1.6s the terminal receives nil from redis
            ",
    );
}
