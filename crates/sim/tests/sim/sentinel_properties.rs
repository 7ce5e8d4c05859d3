//! What is so with sentinels whatever happens to nodes, sentinels and the network.

use std::collections::BTreeMap;

use redwind_resp::render;
use redwind_sim::{Event, Finding, Message, Place, Run};

use crate::common::once;
use crate::properties::Dice;
use crate::sentinels::quiet;

const NODES: [&str; 3] = ["n1", "n2", "n3"];
const SENTINELS: [&str; 3] = ["s1", "s2", "s3"];

/// Faults in the first fifteen seconds, all over by the twenty-fifth.
fn faults(seed: u64) -> Vec<String> {
    let mut dice = Dice(seed);
    let count = 1 + dice.roll(4);
    (0..count).map(|_| fault(&mut dice)).collect()
}

fn fault(dice: &mut Dice) -> String {
    let (node, sentinel) = (dice.pick(&NODES), dice.pick(&SENTINELS));
    let (at, lasts) = (1_000 + dice.roll(14_000), 500 + dice.roll(9_000));
    match dice.roll(9) {
        0 => format!("crash {node} at {at}ms, restart after {lasts}ms"),
        1 => format!("cut-power {node} at {at}ms, restart after {lasts}ms"),
        2 => format!("pause {node} at {at}ms for {lasts}ms"),
        3 => format!("crash {sentinel} at {at}ms, restart after {lasts}ms"),
        4 => format!("pause {sentinel} at {at}ms for {lasts}ms"),
        5 => {
            let rest = |all: &[&str; 3], one: &str| {
                let rest: Vec<&str> = all.iter().copied().filter(|it| *it != one).collect();
                rest.join(", ")
            };
            let (nodes, sentinels) = (rest(&NODES, node), rest(&SENTINELS, sentinel));
            format!(
                "partition {{{node}, {sentinel}}} from {{{nodes}, {sentinels}}} at {at}ms for {lasts}ms"
            )
        }
        6 => format!("lose 30% between {{s1, s2, s3}} and {{n1, n2, n3}} at {at}ms for {lasts}ms"),
        7 => format!("jump-clock {sentinel} by +5s at {at}ms"),
        _ => format!("type {sentinel} at {at}ms: SENTINEL FAILOVER mymaster"),
    }
}

/// The world of a seed; in the end each sentinel is asked for the primary.
fn world(seed: u64) -> Run {
    let mut all = faults(seed);
    all.extend(SENTINELS.iter().map(|sentinel| {
        format!("type {sentinel} at 99s: SENTINEL GET-MASTER-ADDR-BY-NAME mymaster")
    }));
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let mut scenario = quiet("100s", 2, &all);
    scenario.seed = seed;
    once(scenario)
}

const WORLDS: u64 = 15;

#[test]
fn a_sentinel_votes_once_in_an_epoch_and_an_epoch_has_one_leader() {
    let mut elections = 0;
    for seed in 0..WORLDS {
        let run = world(seed);
        let by_hand = faults(seed).iter().any(|fault| fault.contains("FAILOVER"));
        let mut votes: BTreeMap<(Place, u64), Place> = BTreeMap::new();
        let mut leaders: BTreeMap<u64, Place> = BTreeMap::new();
        for record in run.records() {
            let Event::Sentinel(notice) = &record.event else {
                continue;
            };
            match notice.finding {
                Finding::Votes(whom, epoch) => {
                    let before = *votes.entry((record.place, epoch)).or_insert(whom);
                    assert_eq!(
                        before,
                        whom,
                        "seed {seed}, epoch {epoch}: {:?}",
                        faults(seed)
                    );
                }
                // By hand nobody is asked: two may lead in one epoch then, as in Redis.
                Finding::Elected(epoch) if !by_hand => {
                    let before = leaders.insert(epoch, record.place);
                    assert_eq!(
                        before,
                        None,
                        "seed {seed}, epoch {epoch}: {:?}",
                        faults(seed)
                    );
                    let own = votes
                        .iter()
                        .filter(|((_, at), whom)| *at == epoch && **whom == record.place);
                    assert!(own.count() >= 2, "seed {seed}: a majority of three");
                    elections += 1;
                }
                _ => {}
            }
        }
    }
    assert!(elections > 2, "there is something to see: {elections}");
}

#[test]
fn when_all_is_over_all_sentinels_name_the_one_primary_and_the_others_follow_it() {
    let mut moved = 0;
    for seed in 0..WORLDS {
        let run = world(seed);
        let answers: Vec<String> = run
            .records()
            .iter()
            .filter(|record| record.place == Place::Terminal && record.at.0 == 99_000_000)
            .filter_map(|record| match &record.event {
                Event::Received {
                    message: Message::Replies(replies),
                    ..
                } => replies.first().map(render),
                _ => None,
            })
            .collect();
        let end = run.world_at(u32::MAX);
        let streams: Vec<_> = (0..3).filter_map(|node| end.stream(node)).collect();
        let primaries: Vec<usize> = (0..3)
            .filter(|node| streams[*node].primary.is_none())
            .collect();
        assert_eq!(primaries.len(), 1, "seed {seed}: {:?}", faults(seed));
        let primary = primaries[0];
        let name = format!("1) \"{}\"\n2) \"6379\"", NODES[primary]);
        assert_eq!(
            answers,
            [name.clone(), name.clone(), name],
            "seed {seed}: {:?}",
            faults(seed)
        );
        for (node, stream) in streams
            .iter()
            .enumerate()
            .filter(|(node, _)| *node != primary)
        {
            assert!(
                stream.linked && stream.primary.map(usize::from) == Some(primary),
                "seed {seed}: {} follows {}; {:?}",
                NODES[node],
                NODES[primary],
                faults(seed)
            );
        }
        moved += usize::from(primary != 0);
    }
    assert!(moved > 5, "primaries change: {moved}");
}

#[test]
fn the_same_seed_gives_the_same_records() {
    for seed in 0..5 {
        assert_eq!(world(seed).hash(), world(seed).hash(), "seed {seed}");
    }
}
