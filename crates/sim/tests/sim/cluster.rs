//! A cluster: redirections, moving slots, elections, and who serves whom when the network is cut.

use redwind_sim::{ClusterMember, ClusterSpec, NodeSpec, Scenario, SimTime, Span};

use crate::common::{check, run, timeline, with, world};

/// Three primaries `n1` to `n3` with a replica each, `n4` to `n6`; nodes suspect each other after a second.
pub(crate) fn cluster(clients: &[(&str, &[&str])]) -> Scenario {
    let mut scenario = world(clients);
    scenario.nodes = (1..=6)
        .map(|index| NodeSpec {
            replica_of: (index > 3).then(|| format!("n{}", index - 3)),
            ..NodeSpec::named(format!("n{index}"))
        })
        .collect();
    let shares = ClusterSpec::shares(3);
    let members = (0..6).map(|index| ClusterMember {
        node: format!("n{}", index + 1),
        slots: shares.get(index).copied().into_iter().collect(),
    });
    scenario.cluster = Some(ClusterSpec {
        node_timeout: Span::seconds(1),
        ..ClusterSpec::new(members.collect())
    });
    scenario.bounds.until = SimTime(60_000_000);
    scenario
}

#[test]
fn slots_are_shared_as_redis_cli_shares_them() {
    assert_eq!(
        ClusterSpec::shares(3),
        [(0, 5460), (5461, 10922), (10923, 16383)]
    );
    assert_eq!(ClusterSpec::shares(1), [(0, 16383)]);
}

#[test]
fn the_same_seed_gives_the_same_failover() {
    let scenario = || {
        with(
            cluster(&[("ada", &["sleep 12s"])]),
            &["crash n1 at 2s, restart after 6s"],
        )
    };
    let (one, other) = (run(scenario()), run(scenario()));
    assert_eq!(one.hash(), other.hash());
    assert!(
        timeline(&one)
            .iter()
            .any(|line| line.ends_with("n4 is now a primary"))
    );
}

#[test]
fn a_node_sends_clients_to_the_owner_of_a_slot_and_refuses_keys_of_several() {
    check(
        cluster(&[("ada", &["on n1: SET foo 1", "on n3: SET foo 1", "on n1: MSET a 1 b 2", "on n1: MSET {b}1 1 {b}2 2", "on n4: GET {b}1","on n4: READONLY", "on n4: GET {b}1"])]),
        "
            0s ada starts
            10us ada sends SET foo 1 to n1
            1.01ms n1 refuses SET foo 1 of ada: MOVED 12182 n3:6379
            2.01ms ada receives an error from n1: MOVED 12182 n3:6379
            2.02ms ada sends SET foo 1 to n3
            3.02ms n3 executes SET foo 1 for ada and answers OK
            3.02ms n3 passes SET foo 1 on to n6
            4.02ms n6 repeats SET foo 1 from n3
            4.02ms ada receives OK from n3
            4.03ms ada sends MSET a 1 b 2 to n1
            5.03ms n1 refuses MSET a 1 b 2 of ada: CROSSSLOT Keys in request don't hash to the same slot
            6.03ms ada receives an error from n1: CROSSSLOT Keys in request don't hash to the same slot
            6.04ms ada sends MSET {b}1 1 {b}2 2 to n1
            7.04ms n1 executes MSET {b}1 1 {b}2 2 for ada and answers OK
            7.04ms n1 passes MSET {b}1 1 {b}2 2 on to n4
            8.04ms n4 repeats MSET {b}1 1 {b}2 2 from n1
            8.04ms ada receives OK from n1
            8.05ms ada sends GET {b}1 to n4
            9.05ms n4 refuses GET {b}1 of ada: MOVED 3300 n1:6379
            10.05ms ada receives an error from n4: MOVED 3300 n1:6379
            10.06ms ada sends READONLY to n4
            11.06ms n4 executes READONLY for ada and answers OK
            12.06ms ada receives OK from n4
            12.07ms ada sends GET {b}1 to n4
            13.07ms n4 executes GET {b}1 for ada and answers \"1\"
            14.07ms ada receives \"1\" from n4
            14.07ms ada ends
            ",
    );
}

