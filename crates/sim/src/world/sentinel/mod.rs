//! Sentinels: processes that watch a primary and its replicas over the simulated links, agree among each other when it
//! is down, elect one of them, and let that one make a replica the primary.
//!
//! What each knows is only what others have told it, so that a cut, a delay or a pause makes it wrong as it would a
//! real one. Heartbeats (`PING`, `INFO`, hello messages) leave no records; what a sentinel concludes from them does, and so do
//! votes and commands that change a node. All its times are of its own wall clock, as in Redis.

mod answers;
mod commands;
mod election;
mod failover;
mod fields;
mod letters;
mod opinions;
mod reports;
mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(crate) use letters::Letter;

use crate::notice::{Finding, Notice};
use crate::random::{Luck, Purpose};
use crate::world::World;
use crate::world::plan::Plan;
use crate::world::queue::{Act, Class};
use crate::{Event, Place, SimTime, Span};

/// How often a sentinel pings, in milliseconds, unless it must be faster to notice in time.
const PING_PERIOD: u64 = 1_000;
/// How often it asks for `INFO` while all is well.
const INFO_PERIOD: u64 = 10_000;
/// How often it says hello.
const PUBLISH_PERIOD: u64 = 2_000;
/// How often it asks others about a primary that it finds down.
const ASK_PERIOD: u64 = 1_000;
/// A jump of its clock by more than this makes it distrust itself.
const TILT_TRIGGER: u64 = 2_000;
/// For how long.
const TILT_PERIOD: u64 = 30_000;
/// The most by which failovers of two sentinels are kept apart.
const MAX_DESYNC: u64 = 1_000;

/// All sentinels of a world, and what nodes need to know of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sentinels {
    all: BTreeMap<u16, Sentinel>,
    /// For each node the sentinels that listen there for the hellos of others.
    listeners: BTreeMap<u16, BTreeSet<u16>>,
    /// What arrived at a process while it was paused.
    inbox: BTreeMap<u16, Vec<Letter>>,
}

/// One sentinel's process.
#[derive(Clone, Debug)]
struct Sentinel {
    node: u16,
    /// What its clock showed when it began what it is doing.
    now: u64,
    /// The latest epoch that it knows of.
    epoch: u64,
    watched: Vec<Watched>,
    /// How many primaries it has ever watched.
    numbered: usize,
    /// Since when it distrusts itself.
    tilt: Option<u64>,
    /// When its timer ran last.
    ticked: u64,
    ticks: u64,
    /// Counts what it sends, for drawing latencies.
    letters: u64,
    /// Its timer ran out while it was paused.
    overdue: bool,
    /// A start makes the timer of an earlier life void.
    life: u32,
}

/// What a sentinel knows about one primary that it watches, its replicas, and the others who watch it.
#[derive(Clone, Debug)]
struct Watched {
    name: Arc<str>,
    /// Its number among those that the sentinel has ever watched: letters are about one of them.
    number: usize,
    quorum: u16,
    down_after: u64,
    failover_timeout: u64,
    parallel_syncs: u16,
    /// The epoch of the failover that made the present primary one.
    config_epoch: u64,
    primary: Peer,
    replicas: BTreeMap<u16, Peer>,
    others: BTreeMap<u16, Other>,
    /// Objectively down.
    agreed: bool,
    agreed_since: u64,
    /// For whom it has voted, and in which epoch.
    leader: Option<(u16, u64)>,
    failover: Failover,
    /// The record of its latest announcement about this primary.
    last: Option<u32>,
}

/// How far a failover has got that this sentinel leads, or wants to.
#[derive(Clone, Debug, Default)]
struct Failover {
    state: State,
    epoch: u64,
    started: u64,
    changed: u64,
    promoted: Option<u16>,
    /// A person asked for it: nobody needs to agree.
    forced: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    #[default]
    None,
    WaitStart,
    SelectReplica,
    SendPromotion,
    WaitPromotion,
    Reconfigure,
    UpdateConfig,
}

