//! All nodes, clients, resources, messages and the queue of what is still to happen, at one instant.

mod buffers;
mod changes;
mod client;
mod cluster;
mod disk;
mod disturb;
mod inspect;
mod interventions;
mod listening;
mod machines;
mod network;
mod node;
mod partition;
mod plan;
mod queue;
mod replication;
mod sentinel;
mod services;
mod serving;
mod shared;
mod travel;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::Arc;

pub use inspect::Stream;
pub(crate) use network::{Connection, Packet, code as place_code};
pub use node::try_setting;
pub use plan::ScenarioError;
pub(crate) use replication::NAMES as OWN_COMMANDS;

use crate::belief::News;
use crate::resource::Resource;
use crate::watch::Watch;
use crate::{Clock, Event, Intervention, PacketId, Place, Position, Record, Scenario, SimTime};
use client::{Client, Status};
use network::Fate;
use node::Node;
use plan::Plan;
use queue::{Act, Class, Queue};
use shared::Shared;

/// A world at one instant. Cloning one is cheap: engines, programs and rows are shared until one side changes them.
#[derive(Clone)]
pub struct World {
    plan: Arc<Plan>,
    now: SimTime,
    queue: Queue,
    /// What happens next at this very instant, before anything in the queue.
    agenda: VecDeque<Act>,
    clients: Vec<Shared<Client>>,
    nodes: Vec<Shared<Node>>,
    resources: Shared<Vec<Resource>>,
    /// When the latest message of each connection and direction (`true`: to the client) arrives.
    arrivals: Shared<BTreeMap<(Connection, bool), SimTime>>,
    /// Where clients go that name no node.
    service: u16,
    /// For each group of nodes (see `Plan::group`) its primary as the latest failover left it.
    reigning: Shared<Vec<u16>>,
    /// What sentinels know and do.
    sentinels: Arc<sentinel::Sentinels>,
    /// Cuts of the network.
    cuts: Shared<Vec<partition::Cut>>,
    /// What does worse than it should.
    troubles: Shared<Vec<disturb::Trouble>>,
    /// Until when links of limited bandwidth are taken.
    links_free: Shared<BTreeMap<(Place, Place), SimTime>>,
    /// Connections that were reset: what is still under way on them is void.
    reset: Shared<BTreeSet<Connection>>,
    /// What the replies under way will tell their clients about locks.
    news: Shared<BTreeMap<PacketId, Vec<News>>>,
    /// One for each intervention that waits for something to happen.
    watches: Shared<Vec<Option<Watch>>>,
    /// Fates that interventions have for the message sent last: its own and its answer's.
    fates: (Fate, Fate),
    /// Interventions that the current step has brought about, with the record that did.
    due: Vec<(u32, Option<u32>)>,
    packets: u32,
    typed: u64,
    records: u32,
    fresh: Vec<Record>,
    end: Option<End>,
}

/// Why a run is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Finished,
    Cut(Cut),
}

/// Why a run was cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The scenario's last instant came while programs still ran.
    Time(SimTime),
    /// As many records as the scenario allows.
    Records(u32),
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(until) => write!(f, "the run was cut at {until} while programs still ran"),
            Self::Records(most) => write!(f, "the run was cut after {most} records"),
        }
    }
}

