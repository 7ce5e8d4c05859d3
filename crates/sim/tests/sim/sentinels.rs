//! Sentinels: who finds whom down, who is elected, what a failover does and what it loses. The announcements are written as
//! redis-sentinel publishes them; their order was compared with that of three real ones in the same situations.

use redwind_sim::{
    Event, Latency, LinkSpec, NodeSpec, Place, Run, Scenario, Span, WatchSpec, place_name,
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
fn quiet(lasts: &str, quorum: u16, interventions: &[&str]) -> Scenario {
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

/// Runs a scenario twice, compares the runs, and then what is told with what is expected. `about` chooses places and events.
#[track_caller]
fn check_story(scenario: &Scenario, about: &[&str], expected: &str) -> Run {
    let first = run(scenario.clone());
    let again = run(scenario.clone());
    assert_eq!(first.hash(), again.hash(), "a run is the same every time");
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
            4.014s s3 +sdown master mymaster n1 6379
            4.069s s2 +sdown master mymaster n1 6379
            4.099s s1 +sdown master mymaster n1 6379
            4.152s s2 +odown master mymaster n1 6379 #quorum 2/2
            4.152s s2 +new-epoch 1
            4.152s s2 +try-failover master mymaster n1 6379
            4.152s s2 +vote-for-leader s2 1
            4.153s s1 +new-epoch 1
            4.153s s1 +vote-for-leader s2 1
            4.153s s3 +new-epoch 1
            4.153s s3 +vote-for-leader s2 1
            4.199s s1 +odown master mymaster n1 6379 #quorum 3/2
            4.207s s2 +elected-leader master mymaster n1 6379
            4.207s s2 +failover-state-select-slave master mymaster n1 6379
            4.262s s2 +selected-slave slave n3:6379 n3 6379 @ mymaster n1 6379
            4.262s s2 +failover-state-send-slaveof-noone slave n3:6379 n3 6379 @ mymaster n1 6379
            4.352s s2 +failover-state-wait-promotion slave n3:6379 n3 6379 @ mymaster n1 6379
            4.353s n3 is a primary
            5.111s s3 +odown master mymaster n1 6379 #quorum 3/2
            5.113s s3 -role-change slave n3:6379 n3 6379 @ mymaster n1 6379 new reported role is master
            5.163s s2 -role-change slave n3:6379 n3 6379 @ mymaster n1 6379 new reported role is master
            5.163s s2 +promoted-slave slave n3:6379 n3 6379 @ mymaster n1 6379
            5.163s s2 +failover-state-reconf-slaves master mymaster n1 6379
            5.227s s1 -role-change slave n3:6379 n3 6379 @ mymaster n1 6379 new reported role is master
            5.251s s2 +slave-reconf-sent slave n2:6379 n2 6379 @ mymaster n1 6379
            5.252s n2 is a replica of n3
            5.252s s1 +config-update-from sentinel s2 s2 26379 @ mymaster n1 6379
            5.252s s1 +switch-master mymaster n1 6379 n3 6379
            5.252s s1 +slave slave n2:6379 n2 6379 @ mymaster n3 6379
            5.252s s1 +slave slave n1:6379 n1 6379 @ mymaster n3 6379
            5.252s s3 +config-update-from sentinel s2 s2 26379 @ mymaster n1 6379
            5.252s s3 +switch-master mymaster n1 6379 n3 6379
            5.252s s3 +slave slave n2:6379 n2 6379 @ mymaster n3 6379
            5.252s s3 +slave slave n1:6379 n1 6379 @ mymaster n3 6379
            5.486s s2 +slave-reconf-inprog slave n2:6379 n2 6379 @ mymaster n1 6379
            5.486s s2 +slave-reconf-done slave n2:6379 n2 6379 @ mymaster n1 6379
            5.56s s2 +failover-end master mymaster n1 6379
            5.56s s2 +switch-master mymaster n1 6379 n3 6379
            5.56s s2 +slave slave n2:6379 n2 6379 @ mymaster n3 6379
            5.56s s2 +slave slave n1:6379 n1 6379 @ mymaster n3 6379
            6.283s s1 +sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            6.301s s3 +sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            6.635s s2 +sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            13.528s s3 -role-change slave n1:6379 n1 6379 @ mymaster n3 6379 new reported role is master
            13.592s s3 -sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            13.603s s1 -role-change slave n1:6379 n1 6379 @ mymaster n3 6379 new reported role is master
            13.659s s1 -sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            13.863s s2 -role-change slave n1:6379 n1 6379 @ mymaster n3 6379 new reported role is master
            13.961s s2 -sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            23.578s s3 +convert-to-slave slave n1:6379 n1 6379 @ mymaster n3 6379
            23.579s n1 is a replica of n3
            23.684s s1 +role-change slave n1:6379 n1 6379 @ mymaster n3 6379 new reported role is slave
            23.88s s2 +role-change slave n1:6379 n1 6379 @ mymaster n3 6379 new reported role is slave
        ",
    );
}

#[test]
fn a_primary_that_one_sentinel_alone_finds_down_stays_the_primary() {
    check_story(
        &quiet("20s", 2, &["partition s1 from n1 at 3s for 10s"]),
        &[],
        "
            4.099s s1 +sdown master mymaster n1 6379
            13.053s s1 -sdown master mymaster n1 6379
        ",
    );
}

#[test]
fn a_quorum_that_cannot_be_reached_leaves_a_dead_primary_in_office() {
    check_story(
        &quiet("20s", 3, &["crash s3 at 1s", "crash n1 at 5s"]),
        &[],
        "
            2.021s s2 +sdown sentinel s3 s3 26379 @ mymaster n1 6379
            2.082s s1 +sdown sentinel s3 s3 26379 @ mymaster n1 6379
            6.011s s2 +sdown master mymaster n1 6379
            6.117s s1 +sdown master mymaster n1 6379
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
            2.082s s1 +sdown sentinel s2 s2 26379 @ mymaster n1 6379
            2.082s s1 +sdown sentinel s3 s3 26379 @ mymaster n1 6379
            6.117s s1 +sdown master mymaster n1 6379
            6.117s s1 +odown master mymaster n1 6379 #quorum 1/1
            6.117s s1 +new-epoch 1
            6.117s s1 +try-failover master mymaster n1 6379
            6.117s s1 +vote-for-leader s1 1
            12.658s s1 -failover-abort-not-elected master mymaster n1 6379
            18.577s s1 +new-epoch 2
            18.577s s1 +try-failover master mymaster n1 6379
            18.577s s1 +vote-for-leader s1 2
            25.42s s1 -failover-abort-not-elected master mymaster n1 6379
        ",
    );
}

#[test]
fn with_one_sentinel_dead_the_other_two_do_it() {
    check_story(
        &quiet("12s", 2, &["crash s1 at 1s", "crash n1 at 5s"]),
        &["odown", "vote", "elected", "switch", "is a"],
        "
            6.147s s3 +odown master mymaster n1 6379 #quorum 2/2
            6.147s s3 +vote-for-leader s3 1
            6.148s s2 +vote-for-leader s3 1
            6.218s s3 +elected-leader master mymaster n1 6379
            6.301s s3 +selected-slave slave n3:6379 n3 6379 @ mymaster n1 6379
            6.364s n3 is a primary
            7.154s s2 +odown master mymaster n1 6379 #quorum 2/2
            7.213s n2 is a replica of n3
            7.213s s2 +switch-master mymaster n1 6379 n3 6379
            8.217s s3 -odown master mymaster n1 6379
            8.217s s3 +switch-master mymaster n1 6379 n3 6379
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
            latency: Latency {
                least: slow,
                most: slow,
            },
        });
    }
    check_story(
        &scenario,
        &["odown", "epoch", "vote", "elected", "switch", "is a"],
        "
            4.014s s3 +odown master mymaster n1 6379 #quorum 1/1
            4.014s s3 +new-epoch 1
            4.014s s3 +vote-for-leader s3 1
            4.069s s2 +odown master mymaster n1 6379 #quorum 1/1
            4.069s s2 +new-epoch 1
            4.069s s2 +vote-for-leader s2 1
            4.099s s1 +odown master mymaster n1 6379 #quorum 1/1
            4.099s s1 +new-epoch 1
            4.099s s1 +vote-for-leader s1 1
            10.34s s1 -failover-abort-not-elected master mymaster n1 6379
            10.53s s2 -failover-abort-not-elected master mymaster n1 6379
            10.886s s3 -failover-abort-not-elected master mymaster n1 6379
            16.333s s1 +new-epoch 2
            16.333s s1 +vote-for-leader s1 2
            16.545s s2 +new-epoch 2
            16.545s s2 +vote-for-leader s2 2
            16.733s s3 +new-epoch 2
            16.733s s3 +vote-for-leader s1 2
            17.163s s1 +elected-leader master mymaster n1 6379
            17.229s s1 +selected-slave slave n3:6379 n3 6379 @ mymaster n1 6379
            17.292s n3 is a primary
            17.686s n2 is a replica of n3
            17.687s s2 +switch-master mymaster n1 6379 n3 6379
            17.687s s3 +switch-master mymaster n1 6379 n3 6379
            18.694s s1 +switch-master mymaster n1 6379 n3 6379
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
            4.814s s3 +sdown master mymaster n1 6379
            5.007s s2 +sdown master mymaster n1 6379
            5.09s s2 +odown master mymaster n1 6379 #quorum 2/2
            5.09s s2 +vote-for-leader s2 1
            5.091s s3 +vote-for-leader s2 1
            5.161s s2 +elected-leader master mymaster n1 6379
            5.251s s2 +selected-slave slave n3:6379 n3 6379 @ mymaster n1 6379
            5.314s n3 is a primary
            5.925s s3 +odown master mymaster n1 6379 #quorum 2/2
            6.177s n2 is a replica of n3
            6.177s s3 +switch-master mymaster n1 6379 n3 6379
            7.209s s2 -odown master mymaster n1 6379
            7.209s s2 +switch-master mymaster n1 6379 n3 6379
            13.001s s1 +vote-for-leader s2 1
            13.001s s1 +switch-master mymaster n1 6379 n3 6379
            23.047s s2 +convert-to-slave slave n1:6379 n1 6379 @ mymaster n3 6379
            23.048s n1 is a replica of n3
        ",
    );
    let said: Vec<String> = timeline(&run)
        .into_iter()
        .filter(|line| line.contains("app-a") || line.contains("gives up its own data"))
        .collect();
    assert_eq!(
        said,
        [
            "0s app-a starts",
            "10us app-a sleeps for 8s",
            "3s the network between n1, s1 and app-a and n2, n3, s2, s3 and app-b is cut for 10s",
            "8.00001s app-a wakes",
            "8.00002s app-a sends SET k lost to n1",
            "8.00102s n1 executes SET k lost for app-a and answers OK",
            "8.00202s app-a receives OK from n1",
            "8.00203s app-a sleeps for 30s",
            "13s the network between n1, s1 and app-a and n2, n3, s2, s3 and app-b is whole again",
            "23.05s n1 gives up its own data for a copy of that of n3",
            "38.00203s app-a wakes",
            "38.00204s app-a sends GET k to n1",
            "38.00304s n1 executes GET k for app-a and answers nil",
            "38.00404s app-a receives nil from n1",
            "38.00405s app-a prints: nil",
            "38.00405s app-a ends"
        ]
    );
}

