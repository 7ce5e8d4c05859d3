//! What is so in every world: seeded random worlds, each run more than once.

use std::collections::BTreeMap;

use redwind_sim::{
    Clock, Event, Fsync, Intervention, KeyChange, Latency, Message, NodeSpec, PacketId,
    Persistence, Place, Record, Run, Scenario, SimTime, Span, TraceHash,
};

use crate::common::{EPOCH, once, with, world};

/// A small generator for tests: what it draws is fixed by its seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        let index = self.roll(from.len() as u64);
        from[usize::try_from(index).unwrap_or(0)]
    }
}

const STEPS: &[&str] = &[
    "SET lock a NX PX 50",
    "SET lock b NX PX 5",
    "DEL lock",
    "INCR n",
    "GET n",
    "PEXPIRE n 3",
    "RPUSH jobs x",
    "BLPOP jobs 0.02",
    "BLMOVE jobs doing LEFT RIGHT 0.01",
    "LRANGE doing 0 -1",
    "HSET h f 1",
    "RANDOMKEY",
    "WAIT 1 10",
    "pipeline: SET a 1; INCR a; PEXPIRE a 4",
    "transaction: INCR n; DEL a",
    "storage.write report $ $",
    "storage.read report",
    "db.put users 1 age=1",
    "db.update users 1 age=2 age=1",
    "mailer.send ada hello",
    "sleep 3ms",
    "sleep 20ms",
    "timeout 15ms",
    "print $",
];

const CLIENTS: [&str; 4] = ["c0", "c1", "c2", "c3"];

fn random_intervention(dice: &mut Dice) -> String {
    let client = dice.pick(&CLIENTS);
    let other = dice.pick(&CLIENTS);
    let nth = dice.roll(4) + 1;
    let at = dice.roll(60_000);
    let name = dice.pick(&["SET", "INCR", "call", "storage.write", "BLPOP"]);
    let after = dice.roll(30_000) + 1;
    match dice.roll(23) {
        9 => format!("pause redis at {at}us for {after}us"),
        10 => format!("crash redis at {at}us, restart after {after}us"),
        11 => format!("cut-power redis after {client}'s {nth} {name}, restart after {after}us"),
        12 => format!("jump-clock redis by -{after}us at {at}us"),
        13 => format!("drift redis by {}ppm at {at}us", dice.roll(100_000)),
        14 => format!("partition {client} from {{redis, storage}} at {at}us for {after}us"),
        15 => format!("partition redis towards {{replica, {client}}} at {at}us for {after}us"),
        16 => format!("failover replica at {at}us"),
        17 => format!("slow-disk redis by {after}us at {at}us for 40ms"),
        18 => format!("slow-cpu {client} by 30x at {at}us for {after}us"),
        19 => format!("slow-cpu redis by 50x after {client}'s {nth} {name} for {after}us"),
        20 => format!("lose 30% between {{{client}, replica}} and redis at {at}us for {after}us"),
        21 => format!("slow-link from redis towards {client} by {after}us at {at}us for 9ms"),
        22 => format!("reset between {{{client}, replica}} and redis after {other}'s {nth} {name}"),
        0 => format!("pause {client} at {at}us for {}us", dice.roll(40_000) + 1),
        1 => format!("pause {client} after {other}'s {nth} {name} for 12ms"),
        2 => format!(
            "crash {client} before {client}'s {nth} {name}, restart after {}us",
            dice.roll(9_000)
        ),
        3 => format!("crash {client} at {at}us, restart after 3ms"),
        4 => format!("drop {client}'s {nth} {name}"),
        5 => format!("drop the reply to {client}'s {nth} {name}"),
        6 => format!("delay {client}'s {nth} {name} by {}us", dice.roll(30_000)),
        7 => format!(
            "type redis at {at}us: {}",
            dice.pick(&["DEL lock", "RPUSH jobs typed", "BLPOP jobs 0.01"])
        ),
        _ => format!("pause {client} when {other} believes it holds lock for 9ms"),
    }
}

