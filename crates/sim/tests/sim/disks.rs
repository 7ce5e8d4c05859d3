//! What a node's disk has kept when its process is killed and when its power is cut, under each policy.

use redwind_sim::{Fsync, Persistence, SavePoint, SavePoints, Scenario};

use crate::common::{check, with, world};

/// Three writes: early, in the second second, and right before what happens at 2.5 s; and a look at them afterwards.
fn writes(persistence: Persistence, fault: &str) -> Scenario {
    let mut scenario = world(&[
        (
            "worker-a",
            &[
                "SET a 1",
                "sleep 1500ms",
                "SET b 2",
                "sleep 900ms",
                "SET c 3",
            ],
        ),
        ("worker-b", &["sleep 4s", "MGET a b c"]),
    ]);
    scenario.nodes[0].persistence = persistence;
    with(scenario, &[fault])
}

const CUT: &str = "cut-power redis at 2.5s, restart after 1s";
const KILL: &str = "kill redis at 2.5s, restart after 1s";

#[test]
fn with_appendfsync_always_a_power_cut_takes_nothing() {
    check(
        writes(Persistence::Aof(Fsync::Always), CUT),
        r#"
            0s worker-a starts
            0s worker-b starts
            10us worker-a sends SET a 1 to redis
            10us worker-b sleeps for 4s
            1.01ms redis executes SET a 1 for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 1.5s
            1.50202s worker-a wakes
            1.50203s worker-a sends SET b 2 to redis
            1.50303s redis executes SET b 2 for worker-a and answers OK
            1.50403s worker-a receives OK from redis
            1.50404s worker-a sleeps for 900ms
            2.40404s worker-a wakes
            2.40405s worker-a sends SET c 3 to redis
            2.40505s redis executes SET c 3 for worker-a and answers OK
            2.40605s worker-a receives OK from redis
            2.40605s worker-a ends
            2.5s redis loses power: what was not forced to its disk is gone
            3.5s redis starts again
            3.5s redis has loaded all its data from its disk
            4.00001s worker-b wakes
            4.00002s worker-b sends MGET a b c to redis
            4.00102s redis executes MGET a b c for worker-b and answers ["1", "2", "3"]
            4.00202s worker-b receives ["1", "2", "3"] from redis
            4.00202s worker-b ends
            "#,
    );
}

#[test]
fn with_appendfsync_everysec_a_power_cut_takes_what_was_written_since_the_last_second() {
    check(
        writes(Persistence::Aof(Fsync::EverySecond), CUT),
        r#"
            0s worker-a starts
            0s worker-b starts
            10us worker-a sends SET a 1 to redis
            10us worker-b sleeps for 4s
            1.01ms redis executes SET a 1 for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 1.5s
            1.50202s worker-a wakes
            1.50203s worker-a sends SET b 2 to redis
            1.50303s redis executes SET b 2 for worker-a and answers OK
            1.50403s worker-a receives OK from redis
            1.50404s worker-a sleeps for 900ms
            2.40404s worker-a wakes
            2.40405s worker-a sends SET c 3 to redis
            2.40505s redis executes SET c 3 for worker-a and answers OK
            2.40605s worker-a receives OK from redis
            2.40605s worker-a ends
            2.5s redis loses power: what was not forced to its disk is gone
            3.5s redis starts again
            3.5s redis has loaded what its disk had kept; the latest of c is lost
            4.00001s worker-b wakes
            4.00002s worker-b sends MGET a b c to redis
            4.00102s redis executes MGET a b c for worker-b and answers ["1", "2", nil]
            4.00202s worker-b receives ["1", "2", nil] from redis
            4.00202s worker-b ends
            "#,
    );
}

#[test]
fn with_appendfsync_no_a_power_cut_takes_all_and_a_kill_nothing() {
    check(
        writes(Persistence::Aof(Fsync::No), CUT),
        "
            0s worker-a starts
            0s worker-b starts
            10us worker-a sends SET a 1 to redis
            10us worker-b sleeps for 4s
            1.01ms redis executes SET a 1 for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 1.5s
            1.50202s worker-a wakes
            1.50203s worker-a sends SET b 2 to redis
            1.50303s redis executes SET b 2 for worker-a and answers OK
            1.50403s worker-a receives OK from redis
            1.50404s worker-a sleeps for 900ms
            2.40404s worker-a wakes
            2.40405s worker-a sends SET c 3 to redis
            2.40505s redis executes SET c 3 for worker-a and answers OK
            2.40605s worker-a receives OK from redis
            2.40605s worker-a ends
            2.5s redis loses power: what was not forced to its disk is gone
            3.5s redis starts again
            3.5s redis has loaded what its disk had kept; the latest of a, b and c is lost
            4.00001s worker-b wakes
            4.00002s worker-b sends MGET a b c to redis
            4.00102s redis executes MGET a b c for worker-b and answers [nil, nil, nil]
            4.00202s worker-b receives [nil, nil, nil] from redis
            4.00202s worker-b ends
            ",
    );
    check(
        writes(Persistence::Aof(Fsync::No), KILL),
        r#"
            0s worker-a starts
            0s worker-b starts
            10us worker-a sends SET a 1 to redis
            10us worker-b sleeps for 4s
            1.01ms redis executes SET a 1 for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 1.5s
            1.50202s worker-a wakes
            1.50203s worker-a sends SET b 2 to redis
            1.50303s redis executes SET b 2 for worker-a and answers OK
            1.50403s worker-a receives OK from redis
            1.50404s worker-a sleeps for 900ms
            2.40404s worker-a wakes
            2.40405s worker-a sends SET c 3 to redis
            2.40505s redis executes SET c 3 for worker-a and answers OK
            2.40605s worker-a receives OK from redis
            2.40605s worker-a ends
            2.5s redis is killed: its connections break
            3.5s redis starts again
            3.5s redis has loaded all its data from its disk
            4.00001s worker-b wakes
            4.00002s worker-b sends MGET a b c to redis
            4.00102s redis executes MGET a b c for worker-b and answers ["1", "2", "3"]
            4.00202s worker-b receives ["1", "2", "3"] from redis
            4.00202s worker-b ends
            "#,
    );
}

