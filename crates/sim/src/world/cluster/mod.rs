//! The cluster bus: how the nodes of a cluster know of each other, agree that one has failed, elect its successor,
//! and move slots, as the Redis Cluster specification describes
//! (<https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/>).
//!
//! Every node has its own view, kept in its engine's [`redwind_engine::Cluster`]; what changes with every message is here. The
//! nodes' messages to each other travel like all others and can be held up or lost, but only what they change is told.
//! Times are milliseconds of the node's own wall clock, as in Redis.

mod commands;
mod config;
mod election;
mod gossip;
mod letters;
mod manual;
mod migrate;
mod moving;
mod orphans;
mod reader;
mod waiting;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use redwind_engine::{Cluster, Health, Member, SLOTS};

pub(crate) use letters::Notice;
pub(crate) use manual::Takeover;
pub(crate) use moving::Move;

use crate::names::closest;
use crate::random::{Luck, Purpose};
use crate::world::World;
use crate::world::node::Node;
use crate::world::plan::{Plan, ScenarioError};
use crate::world::queue::{Act, Class};
use crate::{ClusterNews, Event, Fault, Intervention, KeyChange, Place, Scenario, SimTime, Span};

/// A node looks after its cluster ten times a second.
const BEAT: Span = Span::millis(100);

/// How long a primary that has just started waits before it serves, so that others can tell it what has changed.
const WRITABLE_DELAY_MS: u64 = 2_000;

/// What a node knows of the others beyond what its engine needs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bus {
    peers: Vec<Peer>,
    /// The epoch in which it voted last: kept on disk, as a vote must not be given twice.
    last_vote: u64,
    /// When it last saw too few primaries.
    minority_ms: u64,
    /// When its process started.
    began_ms: u64,
    /// Counts its looks after the cluster.
    beats: u64,
    /// Messages written, to draw their latencies.
    written: u64,
    messages: (u64, u64),
    /// Since when it has had no link to its primary.
    unlinked_ms: Option<u64>,
    election: election::Election,
    manual: manual::Manual,
    migration: Option<migrate::Migration>,
    migrations: u64,
    /// What arrived while it could not read.
    inbox: Vec<Notice>,
    /// The record of its latest news about the cluster's configuration: what others learn from it follows from that.
    news: Option<u32>,
    /// The slots of every member in ranges, as of a version of its view.
    ranges: Arc<(u64, Vec<Ranges>)>,
}

/// Slots in ranges, both ends included.
type Ranges = Arc<[(u16, u16)]>;

/// Another node, as this one knows it.
#[derive(Clone, Debug, Default)]
struct Peer {
    /// When the ping was sent that is still unanswered; 0: none is.
    pinged_ms: u64,
    /// When it was sent for the last time: a broken link is opened again.
    sent_ms: u64,
    /// When it answered last.
    ponged_ms: u64,
    /// When anything came from it.
    heard_ms: u64,
    /// Which primaries said that they can't reach it, and when.
    reports: BTreeMap<usize, u64>,
    failed_ms: u64,
    /// When this node voted for one of its replicas.
    voted_ms: u64,
    offset: u64,
    /// The record that it was suspected or failed in.
    record: Option<u32>,
    orphan: orphans::Orphan,
}

/// A cluster's members among a scenario's nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members {
    /// Node by member.
    nodes: Vec<u16>,
}