fn random_world(seed: u64) -> Scenario {
    let mut dice = Dice(seed);
    let programs: Vec<Vec<&str>> = CLIENTS
        .iter()
        .map(|_| (0..dice.roll(12) + 3).map(|_| dice.pick(STEPS)).collect())
        .collect();
    let clients: Vec<(&str, &[&str])> = CLIENTS
        .iter()
        .zip(&programs)
        .map(|(name, steps)| (*name, steps.as_slice()))
        .collect();
    let mut scenario = world(&clients);
    scenario.seed = seed;
    scenario.latency = Latency {
        least: Span(200),
        most: Span(200 + dice.roll(4_000)),
    };
    scenario.bounds.until = SimTime(2_000_000);
    scenario.nodes[0].persistence = match dice.roll(4) {
        0 => Persistence::None,
        1 => Persistence::Aof(Fsync::Always),
        2 => Persistence::Aof(Fsync::EverySecond),
        _ => Persistence::Snapshot(Span::millis(10)),
    };
    scenario.nodes.push(NodeSpec {
        replica_of: Some("redis".to_owned()),
        persistence: Persistence::Aof(Fsync::Always),
        ..NodeSpec::named("replica")
    });
    let interventions: Vec<String> = (0..dice.roll(4))
        .map(|_| random_intervention(&mut dice))
        .collect();
    let interventions: Vec<&str> = interventions.iter().map(String::as_str).collect();
    with(scenario, &interventions)
}

fn worlds() -> impl Iterator<Item = (u64, Run)> {
    (0..200).map(|seed| (seed, once(random_world(seed))))
}

#[test]
fn the_same_scenario_gives_the_same_records() {
    for (seed, first) in worlds() {
        let second = once(random_world(seed));
        assert_eq!(first.hash(), second.hash(), "seed {seed}");
        assert!(
            first.records().len() > 10,
            "seed {seed} is a world in which something happens"
        );
    }
    let other = once(random_world(1));
    assert_ne!(once(random_world(0)).hash(), other.hash());
}

#[test]
fn a_world_replayed_from_a_checkpoint_goes_on_as_the_run_did() {
    for (seed, run) in worlds().take(60) {
        let last = u32::try_from(run.records().len()).unwrap_or(0) - 1;
        for seq in [0, 1, last / 3, last / 2, 63, 64, 65, last] {
            let mut world = run.world_at(seq);
            let done = world.records() as usize;
            assert!(seq >= last || done > seq as usize, "seed {seed}");
            let mut records = run.records()[..done].to_vec();
            while world.step(&mut records) {}
            assert_eq!(
                TraceHash::of(&records),
                run.hash(),
                "seed {seed} from {seq}"
            );
        }
    }
}

#[test]
fn one_more_intervention_changes_nothing_before_it() {
    for (seed, base) in worlds() {
        let mut dice = Dice(seed ^ 0xfeed);
        let text = random_intervention(&mut dice);
        let branch = once(with(base.scenario().clone(), &[&text]));
        let (a, b) = (base.records(), branch.records());
        let common = a
            .iter()
            .zip(b)
            .take_while(|(a, b)| TraceHash::of(&[(*a).clone()]) == TraceHash::of(&[(*b).clone()]))
            .count();
        if common == a.len() && common == b.len() {
            continue;
        }
        let parted = b
            .get(common)
            .or(a.get(common))
            .map_or(SimTime(0), |record| record.at);
        let begins = match branch.scenario().interventions.last() {
            Some(Intervention::Type { at, .. }) => Some(*at),
            Some(Intervention::Fault {
                at: redwind_sim::Position::At(at),
                ..
            }) => Some(*at),
            Some(Intervention::Fault { at, .. }) => {
                at.find(base.scenario(), a).map(|seq| a[seq as usize].at)
            }
            Some(
                Intervention::Drop { call, .. }
                | Intervention::Delay { call, .. }
                | Intervention::Fail { call },
            ) => {
                let sent = redwind_sim::Position::before(call.clone());
                sent.find(base.scenario(), a).map(|seq| a[seq as usize].at)
            }
            None => None,
        };
        // A run that had ended goes on when something is still to be done to its world.
        let begins = begins.unwrap_or(SimTime(u64::MAX));
        assert!(
            parted >= begins || common == a.len(),
            "seed {seed}: {text} parted at {parted}"
        );
    }
}

#[test]
fn messages_on_one_connection_arrive_in_order() {
    for (seed, run) in worlds() {
        // A client has one connection to each place in one life, and sends nothing while it waits; so what arrives
        // from it at a place arrives in the order of sending, unless it reconnected meanwhile.
        let mut arrived: BTreeMap<(Place, Place), PacketId> = BTreeMap::new();
        let mut broken: Vec<Place> = Vec::new();
        for record in run.records() {
            match &record.event {
                Event::Failed { .. } | Event::Crashed => broken.push(record.place),
                Event::Executed { packet, by, .. } | Event::Performed { packet, by, .. }
                    if !broken.contains(by) =>
                {
                    let last = arrived.insert((*by, record.place), *packet);
                    assert!(
                        last.is_none_or(|last| last <= *packet),
                        "seed {seed}, record {}",
                        record.seq
                    );
                }
                _ => {}
            }
        }
    }
}