/// A process that it watches.
#[derive(Clone, Debug)]
struct Peer {
    node: u16,
    link: Link,
    /// Subjectively down.
    down: bool,
    down_since: u64,
    /// The record of its finding that it is down.
    found: Option<u32>,
    /// When it last answered INFO; 0: never.
    info_at: u64,
    /// When it was last sent a hello.
    greeted: u64,
    /// Whether it says that it is a primary, and since when.
    says_primary: bool,
    role_since: u64,
    /// When a replica last changed its primary.
    follows_since: u64,
    report: Option<reports::Report>,
    reconf: Reconf,
}

/// How far a replica has got in following the new primary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reconf {
    #[default]
    No,
    Sent(u64),
    Begun,
    Done,
}

/// Another sentinel.
#[derive(Clone, Debug)]
struct Other {
    peer: Peer,
    /// When its last hello came.
    heard: u64,
    /// Whether it finds the primary down too, and the record by which it came to do so.
    finds_down: bool,
    because: Option<u32>,
    /// When it last answered a question about the primary.
    answered: u64,
    /// Its vote, as far as it has told.
    vote: Option<(u16, u64)>,
    /// The epoch for which its vote was asked, to tell a request once.
    asked: Option<u64>,
}

/// The connection to a process.
#[derive(Clone, Debug, Default)]
struct Link {
    up: bool,
    /// Counts connections: what came over an earlier one is void.
    number: u32,
    /// Which life of the process it was opened to.
    life: u32,
    /// When the oldest unanswered PING was sent; 0: none.
    pending_ping: u64,
    pinged: u64,
    /// The last answer by which the process is fine.
    available: u64,
    ponged: u64,
    pending: u32,
    tried: u64,
    opened: u64,
}

impl Peer {
    fn new(node: u16, now: u64, says_primary: bool) -> Self {
        Self {
            node,
            link: Link {
                // Counts from now on, for a process that can't even be connected to.
                pending_ping: now,
                available: now,
                ponged: now,
                ..Link::default()
            },
            down: false,
            down_since: 0,
            found: None,
            info_at: 0,
            greeted: now,
            says_primary,
            role_since: now,
            follows_since: now,
            report: None,
            reconf: Reconf::No,
        }
    }

    /// Whether it was never down, or not for so long.
    fn well_for(&self, now: u64, ms: u64) -> bool {
        self.down_since == 0 || now.saturating_sub(self.down_since) > ms
    }
}

impl Other {
    fn new(node: u16, now: u64) -> Self {
        Self {
            peer: Peer::new(node, now, false),
            heard: now,
            finds_down: false,
            because: None,
            answered: 0,
            vote: None,
            asked: None,
        }
    }
}

impl Watched {
    fn peer(&mut self, node: u16) -> Option<&mut Peer> {
        if self.primary.node == node {
            return Some(&mut self.primary);
        }
        match self.replicas.get_mut(&node) {
            Some(peer) => Some(peer),
            None => self.others.get_mut(&node).map(|other| &mut other.peer),
        }
    }

    fn in_failover(&self) -> bool {
        self.failover.state > State::None
    }

    /// The primary that it would name to a client: the new one as soon as it is one.
    fn current(&self) -> u16 {
        match self.failover.promoted {
            Some(promoted) if self.failover.state >= State::Reconfigure => promoted,
            _ => self.primary.node,
        }
    }

    /// Whether the primary answers, says that it is one, and has done so lately.
    fn looks_sane(&self, now: u64) -> bool {
        self.primary.says_primary
            && !self.primary.down
            && !self.agreed
            && now.saturating_sub(self.primary.info_at) < INFO_PERIOD * 2
    }

    /// All nodes and sentinels that it is connected to: the primary, the replicas, the other sentinels.
    fn peers(&self) -> Vec<u16> {
        let replicas = self.replicas.keys().copied();
        let others = self.others.keys().copied();
        std::iter::once(self.primary.node)
            .chain(replicas)
            .chain(others)
            .collect()
    }

    fn is_sentinel(&self, node: u16) -> bool {
        self.others.contains_key(&node)
    }
}

