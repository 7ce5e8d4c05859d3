//! Client processes: a program that runs, waits, pauses, dies and starts again.

mod arrivals;
mod stops;
mod threads;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use redwind_resp::Value;

use self::threads::Strand;
use crate::random::{Luck, Purpose};
use crate::world::World;
use crate::world::network::{Connection, Packet};
use crate::world::queue::{Act, Class};
use crate::{
    Answer, Batch, Clock, Event, Exit, Failure, LostBecause, Message, PacketId, Place, Program,
    Request, ResourceCall, SimTime, Span, Start,
};

/// How long a statement takes on a client's clock.
pub(crate) const STATEMENT: Span = Span(10);

/// How many requests a program may make while no time passes; one that only reads clocks would never end.
const MOST_IDLE_REQUESTS: u32 = 100_000;

/// A client's process.
#[derive(Clone)]
pub(crate) struct Client {
    /// Absent while the process is down.
    program: Option<Arc<dyn Program>>,
    pub(crate) status: Status,
    /// Counts its births and deaths; what was arranged for an earlier life is void.
    pub(crate) life: u32,
    /// How often the process was started.
    starts: u32,
    pub(crate) paused_until: Option<SimTime>,
    /// Its threads by number; 0 is the one that it begins with.
    strands: Vec<Strand>,
    /// The thread whose turn it is, or was last.
    current: u16,
    /// What arrived while it was paused.
    socket: VecDeque<Arrived>,
    /// Messages of channels that it has not read, by connection of its pool.
    pub(crate) heard: BTreeMap<u32, VecDeque<Value>>,
    /// Open connections by their other end and their number in the program's pool.
    connections: BTreeMap<(Place, u32), Connection>,
    opened: u32,
    /// Messages sent in all lives.
    sent: u64,
    pub(crate) clock: Clock,
    /// How many times its processor is slower; 0: it is not.
    pub(crate) cpu: u32,
    /// Its own latest record.
    last: Option<u32>,
    /// Which locks it believes to hold, by index.
    pub(crate) believes: Vec<bool>,
    /// For each lock the nodes that have granted it, as far as the client knows. Counted where a lock needs several.
    pub(crate) granted: Vec<BTreeSet<u16>>,
}

/// Whether a process exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// It has not been started yet.
    Unborn,
    /// It exists, even if it is paused.
    Up,
    /// It crashed.
    Down,
    /// Its program ended.
    Exited,
}

/// What a process waits for.
#[derive(Clone, Debug)]
pub(super) enum Waits {
    Nothing,
    /// Its statement's time to pass.
    Statement,
    Sleep,
    /// A reply on a connection.
    Reply(PacketId, Connection),
    /// A message pushed on a connection of its pool.
    Push(PacketId, u32),
    /// Another thread, by the number of this wait.
    Parked(PacketId),
    /// For its turn only: it has this answer.
    Turn(Answer),
    /// For its turn: it is about to send this.
    ToSend(Request),
}

#[derive(Clone, Debug)]
enum Arrived {
    Reply(Arc<Packet>),
    Closed(Connection, u16, bool),
}

impl Client {
    /// The locks that it believes it holds, by index.
    fn beliefs(&self) -> Vec<u16> {
        let held = self
            .believes
            .iter()
            .enumerate()
            .filter(|(_, holds)| **holds);
        held.filter_map(|(lock, _)| u16::try_from(lock).ok())
            .collect()
    }

    pub(crate) fn new(clock: Clock, locks: usize) -> Self {
        Self {
            program: None,
            status: Status::Unborn,
            life: 0,
            starts: 0,
            paused_until: None,
            strands: vec![Strand::default()],
            current: 0,
            socket: VecDeque::new(),
            connections: BTreeMap::new(),
            heard: BTreeMap::new(),
            opened: 0,
            sent: 0,
            clock,
            cpu: 0,
            last: None,
            believes: vec![false; locks],
            granted: vec![BTreeSet::new(); locks],
        }
    }

    pub(crate) fn note(&mut self, record: u32) {
        self.last = Some(record);
    }

    /// Its own latest record.
    pub(crate) fn last(&self) -> Option<u32> {
        self.last
    }

    /// Every open connection, with its other end.
    pub(crate) fn open_connections(&self) -> Vec<(Place, Connection)> {
        let open = self.connections.iter();
        open.map(|((to, _), connection)| (*to, *connection))
            .collect()
    }

    /// The number that an open connection has in its pool.
    pub(super) fn pool(&self, connection: Connection) -> Option<u32> {
        let mut open = self.connections.iter();
        open.find_map(|((_, pool), known)| (*known == connection).then_some(*pool))
    }

