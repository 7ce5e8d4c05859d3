//! Sentinels: who finds whom down, who is elected, what a failover does and what it loses. The announcements are written as
//! redis-sentinel publishes them; their order was compared with that of three real ones in the same situations.

use redwind_sim::{
    Event, Latency, LinkSpec, NodeSpec, Place, Run, Scenario, Span, Travel, WatchSpec, place_name,
};

use crate::common::{run, timeline, with, world};

/// A primary `n1` with the replicas `n2` and `n3`, watched as `mymaster` by `s1`, `s2` and `s3`.
fn watched(clients: &[(&str, &[&str])], quorum: u16) -> Scenario {
    let mut scenario = world(clients);
    scenario.nodes = vec![NodeSpec::named("n1")];
    for name in ["n2", "n3"] {
        scenario.nodes.push(NodeSpec {
            replica_of: Some("n1".to_owned()),
            ..NodeSpec::named(name)
        });
    }
    for name in ["s1", "s2", "s3"] {
        scenario.nodes.push(NodeSpec {
            watches: vec![WatchSpec {
                down_after: Span::seconds(1),
                failover_timeout: Span::seconds(6),
                ..WatchSpec::new("mymaster", "n1", quorum)
            }],
            ..NodeSpec::named(name)
        });
    }
    scenario
}

/// A world in which nobody does anything for so long.
pub(crate) fn quiet(lasts: &str, quorum: u16, interventions: &[&str]) -> Scenario {
    let sleep = format!("sleep {lasts}");
    with(watched(&[("app", &[&sleep])], quorum), interventions)
}

/// What sentinels announce, as Redis does, and which roles nodes take on.
fn story(run: &Run) -> Vec<String> {
    let scenario = run.scenario();
    let line = |record: &redwind_sim::Record| {
        let me = place_name(scenario, record.place);
        match &record.event {
            Event::Sentinel(notice) => Some(format!(
                "{} {me} {} {}",
                record.at,
                notice.channel(),
                ids_as_names(scenario, &notice.payload(scenario))
            )),
            Event::Role { primary } => Some(match primary {
                Some(primary) => {
                    let primary = place_name(scenario, *primary);
                    format!("{} {me} is a replica of {primary}", record.at)
                }
                None => format!("{} {me} is a primary", record.at),
            }),
            _ => None,
        }
    };
    run.records().iter().filter_map(line).collect()
}

/// Sentinels are called by forty digits in what they announce; here by their names.
fn ids_as_names(scenario: &Scenario, payload: &str) -> String {
    let mut text = payload.to_owned();
    for (index, spec) in (0..).zip(&scenario.nodes) {
        if !spec.watches.is_empty() {
            let id = redwind_sim::sentinel_id(scenario, Place::Node(index));
            text = text.replace(&id, &spec.name);
        }
    }
    text
}

/// Runs a scenario and compares what is told with what is expected. `about` chooses places and events.
#[track_caller]
pub(crate) fn check_story(scenario: &Scenario, about: &[&str], expected: &str) -> Run {
    let first = run(scenario.clone());
    let wanted: Vec<&str> = expected
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let chosen = |line: &String| about.is_empty() || about.iter().any(|part| line.contains(part));
    let told: Vec<String> = story(&first).into_iter().filter(chosen).collect();
    if told != wanted {
        panic!(
            "expected:\n{}\n\ntold:\n{}\n",
            wanted.join("\n"),
            told.join("\n")
        );
    }
    first
}

