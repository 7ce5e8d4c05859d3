//! What is so in every cluster, whatever happens to its nodes and its network.

use std::collections::BTreeMap;

use redwind_sim::{ClusterNews, Event, Place, Run, SimTime};

use crate::cluster::cluster;
use crate::cluster_elections::uneven;
use crate::common::{once, with};

/// Numbers that follow from a seed.
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Faults of nodes and of the network in the first ten seconds, all over by the twentieth.
fn faults(seed: u64) -> Vec<String> {
    faults_of(seed, 6, 3)
}

/// The same for a cluster of so many nodes, of which the first so many are primaries.
fn faults_of(seed: u64, nodes: u64, primaries: u64) -> Vec<String> {
    let mut draws = Draws(seed);
    let mut faults = Vec::new();
    for _ in 0..1 + draws.below(3) {
        let node = 1 + draws.below(nodes);
        let (at, lasts) = (draws.below(10_000), 500 + draws.below(8_000));
        faults.push(match draws.below(5) {
            0 => format!("crash n{node} at {at}ms, restart after {lasts}ms"),
            1 => format!("pause n{node} at {at}ms for {lasts}ms"),
            2 => format!("failover n{node} at {at}ms"),
            3 => format!(
                "move-slot {} to n{} at {at}ms",
                draws.below(16_384),
                1 + draws.below(primaries)
            ),
            _ => {
                let other = 1 + (node + draws.below(nodes - 1)) % nodes;
                let rest = (1..=nodes).filter(|n| *n != node && *n != other);
                let rest: Vec<String> = rest.map(|n| format!("n{n}")).collect();
                let side = if other == node {
                    format!("n{node}")
                } else {
                    format!("{{n{node}, n{other}}}")
                };
                format!(
                    "partition {side} from {{{}}} at {at}ms for {lasts}ms",
                    rest.join(", ")
                )
            }
        });
    }
    faults
}

fn world(seed: u64) -> Run {
    let steps = ["sleep 35s"];
    let faults = faults(seed);
    let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
    let mut scenario = with(cluster(&[("ada", &steps)]), &faults);
    scenario.seed = seed;
    once(scenario)
}

#[test]
fn a_primary_votes_once_in_an_epoch_and_an_epoch_has_one_winner() {
    for seed in 0..10 {
        let run = world(seed);
        let mut votes: BTreeMap<(Place, u64), u32> = BTreeMap::new();
        let mut winners: BTreeMap<u64, Place> = BTreeMap::new();
        for record in run.records() {
            match &record.event {
                Event::Cluster {
                    news: ClusterNews::Votes { epoch, .. },
                    ..
                } => {
                    let before = votes.insert((record.place, *epoch), record.seq);
                    assert_eq!(before, None, "seed {seed}: {:?}", faults(seed));
                }
                Event::Cluster {
                    news: ClusterNews::Wins { epoch, votes, .. },
                    ..
                } => {
                    assert!(*votes >= 2, "seed {seed}: a majority of three");
                    let before = winners.insert(*epoch, record.place);
                    assert_eq!(before, None, "seed {seed}: {:?}", faults(seed));
                }
                _ => {}
            }
        }
    }
}

/// Checks that every node of a run's end serves, and knows the same owners of all slots; gives how many elections there were.
#[track_caller]
fn agree_in_the_end(run: &Run, nodes: u16, why: &str) -> usize {
    let last = run.records().len() as u32;
    let end = run.world_at(last);
    assert!(end.now() > SimTime(34_000_000), "{why}");
    let owners = |node: u16| {
        let view = end
            .engine(node)
            .and_then(|engine| engine.cluster())
            .expect("a node of a cluster");
        assert!(view.is_up(), "n{} serves; {why}", node + 1);
        (0..16_384).map(|slot| view.owner(slot)).collect::<Vec<_>>()
    };
    let first = owners(0);
    for node in 1..nodes {
        assert!(owners(node) == first, "n{}; {why}", node + 1);
    }
    let wins = run.records().iter().filter(|record| {
        matches!(
            record.event,
            Event::Cluster {
                news: ClusterNews::Wins { .. },
                ..
            }
        )
    });
    wins.count()
}

#[test]
fn when_all_is_over_every_node_knows_the_same_owners_and_serves() {
    let elections: usize = (0..10)
        .map(|seed| agree_in_the_end(&world(seed), 6, &format!("seed {seed}: {:?}", faults(seed))))
        .sum();
    assert!(elections > 3, "there is something to see: {elections}");
}

#[test]
fn replicas_that_move_to_others_leave_a_cluster_whole() {
    let mut moved = 0;
    for seed in 0..10 {
        let mut faults = faults_of(seed, 5, 2);
        faults.push("crash n3 at 1s, restart after 12s".to_owned());
        let told: Vec<&str> = faults.iter().map(String::as_str).collect();
        let mut scenario = uneven("35s", &told);
        scenario.seed = seed;
        let run = once(scenario);
        agree_in_the_end(&run, 5, &format!("seed {seed}: {faults:?}"));
        let mut replicas = run.records().iter();
        moved += usize::from(replicas.any(|record| {
            record.place != Place::Node(2)
                && matches!(
                    &record.event,
                    Event::Role {
                        primary: Some(Place::Node(0))
                    }
                )
        }));
    }
    assert!(moved > 3, "replicas move: {moved}");
}

#[test]
fn the_same_seed_gives_the_same_records() {
    for seed in 0..3 {
        assert_eq!(world(seed).hash(), world(seed).hash(), "seed {seed}");
    }
}