    /// The connection to a node that has this number in its pool.
    pub(super) fn of_pool(&self, pool: u32) -> Option<(Place, Connection)> {
        let mut open = self.connections.iter();
        open.find_map(|((to, number), connection)| {
            let node = matches!(to, Place::Node(_)) && *number == pool;
            node.then_some((*to, *connection))
        })
    }

    pub(super) fn is_open(&self, pool: u32) -> bool {
        self.connections
            .keys()
            .any(|(to, number)| matches!(to, Place::Node(_)) && *number == pool)
    }

    /// Closes its end of the connections to nodes that have this number.
    pub(super) fn close(&mut self, pool: u32) -> Vec<(Place, Connection)> {
        let ours = |to: &Place, number: u32| matches!(to, Place::Node(_)) && number == pool;
        let all = std::mem::take(&mut self.connections);
        let (closed, kept): (Vec<_>, Vec<_>) = all
            .into_iter()
            .partition(|((to, number), _)| ours(to, *number));
        self.connections = kept.into_iter().collect();
        closed
            .into_iter()
            .map(|((to, _), connection)| (to, connection))
            .collect()
    }

    /// The connection of this number to that place; opened when there is none.
    fn connection(&mut self, me: Place, to: Place, pool: u32) -> (Connection, bool) {
        let opened = &mut self.opened;
        let before = *opened;
        let connection = *self.connections.entry((to, pool)).or_insert_with(|| {
            *opened += 1;
            Connection {
                from: me,
                number: *opened,
            }
        });
        (connection, *opened > before)
    }
}

impl World {
    pub(crate) fn start(&mut self, client: u16, life: u32, cause: Option<u32>) {
        let process = &mut *self.clients[usize::from(client)];
        if process.life != life || process.status == Status::Up {
            return;
        }
        let spec = &self.plan.scenario.clients[usize::from(client)];
        let restarts = process.starts;
        process.starts += 1;
        let circumstances = [u64::from(client), u64::from(restarts)];
        let seed = Luck::new(self.plan.scenario.seed, Purpose::Program, &circumstances).next();
        process.program = Some(Arc::from(spec.source.start(&Start {
            client: spec.name.clone(),
            seed,
        })));
        process.status = Status::Up;
        process.wait(Waits::Turn(Answer::Done));
        self.emit(Place::Client(client), cause, Event::Started { restarts });
        self.go(client);
    }

    /// Lets a client go on as soon as interventions at this very moment have taken place.
    fn go(&mut self, client: u16) {
        let process = &self.clients[usize::from(client)];
        let (life, thread) = (process.life, process.current);
        self.agenda.push_front(Act::Continue {
            client,
            life,
            thread,
        });
    }

    pub(crate) fn advance(&mut self, client: u16, life: u32, thread: u16) {
        let process = &mut *self.clients[usize::from(client)];
        if process.life != life || process.status != Status::Up {
            return;
        }
        process.current = thread;
        if process.paused_until.is_some() {
            process.strand().overdue = true;
            return;
        }
        match std::mem::replace(&mut process.strand().waits, Waits::Nothing) {
            Waits::Statement => self.run(client, Answer::Done),
            Waits::Turn(answer) => self.run(client, answer),
            Waits::ToSend(request) => self.send(client, request),
            other => process.wait(other),
        }
    }

    /// Runs the program until it wants something that takes time or leaves a record.
    fn run(&mut self, client: u16, mut answer: Answer) {
        for _ in 0..MOST_IDLE_REQUESTS {
            match self.resume_program(client, answer) {
                Request::WallClock => {
                    let clock = &self.clients[usize::from(client)].clock;
                    answer = Answer::Micros(clock.wall(self.now).0);
                }
                Request::MonotonicClock => {
                    let clock = &self.clients[usize::from(client)].clock;
                    answer = Answer::Micros(clock.monotonic(self.now));
                }
                Request::HangUp { connection } => {
                    self.close(client, connection);
                    answer = Answer::Done;
                }
                Request::Unpark { thread } => {
                    self.unpark(client, thread);
                    answer = Answer::Done;
                }
                Request::IsOpen { connection } => {
                    let open = self.clients[usize::from(client)].is_open(connection);
                    answer = if open {
                        Answer::Done
                    } else {
                        Answer::Failed(Failure::Reset)
                    };
                }
                request => return self.serve(client, request),
            }
        }
        let why = format!("it read the clock {MOST_IDLE_REQUESTS} times within one statement");
        self.serve(client, Request::Exit(Exit::Stopped { why, line: None }));
    }