#[test]
fn three_sentinels_replace_a_dead_primary_and_make_it_a_replica_when_it_comes_back() {
    check_story(
        &quiet("30s", 2, &["crash n1 at 3s, restart after 10s"]),
        &[],
        "
            4.087s s1 +sdown master mymaster n1 6379
            4.094s s2 +sdown master mymaster n1 6379
            4.122s s3 +sdown master mymaster n1 6379
            4.165s s2 +odown master mymaster n1 6379 #quorum 2/2
            4.165s s2 +new-epoch 1
            4.165s s2 +try-failover master mymaster n1 6379
            4.165s s2 +vote-for-leader s2 1
            4.166s s1 +new-epoch 1
            4.166s s1 +vote-for-leader s2 1
            4.166s s3 +new-epoch 1
            4.166s s3 +vote-for-leader s2 1
            4.198s s3 +odown master mymaster n1 6379 #quorum 3/2
            4.231s s2 +elected-leader master mymaster n1 6379
            4.231s s2 +failover-state-select-slave master mymaster n1 6379
            4.283s s2 +selected-slave slave n3:6379 n3 6379 @ mymaster n1 6379
            4.283s s2 +failover-state-send-slaveof-noone slave n3:6379 n3 6379 @ mymaster n1 6379
            4.354s s2 +failover-state-wait-promotion slave n3:6379 n3 6379 @ mymaster n1 6379
            4.355s n3 is a primary
            5.191s s1 +odown master mymaster n1 6379 #quorum 3/2
            5.193s s1 -role-change slave n3:6379 n3 6379 @ mymaster n1 6379 new reported role is master
            5.207s s2 -role-change slave n3:6379 n3 6379 @ mymaster n1 6379 new reported role is master
            5.207s s2 +promoted-slave slave n3:6379 n3 6379 @ mymaster n1 6379
            5.207s s2 +failover-state-reconf-slaves master mymaster n1 6379
            5.295s s2 +slave-reconf-sent slave n2:6379 n2 6379 @ mymaster n1 6379
            5.296s n2 is a replica of n3
            5.296s s1 +config-update-from sentinel s2 s2 26379 @ mymaster n1 6379
            5.296s s1 +switch-master mymaster n1 6379 n3 6379
            5.296s s1 +slave slave n2:6379 n2 6379 @ mymaster n3 6379
            5.296s s1 +slave slave n1:6379 n1 6379 @ mymaster n3 6379
            5.296s s3 +config-update-from sentinel s2 s2 26379 @ mymaster n1 6379
            5.296s s3 +switch-master mymaster n1 6379 n3 6379
            5.296s s3 +slave slave n2:6379 n2 6379 @ mymaster n3 6379
            5.296s s3 +slave slave n1:6379 n1 6379 @ mymaster n3 6379
            6.224s s2 +slave-reconf-inprog slave n2:6379 n2 6379 @ mymaster n1 6379
            6.224s s2 +slave-reconf-done slave n2:6379 n2 6379 @ mymaster n1 6379
            6.277s s2 -odown master mymaster n1 6379
            6.277s s2 +failover-end master mymaster n1 6379
            6.277s s2 +switch-master mymaster n1 6379 n3 6379
            6.277s s2 +slave slave n2:6379 n2 6379 @ mymaster n3 6379
            6.277s s2 +slave slave n1:6379 n1 6379 @ mymaster n3 6379
            6.323s s3 +sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            6.376s s1 +sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            7.339s s2 +sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            13.513s s2 -role-change slave n1:6379 n1 6379 @ mymaster n3 6379 new reported role is master
            13.587s s2 -sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            13.617s s1 -role-change slave n1:6379 n1 6379 @ mymaster n3 6379 new reported role is master
            13.677s s1 -sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            13.693s s3 -role-change slave n1:6379 n1 6379 @ mymaster n3 6379 new reported role is master
            13.774s s3 -sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            23.554s s2 +convert-to-slave slave n1:6379 n1 6379 @ mymaster n3 6379
            23.555s n1 is a replica of n3
            23.639s s1 +role-change slave n1:6379 n1 6379 @ mymaster n3 6379 new reported role is slave
            23.705s s3 +role-change slave n1:6379 n1 6379 @ mymaster n3 6379 new reported role is slave
        ",
    );
}

#[test]
fn a_primary_that_one_sentinel_alone_finds_down_stays_the_primary() {
    check_story(
        &quiet("20s", 2, &["partition s1 from n1 at 3s for 10s"]),
        &[],
        "
            5.108s s1 +sdown master mymaster n1 6379
            13.025s s1 -sdown master mymaster n1 6379
        ",
    );
}

#[test]
fn a_quorum_that_cannot_be_reached_leaves_a_dead_primary_in_office() {
    check_story(
        &quiet("20s", 3, &["crash s3 at 1s", "crash n1 at 5s"]),
        &[],
        "
            2.06s s2 +sdown sentinel s3 s3 26379 @ mymaster n1 6379
            2.103s s1 +sdown sentinel s3 s3 26379 @ mymaster n1 6379
            6.075s s2 +sdown master mymaster n1 6379
            6.113s s1 +sdown master mymaster n1 6379
        ",
    );
}