impl Members {
    /// The members of a scenario's cluster.
    pub(crate) fn of(scenario: &Scenario) -> Result<Self, ScenarioError> {
        let Some(spec) = &scenario.cluster else {
            let moves = scenario.interventions.iter().find(|intervention| {
                matches!(
                    intervention,
                    Intervention::Fault {
                        fault: Fault::MoveSlot { .. },
                        ..
                    }
                )
            });
            return match moves {
                Some(fault) => Err(ScenarioError::no_cluster(&fault.to_string())),
                None => Ok(Self::default()),
            };
        };
        let known: Vec<String> = scenario
            .nodes
            .iter()
            .map(|node| node.name.clone())
            .collect();
        let mut nodes = Vec::new();
        let mut taken = vec![false; usize::from(SLOTS)];
        for member in &spec.members {
            let index = known.iter().position(|name| *name == member.node);
            let Some(node) = index.and_then(|index| u16::try_from(index).ok()) else {
                let near = closest(&member.node, &known);
                return Err(ScenarioError::cluster(format!(
                    "it names {}, {near}",
                    member.node
                )));
            };
            if nodes.contains(&node) {
                return Err(ScenarioError::cluster(format!(
                    "it names {} twice",
                    member.node
                )));
            }
            nodes.push(node);
            let replica = scenario.nodes[usize::from(node)].replica_of.is_some();
            if replica && !member.slots.is_empty() {
                let why = format!("{} is a replica and can't own slots", member.node);
                return Err(ScenarioError::cluster(why));
            }
            for slot in member.slots.iter().flat_map(|(first, last)| *first..=*last) {
                match taken.get_mut(usize::from(slot)) {
                    Some(taken) if !*taken => *taken = true,
                    Some(_) => {
                        let why = format!("two of its nodes own slot {slot}");
                        return Err(ScenarioError::cluster(why));
                    }
                    None => {
                        let why = format!("there is no slot {slot}: they go from 0 to 16383");
                        return Err(ScenarioError::cluster(why));
                    }
                }
            }
        }
        let members = Self { nodes };
        for node in &members.nodes {
            let spec = &scenario.nodes[usize::from(*node)];
            let primary = spec.replica_of.as_ref();
            let outside = primary.filter(|name| {
                let index = known.iter().position(|known| known == *name);
                let index = index.and_then(|index| u16::try_from(index).ok());
                index.is_none_or(|index| !members.nodes.contains(&index))
            });
            if let Some(primary) = outside {
                let why = format!(
                    "{} is a replica of {primary}, which is no part of it",
                    spec.name
                );
                return Err(ScenarioError::cluster(why));
            }
        }
        Ok(members)
    }

    fn index(&self, node: u16) -> Option<usize> {
        self.nodes.iter().position(|known| *known == node)
    }

    fn place(&self, member: usize) -> Place {
        Place::Node(self.nodes.get(member).copied().unwrap_or_default())
    }
}

/// A node's identity: forty digits that follow from its name alone, so that a lesson can write them down.
fn identity(name: &str) -> Bytes {
    let letters: Vec<u64> = name.bytes().map(u64::from).collect();
    let mut luck = Luck::new(0, Purpose::Cluster, &letters);
    let digits = format!(
        "{:016x}{:016x}{:08x}",
        luck.next(),
        luck.next(),
        luck.next() as u32
    );
    Bytes::from(digits)
}

impl Plan {
    /// Makes the nodes of a cluster know each other, before anything is prepared on them.
    pub(crate) fn join_cluster(&self, nodes: &mut [Node]) {
        let Some(spec) = &self.scenario.cluster else {
            return;
        };
        let node_spec =
            |member: usize| &self.scenario.nodes[usize::from(self.members.nodes[member])];
        let mut primaries = 0;
        let members: Vec<Member> = (0..self.members.nodes.len())
            .map(|index| {
                let spec = node_spec(index);
                let name = Bytes::from(spec.name.clone());
                let mut member = Member::new(identity(&spec.name), name, 6379);
                let primary = spec.replica_of.as_deref();
                let primary = primary.and_then(|name| self.node(Some(name)));
                member.primary = primary.and_then(|node| self.members.index(node));
                if member.primary.is_none() {
                    primaries += 1;
                    member.epoch = primaries;
                }
                member
            })
            .collect();
        for (index, node) in self.members.nodes.iter().enumerate() {
            let Some(mut cluster) = Cluster::new(members.clone(), index) else {
                continue;
            };
            for (owner, member) in spec.members.iter().enumerate() {
                let slots = member.slots.iter().flat_map(|(first, last)| *first..=*last);
                cluster.assign(slots, Some(owner));
            }
            // Whoever made the cluster gave every node an epoch of its own, as redis-cli does.
            cluster.current_epoch = members.len() as u64;
            cluster.configure(spec.full_coverage, spec.reads_when_down);
            let up = cluster.sees_service();
            cluster.serve(up);
            nodes[usize::from(*node)].engine.join(Some(cluster));
        }
    }

