//! Elections in a cluster: who is believed when, and what a minority does.

use redwind_sim::{Event, Scenario};

use crate::cluster::cluster;
use crate::common::{check, run, timeline, with};

#[test]
fn a_primary_in_the_minority_stops_and_finds_itself_replaced_with_its_write_lost() {
    check(
        with(
            cluster(&[
                (
                    "ada",
                    &[
                        "timeout 1s",
                        "sleep 1.5s",
                        "on n1: SET b 1",
                        "sleep 1500ms",
                        "on n1: SET b 2",
                        "sleep 4s",
                        "on n1: GET b",
                        "on n4: GET b",
                    ],
                ),
                ("bo", &["sleep 3.8s", "on n2: GET b", "on n4: SET b bo"]),
            ]),
            &["partition {n1, ada} from {n2, n3, n4, n5, n6} at 1s for 4s"],
        ),
        "
            0s ada starts
            0s bo starts
            10us bo sleeps for 3.8s
            20us ada sleeps for 1.5s
            1s the network between n1 and ada and n2, n3, n4, n5 and n6 is cut for 4s
            1.50002s ada wakes
            1.50003s ada sends SET b 1 to n1
            1.50103s n1 executes SET b 1 for ada and answers OK
            1.50103s n1 passes SET b 1 on to n4
            1.50103s the network holds up what n1 passes on by 3.49897s
            1.50203s ada receives OK from n1
            1.50204s ada sleeps for 1.5s
            2.27359s n1 has not heard from n3 for too long and suspects that it is down
            2.637089s n3 has not heard from n1 for too long and suspects that it is down
            2.673256s n2 has not heard from n1 for too long and suspects that it is down
            2.67359s n1 has not heard from n2 for too long and suspects that it is down
            2.67359s n1 stops serving clients: it reaches too few primaries
            2.874256s n3 declares n1 failed: n2 and n3 suspect it, a majority of the primaries
            2.874256s n3 stops serving clients: some slots have no live owner
            2.875256s n2 declares n1 failed: n3 and n2 suspect it, a majority of the primaries
            2.875256s n2 stops serving clients: some slots have no live owner
            2.875256s n4 stops serving clients: some slots have no live owner
            2.875256s n5 stops serving clients: some slots have no live owner
            2.875256s n6 stops serving clients: some slots have no live owner
            2.914452s n4 will ask for votes to replace n1 in 733ms
            3.00204s ada wakes
            3.00205s ada sends SET b 2 to n1
            3.00305s n1 refuses SET b 2 of ada: CLUSTERDOWN The cluster is down
            3.00405s ada receives an error from n1: CLUSTERDOWN The cluster is down
            3.00406s ada sleeps for 4s
            3.714452s n4 asks the primaries for their votes to replace n1, in epoch 7
            3.715452s n2 votes for n4 in epoch 7
            3.715452s n3 votes for n4 in epoch 7
            3.716452s n4 has 2 votes and takes the slots of n1, in epoch 7
            3.716452s n4 is now a primary
            3.716452s n4 serves clients again
            3.717452s n2 learns that slots 0-5460 now belong to n4
            3.717452s n2 serves clients again
            3.717452s n3 learns that slots 0-5460 now belong to n4
            3.717452s n3 serves clients again
            3.717452s n5 learns that slots 0-5460 now belong to n4
            3.717452s n5 serves clients again
            3.717452s n6 learns that slots 0-5460 now belong to n4
            3.717452s n6 serves clients again
            3.80001s bo wakes
            3.80002s bo sends GET b to n2
            3.80102s n2 refuses GET b of bo: MOVED 3300 n4:6379
            3.80202s bo receives an error from n2: MOVED 3300 n4:6379
            3.80203s bo sends SET b bo to n4
            3.80303s n4 executes SET b bo for bo and answers OK
            3.80403s bo receives OK from n4
            3.80403s bo ends
            5s the network between n1 and ada and n2, n3, n4, n5 and n6 is whole again
            5.001s the request to n4 finds nobody there
            5.001s n1 learns that slots 0-5460 now belong to n4
            5.001s n1 is now a replica of n4
            5.002s n1 serves clients again
            5.002s n4 hears from n1 again
            5.002s n3 hears from n1 again
            5.002s n2 hears from n1 again
            5.003s n1 gives up its own data for a copy of that of n4
            7.00406s ada wakes
            7.00407s ada sends GET b to n1
            7.00507s n1 refuses GET b of ada: MOVED 3300 n4:6379
            7.00607s ada receives an error from n1: MOVED 3300 n4:6379
            7.00608s ada sends GET b to n4
            7.00708s n4 executes GET b for ada and answers \"bo\"
            7.00808s ada receives \"bo\" from n4
            7.00808s ada ends
            ",
    );
}