#[test]
fn without_a_majority_nobody_is_elected_even_if_the_quorum_is_one() {
    check_story(
        &quiet(
            "30s",
            1,
            &["crash s2 at 1s", "crash s3 at 1s", "crash n1 at 5s"],
        ),
        &["s1"],
        "
            2.103s s1 +sdown sentinel s2 s2 26379 @ mymaster n1 6379
            2.103s s1 +sdown sentinel s3 s3 26379 @ mymaster n1 6379
            6.113s s1 +sdown master mymaster n1 6379
            6.113s s1 +odown master mymaster n1 6379 #quorum 1/1
            6.113s s1 +new-epoch 1
            6.113s s1 +try-failover master mymaster n1 6379
            6.113s s1 +vote-for-leader s1 1
            12.248s s1 -failover-abort-not-elected master mymaster n1 6379
            18.261s s1 +new-epoch 2
            18.261s s1 +try-failover master mymaster n1 6379
            18.261s s1 +vote-for-leader s1 2
            25.267s s1 -failover-abort-not-elected master mymaster n1 6379
        ",
    );
}

#[test]
fn with_one_sentinel_dead_the_other_two_do_it() {
    check_story(
        &quiet("12s", 2, &["crash s1 at 1s", "crash n1 at 5s"]),
        &["odown", "vote", "elected", "switch", "is a"],
        "
            6.146s s2 +odown master mymaster n1 6379 #quorum 2/2
            6.146s s2 +vote-for-leader s2 1
            6.147s s3 +vote-for-leader s2 1
            6.222s s2 +elected-leader master mymaster n1 6379
            6.277s s2 +selected-slave slave n3:6379 n3 6379 @ mymaster n1 6379
            6.336s n3 is a primary
            7.137s s3 +odown master mymaster n1 6379 #quorum 2/2
            7.269s n2 is a replica of n3
            7.269s s3 +switch-master mymaster n1 6379 n3 6379
            8.327s s2 -odown master mymaster n1 6379
            8.327s s2 +switch-master mymaster n1 6379 n3 6379
        ",
    );
}

#[test]
fn when_all_vote_for_themselves_nobody_leads_and_a_later_epoch_decides() {
    let mut scenario = quiet("40s", 1, &["crash n1 at 3s"]);
    let slow = Span::millis(400);
    for (from, to) in [("s1", "s2"), ("s1", "s3"), ("s2", "s3")] {
        scenario.links.push(LinkSpec {
            from: from.to_owned(),
            to: to.to_owned(),
            both_ways: true,
            latency: Some(Travel::Range(Latency {
                least: slow,
                most: slow,
            })),
            loss_ppm: None,
            bytes_per_second: None,
        });
    }
    check_story(
        &scenario,
        &["odown", "epoch", "vote", "elected", "switch", "is a"],
        "
            4.087s s1 +odown master mymaster n1 6379 #quorum 1/1
            4.087s s1 +new-epoch 1
            4.087s s1 +vote-for-leader s1 1
            4.094s s2 +odown master mymaster n1 6379 #quorum 1/1
            4.094s s2 +new-epoch 1
            4.094s s2 +vote-for-leader s2 1
            4.122s s3 +odown master mymaster n1 6379 #quorum 1/1
            4.122s s3 +new-epoch 1
            4.122s s3 +vote-for-leader s3 1
            10.553s s2 -failover-abort-not-elected master mymaster n1 6379
            10.637s s3 -failover-abort-not-elected master mymaster n1 6379
            10.774s s1 -failover-abort-not-elected master mymaster n1 6379
            16.596s s2 +new-epoch 2
            16.596s s2 +vote-for-leader s2 2
            16.638s s3 +new-epoch 2
            16.638s s3 +vote-for-leader s3 2
            16.741s s1 +new-epoch 2
            16.741s s1 +vote-for-leader s1 2
            23.074s s2 -failover-abort-not-elected master mymaster n1 6379
            23.358s s3 -failover-abort-not-elected master mymaster n1 6379
            23.495s s1 -failover-abort-not-elected master mymaster n1 6379
            29.034s s2 +new-epoch 3
            29.034s s2 +vote-for-leader s2 3
            29.349s s3 +new-epoch 3
            29.349s s3 +vote-for-leader s3 3
            29.434s s1 +new-epoch 3
            29.434s s1 +vote-for-leader s2 3
            29.865s s2 +elected-leader master mymaster n1 6379
            29.941s s2 +selected-slave slave n3:6379 n3 6379 @ mymaster n1 6379
            30.013s n3 is a primary
            31.106s n2 is a replica of n3
            31.107s s1 +switch-master mymaster n1 6379 n3 6379
            31.107s s3 +switch-master mymaster n1 6379 n3 6379
            32.109s s2 +switch-master mymaster n1 6379 n3 6379
        ",
    );
}