#[test]
fn a_paused_primary_is_replaced_and_its_pause_ends_in_another_world() {
    check_story(
        &quiet("20s", 2, &["pause n1 at 3s for 6s"]),
        &["sdown", "elected", "switch", "convert", "is a"],
        "
            4.099s s1 +sdown master mymaster n1 6379
            4.814s s3 +sdown master mymaster n1 6379
            4.952s s3 +elected-leader master mymaster n1 6379
            5.007s s2 +sdown master mymaster n1 6379
            5.028s s3 +selected-slave slave n3:6379 n3 6379 @ mymaster n1 6379
            5.112s n3 is a primary
            5.992s n2 is a replica of n3
            5.992s s1 +switch-master mymaster n1 6379 n3 6379
            5.992s s2 +switch-master mymaster n1 6379 n3 6379
            7.007s s2 +sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            7.023s s3 +switch-master mymaster n1 6379 n3 6379
            7.064s s1 +sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            8.042s s3 +sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            9.006s s2 -sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            9.011s s1 -sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            9.023s s3 -sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            19.06s s3 +convert-to-slave slave n1:6379 n1 6379 @ mymaster n3 6379
            19.061s n1 is a replica of n3
        ",
    );
}

#[test]
fn a_sentinel_whose_clock_jumps_only_watches_for_thirty_seconds() {
    check_story(
        &quiet("45s", 2, &["jump-clock s1 by +10s at 2s", "crash n1 at 5s"]),
        &["tilt", "sdown", "odown", "vote", "elected", "switch"],
        "
            2.082s s1 +tilt #tilt mode entered
            6.011s s2 +sdown master mymaster n1 6379
            6.081s s3 +sdown master mymaster n1 6379
            6.147s s3 +odown master mymaster n1 6379 #quorum 2/2
            6.147s s3 +vote-for-leader s3 1
            6.148s s1 +vote-for-leader s3 1
            6.148s s2 +vote-for-leader s3 1
            6.218s s3 +elected-leader master mymaster n1 6379
            6.301s s3 +selected-slave slave n3:6379 n3 6379 @ mymaster n1 6379
            7.154s s2 +odown master mymaster n1 6379 #quorum 2/2
            7.213s s1 +switch-master mymaster n1 6379 n3 6379
            7.213s s2 +switch-master mymaster n1 6379 n3 6379
            8.217s s3 -odown master mymaster n1 6379
            8.217s s3 +switch-master mymaster n1 6379 n3 6379
            8.27s s2 +sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            9.267s s3 +sdown slave n1:6379 n1 6379 @ mymaster n3 6379
            32.119s s1 -tilt #tilt mode exited
            32.119s s1 +sdown slave n1:6379 n1 6379 @ mymaster n3 6379
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
            3.087s s1 +vote-for-leader s1 1
            3.087s s1 +elected-leader master mymaster n1 6379
            3.087s s1 +failover-state-select-slave master mymaster n1 6379
            3.142s s1 +selected-slave slave n3:6379 n3 6379 @ mymaster n1 6379
            3.142s s1 +failover-state-send-slaveof-noone slave n3:6379 n3 6379 @ mymaster n1 6379
            3.204s s1 +failover-state-wait-promotion slave n3:6379 n3 6379 @ mymaster n1 6379
            3.205s n3 is a primary
            3.348s s2 +new-epoch 1
            3.348s s3 +new-epoch 1
            4.101s s1 -role-change slave n3:6379 n3 6379 @ mymaster n1 6379 new reported role is master
            4.101s s1 +promoted-slave slave n3:6379 n3 6379 @ mymaster n1 6379
            4.101s s1 +failover-state-reconf-slaves master mymaster n1 6379
            4.199s s1 +slave-reconf-sent slave n2:6379 n2 6379 @ mymaster n1 6379
            4.2s n2 is a replica of n3
            4.2s s2 +config-update-from sentinel s1 s1 26379 @ mymaster n1 6379
            4.2s s2 +switch-master mymaster n1 6379 n3 6379
            4.2s s2 +slave slave n2:6379 n2 6379 @ mymaster n3 6379
            4.2s s2 +slave slave n1:6379 n1 6379 @ mymaster n3 6379
            4.2s s3 +config-update-from sentinel s1 s1 26379 @ mymaster n1 6379
            4.2s s3 +switch-master mymaster n1 6379 n3 6379
            4.2s s3 +slave slave n2:6379 n2 6379 @ mymaster n3 6379
            4.2s s3 +slave slave n1:6379 n1 6379 @ mymaster n3 6379
            4.209s s2 -role-change slave n1:6379 n1 6379 @ mymaster n3 6379 new reported role is master
            4.237s s3 -role-change slave n1:6379 n1 6379 @ mymaster n3 6379 new reported role is master
            5.144s s1 +slave-reconf-inprog slave n2:6379 n2 6379 @ mymaster n1 6379
            5.144s s1 +slave-reconf-done slave n2:6379 n2 6379 @ mymaster n1 6379
            5.225s s1 +failover-end master mymaster n1 6379
            5.225s s1 +switch-master mymaster n1 6379 n3 6379
            5.225s s1 +slave slave n2:6379 n2 6379 @ mymaster n3 6379
            5.225s s1 +slave slave n1:6379 n1 6379 @ mymaster n3 6379
            5.317s s1 -role-change slave n1:6379 n1 6379 @ mymaster n3 6379 new reported role is master
            14.22s s2 +convert-to-slave slave n1:6379 n1 6379 @ mymaster n3 6379
            14.221s n1 is a replica of n3
            14.288s s3 +role-change slave n1:6379 n1 6379 @ mymaster n3 6379 new reported role is slave
            15.351s s1 +role-change slave n1:6379 n1 6379 @ mymaster n3 6379 new reported role is slave
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
            4.152s s2 +new-epoch 1
            4.152s s2 +vote-for-leader s2 1
            4.153s s1 +new-epoch 1
            4.153s s1 +vote-for-leader s2 1
            4.153s s3 +new-epoch 1
            4.153s s3 +vote-for-leader s2 1
            4.207s s2 +elected-leader master mymaster n1 6379
            16.35s s3 +new-epoch 2
            16.35s s3 +vote-for-leader s3 2
            16.351s s1 +new-epoch 2
            16.351s s1 +vote-for-leader s3 2
            16.412s s3 +elected-leader master mymaster n1 6379
            16.47s s3 +selected-slave slave n3:6379 n3 6379 @ mymaster n1 6379
            16.561s n3 is a primary
            16.651s n2 is a replica of n3
            16.651s s1 +switch-master mymaster n1 6379 n3 6379
            17.697s s3 +switch-master mymaster n1 6379 n3 6379
        ",
    );
}