impl Sentinels {
    /// The sentinels of a world in which all has been well for long enough that everybody knows everybody.
    pub(crate) fn new(plan: &Plan) -> Self {
        let scenario = &plan.scenario;
        let mut all = BTreeMap::new();
        for (node, spec) in (0..).zip(&scenario.nodes) {
            if spec.watches.is_empty() {
                continue;
            }
            let clock = spec.clock.begin(scenario.epoch);
            let now = clock.wall(SimTime(0)).0 / 1000;
            let watched: Vec<Watched> = spec
                .watches
                .iter()
                .filter_map(|watch| settings::begin(plan, node, now, watch))
                .enumerate()
                .map(|(number, watched)| Watched { number, ..watched })
                .collect();
            let sentinel = Sentinel {
                node,
                now,
                epoch: 0,
                numbered: watched.len(),
                watched,
                tilt: None,
                ticked: now,
                ticks: 0,
                letters: 0,
                overdue: false,
                life: 0,
            };
            all.insert(node, sentinel);
        }
        let mut listeners: BTreeMap<u16, BTreeSet<u16>> = BTreeMap::new();
        for sentinel in all.values() {
            for watched in &sentinel.watched {
                for node in watched.peers() {
                    listeners.entry(node).or_default().insert(sentinel.node);
                }
            }
        }
        Self {
            all,
            listeners,
            inbox: BTreeMap::new(),
        }
    }
}

impl Sentinel {
    /// A number drawn for this sentinel alone.
    fn luck(&self, seed: u64, what: u64, most: u64) -> u64 {
        Luck::new(
            seed,
            Purpose::Sentinel,
            &[u64::from(self.node), self.ticks, what],
        )
        .up_to(most)
    }
}

impl World {
    /// Whether a node is a sentinel.
    pub(crate) fn is_sentinel(&self, node: u16) -> bool {
        self.sentinels.all.contains_key(&node)
    }

    /// Starts the timers of all sentinels.
    pub(crate) fn begin_sentinels(&mut self) {
        let all: Vec<u16> = self.sentinels.all.keys().copied().collect();
        for node in all {
            self.with_sentinel(node, |world, sentinel| world.arrange_tick(sentinel));
        }
    }

    /// Lets a sentinel do something: it is out of the world's hands meanwhile.
    fn with_sentinel(&mut self, node: u16, act: impl FnOnce(&mut Self, &mut Sentinel)) {
        let taken = Arc::make_mut(&mut self.sentinels).all.remove(&node);
        let Some(mut sentinel) = taken else {
            return;
        };
        sentinel.now = self.nodes[usize::from(node)].now(self.now).0 / 1000;
        act(self, &mut sentinel);
        Arc::make_mut(&mut self.sentinels)
            .all
            .insert(node, sentinel);
    }

    /// A server's timer runs ten to nineteen times a second: sentinels change how often, so that they don't move in step.
    fn arrange_tick(&mut self, sentinel: &mut Sentinel) {
        sentinel.ticks += 1;
        let hz = 10 + sentinel.luck(self.plan.scenario.seed, 0, 9);
        let node = sentinel.node;
        let clock = &self.nodes[usize::from(node)].clock;
        let at = self.now + clock.lasts(self.now, Span::millis(1000 / hz));
        let life = sentinel.life;
        self.queue
            .push(at, Class::Timeout, Act::SentinelTick { node, life });
    }

    /// A sentinel's timer runs.
    pub(crate) fn sentinel_tick(&mut self, node: u16, life: u32) {
        let (runs, up) = {
            let place = &self.nodes[usize::from(node)];
            (place.runs(), place.is_up())
        };
        self.with_sentinel(node, |world, sentinel| {
            if sentinel.life != life || !up {
                return;
            }
            if !runs {
                sentinel.overdue = true;
                return;
            }
            world.run_timer(sentinel);
            world.arrange_tick(sentinel);
        });
    }

    fn run_timer(&mut self, sentinel: &mut Sentinel) {
        let now = sentinel.now;
        // A timer that comes much too late, or before it was last there: something is wrong with the clock or the process.
        let strange = now < sentinel.ticked || now - sentinel.ticked > TILT_TRIGGER;
        sentinel.ticked = now;
        if strange {
            sentinel.tilt = Some(now);
            self.announce_about_itself(sentinel, Finding::Tilt);
        }
        for index in 0..sentinel.watched.len() {
            self.watch_one(sentinel, index);
        }
    }