#[test]
fn a_failover_by_hand_keeps_writes_waiting_and_loses_none() {
    check(
        with(
            cluster(&[(
                "ada",
                &[
                    "sleep 1s",
                    "on n1: SET b 1",
                    "on n1: SET b 2",
                    "on n1: SET b 3",
                    "on n1: SET b 4",
                    "on n4: GET b",
                ],
            )]),
            &["failover n4 at 1.001s"],
        ),
        "
            0s ada starts
            10us ada sleeps for 1s
            1.00001s ada wakes
            1.00002s ada sends SET b 1 to n1
            1.00102s n1 executes SET b 1 for ada and answers OK
            1.00102s n1 passes SET b 1 on to n4
            1.002s n1 keeps its clients' writes waiting, so that n4 can catch up and replace it
            1.00202s n4 repeats SET b 1 from n1
            1.00202s ada receives OK from n1
            1.00203s ada sends SET b 2 to n1
            1.003s n4 asks the primaries for their votes to replace n1, in epoch 7
            1.00303s n1 lets ada wait for SET b 2
            1.004s n1 votes for n4 in epoch 7
            1.004s n2 votes for n4 in epoch 7
            1.004s n3 votes for n4 in epoch 7
            1.005s n4 has 2 votes and takes the slots of n1, in epoch 7
            1.005s n4 is now a primary
            1.006s n1 learns that slots 0-5460 now belong to n4
            1.006s n1 is now a replica of n4
            1.006s n1 ends the wait of ada for SET b 2 and answers the error MOVED 3300 n4:6379
            1.006s n2 learns that slots 0-5460 now belong to n4
            1.006s n3 learns that slots 0-5460 now belong to n4
            1.006s n5 learns that slots 0-5460 now belong to n4
            1.006s n6 learns that slots 0-5460 now belong to n4
            1.007s ada receives an error from n1: MOVED 3300 n4:6379
            1.00701s ada sends SET b 3 to n1
            1.008s n1 has caught up with n4
            1.00801s n1 refuses SET b 3 of ada: MOVED 3300 n4:6379
            1.00901s ada receives an error from n1: MOVED 3300 n4:6379
            1.00902s ada sends SET b 4 to n1
            1.01002s n1 refuses SET b 4 of ada: MOVED 3300 n4:6379
            1.01102s ada receives an error from n1: MOVED 3300 n4:6379
            1.01103s ada sends GET b to n4
            1.01203s n4 executes GET b for ada and answers \"1\"
            1.01303s ada receives \"1\" from n4
            1.01303s ada ends
            ",
    );
}

/// The sentences of a run that have one of these in them.
fn told(scenario: Scenario, wanted: &[&str]) -> Vec<String> {
    let all = timeline(&run(scenario));
    let has = |line: &String| wanted.iter().any(|text| line.contains(text));
    all.into_iter().filter(has).collect()
}

#[test]
fn a_replica_is_voted_for_and_the_old_primary_comes_back_as_its_replica() {
    let scenario = with(
        cluster(&[("ada", &["sleep 12s"])]),
        &["crash n1 at 2s, restart after 6s"],
    );
    let wanted = ["failed", "votes", "n4 is now", "n1", "loaded"];
    assert_eq!(
        told(scenario, &wanted),
        [
            "2s n1 is killed: its connections break",
            "3.637089s n3 has not heard from n1 for too long and suspects that it is down",
            "3.673256s n2 has not heard from n1 for too long and suspects that it is down",
            "3.938089s n2 declares n1 failed: n3 and n2 suspect it, a majority of the primaries",
            "3.939089s n3 declares n1 failed: n2 and n3 suspect it, a majority of the primaries",
            "4.014452s n4 will ask for votes to replace n1 in 819ms",
            "4.914452s n4 asks the primaries for their votes to replace n1, in epoch 7",
            "4.915452s n2 votes for n4 in epoch 7",
            "4.915452s n3 votes for n4 in epoch 7",
            "4.916452s n4 has 2 votes and takes the slots of n1, in epoch 7",
            "4.916452s n4 is now a primary",
            "8s n1 starts again",
            "8s n1 has loaded all its data from its disk",
            "8.002s n1 learns that slots 0-5460 now belong to n4",
            "8.002s n1 is now a replica of n4",
            "8.002s n1 serves clients again",
            "8.004s n1 gives up its own data for a copy of that of n4",
            "8.016452s n4 hears from n1 again",
            "8.039089s n3 hears from n1 again",
            "8.075256s n2 hears from n1 again",
        ]
    );
}