#[test]
fn while_a_slot_moves_its_old_owner_sends_clients_after_the_keys_that_have_gone() {
    check(
        with(
            cluster(&[("ada", &["on n3: SET foo 1", "sleep 20ms", "on n3: GET foo", "on n3: GET {foo}2", "on n1: GET {foo}2", "on n1: ASKING", "on n1: SET {foo}2 new", "on n3: MGET foo {foo}2", "sleep 30ms", "on n3: GET foo", "on n1: MGET foo {foo}2", "on n2: GET foo"])]),
            &["move-slot 12182 to n1 at 10ms for 40ms"],
        ),
        "
            0s ada starts
            10us ada sends SET foo 1 to n3
            1.01ms n3 executes SET foo 1 for ada and answers OK
            1.01ms n3 passes SET foo 1 on to n6
            2.01ms n6 repeats SET foo 1 from n3
            2.01ms ada receives OK from n3
            2.02ms ada sleeps for 20ms
            10ms somebody types CLUSTER SETSLOT 12182 IMPORTING d4f154ed64326794d2afe8b25c8c4f059310fa61 on n1
            10ms n1 executes CLUSTER SETSLOT 12182 IMPORTING d4f154ed64326794d2afe8b25c8c4f059310fa61 for the terminal and answers OK
            10ms the terminal receives OK from n1
            10ms somebody types CLUSTER SETSLOT 12182 MIGRATING 0bac5bca9b3932809b4ecd8ea7d7ad4a68cba638 on n3
            10ms n3 executes CLUSTER SETSLOT 12182 MIGRATING 0bac5bca9b3932809b4ecd8ea7d7ad4a68cba638 for the terminal and answers OK
            10ms the terminal receives OK from n3
            22.02ms ada wakes
            22.03ms ada sends GET foo to n3
            23.03ms n3 executes GET foo for ada and answers \"1\"
            24.03ms ada receives \"1\" from n3
            24.04ms ada sends GET {foo}2 to n3
            25.04ms n3 refuses GET {foo}2 of ada: ASK 12182 n1:6379
            26.04ms ada receives an error from n3: ASK 12182 n1:6379
            26.05ms ada sends GET {foo}2 to n1
            27.05ms n1 refuses GET {foo}2 of ada: MOVED 12182 n3:6379
            28.05ms ada receives an error from n1: MOVED 12182 n3:6379
            28.06ms ada sends ASKING to n1
            29.06ms n1 executes ASKING for ada and answers OK
            30.06ms ada receives OK from n1
            30.07ms ada sends SET {foo}2 new to n1
            31.07ms n1 executes SET {foo}2 new for ada and answers OK
            31.07ms n1 passes SET {foo}2 new on to n4
            32.07ms n4 repeats SET {foo}2 new from n1
            32.07ms ada receives OK from n1
            32.08ms ada sends MGET foo {foo}2 to n3
            33.08ms n3 refuses MGET foo {foo}2 of ada: TRYAGAIN Multiple keys request during rehashing of slot
            34.08ms ada receives an error from n3: TRYAGAIN Multiple keys request during rehashing of slot
            34.09ms ada sleeps for 30ms
            50ms somebody types MIGRATE n1 6379 \"\" 0 5000 KEYS foo on n3
            50ms n3 lets the terminal wait for MIGRATE n1 6379 \"\" 0 5000 KEYS foo
            51ms n1 takes over a key from n3
            51ms n1 passes SET foo 1 on to n4
            52ms n4 repeats SET foo 1 from n1
            52ms n3 ends the wait of the terminal for MIGRATE n1 6379 \"\" 0 5000 KEYS foo and answers OK
            52ms n3 passes DEL foo on to n6
            52ms the terminal receives OK from n3
            53ms somebody types CLUSTER SETSLOT 12182 NODE 0bac5bca9b3932809b4ecd8ea7d7ad4a68cba638 on n1
            53ms n1 executes CLUSTER SETSLOT 12182 NODE 0bac5bca9b3932809b4ecd8ea7d7ad4a68cba638 for the terminal and answers OK
            53ms the terminal receives OK from n1
            53ms somebody types CLUSTER SETSLOT 12182 NODE 0bac5bca9b3932809b4ecd8ea7d7ad4a68cba638 on n3
            53ms n3 executes CLUSTER SETSLOT 12182 NODE 0bac5bca9b3932809b4ecd8ea7d7ad4a68cba638 for the terminal and answers OK
            53ms the terminal receives OK from n3
            53ms n6 repeats DEL foo from n3
            54ms n2 learns that slot 12182 now belongs to n1
            54ms n4 learns that slot 12182 now belongs to n1
            54ms n5 learns that slot 12182 now belongs to n1
            54ms n6 learns that slot 12182 now belongs to n1
            64.09ms ada wakes
            64.1ms ada sends GET foo to n3
            65.1ms n3 refuses GET foo of ada: MOVED 12182 n1:6379
            66.1ms ada receives an error from n3: MOVED 12182 n1:6379
            66.11ms ada sends MGET foo {foo}2 to n1
            67.11ms n1 executes MGET foo {foo}2 for ada and answers [\"1\", \"new\"]
            68.11ms ada receives [\"1\", \"new\"] from n1
            68.12ms ada sends GET foo to n2
            69.12ms n2 refuses GET foo of ada: MOVED 12182 n1:6379
            70.12ms ada receives an error from n2: MOVED 12182 n1:6379
            70.12ms ada ends
            ",
    );
}

#[test]
fn who_waits_for_a_key_in_a_slot_that_has_moved_is_sent_after_it() {
    let waits: &[&str] = &[
        "on n1: BLPOP {b}q 0",
        "print $",
        "on n2: BLPOP {b}q 0",
        "print $",
    ];
    let pushes: &[&str] = &["sleep 2s", "on n2: RPUSH {b}q job"];
    let scenario = cluster(&[("ada", waits), ("bo", pushes)]);
    let run = run(with(scenario, &["move-slot 3300 to n2 at 500ms for 40ms"]));
    let told = timeline(&run);
    assert!(
        told.iter()
            .any(|line| line.contains("receives an error from n1: MOVED 3300 n2:6379")),
        "{told:#?}"
    );
    assert!(
        told.iter()
            .any(|line| line.contains("job") && line.contains("ada receives")),
        "{told:#?}"
    );
}

#[test]
fn who_waits_where_the_cluster_is_down_is_told_so() {
    let scenario = cluster(&[("ada", &["on n1: BLPOP {b}q 0", "sleep 1s"])]);
    let run = run(with(
        scenario,
        &["partition {ada, n1} from {n2, n3, n4, n5, n6} at 1s for 30s"],
    ));
    let told = timeline(&run);
    assert!(
        told.iter()
            .any(|line| line.ends_with("CLUSTERDOWN The cluster is down")),
        "{told:#?}"
    );
}

#[test]
fn the_members_of_a_cluster_are_those_of_its_scenario() {
    let refused = |sub: &str| {
        format!(
            "ERR CLUSTER {sub} is not there: the members of this cluster are those of its scenario"
        )
    };
    let scenario = cluster(&[(
        "ada",
        &[
            "on n1: CLUSTER MEET n2 6379",
            "on n1: cluster forget x",
            "on n1: CLUSTER RESET HARD",
        ],
    )]);
    let told = timeline(&run(scenario)).join("\n");
    for sub in ["MEET", "FORGET", "RESET"] {
        assert!(told.contains(&refused(sub)), "{told}");
    }
}