#[test]
fn a_primary_cut_off_with_its_clients_takes_writes_that_nobody_will_have() {
    let scenario = with(
        watched(
            &[
                (
                    "app-a",
                    &["sleep 8s", "SET k lost", "sleep 30s", "GET k", "print $"],
                ),
                ("app-b", &["sleep 38s"]),
            ],
            2,
        ),
        &["partition {n1, s1, app-a} from {n2, n3, s2, s3, app-b} at 3s for 10s"],
    );
    let run = check_story(
        &scenario,
        &[
            "sdown master",
            "odown",
            "vote",
            "elected",
            "switch",
            "convert",
            "is a",
        ],
        "
            4.165s s2 +sdown master mymaster n1 6379
            4.961s s3 +sdown master mymaster n1 6379
            5.013s s3 +odown master mymaster n1 6379 #quorum 2/2
            5.013s s3 +vote-for-leader s3 1
            5.014s s2 +vote-for-leader s3 1
            5.068s s3 +elected-leader master mymaster n1 6379
            5.12s s3 +selected-slave slave n3:6379 n3 6379 @ mymaster n1 6379
            5.204s n3 is a primary
            5.295s s2 +odown master mymaster n1 6379 #quorum 2/2
            6.104s n2 is a replica of n3
            6.104s s2 +switch-master mymaster n1 6379 n3 6379
            7.137s s3 -odown master mymaster n1 6379
            7.137s s3 +switch-master mymaster n1 6379 n3 6379
            13.001s s1 +vote-for-leader s3 1
            13.001s s1 +switch-master mymaster n1 6379 n3 6379
            23.014s s2 +convert-to-slave slave n1:6379 n1 6379 @ mymaster n3 6379
            23.015s n1 is a replica of n3
        ",
    );
    let said: Vec<String> = timeline(&run)
        .into_iter()
        .filter(|line| line.contains("app-a") || line.contains("gives up its own data"))
        .filter_map(|line| Some(line.split_once(' ')?.1.to_owned()))
        .skip(3)
        .collect();
    let expected = [
        "app-a wakes",
        "app-a sends SET k lost to n1",
        "n1 executes SET k lost for app-a and answers OK",
        "app-a receives OK from n1",
        "app-a sleeps for 30s",
        "the network between n1, s1 and app-a and n2, n3, s2, s3 and app-b is whole again",
        "n1 gives up its own data for a copy of that of n3",
        "app-a wakes",
        "app-a sends GET k to n1",
        "n1 executes GET k for app-a and answers nil",
        "app-a receives nil from n1",
        "app-a prints: nil",
        "app-a ends",
    ];
    assert_eq!(said, expected);
}

#[test]
fn a_paused_primary_is_replaced_and_its_pause_ends_in_another_world() {
    check_story(
        &quiet("20s", 2, &["pause n1 at 3s for 6s"]),
        &["sdown", "elected", "switch", "convert", "is a"],
        "
            4.165s s2 +sdown master mymaster n1 6379
            4.961s s3 +sdown master mymaster n1 6379
            5.068s s3 +elected-leader master mymaster n1 6379
            5.108s s1 +sdown master mymaster n1 6379
            5.12s s3 +selected-slave slave n3:6379 n3 6379 @ mymaster n1 6379
            5.204s n3 is a primary
            6.104s n2 is a replica of n3
            6.104s s1 +switch-master mymaster n1 6379 n3 6379
            6.104s s2 +switch-master mymaster n1 6379 n3 6379
            7.11s s2 +sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            7.137s s3 +switch-master mymaster n1 6379 n3 6379
            7.187s s1 +sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            8.154s s3 +sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            9.024s s2 -sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            9.035s s1 -sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            9.068s s3 -sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            19.03s s2 +convert-to-slave slave n1:6379 n1 6379 @ mymaster n3 6379
            19.031s n1 is a replica of n3
        ",
    );
}