#[test]
fn a_save_point_is_a_number_of_changes_and_a_time_and_what_came_after_is_lost() {
    let point = |seconds, changes| SavePoint { seconds, changes };
    let none = SavePoint::default();
    let points = SavePoints([point(2, 2), point(100, 1), none, none]);
    check(
        writes(Persistence::Save(points), KILL),
        r#"
            0s worker-a starts
            0s worker-b starts
            10us worker-a sends SET a 1 to redis
            10us worker-b sleeps for 4s
            1.01ms redis executes SET a 1 for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 1.5s
            1.50202s worker-a wakes
            1.50203s worker-a sends SET b 2 to redis
            1.50303s redis executes SET b 2 for worker-a and answers OK
            1.50403s worker-a receives OK from redis
            1.50404s worker-a sleeps for 900ms
            2.40404s worker-a wakes
            2.40405s worker-a sends SET c 3 to redis
            2.40505s redis executes SET c 3 for worker-a and answers OK
            2.40605s worker-a receives OK from redis
            2.40605s worker-a ends
            2.5s redis is killed: its connections break
            3.5s redis starts again
            3.5s redis has loaded what its disk had kept; the latest of c is lost
            4.00001s worker-b wakes
            4.00002s worker-b sends MGET a b c to redis
            4.00102s redis executes MGET a b c for worker-b and answers ["1", "2", nil]
            4.00202s worker-b receives ["1", "2", nil] from redis
            4.00202s worker-b ends
            "#,
    );
}

#[test]
fn without_persistence_a_restart_begins_empty() {
    check(
        writes(Persistence::None, KILL),
        "
            0s worker-a starts
            0s worker-b starts
            10us worker-a sends SET a 1 to redis
            10us worker-b sleeps for 4s
            1.01ms redis executes SET a 1 for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 1.5s
            1.50202s worker-a wakes
            1.50203s worker-a sends SET b 2 to redis
            1.50303s redis executes SET b 2 for worker-a and answers OK
            1.50403s worker-a receives OK from redis
            1.50404s worker-a sleeps for 900ms
            2.40404s worker-a wakes
            2.40405s worker-a sends SET c 3 to redis
            2.40505s redis executes SET c 3 for worker-a and answers OK
            2.40605s worker-a receives OK from redis
            2.40605s worker-a ends
            2.5s redis is killed: its connections break
            3.5s redis starts again
            3.5s redis has loaded what its disk had kept; the latest of a, b and c is lost
            4.00001s worker-b wakes
            4.00002s worker-b sends MGET a b c to redis
            4.00102s redis executes MGET a b c for worker-b and answers [nil, nil, nil]
            4.00202s worker-b receives [nil, nil, nil] from redis
            4.00202s worker-b ends
            ",
    );
}

#[test]
fn a_kill_during_a_slow_fsync_takes_what_redis_still_kept_to_itself() {
    let mut scenario = world(&[(
        "worker-a",
        &["SET a 1", "sleep 1500ms", "SET b 2", "sleep 2s", "MGET a b"],
    )]);
    scenario.nodes[0].persistence = Persistence::Aof(Fsync::EverySecond);
    check(
        with(
            scenario,
            &[
                "slow-disk redis by 4s at 500ms for 1s",
                "kill redis at 2s, restart after 1s",
            ],
        ),
        r#"
            0s worker-a starts
            10us worker-a sends SET a 1 to redis
            1.01ms redis executes SET a 1 for worker-a and answers OK
            2.01ms worker-a receives OK from redis
            2.02ms worker-a sleeps for 1.5s
            500ms the disk of redis is slow: to force data to it takes 4s for 1s
            1.5s the disk of redis is as quick as before
            1.50202s worker-a wakes
            1.50203s worker-a sends SET b 2 to redis
            1.50303s redis executes SET b 2 for worker-a and answers OK
            1.50403s worker-a receives OK from redis
            1.50404s worker-a sleeps for 2s
            2s redis is killed: its connections break
            3s redis starts again
            3s redis has loaded what its disk had kept; the latest of b is lost
            3.50404s worker-a wakes
            3.50405s worker-a sends MGET a b to redis
            3.50505s redis executes MGET a b for worker-a and answers ["1", nil]
            3.50605s worker-a receives ["1", nil] from redis
            3.50605s worker-a ends
            "#,
    );
}