    /// Runs a command that a scenario prepares: in a cluster, on the node that owns its keys' slot.
    pub(crate) fn prepare(
        &self,
        nodes: &mut [Node],
        node: u16,
        argv: &[Bytes],
    ) -> Result<(), String> {
        let done = nodes[usize::from(node)].prepare(argv);
        let moved = done.as_ref().err().and_then(|why| {
            let place = why.strip_prefix("MOVED ")?.split_once(' ')?.1;
            let (host, _) = place.rsplit_once(':')?;
            self.node(Some(host))
        });
        match moved {
            Some(owner) => nodes[usize::from(owner)].prepare(argv),
            None => done,
        }
    }

    /// Gives the nodes of a cluster their ends of the bus, once every node has its clock.
    pub(crate) fn open_bus(&self, nodes: &mut [Node]) {
        let now = SimTime(0);
        for node in &self.members.nodes {
            let place = &mut nodes[usize::from(*node)];
            let ms = place.now(now).0 / 1_000;
            let mut peers = vec![Peer::default(); self.members.nodes.len()];
            for peer in &mut peers {
                (peer.ponged_ms, peer.heard_ms) = (ms, ms);
            }
            place.bus = Some(Box::new(Bus {
                peers,
                began_ms: ms.saturating_sub(WRITABLE_DELAY_MS),
                ..Bus::default()
            }));
        }
    }
}

impl World {
    /// Starts the beats of every node of the cluster, each at a moment of its own.
    pub(crate) fn start_looking(&mut self) {
        for node in self.plan.members.nodes.clone() {
            self.look_later(node, true);
        }
    }

    fn look_later(&mut self, node: u16, first: bool) {
        let place = &self.nodes[usize::from(node)];
        let life = place.life;
        let wait = if first {
            let seed = self.plan.scenario.seed;
            let circumstances = [u64::from(node), u64::from(life)];
            Span(1 + Luck::new(seed, Purpose::Cluster, &circumstances).up_to(BEAT.0 - 1))
        } else {
            BEAT
        };
        let at = self.now + place.clock.lasts(self.now, wait);
        self.queue
            .push(at, Class::Ordinary, Act::LookAround { node, life });
    }

    /// A node looks after its cluster.
    pub(crate) fn time_to_look(&mut self, node: u16, life: u32) {
        let place = &self.nodes[usize::from(node)];
        if place.life != life || !place.is_up() || place.bus.is_none() {
            return;
        }
        if let Some(until) = place.paused_until {
            self.queue
                .push(until, Class::Timeout, Act::LookAround { node, life });
            return;
        }
        if place.runs() {
            self.look_around(node);
            self.redirect_waiters(node);
        }
        self.look_later(node, false);
    }

    /// A node's process has started again: what it knew of its cluster was in a file.
    pub(crate) fn bus_up(&mut self, node: u16) {
        let ms = self.local_ms(node);
        let place = &mut *self.nodes[usize::from(node)];
        let Some(bus) = &mut place.bus else {
            return;
        };
        let former = std::mem::take(&mut **bus);
        bus.peers = former
            .peers
            .into_iter()
            .map(|peer| Peer {
                ponged_ms: ms,
                heard_ms: ms,
                failed_ms: ms,
                voted_ms: peer.voted_ms,
                ..Peer::default()
            })
            .collect();
        bus.last_vote = former.last_vote;
        bus.began_ms = ms;
        (bus.written, bus.migrations) = (former.written, former.migrations);
        if let Some(cluster) = place.engine.cluster_mut() {
            cluster.serve(false);
        }
        for member in self.others(node) {
            self.ping(node, member);
        }
        self.look_later(node, true);
    }