    /// Looks after one primary, its replicas, and the others who watch it.
    fn watch_one(&mut self, sentinel: &mut Sentinel, index: usize) {
        let Some(mut watched) = sentinel.watched.get_mut(index).cloned() else {
            return;
        };
        let number = watched.number;
        for node in watched.peers() {
            self.reconnect_to(sentinel, number, &mut watched, node);
            self.send_periodic(sentinel, number, &mut watched, node);
            if let Some(since) = sentinel.tilt {
                if sentinel.now.saturating_sub(since) < TILT_PERIOD {
                    continue;
                }
                sentinel.tilt = None;
                self.announce_about_itself(sentinel, Finding::TiltOver);
            }
            self.find_down(sentinel, &mut watched, node);
            if watched.primary.node == node {
                self.judge_together(sentinel, &mut watched);
                if self.start_if_needed(sentinel, &mut watched) {
                    self.ask_others(sentinel, number, &mut watched, true);
                }
                self.go_on_with_failover(sentinel, number, &mut watched);
                self.ask_others(sentinel, number, &mut watched, false);
            }
        }
        if watched.failover.state == State::UpdateConfig {
            self.switch_to_promoted(sentinel, &mut watched);
        }
        if let Some(slot) = sentinel.watched.get_mut(index) {
            *slot = watched;
        }
    }

    /// Announces something: a record, and a message to whoever listens to the sentinel. What is about the primary and its
    /// failover is the cause of what comes next there.
    fn announces(
        &mut self,
        sentinel: &Sentinel,
        watched: &mut Watched,
        cause: Option<u32>,
        finding: Finding,
    ) -> u32 {
        let primary = Place::Node(watched.primary.node);
        let aside = match &finding {
            Finding::Down(place) | Finding::Up(place) => *place != primary,
            Finding::RoleChange { .. } | Finding::Reboot(_) | Finding::Replica(_) => true,
            Finding::Sentinel(_) => true,
            Finding::Set(..) => true,
            _ => false,
        };
        let notice = Notice {
            watched: Arc::clone(&watched.name),
            primary,
            finding,
        };
        let seq = self.publish_notice(sentinel.node, cause, notice);
        if !aside {
            watched.last = Some(seq);
        }
        seq
    }

    fn announce_about_itself(&mut self, sentinel: &Sentinel, finding: Finding) {
        let notice = Notice {
            watched: Arc::from(""),
            primary: Place::Node(sentinel.node),
            finding,
        };
        let cause = self.nodes[usize::from(sentinel.node)].state_since;
        self.publish_notice(sentinel.node, cause, notice);
    }

    fn publish_notice(&mut self, node: u16, cause: Option<u32>, notice: Notice) -> u32 {
        let (channel, text) = (notice.channel(), notice.payload(&self.plan.scenario));
        let event = Event::Sentinel(Arc::new(notice));
        let seq = self.emit(Place::Node(node), cause, event);
        self.publish_here(node, channel, &text, seq);
        seq
    }

    /// A sentinel that was paused goes on: it reads what has come first, then its timer runs.
    pub(crate) fn sentinels_resume(&mut self, node: u16) {
        let inbox = Arc::make_mut(&mut self.sentinels)
            .inbox
            .remove(&node)
            .unwrap_or_default();
        for letter in inbox {
            self.agenda.push_back(Act::Sentinel(Arc::new(letter)));
        }
        let mut due = None;
        self.with_sentinel(node, |_, sentinel| {
            if std::mem::take(&mut sentinel.overdue) {
                due = Some(sentinel.life);
            }
        });
        if let Some(life) = due {
            self.agenda.push_back(Act::SentinelTick { node, life });
        }
    }

    /// A sentinel has started again: its file keeps what it had agreed to and whom it knew, nothing else.
    pub(crate) fn sentinel_starts(&mut self, node: u16) {
        self.with_sentinel(node, |world, sentinel| {
            sentinel.life += 1;
            sentinel.tilt = None;
            sentinel.overdue = false;
            sentinel.ticked = sentinel.now;
            let now = sentinel.now;
            for watched in &mut sentinel.watched {
                watched.start_anew(now);
            }
            world.arrange_tick(sentinel);
        });
    }
}