    fn resume_program(&mut self, client: u16, answer: Answer) -> Request {
        let process = &mut *self.clients[usize::from(client)];
        let Some(program) = &mut process.program else {
            return Request::Exit(Exit::Finished);
        };
        // Worlds share a program until one of them runs it.
        if Arc::get_mut(program).is_none() {
            *program = Arc::from(program.fork());
        }
        match Arc::get_mut(program) {
            Some(program) => program.resume_thread(process.current, answer),
            None => Request::Exit(Exit::Finished),
        }
    }

    fn serve(&mut self, client: u16, request: Request) {
        let me = Place::Client(client);
        let process = &mut *self.clients[usize::from(client)];
        let (life, thread, cause) = (process.life, process.current, process.cause());
        match request {
            Request::Line { line, locals } => {
                process.wait(Waits::Statement);
                let takes = Span(STATEMENT.0 * u64::from(process.cpu.max(1)));
                let over = self.now + process.clock.lasts(self.now, takes);
                let act = Act::Continue {
                    client,
                    life,
                    thread,
                };
                self.queue.push(over, Class::Ordinary, act);
                self.emit(me, cause, Event::Line { line, locals });
            }
            Request::Sleep(lasts) => {
                process.wait(Waits::Sleep);
                let over = self.now + process.clock.lasts(self.now, lasts);
                let act = Act::Wake {
                    client,
                    life,
                    thread,
                };
                self.queue.push(over, Class::Timeout, act);
                self.emit(me, cause, Event::Slept { lasts });
            }
            Request::Print(text) => {
                process.wait(Waits::Turn(Answer::Done));
                self.emit(me, cause, Event::Printed { text });
                self.go(client);
            }
            Request::Exit(exit) => self.exit(client, exit),
            Request::Redis { .. } | Request::Resource(_) => self.send(client, request),
            Request::Listen {
                connection,
                timeout,
            } => self.listen(client, connection, timeout),
            Request::Spawn { thread, name } => self.spawn(client, thread, name),
            Request::Park { timeout } => self.park(client, timeout),
            Request::EndThread => {
                self.emit(me, cause, Event::ThreadEnded);
            }
            // Answered by `run`.
            Request::WallClock
            | Request::MonotonicClock
            | Request::HangUp { .. }
            | Request::Unpark { .. }
            | Request::IsOpen { .. } => {}
        }
    }

    fn exit(&mut self, client: u16, exit: Exit) {
        let process = &mut *self.clients[usize::from(client)];
        process.status = Status::Exited;
        process.life += 1;
        let cause = process.last;
        let seq = self.emit(Place::Client(client), cause, Event::Exited(exit));
        self.forget(client, seq);
    }

    /// What a process's end leaves behind: its memory and beliefs are gone, its connections close.
    fn forget(&mut self, client: u16, cause: u32) {
        let process = &mut *self.clients[usize::from(client)];
        process.program = None;
        process.strands = vec![Strand::default()];
        process.current = 0;
        process.paused_until = None;
        process.heard.clear();
        let unread = std::mem::take(&mut process.socket);
        for ((to, _), connection) in std::mem::take(&mut process.connections) {
            match to {
                Place::Node(node) => self.hang_up(connection, node),
                Place::Resource(resource) => self.leave_resource(resource, connection),
                _ => {}
            }
        }
        for arrived in unread {
            if let Arrived::Reply(packet) = arrived {
                self.lose(&packet, LostBecause::NobodyThere);
            }
        }
        for lock in 0..self.plan.scenario.locks.len() {
            self.clients[usize::from(client)].granted[lock].clear();
            self.believe(client, lock, false, cause);
        }
    }

    fn send(&mut self, client: u16, request: Request) {
        let me = Place::Client(client);
        let Some((to, pool, message, timeout)) = self.address(client, &request) else {
            return;
        };
        if self.held_before_sending(client, &message) {
            let process = &mut *self.clients[usize::from(client)];
            process.wait(Waits::ToSend(request));
            return self.go(client);
        }
        let id = self.next_packet();
        let process = &mut *self.clients[usize::from(client)];
        process.sent += 1;
        let (connection, opens) = process.connection(me, to, pool);
        let (life, nth, cause) = (process.life, process.sent, process.cause());
        process.wait(Waits::Reply(id, connection));
        let unawaited =
            matches!(&message, Message::Commands { batch, .. } if *batch == Batch::Subscription);
        if let Some(timeout) = timeout {
            let over = self.now + process.clock.lasts(self.now, timeout);
            let act = Act::GiveUp {
                client,
                life,
                packet: id,
            };
            self.queue.push(over, Class::Timeout, act);
        }
        let event = Event::Sent {
            packet: id,
            to,
            message: message.clone(),
        };
        let sent = self.emit(me, cause, event);
        let (request_fate, answer) = self.take_fates();
        let packet = Packet {
            id,
            connection,
            life,
            asked: to,
            message,
            reply: false,
            sent,
            nth,
            opens,
            answer,
        };
        self.transmit(packet, request_fate);
        if unawaited {
            self.answer(client, Answer::Done);
        }
    }