#[test]
fn a_sentinel_whose_clock_jumps_only_watches_for_thirty_seconds() {
    check_story(
        &quiet("45s", 2, &["jump-clock s1 by +10s at 2s", "crash n1 at 5s"]),
        &["tilt", "sdown", "odown", "vote", "elected", "switch"],
        "
            2.013s s1 +tilt #tilt mode entered
            6.02s s3 +sdown master mymaster n1 6379
            6.075s s2 +sdown master mymaster n1 6379
            6.146s s2 +odown master mymaster n1 6379 #quorum 2/2
            6.146s s2 +vote-for-leader s2 1
            6.147s s1 +vote-for-leader s2 1
            6.147s s3 +vote-for-leader s2 1
            6.222s s2 +elected-leader master mymaster n1 6379
            6.277s s2 +selected-slave slave n3:6379 n3 6379 @ mymaster n1 6379
            7.137s s3 +odown master mymaster n1 6379 #quorum 2/2
            7.269s s1 +switch-master mymaster n1 6379 n3 6379
            7.269s s3 +switch-master mymaster n1 6379 n3 6379
            8.292s s3 +sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            8.327s s2 -odown master mymaster n1 6379
            8.327s s2 +switch-master mymaster n1 6379 n3 6379
            9.346s s2 +sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            32.021s s1 -tilt #tilt mode exited
            32.021s s1 +sdown slave n1:6379 n1 6379 @ mymaster n3 6379
        ",
    );
}

#[test]
fn a_failover_by_hand_needs_nobodys_agreement() {
    check_story(
        &quiet("20s", 2, &["type s1 at 3s: SENTINEL FAILOVER mymaster"]),
        &[],
        "
            3s s1 +new-epoch 1
            3s s1 +try-failover master mymaster n1 6379
            3.037s s1 +vote-for-leader s1 1
            3.037s s1 +elected-leader master mymaster n1 6379
            3.037s s1 +failover-state-select-slave master mymaster n1 6379
            3.113s s1 +selected-slave slave n3:6379 n3 6379 @ mymaster n1 6379
            3.113s s1 +failover-state-send-slaveof-noone slave n3:6379 n3 6379 @ mymaster n1 6379
            3.179s s1 +failover-state-wait-promotion slave n3:6379 n3 6379 @ mymaster n1 6379
            3.18s n3 is a primary
            3.251s s3 -role-change slave n3:6379 n3 6379 @ mymaster n1 6379 new reported role is master
            3.622s s2 +new-epoch 1
            3.622s s3 +new-epoch 1
            4.089s s1 -role-change slave n3:6379 n3 6379 @ mymaster n1 6379 new reported role is master
            4.089s s1 +promoted-slave slave n3:6379 n3 6379 @ mymaster n1 6379
            4.089s s1 +failover-state-reconf-slaves master mymaster n1 6379
            4.158s s1 +slave-reconf-sent slave n2:6379 n2 6379 @ mymaster n1 6379
            4.159s n2 is a replica of n3
            4.159s s2 +config-update-from sentinel s1 s1 26379 @ mymaster n1 6379
            4.159s s2 +switch-master mymaster n1 6379 n3 6379
            4.159s s2 +slave slave n2:6379 n2 6379 @ mymaster n3 6379
            4.159s s2 +slave slave n1:6379 n1 6379 @ mymaster n3 6379
            4.159s s3 +config-update-from sentinel s1 s1 26379 @ mymaster n1 6379
            4.159s s3 +switch-master mymaster n1 6379 n3 6379
            4.159s s3 +slave slave n2:6379 n2 6379 @ mymaster n3 6379
            4.159s s3 +slave slave n1:6379 n1 6379 @ mymaster n3 6379
            4.167s s2 -role-change slave n1:6379 n1 6379 @ mymaster n3 6379 new reported role is master
            4.2s s3 -role-change slave n1:6379 n1 6379 @ mymaster n3 6379 new reported role is master
            5.11s s1 +slave-reconf-inprog slave n2:6379 n2 6379 @ mymaster n1 6379
            5.11s s1 +slave-reconf-done slave n2:6379 n2 6379 @ mymaster n1 6379
            5.191s s1 +failover-end master mymaster n1 6379
            5.191s s1 +switch-master mymaster n1 6379 n3 6379
            5.191s s1 +slave slave n2:6379 n2 6379 @ mymaster n3 6379
            5.191s s1 +slave slave n1:6379 n1 6379 @ mymaster n3 6379
            5.259s s1 -role-change slave n1:6379 n1 6379 @ mymaster n3 6379 new reported role is master
            14.175s s2 +convert-to-slave slave n1:6379 n1 6379 @ mymaster n3 6379
            14.176s n1 is a replica of n3
            14.212s s3 +role-change slave n1:6379 n1 6379 @ mymaster n3 6379 new reported role is slave
            15.285s s1 +role-change slave n1:6379 n1 6379 @ mymaster n3 6379 new reported role is slave
        ",
    );
}