impl World {
    /// The world of a scenario before anything has happened.
    ///
    /// # Errors
    /// When the scenario names something that it does not have, or a command of its setup fails.
    pub fn new(scenario: Scenario) -> Result<Self, ScenarioError> {
        let plan = Plan::new(scenario)?;
        let scenario = &plan.scenario;
        // What a scenario prepares happens on right clocks; the nodes' own begin with the world.
        let mut nodes = vec![Node::new(Clock::new(scenario.epoch)); scenario.nodes.len()];
        for (node, spec) in nodes.iter_mut().zip(&scenario.nodes) {
            node.configure(&spec.config)
                .map_err(|why| ScenarioError::config(&spec.name, &why))?;
        }
        plan.join_cluster(&mut nodes);
        plan.check_sentinels()?;
        for (name, argv) in &scenario.setup {
            let node = plan
                .node(Some(name))
                .ok_or_else(|| plan.no_such_node(name))?;
            plan.prepare(&mut nodes, node, argv)
                .map_err(|why| ScenarioError::setup(argv, &why))?;
        }
        plan.begin_nodes(&mut nodes)?;
        let mut queue = Queue::default();
        for (client, spec) in (0..).zip(&scenario.clients) {
            let act = Act::Start {
                client,
                life: 0,
                cause: None,
            };
            queue.push(spec.starts_at, Class::Ordinary, act);
        }
        let mut world = Self {
            now: SimTime(0),
            queue,
            agenda: VecDeque::new(),
            clients: scenario
                .clients
                .iter()
                .map(|spec| {
                    Shared::new(Client::new(
                        spec.clock.begin(scenario.epoch),
                        scenario.locks.len(),
                    ))
                })
                .collect(),
            nodes: nodes.into_iter().map(Shared::new).collect(),
            resources: Shared::new(scenario.resources.iter().map(Resource::new).collect()),
            arrivals: Shared::default(),
            service: 0,
            reigning: Shared::new((0..plan.nodes()).collect()),
            sentinels: Arc::new(sentinel::Sentinels::new(&plan)),
            cuts: Shared::default(),
            troubles: Shared::default(),
            links_free: Shared::default(),
            reset: Shared::default(),
            news: Shared::default(),
            watches: Shared::default(),
            fates: Default::default(),
            due: Vec::new(),
            packets: 0,
            typed: 0,
            records: 0,
            fresh: Vec::new(),
            end: None,
            plan: Arc::new(plan),
        };
        for node in 0..world.plan.nodes() {
            world.stand(node);
            if world.plan.has_replicas(world.plan.group(node)) {
                world.begins_to_beat(node);
            }
        }
        world.start_looking();
        for index in 0..world.plan.scenario.interventions.len() {
            world.arrange(index);
        }
        world.begin_sentinels();
        Ok(world)
    }

    /// Makes sure that an intervention takes place: at its time, or when it sees its moment.
    fn arrange(&mut self, index: usize) {
        let number = u32::try_from(index).unwrap_or(u32::MAX);
        let (at, watch) = match &self.plan.scenario.interventions[index] {
            Intervention::Type { at, .. } => (Some(*at), None),
            Intervention::Fault {
                at: Position::At(at),
                ..
            } => (Some(*at), None),
            Intervention::Fault {
                at: Position::Start,
                ..
            } => (Some(SimTime(0)), None),
            Intervention::Fault { at, .. } => (None, Some(Watch::new(at.clone()))),
            Intervention::Drop { call, .. }
            | Intervention::Delay { call, .. }
            | Intervention::Fail { call } => {
                (None, Some(Watch::new(Position::before(call.clone()))))
            }
        };
        if let Some(at) = at {
            let act = Act::Intervene {
                index: number,
                cause: None,
            };
            self.queue.push(at, Class::Intervention, act);
        }
        self.watches.push(watch);
    }

