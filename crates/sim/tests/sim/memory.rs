//! A node's own `maxmemory`: what it refuses, what it evicts, and what its replica hears of it.

use redwind_sim::{NodeSpec, Scenario};

use crate::common::{check, world};

/// A primary with room for two values of ten thousand bytes and what its connections take, and a replica without a limit.
fn limited(policy: &str, clients: &[(&str, &[&str])]) -> Scenario {
    let mut scenario = world(clients);
    scenario.nodes[0].config = [("maxmemory", "880000"), ("maxmemory-policy", policy)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
    scenario.nodes.push(NodeSpec {
        replica_of: Some("redis".to_owned()),
        ..NodeSpec::named("replica")
    });
    scenario
}

#[test]
fn without_eviction_a_full_node_refuses_what_needs_memory_and_nothing_else() {
    check(
        limited(
            "noeviction",
            &[(
                "worker-a",
                &[
                    "SETRANGE a 9999 x",
                    "SETRANGE b 9999 x",
                    "SETRANGE c 9999 x",
                    "SET d 1",
                    "transaction: SET d 1",
                    "GET d",
                    "DEL a",
                    "SET d 1",
                ],
            )],
        ),
        "
            0s worker-a starts
            10us worker-a sends SETRANGE a 9999 x to redis
            1.01ms redis executes SETRANGE a 9999 x for worker-a and answers 10000
            1.01ms redis passes SETRANGE a 9999 x on to replica
            2.01ms replica repeats SETRANGE a 9999 x from redis
            2.01ms worker-a receives 10000 from redis
            2.02ms worker-a sends SETRANGE b 9999 x to redis
            3.02ms redis executes SETRANGE b 9999 x for worker-a and answers 10000
            3.02ms redis passes SETRANGE b 9999 x on to replica
            4.02ms replica repeats SETRANGE b 9999 x from redis
            4.02ms worker-a receives 10000 from redis
            4.03ms worker-a sends SETRANGE c 9999 x to redis
            5.03ms redis executes SETRANGE c 9999 x for worker-a and answers 10000
            5.03ms redis passes SETRANGE c 9999 x on to replica
            6.03ms replica repeats SETRANGE c 9999 x from redis
            6.03ms worker-a receives 10000 from redis
            6.04ms worker-a sends SET d 1 to redis
            7.04ms redis refuses SET d 1 of worker-a: OOM command not allowed when used memory > 'maxmemory'.
            8.04ms worker-a receives an error from redis: OOM command not allowed when used memory > 'maxmemory'.
            8.05ms worker-a sends 3 commands at once to redis: MULTI; SET d 1; EXEC
            9.05ms redis executes MULTI for worker-a and answers OK
            9.05ms redis refuses SET d 1 of worker-a: OOM command not allowed when used memory > 'maxmemory'.
            9.05ms redis refuses EXEC of worker-a: EXECABORT Transaction discarded because of previous errors.
            10.05ms worker-a receives 3 replies from redis: OK; the error OOM command not allowed when used memory > 'maxmemory'.; the error EXECABORT Transaction discarded becaus…
            10.06ms worker-a sends GET d to redis
            11.06ms redis executes GET d for worker-a and answers nil
            12.06ms worker-a receives nil from redis
            12.07ms worker-a sends DEL a to redis
            13.07ms redis executes DEL a for worker-a and answers 1
            13.07ms redis passes DEL a on to replica
            14.07ms replica repeats DEL a from redis
            14.07ms worker-a receives 1 from redis
            14.08ms worker-a sends SET d 1 to redis
            15.08ms redis executes SET d 1 for worker-a and answers OK
            15.08ms redis passes SET d 1 on to replica
            16.08ms replica repeats SET d 1 from redis
            16.08ms worker-a receives OK from redis
            16.08ms worker-a ends
            ",
    );
}

#[test]
fn the_key_that_was_not_used_for_longest_gives_way_and_replicas_are_told() {
    check(
        limited(
            "allkeys-lru",
            &[(
                "worker-a",
                &[
                    "SETRANGE a 9999 x",
                    "sleep 2s",
                    "SETRANGE b 9999 x",
                    "sleep 2s",
                    "STRLEN a",
                    "sleep 2s",
                    "SETRANGE c 9999 x",
                    "SET d 1",
                    "EXISTS a b c d",
                    "on replica: EXISTS a b c d",
                ],
            )],
        ),
        "
            0s worker-a starts
            10us worker-a sends SETRANGE a 9999 x to redis
            1.01ms redis executes SETRANGE a 9999 x for worker-a and answers 10000
            1.01ms redis passes SETRANGE a 9999 x on to replica
            2.01ms replica repeats SETRANGE a 9999 x from redis
            2.01ms worker-a receives 10000 from redis
            2.02ms worker-a sleeps for 2s
            2.00202s worker-a wakes
            2.00203s worker-a sends SETRANGE b 9999 x to redis
            2.00303s redis executes SETRANGE b 9999 x for worker-a and answers 10000
            2.00303s redis passes SETRANGE b 9999 x on to replica
            2.00403s replica repeats SETRANGE b 9999 x from redis
            2.00403s worker-a receives 10000 from redis
            2.00404s worker-a sleeps for 2s
            4.00404s worker-a wakes
            4.00405s worker-a sends STRLEN a to redis
            4.00505s redis executes STRLEN a for worker-a and answers 10000
            4.00605s worker-a receives 10000 from redis
            4.00606s worker-a sleeps for 2s
            6.00606s worker-a wakes
            6.00607s worker-a sends SETRANGE c 9999 x to redis
            6.00707s redis executes SETRANGE c 9999 x for worker-a and answers 10000
            6.00707s redis passes SETRANGE c 9999 x on to replica
            6.00807s replica repeats SETRANGE c 9999 x from redis
            6.00807s worker-a receives 10000 from redis
            6.00808s worker-a sends SET d 1 to redis
            6.00908s redis executes SET d 1 for worker-a and answers OK
            6.00908s redis passes DEL b; SET d 1 on to replica
            6.01008s replica repeats DEL b from redis
            6.01008s replica repeats SET d 1 from redis
            6.01008s worker-a receives OK from redis
            6.01009s worker-a sends EXISTS a b c d to redis
            6.01109s redis executes EXISTS a b c d for worker-a and answers 3
            6.01209s worker-a receives 3 from redis
            6.0121s worker-a sends EXISTS a b c d to replica
            6.0131s replica executes EXISTS a b c d for worker-a and answers 3
            6.0141s worker-a receives 3 from replica
            6.0141s worker-a ends
            ",
    );
}

#[test]
fn where_the_key_with_the_least_time_left_goes_first_a_lock_may_be_it() {
    check(
        limited(
            "volatile-ttl",
            &[(
                "worker-a",
                &[
                    "SETRANGE a 9999 x",
                    "PEXPIRE a 600000",
                    "SETRANGE b 9999 x",
                    "SET lock a NX PX 60000",
                    "SETRANGE c 9999 x",
                    "SET lock b NX PX 60000",
                    "SET d 1",
                ],
            )],
        ),
        "
            0s worker-a starts
            10us worker-a sends SETRANGE a 9999 x to redis
            1.01ms redis executes SETRANGE a 9999 x for worker-a and answers 10000
            1.01ms redis passes SETRANGE a 9999 x on to replica
            2.01ms replica repeats SETRANGE a 9999 x from redis
            2.01ms worker-a receives 10000 from redis
            2.02ms worker-a sends PEXPIRE a 600000 to redis
            3.02ms redis executes PEXPIRE a 600000 for worker-a and answers 1
            3.02ms redis passes PEXPIREAT a 1700000600003 on to replica
            4.02ms replica repeats PEXPIREAT a 1700000600003 from redis
            4.02ms worker-a receives 1 from redis
            4.03ms worker-a sends SETRANGE b 9999 x to redis
            5.03ms redis executes SETRANGE b 9999 x for worker-a and answers 10000
            5.03ms redis passes SETRANGE b 9999 x on to replica
            6.03ms replica repeats SETRANGE b 9999 x from redis
            6.03ms worker-a receives 10000 from redis
            6.04ms worker-a sends SET lock a NX PX 60000 to redis
            7.04ms redis executes SET lock a NX PX 60000 for worker-a and answers OK
            7.04ms redis passes SET lock a PXAT 1700000060007 on to replica
            8.04ms replica repeats SET lock a PXAT 1700000060007 from redis
            8.04ms worker-a receives OK from redis
            8.04ms worker-a now believes that it holds lock
            8.05ms worker-a sends SETRANGE c 9999 x to redis
            9.05ms redis executes SETRANGE c 9999 x for worker-a and answers 10000
            9.05ms redis passes SETRANGE c 9999 x on to replica
            10.05ms replica repeats SETRANGE c 9999 x from redis
            10.05ms worker-a receives 10000 from redis
            10.06ms worker-a sends SET lock b NX PX 60000 to redis
            11.06ms redis executes SET lock b NX PX 60000 for worker-a and answers OK
            11.06ms redis passes DEL lock; DEL a; SET lock b PXAT 1700000060011 on to replica
            12.06ms replica repeats DEL lock from redis
            12.06ms replica repeats DEL a from redis
            12.06ms replica repeats SET lock b PXAT 1700000060011 from redis
            12.06ms worker-a receives OK from redis
            12.07ms worker-a sends SET d 1 to redis
            13.07ms redis executes SET d 1 for worker-a and answers OK
            13.07ms redis passes SET d 1 on to replica
            14.07ms replica repeats SET d 1 from redis
            14.07ms worker-a receives OK from redis
            14.07ms worker-a ends
            14.07ms worker-a no longer believes that it holds lock
            ",
    );
}