#[test]
fn replies_and_messages_of_channels_arrive_in_the_order_in_which_they_were_sent() {
    let (mut heard, mut late) = (0, 0);
    for seed in 0..60 {
        let mut dice = Dice(seed);
        let listens = [
            "subscription: SUBSCRIBE news",
            "listen",
            "listen",
            "listen",
            "listen",
            "listen",
            "listen",
        ];
        let publishes: Vec<String> = (0..12)
            .flat_map(|n| {
                [
                    format!("PUBLISH news {n}"),
                    format!("sleep {}ms", dice.roll(12)),
                ]
            })
            .collect();
        let publishes: Vec<&str> = publishes.iter().map(String::as_str).collect();
        let mut scenario = world(&[("c0", &listens), ("c1", &listens), ("c2", &publishes)]);
        scenario.seed = seed;
        scenario.latency = Latency {
            least: Span(200),
            most: Span(20_000),
        };
        let faults = [
            format!(
                "lose 30% from redis towards {{c0, c1}} at {}ms for 200ms",
                dice.roll(100)
            ),
            format!(
                "partition redis towards c0 at {}ms for 60ms",
                dice.roll(100)
            ),
            format!(
                "slow-link from redis towards c1 by 30ms at {}ms for 9ms",
                dice.roll(100)
            ),
        ];
        let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
        let run = once(with(scenario, &faults));
        let mut last: BTreeMap<Place, u64> = BTreeMap::new();
        for record in run.records() {
            let Event::Heard { message, .. } = &record.event else {
                late += usize::from(matches!(record.event, Event::Delayed { .. }));
                continue;
            };
            let text = redwind_resp::render(message);
            let number = text.rsplit('"').nth(1).and_then(|word| word.parse().ok());
            if let Some(number) = number {
                let before = last.insert(record.place, number);
                assert!(
                    before.is_none_or(|before| before < number),
                    "seed {seed}: {text}"
                );
                heard += 1;
            }
        }
    }
    assert!(heard > 300 && late > 100, "{heard} heard, {late} late");
}

#[test]
fn nothing_expires_before_its_time_on_its_own_nodes_clock() {
    for (seed, run) in worlds() {
        let calm = run.scenario().interventions.is_empty();
        let mut deadlines = BTreeMap::new();
        let mut clocks: BTreeMap<Place, Clock> = BTreeMap::new();
        for record in run.records() {
            let clock = clocks
                .entry(record.place)
                .or_insert_with(|| Clock::new(EPOCH));
            match &record.event {
                Event::ClockJumped { by_micros } => clock.jump(record.at, *by_micros),
                Event::ClockDrifts { ppm } => clock.set_drift(record.at, *ppm),
                _ => {}
            }
            let now = clock.wall(record.at).0;
            for change in changes(record) {
                let id = (record.place, change.db, change.key.clone());
                let deadline = deadlines.remove(&id);
                if change.what == "expired" {
                    let due = deadline.unwrap_or(u64::MAX);
                    let told = record.sentence(run.scenario());
                    assert!(now >= due, "seed {seed}: {told} early");
                    // Redis keeps a key through the whole millisecond of its deadline.
                    assert!(!calm || now <= due + 1_000, "seed {seed}: {told} late");
                }
                if let Some(at) = change.expires_at {
                    deadlines.insert(id, at.0);
                }
            }
        }
    }
}

#[test]
fn every_reply_answers_a_request_once_and_every_request_ends_somehow() {
    for (seed, run) in worlds() {
        let mut open: BTreeMap<PacketId, &Record> = BTreeMap::new();
        for record in run.records() {
            match &record.event {
                Event::Sent { packet, .. } => {
                    assert!(open.insert(*packet, record).is_none(), "seed {seed}");
                }
                Event::Received {
                    packet, message, ..
                } => {
                    let sent = open.remove(packet);
                    assert!(
                        sent.is_some_and(|sent| sent.place == record.place),
                        "seed {seed}"
                    );
                    if let (
                        Some(Event::Sent {
                            message: Message::Commands { commands, .. },
                            ..
                        }),
                        Message::Replies(replies),
                    ) = (sent.map(|sent| &sent.event), message)
                    {
                        assert_eq!(commands.len(), replies.len(), "seed {seed}");
                    }
                }
                Event::Failed { packet, .. } => {
                    open.remove(packet);
                }
                _ => {}
            }
        }
    }
}