    /// The scenario that this is a world of.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.plan.scenario
    }

    /// True time.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// How many records have been made.
    #[must_use]
    pub fn records(&self) -> u32 {
        self.records
    }

    /// Why the run was cut short, once it has.
    #[must_use]
    pub fn cut(&self) -> Option<Cut> {
        match self.end {
            Some(End::Cut(cut)) => Some(cut),
            _ => None,
        }
    }

    /// Lets the next thing happen, appends what it gave to tell, and says whether there was one.
    /// A step tells one record, or none, or a few that are one and the same moment.
    pub fn step(&mut self, trace: &mut Vec<Record>) -> bool {
        if self.end.is_some() {
            return false;
        }
        match self.next_act() {
            Ok(act) => self.perform(act),
            Err(end) => {
                self.end = Some(end);
                return false;
            }
        }
        // Interventions that wait for this moment come before anything else that follows from it.
        for (index, cause) in std::mem::take(&mut self.due).into_iter().rev() {
            self.agenda.push_front(Act::Intervene { index, cause });
        }
        trace.append(&mut self.fresh);
        true
    }

    fn next_act(&mut self) -> Result<Next, End> {
        let bounds = self.plan.scenario.bounds;
        if self.records >= bounds.records {
            return Err(End::Cut(Cut::Records(bounds.records)));
        }
        if let Some(act) = self.agenda.pop_front() {
            return Ok(Next::Act(act));
        }
        if self.is_over() {
            return Err(End::Finished);
        }
        let node = self.next_deadline();
        if node.is_none()
            && self.queue.is_idle()
            && !self.nodes.iter().any(|node| node.has_waiters())
        {
            return Err(End::Finished);
        }
        let act_at = self.queue.next_at();
        // A key that expires now is gone before anything else happens now.
        match (node, act_at) {
            (Some((at, node)), act_at)
                if at <= bounds.until && act_at.is_none_or(|act| at <= act) =>
            {
                self.now = at;
                Ok(Next::Node(node))
            }
            (_, Some(at)) if at <= bounds.until => match self.queue.pop() {
                Some((at, act)) => {
                    self.now = at;
                    Ok(Next::Act(act))
                }
                None => Err(End::Finished),
            },
            (_, None) if !self.nodes.iter().any(|node| node.has_waiters()) => Err(End::Finished),
            (None, None) => Err(End::Finished),
            _ => Err(End::Cut(Cut::Time(bounds.until))),
        }
    }

    /// The node that has work of its own next, and when.
    fn next_deadline(&self) -> Option<(SimTime, u16)> {
        (0..)
            .zip(self.nodes.iter())
            .filter_map(|(index, node)| Some((node.deadline(self.now)?, index)))
            .min()
    }

    /// Whether nobody is left who does anything: expiries still to come would change nothing for anyone.
    fn is_over(&self) -> bool {
        let waiting = |act: &Act| match act {
            Act::Start { client, life, .. } => self.clients[usize::from(*client)].life == *life,
            Act::Deliver(_) | Act::Lose(_) | Act::Perform { .. } | Act::Intervene { .. } => true,
            Act::Peer(_) | Act::Post(_) | Act::SentAgain { .. } => !act.is_beat(),
            Act::Reply { .. } | Act::MoveKeys(_) => true,
            Act::LeftResource {
                resource,
                connection,
            } => self.resources[usize::from(*resource)].has_begun(*connection),
            _ => false,
        };
        let typed = |node: &Node| node.terminal_waits() && node.engine.next_deadline().is_some();
        self.clients
            .iter()
            .all(|client| client.status != Status::Up)
            && !self.queue.acts().any(waiting)
            && !self.nodes.iter().any(|node| typed(node) || node.migrating)
    }

    fn perform(&mut self, next: Next) {
        match next {
            Next::Node(node) => self.node_wakes(node),
            Next::Act(act) => self.act(act),
        }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Start {
                client,
                life,
                cause,
            } => self.start(client, life, cause),
            Act::Continue {
                client,
                life,
                thread,
            } => self.advance(client, life, thread),
            Act::Wake {
                client,
                life,
                thread,
            } => self.wake(client, life, thread),
            Act::GiveUp {
                client,
                life,
                packet,
            } => self.give_up(client, life, packet),
            Act::Resume {
                client,
                life,
                until,
            } => self.resume(client, life, until),
            Act::Deliver(packet) if self.reset.contains(&packet.connection) => {
                self.lose(&packet, crate::LostBecause::NobodyThere);
            }
            Act::Deliver(packet) => match packet.to() {
                Place::Client(client) => self.reply_arrives(client, packet),
                Place::Node(node) => self.request_arrives(node, Arc::unwrap_or_clone(packet)),
                Place::Resource(resource) => self.call_arrives(resource, packet),
                Place::Terminal => self.reply_shown(&packet),
            },
            Act::Lose(packet) => self.lose(&packet, crate::LostBecause::Dropped),
            Act::SentAgain {
                node,
                since,
                until,
                act,
            } => self.got_through(node, (since, until), *act),
            Act::HangUp { node, connection } => self.connection_gone(node, connection),
            Act::Closed {
                connection,
                node,
                refused,
            } => self.connection_closed(connection, node, refused),
            Act::ResumeNode { node, until } => self.resume_node(node, until),
            Act::StartNode { node, life, cause } => self.start_node(node, life, cause),
            Act::Heal { began } => self.heal(began),
            Act::OverSoft {
                node,
                connection,
                since,
            } => self.over_soft(node, connection, since),
            Act::Mend { began } => self.mend(began),
            Act::Peer(letter) => self.letter_arrives(Arc::unwrap_or_clone(letter)),
            Act::Post(letter) => self.post_late(Arc::unwrap_or_clone(letter)),
            Act::Reply { node, life, packet } => {
                self.reply_late(node, life, Arc::unwrap_or_clone(packet))
            }
            Act::Beat { node, life } => self.beat(node, life),
            Act::Safe { node, life } => self.disk_is_safe(node, life),
            Act::Stall { node, life, until } => self.stalls(node, life, until),
            Act::FailoverOver { node, began } => self.failover_over(node, began),
            Act::Sentinel(letter) => self.sentinel_letter(Arc::unwrap_or_clone(letter)),
            Act::SentinelTick { node, life } => self.sentinel_tick(node, life),
            Act::WaitOver {
                node,
                connection,
                packet,
            } => self.wait_over(node, connection, packet),
            Act::Execute { node, connection } => self.execute(node, connection),
            Act::LookAround { node, life } => self.time_to_look(node, life),
            Act::Bus(notice) => self.notice_arrives(Arc::unwrap_or_clone(notice)),
            Act::TakeOver { node, how, cause } => self.take_over_by_hand(node, how, Some(cause)),
            Act::MoveKeys(moving) => self.move_keys(moving),
            Act::MigrationOver { node, number } => self.migration_over(node, number),
            Act::Perform { resource, packet } => self.performed(resource, packet),
            Act::PatienceOver { resource, packet } => self.patience_over(resource, packet),
            Act::LeftResource {
                resource,
                connection,
            } => self.left_resource(resource, connection),
            Act::Intervene { index, cause } => self.intervene(index, cause),
        }
    }

    /// Tells a record that is no deed of its place's own program: what follows there is not caused by it.
    fn emit_elsewhere(&mut self, place: Place, cause: Option<u32>, event: Event) -> u32 {
        let last = match place {
            Place::Client(client) => self.clients[usize::from(client)].last(),
            _ => None,
        };
        let seq = self.emit(place, cause, event);
        if let (Place::Client(client), Some(last)) = (place, last) {
            self.clients[usize::from(client)].note(last);
        }
        seq
    }

    /// Tells a record, and notes which interventions waited for it.
    fn emit(&mut self, place: Place, cause: Option<u32>, event: Event) -> u32 {
        let seq = self.records;
        let thread = match place {
            Place::Client(client) => self.clients[usize::from(client)].note_of(seq, &event),
            _ => None,
        };
        let record = Record {
            seq,
            at: self.now,
            cause,
            place,
            thread,
            event,
        };
        self.records += 1;
        self.watch(&record);
        self.fresh.push(record);
        seq
    }

    /// A client learns what the reply to one of its requests says about locks.
    fn learn(&mut self, client: u16, packet: PacketId, cause: u32) {
        for News { lock, node, holds } in self.news.remove(&packet).unwrap_or_default() {
            let granted = &mut self.clients[usize::from(client)].granted[lock];
            if holds {
                granted.insert(node);
            } else {
                granted.remove(&node);
            }
            let quorum = usize::from(self.plan.scenario.locks[lock].quorum);
            // A lock on one server is the same lock when another server takes over.
            let holds = if quorum <= 1 {
                holds
            } else {
                granted.len() >= quorum
            };
            self.believe(client, lock, holds, cause);
        }
    }

    fn believe(&mut self, client: u16, lock: usize, holds: bool, cause: u32) {
        let believes = &mut self.clients[usize::from(client)].believes[lock];
        if *believes == holds {
            return;
        }
        *believes = holds;
        let lock = u16::try_from(lock).unwrap_or(u16::MAX);
        self.emit(
            Place::Client(client),
            Some(cause),
            Event::Believes { lock, holds },
        );
    }

    fn next_packet(&mut self) -> PacketId {
        self.packets += 1;
        PacketId(self.packets - 1)
    }
}

/// What happens next.
enum Next {
    Act(Act),
    Node(u16),
}
