//! Small worlds and exactly what happens in them, statements left out.

use redwind_sim::{Cut, SimTime, Span};

use crate::common::{check, run, with, world};

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
fn a_paused_holder_writes_after_its_lock_has_gone_to_another() {
    check(
        with(
            world(&[
                (
                    "worker-a",
                    &[
                        "SET lock a NX PX 10000",
                        "end unless OK",
                        "storage.write report A 33",
                    ],
                ),
                (
                    "worker-b",
                    &[
                        "sleep 11s",
                        "SET lock b NX PX 10000",
                        "end unless OK",
                        "storage.write report B 34",
                        "DEL lock",
                    ],
                ),
            ]),
            &["pause worker-a after worker-a's 1st SET for 15s"],
        ),
        "
            0s worker-a starts
            0s worker-b starts
            10us worker-a sends SET lock a NX PX 10000 to redis
            10us worker-b sleeps for 11s
            1.01ms redis executes SET lock a NX PX 10000 for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.01ms worker-a now believes that it holds lock
            2.01ms worker-a is paused for 15s: its process stops, the world goes on
            10.002s lock expires on redis
            11.00001s worker-b wakes
            11.00002s worker-b sends SET lock b NX PX 10000 to redis
            11.00102s redis executes SET lock b NX PX 10000 for worker-b and answers OK
            11.00202s worker-b receives OK from redis
            11.00202s worker-b now believes that it holds lock
            11.00204s worker-b asks storage for write('report', 'B', 34)
            11.00404s storage carries out worker-b's write('report', 'B', 34) and returns True
            11.00504s worker-b receives True from storage
            11.00505s worker-b sends DEL lock to redis
            11.00605s redis executes DEL lock for worker-b and answers 1
            11.00705s worker-b receives 1 from redis
            11.00705s worker-b no longer believes that it holds lock
            11.00705s worker-b ends
            15.00201s worker-a goes on after its pause
            15.00203s worker-a asks storage for write('report', 'A', 33)
            15.00403s storage refuses worker-a's write of report: token 33 is lower than 34
            15.00503s worker-a hears storage refuse with StaleToken: token 33 is lower than 34
            15.00503s worker-a ends with StaleToken at line 3: token 33 is lower than 34
            15.00503s worker-a no longer believes that it holds lock
            ",
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

#[test]
fn a_resource_works_on_one_call_at_a_time() {
    let mut scenario = world(&[
        ("worker-a", &["db.put users 42 name=Ada"]),
        (
            "worker-b",
            &[
                "db.get users 42",
                "db.update users 42 age=36 age=35",
                "db.insert users 42 x",
            ],
        ),
    ]);
    scenario.resources[0].takes = Span::millis(10);
    check(scenario, "
            0s worker-a starts
            0s worker-b starts
            10us worker-a asks db for put('users', 42, {'name': 'Ada'})
            10us worker-b asks db for get('users', 42)
            11.01ms db carries out worker-a's put('users', 42, {'name': 'Ada'})
            12.01ms worker-a hears from db that it is done
            12.01ms worker-a ends
            21.01ms db carries out worker-b's get('users', 42) and returns {'name': 'Ada'}
            22.01ms worker-b receives {'name': 'Ada'} from db
            22.02ms worker-b asks db for update('users', 42, {'age': 36}, {'age': 35})
            33.02ms db carries out worker-b's update('users', 42, {'age': 36}, {'age': 35}), which changes nothing, and returns 0
            34.02ms worker-b receives 0 from db
            34.03ms worker-b asks db for insert('users', 42, 'x')
            45.03ms db refuses worker-b's insert of users: users/42 already exists
            46.03ms worker-b hears db refuse with IntegrityError: users/42 already exists
            46.03ms worker-b ends with IntegrityError at line 3: users/42 already exists
            ");
}

#[test]
fn a_wrong_call_of_a_resource_is_refused_with_its_signature() {
    check(
        world(&[
            ("a", &["storage.write report"]),
            ("b", &["storage.wipe report"]),
            ("c", &["disk.write report"]),
            ("d", &["storage.write report A soon"]),
        ]),
        "
            0s a starts
            0s b starts
            0s c starts
            0s d starts
            10us a asks storage for write('report')
            10us b asks storage for wipe('report')
            10us c ends with NameError at line 1: there is no resource disk: this world has db, storage and mailer
            10us d asks storage for write('report', 'A', 'soon')
            2.01ms storage refuses a's write of report: storage.write(name, value, token=None): value is missing
            3.01ms storage refuses b's wipe of report: storage has no method wipe; it has write(name, value, token=None), read(name), delete(name, token=None)
            3.01ms a hears storage refuse with TypeError: storage.write(name, value, token=None): value is missing
            3.01ms a ends with TypeError at line 1: storage.write(name, value, token=None): value is missing
            4.01ms storage refuses d's write of report: storage.write(name, value, token=None): token must be a whole number, not 'soon'
            4.01ms b hears storage refuse with AttributeError: storage has no method wipe; it has write(name, value, token=None), read(name), delete(name, token=None)
            4.01ms b ends with AttributeError at line 1: storage has no method wipe; it has write(name, value, token=None), read(name), delete(name, token=None)
            5.01ms d hears storage refuse with TypeError: storage.write(name, value, token=None): token must be a whole number, not 'soon'
            5.01ms d ends with TypeError at line 1: storage.write(name, value, token=None): token must be a whole number, not 'soon'
            ",
    );
}

#[test]
fn a_belief_outlives_the_lock() {
    check(
        with(
            world(&[(
                "worker-a",
                &[
                    "SET lock a NX PX 1000",
                    "sleep 3s",
                    "DEL lock",
                    "print done",
                ],
            )]),
            &[],
        ),
        "
            0s worker-a starts
            10us worker-a sends SET lock a NX PX 1000 to redis
            1.01ms redis executes SET lock a NX PX 1000 for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.01ms worker-a now believes that it holds lock
            2.02ms worker-a sleeps for 3s
            1.002s lock expires on redis
            3.00202s worker-a wakes
            3.00203s worker-a sends DEL lock to redis
            3.00303s redis executes DEL lock for worker-a and answers 0
            3.00403s worker-a receives 0 from redis
            3.00403s worker-a no longer believes that it holds lock
            3.00404s worker-a prints: done
            3.00404s worker-a ends
            ",
    );
}

#[test]
fn extending_a_lock_keeps_the_belief_and_failing_to_ends_it() {
    check(
        with(
            world(&[(
                "worker-a",
                &[
                    "SET lock a NX PX 1000",
                    "PEXPIRE lock 5000",
                    "PEXPIRE lock 5000",
                ],
            )]),
            &["type redis at 5ms: DEL lock"],
        ),
        "
            0s worker-a starts
            10us worker-a sends SET lock a NX PX 1000 to redis
            1.01ms redis executes SET lock a NX PX 1000 for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.01ms worker-a now believes that it holds lock
            2.02ms worker-a sends PEXPIRE lock 5000 to redis
            3.02ms redis executes PEXPIRE lock 5000 for worker-a and answers 1
            4.02ms worker-a receives 1 from redis
            4.03ms worker-a sends PEXPIRE lock 5000 to redis
            5ms somebody types DEL lock on redis
            5ms redis executes DEL lock for the terminal and answers 1
            5ms the terminal receives 1 from redis
            5.03ms redis executes PEXPIRE lock 5000 for worker-a and answers 0
            6.03ms worker-a receives 0 from redis
            6.03ms worker-a no longer believes that it holds lock
            6.03ms worker-a ends
            ",
    );
}

#[test]
fn a_grant_that_is_never_received_is_never_believed() {
    check(
        with(
            world(&[("worker-a", &["timeout 100ms", "SET lock a NX PX 1000"])]),
            &["drop the reply to worker-a's 1st SET"],
        ),
        "
            0s worker-a starts
            20us worker-a sends SET lock a NX PX 1000 to redis
            1.02ms redis executes SET lock a NX PX 1000 for worker-a and answers OK
            2.02ms the network loses the reply to worker-a
            100.02ms worker-a gives up waiting: its socket timeout has passed
            100.02ms worker-a ends with Timeout at line 2: no answer came
            ",
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

#[test]
fn a_script_and_a_transaction_can_take_and_release_a_lock() {
    check(
        world(&[(
            "worker-a",
            &[
                "EVAL \"return redis.call('SET', KEYS[1], ARGV[1], 'NX')\" 1 lock a",
                "EVAL \"if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0\" 1 lock b",
                "DEL lock",
                "transaction: SET lock a NX; INCR n",
                "transaction: DEL lock; INCR n",
            ],
        )]),
        r#"
            0s worker-a starts
            10us worker-a sends EVAL "return redis.call('SET', KEYS[1], ARGV…" 1 lock a to redis
            1.01ms redis executes EVAL "return redis.call('SET', KEYS[1], ARGV…" 1 lock a for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.01ms worker-a now believes that it holds lock
            2.02ms worker-a sends EVAL "if redis.call('GET', KEYS[1]) == ARGV[…" 1 lock b to redis
            3.02ms redis executes EVAL "if redis.call('GET', KEYS[1]) == ARGV[…" 1 lock b for worker-a and answers 0
            4.02ms worker-a receives 0 from redis
            4.02ms worker-a no longer believes that it holds lock
            4.03ms worker-a sends DEL lock to redis
            5.03ms redis executes DEL lock for worker-a and answers 1
            6.03ms worker-a receives 1 from redis
            6.04ms worker-a sends 4 commands at once to redis: MULTI; SET lock a NX; INCR n; EXEC
            7.04ms redis executes MULTI for worker-a and answers OK
            7.04ms redis queues SET lock a NX for worker-a until EXEC
            7.04ms redis queues INCR n for worker-a until EXEC
            7.04ms redis executes EXEC for worker-a and answers [OK, 1]
            8.04ms worker-a receives 4 replies from redis: OK; QUEUED; QUEUED; [OK, 1]
            8.04ms worker-a now believes that it holds lock
            8.05ms worker-a sends 4 commands at once to redis: MULTI; DEL lock; INCR n; EXEC
            9.05ms redis executes MULTI for worker-a and answers OK
            9.05ms redis queues DEL lock for worker-a until EXEC
            9.05ms redis queues INCR n for worker-a until EXEC
            9.05ms redis executes EXEC for worker-a and answers [1, 2]
            10.05ms worker-a receives 4 replies from redis: OK; QUEUED; QUEUED; [1, 2]
            10.05ms worker-a no longer believes that it holds lock
            10.05ms worker-a ends
            "#,
    );
}