    /// Where a request goes; answers it when there is no such place.
    fn address(
        &mut self,
        client: u16,
        request: &Request,
    ) -> Option<(Place, u32, Message, Option<Span>)> {
        match request {
            Request::Redis {
                node,
                connection,
                commands,
                batch,
                timeout,
            } => {
                let Some(node) = self.resolve(client, node.as_deref(), *connection) else {
                    let event = Event::Failed {
                        packet: self.next_packet(),
                        failure: Failure::Refused,
                    };
                    let cause = self.clients[usize::from(client)].cause();
                    self.emit(Place::Client(client), cause, event);
                    self.answer(client, Answer::Failed(Failure::Refused));
                    return None;
                };
                let message = Message::Commands {
                    commands: Arc::from(commands.as_slice()),
                    batch: *batch,
                };
                Some((Place::Node(node), *connection, message, *timeout))
            }
            Request::Resource(call) => {
                let Some(resource) = self.plan.resource(&call.resource) else {
                    let message = self.plan.no_such_resource(&call.resource);
                    let kind = "NameError".to_owned();
                    self.answer(client, Answer::Refused { kind, message });
                    return None;
                };
                let process = &self.clients[usize::from(client)];
                let message = Message::Call(Arc::new(ResourceCall {
                    believing: process.beliefs(),
                    ..call.clone()
                }));
                // Each thread has a connection of its own, as its transactions are its own.
                let pool = u32::from(process.current);
                Some((Place::Resource(resource), pool, message, None))
            }
            _ => None,
        }
    }

    /// The node that a program means. Without a name it means the service: an open connection stays where it is,
    /// a new one goes to the primary that the latest failover made.
    fn resolve(&self, client: u16, name: Option<&str>, pool: u32) -> Option<u16> {
        if name.is_some() {
            return self.plan.node(name);
        }
        let mut open = self.clients[usize::from(client)].connections.keys();
        let stays = open.find_map(|(place, number)| match place {
            Place::Node(node) if *number == pool => Some(*node),
            _ => None,
        });
        stays.or(Some(self.service))
    }

    /// The program has its answer, and goes on with it in its turn.
    pub(super) fn answer(&mut self, client: u16, answer: Answer) {
        self.clients[usize::from(client)].wait(Waits::Turn(answer));
        self.go(client);
    }

    pub(crate) fn wake(&mut self, client: u16, life: u32, thread: u16) {
        let process = &mut *self.clients[usize::from(client)];
        if process.life != life {
            return;
        }
        process.current = thread;
        if !matches!(process.waits(), Waits::Sleep) {
            return;
        }
        if process.paused_until.is_some() {
            process.strand().overdue = true;
            return;
        }
        let cause = process.cause();
        self.emit(Place::Client(client), cause, Event::Woke);
        self.answer(client, Answer::Done);
    }

    pub(crate) fn give_up(&mut self, client: u16, life: u32, packet: PacketId) {
        let process = &mut *self.clients[usize::from(client)];
        if process.life != life || !process.turn_to(packet) {
            return;
        }
        if process.paused_until.is_some() {
            process.strand().overdue = true;
        } else if matches!(process.waits(), Waits::Push(..)) {
            self.heard_nothing(client);
        } else if matches!(process.waits(), Waits::Parked(_)) {
            self.woken(client, Answer::Failed(Failure::Timeout));
        } else {
            self.fail(client, Failure::Timeout);
        }
    }

    /// The request that a client waits for will not be answered; its connection is of no more use.
    fn fail(&mut self, client: u16, failure: Failure) {
        let process = &mut *self.clients[usize::from(client)];
        let Waits::Reply(packet, connection) = *process.waits() else {
            return;
        };
        let cause = process.cause();
        let open = process
            .connections
            .iter()
            .find(|(_, open)| **open == connection);
        if let Some((&(to, pool), _)) = open {
            process.connections.remove(&(to, pool));
            if let Place::Node(node) = to {
                self.hang_up(connection, node);
            }
        }
        self.emit(
            Place::Client(client),
            cause,
            Event::Failed { packet, failure },
        );
        self.answer(client, Answer::Failed(failure));
    }
}