#[test]
fn every_step_of_an_election_follows_from_the_one_before() {
    let run = run(with(
        cluster(&[("ada", &["sleep 9s"])]),
        &["crash n1 at 2s"],
    ));
    let wins = run
        .records()
        .iter()
        .find(|record| matches!(&record.event, Event::Role { primary: None }));
    let mut chain = Vec::new();
    let mut at = wins.map(|record| record.seq);
    while let Some(seq) = at {
        let record = &run.records()[seq as usize];
        chain.push(record.sentence(run.scenario()));
        at = record.cause;
    }
    assert_eq!(
        chain,
        [
            "n4 is now a primary",
            "n4 has 2 votes and takes the slots of n1, in epoch 7",
            "n3 votes for n4 in epoch 7",
            "n4 asks the primaries for their votes to replace n1, in epoch 7",
            "n4 will ask for votes to replace n1 in 819ms",
            "n2 declares n1 failed: n3 and n2 suspect it, a majority of the primaries",
            "n3 has not heard from n1 for too long and suspects that it is down",
            "n1 is killed: its connections break",
        ]
    );
}

#[test]
fn a_replica_without_its_primary_for_too_long_does_not_stand() {
    let scenario = |factor| {
        let mut scenario = with(
            cluster(&[("ada", &["sleep 40s"])]),
            &[
                "partition n4 from {n2, n3, n5, n6} at 10ms for 16s",
                "crash n1 at 100ms",
            ],
        );
        if let Some(cluster) = &mut scenario.cluster {
            cluster.replica_validity_factor = factor;
        }
        scenario
    };
    let promoted = |factor| told(scenario(factor), &["n4 is now a primary"]).len();
    assert_eq!(promoted(1), 0, "nearly 15 s are more than 10 s + 1 s");
    assert_eq!(promoted(10), 1, "nearly 15 s are less than 10 s + 10 s");
    assert_eq!(promoted(0), 1, "0: however old");
}

#[test]
fn without_full_coverage_the_rest_of_the_cluster_goes_on() {
    let scenario = |full_coverage| {
        let mut scenario = with(
            cluster(&[(
                "ada",
                &[
                    "sleep 4s",
                    "on n2: SET a2 1",
                    "on n3: SET foo 1",
                    "on n2: SET b 1",
                ],
            )]),
            &["crash n1 at 100ms", "crash n4 at 100ms"],
        );
        if let Some(cluster) = &mut scenario.cluster {
            cluster.full_coverage = full_coverage;
        }
        scenario
    };
    let answers = |full| told(scenario(full), &["ada receives"]);
    assert_eq!(
        answers(true),
        [
            "4.00202s ada receives an error from n2: CLUSTERDOWN The cluster is down",
            "4.00403s ada receives an error from n3: CLUSTERDOWN The cluster is down",
            "4.00604s ada receives an error from n2: CLUSTERDOWN The cluster is down",
        ]
    );
    assert_eq!(
        answers(false),
        [
            "4.00202s ada receives an error from n2: MOVED 11786 n3:6379",
            "4.00403s ada receives OK from n3",
            "4.00604s ada receives an error from n2: MOVED 3300 n1:6379",
        ]
    );
}

/// Two primaries: `n1` with one replica, `n3`, and `n2` with two, `n4` and `n5`.
pub(crate) fn uneven(lasts: &str, faults: &[&str]) -> Scenario {
    let sleep = format!("sleep {lasts}");
    let mut scenario = cluster(&[("ada", &[&sleep])]);
    scenario.nodes.truncate(5);
    for (node, primary) in
        scenario
            .nodes
            .iter_mut()
            .zip([None, None, Some("n1"), Some("n2"), Some("n2")])
    {
        node.replica_of = primary.map(str::to_owned);
    }
    if let Some(spec) = &mut scenario.cluster {
        let shares = redwind_sim::ClusterSpec::shares(2);
        spec.members.truncate(5);
        for (index, member) in spec.members.iter_mut().enumerate() {
            member.slots = shares.get(index).copied().into_iter().collect();
        }
    }
    with(scenario, faults)
}

#[test]
fn a_primary_that_lost_its_replica_gets_one_of_another_that_has_two() {
    let moves = ["replica of", "killed", "copy", "starts again"];
    assert_eq!(
        told(uneven("25s", &["crash n3 at 2s"]), &moves),
        [
            "2s n3 is killed: its connections break",
            "8.65385s n5 is now a replica of n1",
            "8.65585s n5 gives up its own data for a copy of that of n1",
        ]
    );
    let none: [&str; 0] = [];
    // Nobody leaves a primary without any replica.
    let both = uneven("25s", &["crash n4 at 1s", "crash n3 at 6s"]);
    assert_eq!(told(both, &["is now a replica of"]), none);
    // It is only away for a moment.
    let soon = uneven("25s", &["crash n3 at 2s, restart after 4s"]);
    assert_eq!(told(soon, &["is now a replica of"]), none);
}