#[test]
fn a_belief_begins_with_a_grant_and_ends_with_its_process() {
    for (seed, run) in worlds() {
        let mut believes: BTreeMap<Place, bool> = BTreeMap::new();
        for record in run.records() {
            match &record.event {
                Event::Believes { holds, .. } => {
                    let before = believes.insert(record.place, *holds).unwrap_or(false);
                    assert_ne!(before, *holds, "seed {seed}: only changes are told");
                }
                Event::Sent { .. } | Event::Line { .. } | Event::Started { .. } => {
                    let _ = believes.entry(record.place).or_default();
                }
                _ => {}
            }
        }
        for (index, record) in run.records().iter().enumerate() {
            if !matches!(record.event, Event::Crashed | Event::Exited(_)) {
                continue;
            }
            let later = run.records()[index..]
                .iter()
                .filter(|later| later.place == record.place)
                .find(|later| {
                    matches!(later.event, Event::Believes { .. } | Event::Started { .. })
                });
            if let Some(Event::Believes { holds, .. }) = later.map(|later| &later.event) {
                assert!(!holds, "seed {seed}: the dead believe nothing");
            }
        }
    }
}

/// What a record changed on its node.
fn changes(record: &Record) -> &[KeyChange] {
    match &record.event {
        Event::Executed { changes, .. }
        | Event::Unblocked { changes, .. }
        | Event::Expired { changes }
        | Event::Loaded { changes }
        | Event::Replicated { changes, .. }
        | Event::Cluster { changes, .. }
        | Event::Synced { changes, .. } => changes,
        _ => &[],
    }
}

/// What each node holds after each record, folded from the changes alone.
fn fold(run: &Run) -> BTreeMap<(Place, u32, bytes::Bytes), redwind_engine::KeyView> {
    let mut keys = BTreeMap::new();
    for (place, change) in run.initial_keys() {
        if let Some(view) = change.view {
            keys.insert((place, change.db, change.key), view);
        }
    }
    for record in run.records() {
        for change in changes(record) {
            let id = (record.place, change.db, change.key.clone());
            match &change.view {
                Some(view) => keys.insert(id, view.clone()),
                None => keys.remove(&id),
            };
        }
    }
    keys
}

#[test]
fn the_changes_told_add_up_to_what_the_nodes_hold() {
    for (seed, run) in worlds() {
        let folded = fold(&run);
        let end = run.world_at(u32::MAX);
        let held: BTreeMap<_, _> = end
            .keys()
            .into_iter()
            .filter_map(|(place, change)| Some(((place, change.db, change.key), change.view?)))
            .collect();
        // A key that is overdue on a node that is down, paused or a replica is hidden, but nobody has said so yet.
        let hidden = |id: &(Place, u32, bytes::Bytes)| {
            folded.get(id).is_some_and(|view| view.expires_at.is_some()) && !held.contains_key(id)
        };
        for (id, view) in &held {
            assert_eq!(folded.get(id), Some(view), "seed {seed}: {id:?}");
        }
        for id in folded.keys().filter(|id| !held.contains_key(id)) {
            assert!(
                hidden(id),
                "seed {seed}: {id:?} is told to be there, and is not"
            );
        }
    }
}

#[test]
fn a_replica_repeats_its_primarys_writes_in_their_order() {
    let mut repeated = 0;
    for (seed, run) in worlds() {
        let mut passed: Vec<(Place, PacketId)> = Vec::new();
        for record in run.records() {
            match &record.event {
                Event::Sent {
                    packet,
                    message:
                        Message::Commands {
                            batch: redwind_sim::Batch::Replication,
                            ..
                        },
                    ..
                } => {
                    passed.push((record.place, *packet));
                }
                Event::Replicated { packet, from, .. } => {
                    let sent = passed.iter().position(|sent| *sent == (*from, *packet));
                    assert!(
                        sent.is_some(),
                        "seed {seed}: what is repeated was passed on"
                    );
                    repeated += 1;
                }
                _ => {}
            }
        }
        let order: Vec<PacketId> = run
            .records()
            .iter()
            .filter_map(|record| match &record.event {
                Event::Replicated { packet, .. } => Some(*packet),
                _ => None,
            })
            .collect();
        assert!(order.is_sorted(), "seed {seed}");
    }
    assert!(repeated > 500, "these worlds replicate: {repeated}");
}