    /// A node has fallen.
    pub(crate) fn bus_down(&mut self, node: u16) {
        let place = &mut *self.nodes[usize::from(node)];
        place.migrating = false;
        if let Some(bus) = &mut place.bus {
            bus.inbox.clear();
            bus.migration = None;
        }
    }

    /// A node that could not read reads what has come.
    pub(crate) fn bus_resumes(&mut self, node: u16) {
        let Some(bus) = &mut self.nodes[usize::from(node)].bus else {
            return;
        };
        for notice in std::mem::take(&mut bus.inbox) {
            self.agenda.push_back(Act::Bus(Arc::new(notice)));
        }
    }

    /// A node's wall clock in milliseconds.
    fn local_ms(&self, node: u16) -> u64 {
        self.nodes[usize::from(node)].now(self.now).0 / 1_000
    }

    fn node_timeout_ms(&self) -> u64 {
        let spec = self.plan.scenario.cluster.as_ref();
        spec.map_or(15_000, |spec| spec.node_timeout.0 / 1_000)
            .max(1)
    }

    /// A node's view of its cluster. Only for nodes of one.
    fn view(&self, node: u16) -> Option<&Cluster> {
        self.nodes.get(usize::from(node))?.engine.cluster()
    }

    fn view_mut(&mut self, node: u16) -> Option<&mut Cluster> {
        self.nodes.get_mut(usize::from(node))?.engine.cluster_mut()
    }

    fn bus(&mut self, node: u16) -> Option<&mut Bus> {
        self.nodes.get_mut(usize::from(node))?.bus.as_deref_mut()
    }

    fn peer(&mut self, node: u16, member: usize) -> Option<&mut Peer> {
        self.bus(node)?.peers.get_mut(member)
    }

    fn member_of(&self, node: u16) -> usize {
        self.plan.members.index(node).unwrap_or_default()
    }

    fn others(&self, node: u16) -> Vec<usize> {
        let me = self.member_of(node);
        (0..self.plan.members.nodes.len())
            .filter(|member| *member != me)
            .collect()
    }

    fn health(&self, node: u16, member: usize) -> Health {
        let known = self.view(node).and_then(|view| view.members().get(member));
        known.map(|member| member.health).unwrap_or_default()
    }

    /// Tells news of a node about its cluster.
    fn report(&mut self, node: u16, cause: Option<u32>, news: ClusterNews) -> u32 {
        self.report_with(node, cause, news, Vec::new())
    }

    fn report_with(
        &mut self,
        node: u16,
        cause: Option<u32>,
        news: ClusterNews,
        changes: Vec<KeyChange>,
    ) -> u32 {
        let seq = self.emit(Place::Node(node), cause, Event::Cluster { news, changes });
        if let Some(bus) = self.bus(node) {
            bus.news = Some(seq);
        }
        seq
    }

    /// The slots of a member as a node knows them.
    fn ranges(&mut self, node: u16, member: usize) -> Ranges {
        let members = self.plan.members.nodes.len();
        let Some(view) = self.nodes[usize::from(node)].engine.cluster() else {
            return Arc::from([]);
        };
        let version = view.version();
        let known = self.nodes[usize::from(node)].bus.as_ref();
        let stale = known.is_none_or(|bus| bus.ranges.1.is_empty() || bus.ranges.0 != version);
        if stale {
            let all = (0..members)
                .map(|member| Arc::from(view.ranges(member)))
                .collect();
            if let Some(bus) = self.bus(node) {
                bus.ranges = Arc::new((version, all));
            }
        }
        let bus = self.bus(node);
        bus.and_then(|bus| bus.ranges.1.get(member).cloned())
            .unwrap_or_else(|| Arc::from([]))
    }

    /// What keeps a node from hearing another, if the world knows.
    fn why_silent(&self, node: u16, member: usize) -> Option<u32> {
        let other = self.plan.members.place(member);
        let Place::Node(index) = other else {
            return None;
        };
        let place = &self.nodes[usize::from(index)];
        if !place.runs() {
            return place.state_since;
        }
        self.cut_between(Place::Node(node), other)
    }
}
