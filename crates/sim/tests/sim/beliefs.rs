//! Who believes to hold a lock, exactly from when to when.

use crate::common::{check, with, world};

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
            11.00404s storage carries out worker-b's write('report', 'B', 34) and returns True; worker-b believed that it held lock
            11.00504s worker-b receives True from storage
            11.00505s worker-b sends DEL lock to redis
            11.00605s redis executes DEL lock for worker-b and answers 1
            11.00705s worker-b receives 1 from redis
            11.00705s worker-b no longer believes that it holds lock
            11.00705s worker-b ends
            15.00201s worker-a goes on after its pause
            15.00203s worker-a asks storage for write('report', 'A', 33)
            15.00403s storage refuses worker-a's write of report: token 33 is lower than 34; worker-a believed that it held lock
            15.00503s worker-a hears storage refuse with StaleToken: token 33 is lower than 34
            15.00503s worker-a ends with StaleToken at line 3: token 33 is lower than 34
            15.00503s worker-a no longer believes that it holds lock
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