#[test]
fn a_sentinel_that_leads_and_dies_leaves_the_failover_to_another() {
    check_story(
        &quiet(
            "40s",
            2,
            &["crash n1 at 3s", "crash s2 when s2 reports +elected-leader"],
        ),
        &["elected", "epoch", "vote", "switch", "is a"],
        "
            4.165s s2 +new-epoch 1
            4.165s s2 +vote-for-leader s2 1
            4.166s s1 +new-epoch 1
            4.166s s1 +vote-for-leader s2 1
            4.166s s3 +new-epoch 1
            4.166s s3 +vote-for-leader s2 1
            4.231s s2 +elected-leader master mymaster n1 6379
            16.322s s3 +new-epoch 2
            16.322s s3 +vote-for-leader s3 2
            16.323s s1 +new-epoch 2
            16.323s s1 +vote-for-leader s3 2
            16.422s s3 +elected-leader master mymaster n1 6379
            16.48s s3 +selected-slave slave n3:6379 n3 6379 @ mymaster n1 6379
            16.539s n3 is a primary
            16.853s n2 is a replica of n3
            16.853s s1 +switch-master mymaster n1 6379 n3 6379
            17.803s s3 +switch-master mymaster n1 6379 n3 6379
        ",
    );
}

#[test]
fn a_sentinel_that_was_paused_distrusts_itself() {
    check_story(
        &quiet("12s", 2, &["pause s1 at 2s for 4s", "crash n1 at 8s"]),
        &["tilt", "sentinel s1", "elected", "switch"],
        "
            3.1s s3 +sdown sentinel s1 s1 26379 @ mymaster n1 6379
            3.752s s2 +sdown sentinel s1 s1 26379 @ mymaster n1 6379
            6s s1 +tilt #tilt mode entered
            6.02s s3 -sdown sentinel s1 s1 26379 @ mymaster n1 6379
            6.023s s2 -sdown sentinel s1 s1 26379 @ mymaster n1 6379
            9.236s s2 +elected-leader master mymaster n1 6379
            9.291s s2 +selected-slave slave n3:6379 n3 6379 @ mymaster n1 6379
            10.287s s1 +switch-master mymaster n1 6379 n3 6379
            10.287s s3 +switch-master mymaster n1 6379 n3 6379
            11.379s s2 +switch-master mymaster n1 6379 n3 6379
        ",
    );
}

#[test]
fn who_listens_to_a_sentinel_hears_what_it_announces() {
    let scenario = with(
        watched(
            &[(
                "app",
                &[
                    "on s2: PING",
                    "subscription: PSUBSCRIBE +*",
                    "listen 1s",
                    "listen 5s",
                    "listen 5s",
                ],
            )],
            2,
        ),
        &["crash n1 at 3s"],
    );
    let run = run(scenario);
    let heard: Vec<String> = timeline(&run)
        .into_iter()
        .filter(|line| line.contains("hears") && line.contains("app"))
        .collect();
    assert_eq!(
        heard,
        [
            "4.02ms app hears from s2 that it listens to +*",
            "4.095s app hears \"master mymaster n1 6379\" on +sdown, as +*, from s2",
            "4.166s app hears \"master mymaster n1 6379 #quorum 2/2\" on +odown, as +*, from s2",
        ]
    );
}

#[test]
fn a_replica_with_priority_zero_is_never_promoted() {
    let mut scenario = quiet("10s", 2, &["crash n1 at 3s"]);
    let never = ("replica-priority".to_owned(), "0".to_owned());
    scenario.nodes[2].config.push(never.clone());
    check_story(
        &scenario,
        &["selected", "good"],
        "
            4.283s s2 +selected-slave slave n2:6379 n2 6379 @ mymaster n1 6379
        ",
    );
    scenario.nodes[1].config.push(never);
    check_story(
        &scenario,
        &["selected", "good"],
        "
            4.283s s2 -failover-abort-no-good-slave master mymaster n1 6379
        ",
    );
}
