//! Small worlds without faults and exactly what happens in them, statements left out.

use redwind_sim::{Cut, SimTime};

use crate::common::{check, run, world};

#[test]
fn a_command_travels_there_and_back() {
    check(
        world(&[("worker-a", &["SET k v", "GET k"])]),
        r#"
            0s worker-a starts
            10us worker-a sends SET k v to redis
            1.01ms redis executes SET k v for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sends GET k to redis
            3.02ms redis executes GET k for worker-a and answers "v"
            4.02ms worker-a receives "v" from redis
            4.02ms worker-a ends
            "#,
    );
}

#[test]
fn a_key_expires_at_its_deadline_and_not_before() {
    check(
        world(&[(
            "worker-a",
            &["SET k v PX 100", "sleep 97ms", "GET k", "GET k", "GET k"],
        )]),
        r#"
            0s worker-a starts
            10us worker-a sends SET k v PX 100 to redis
            1.01ms redis executes SET k v PX 100 for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 97ms
            99.02ms worker-a wakes
            99.03ms worker-a sends GET k to redis
            100.03ms redis executes GET k for worker-a and answers "v"
            101.03ms worker-a receives "v" from redis
            101.04ms worker-a sends GET k to redis
            102ms k expires on redis
            102.04ms redis executes GET k for worker-a and answers nil
            103.04ms worker-a receives nil from redis
            103.05ms worker-a sends GET k to redis
            104.05ms redis executes GET k for worker-a and answers nil
            105.05ms worker-a receives nil from redis
            105.05ms worker-a ends
            "#,
    );
}

#[test]
fn a_pipeline_is_one_message_and_several_commands() {
    check(
        world(&[("worker-a", &["pipeline: SET a 1; INCR a; LPUSH a x; GET a"])]),
        r#"
            0s worker-a starts
            10us worker-a sends 4 commands at once to redis: SET a 1; INCR a; LPUSH a x; GET a
            1.01ms redis executes SET a 1 for worker-a and answers OK
            1.01ms redis executes INCR a for worker-a and answers 2
            1.01ms redis refuses LPUSH a x of worker-a: WRONGTYPE Operation against a key holding the wrong kind of value
            1.01ms redis executes GET a for worker-a and answers "2"
            2.01ms worker-a receives 4 replies from redis: OK; 2; the error WRONGTYPE Operation against a key holding the wrong kind of value; "2"
            2.01ms worker-a ends
            "#,
    );
}

#[test]
fn a_transaction_is_queued_and_then_runs_as_one() {
    check(
        world(&[("worker-a", &["transaction: SET a 1; INCR a"])]),
        "
            0s worker-a starts
            10us worker-a sends 4 commands at once to redis: MULTI; SET a 1; INCR a; EXEC
            1.01ms redis executes MULTI for worker-a and answers OK
            1.01ms redis queues SET a 1 for worker-a until EXEC
            1.01ms redis queues INCR a for worker-a until EXEC
            1.01ms redis executes EXEC for worker-a and answers [OK, 2]
            2.01ms worker-a receives 4 replies from redis: OK; QUEUED; QUEUED; [OK, 2]
            2.01ms worker-a ends
            ",
    );
}

#[test]
fn a_waiting_command_is_served_by_anothers_push() {
    check(
        world(&[
            ("worker", &["BLPOP jobs 0", "print $"]),
            ("producer", &["sleep 1s", "RPUSH jobs job-1 job-2"]),
        ]),
        r#"
            0s worker starts
            0s producer starts
            10us worker sends BLPOP jobs 0 to redis
            10us producer sleeps for 1s
            1.01ms redis lets worker wait for BLPOP jobs 0
            1.00001s producer wakes
            1.00002s producer sends RPUSH jobs job-1 job-2 to redis
            1.00102s redis executes RPUSH jobs job-1 job-2 for producer and answers 2
            1.00102s redis ends the wait of worker for BLPOP jobs 0 and answers ["jobs", "job-1"]
            1.00202s producer receives 2 from redis
            1.00202s producer ends
            1.00202s worker receives ["jobs", "job-1"] from redis
            1.00203s worker prints: 1) "jobs" / 2) "job-1"
            1.00203s worker ends
            "#,
    );
}

#[test]
fn a_waiting_command_times_out_on_its_node() {
    check(
        world(&[("worker", &["BLPOP jobs 2", "print $"])]),
        "
            0s worker starts
            10us worker sends BLPOP jobs 2 to redis
            1.01ms redis lets worker wait for BLPOP jobs 2
            2.00101s redis tells worker that BLPOP jobs 2 waited in vain: nil
            2.00201s worker receives nil from redis
            2.00202s worker prints: nil
            2.00202s worker ends
            ",
    );
}

#[test]
fn the_rest_of_a_pipeline_waits_behind_a_blocking_command() {
    check(
        world(&[
            ("worker", &["pipeline: BLPOP jobs 0; SET done 1"]),
            ("producer", &["sleep 1s", "RPUSH jobs job-1"]),
        ]),
        r#"
            0s worker starts
            0s producer starts
            10us worker sends 2 commands at once to redis: BLPOP jobs 0; SET done 1
            10us producer sleeps for 1s
            1.01ms redis lets worker wait for BLPOP jobs 0
            1.00001s producer wakes
            1.00002s producer sends RPUSH jobs job-1 to redis
            1.00102s redis executes RPUSH jobs job-1 for producer and answers 1
            1.00102s redis ends the wait of worker for BLPOP jobs 0 and answers ["jobs", "job-1"]
            1.00102s redis executes SET done 1 for worker and answers OK
            1.00202s producer receives 1 from redis
            1.00202s producer ends
            1.00202s worker receives 2 replies from redis: ["jobs", "job-1"]; OK
            1.00202s worker ends
            "#,
    );
}

#[test]
fn a_run_that_does_not_end_is_cut() {
    let mut scenario = world(&[("worker-a", &["INCR n", "sleep 1s", "go to 1"])]);
    scenario.bounds.until = SimTime(10_500_000);
    let cut = run(scenario.clone());
    assert_eq!(cut.cut(), Some(Cut::Time(SimTime(10_500_000))));
    scenario.bounds.records = 20;
    let cut = run(scenario);
    assert_eq!(cut.cut(), Some(Cut::Records(20)));
    assert_eq!(cut.records().len(), 20);
}

#[test]
fn a_run_in_which_nobody_can_move_any_more_ends_by_itself() {
    let run = check(
        world(&[("worker-a", &["SET k v PX 1000", "BLPOP jobs 0"])]),
        "
            0s worker-a starts
            10us worker-a sends SET k v PX 1000 to redis
            1.01ms redis executes SET k v PX 1000 for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sends BLPOP jobs 0 to redis
            3.02ms redis lets worker-a wait for BLPOP jobs 0
            1.002s k expires on redis
            ",
    );
    assert_eq!(run.cut(), None);
}

#[test]
fn clocks_show_the_epoch_plus_the_time_that_has_passed() {
    check(
        world(&[(
            "worker-a",
            &[
                "sleep 1s",
                "time",
                "print $",
                "monotonic",
                "print $",
                "TIME",
            ],
        )]),
        r#"
            0s worker-a starts
            10us worker-a sleeps for 1s
            1.00001s worker-a wakes
            1.00003s worker-a prints: 1700000001000020
            1.00005s worker-a prints: 1000040
            1.00006s worker-a sends TIME to redis
            1.00106s redis executes TIME for worker-a and answers ["1700000001", "1060"]
            1.00206s worker-a receives ["1700000001", "1060"] from redis
            1.00206s worker-a ends
            "#,
    );
}
