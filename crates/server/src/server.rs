//! The event loop: sockets in, commands through the engine, replies out.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use redwind_engine::{Engine, Micros, Output, Outputs, SessionId, SplitMix, Value};

use crate::connection::{Connection, Replies};
use crate::host::{self, Asked, Mistake, Request};
use crate::{ClockMode, Options, ServeError};

const LISTENER: Token = Token(usize::MAX);
const WAKER: Token = Token(usize::MAX - 1);

/// What one connection may send before the next one's turn.
const TURN: usize = 64 * 1024;

/// More than this is not kept for a client that has not given the password.
const STRANGERS: usize = 1 << 20;

/// Room for so many arguments is kept from one command to the next.
const KEPT: usize = 1024;

/// How often idle clients are looked for.
const SWEEP: Duration = Duration::from_millis(500);

/// Stops a running server from anywhere.
#[derive(Clone, Debug)]
pub struct Handle {
    stop: Arc<AtomicBool>,
    waker: Arc<Waker>,
}

impl Handle {
    /// The server closes its connections and `run` returns.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        // If the queue is gone, so is the server.
        let _ = self.waker.wake();
    }
}

/// An engine and the sockets of its clients.
pub struct Server {
    engine: Engine,
    clock: ClockMode,
    luck: SplitMix,
    poll: Poll,
    listener: TcpListener,
    address: SocketAddr,
    handle: Handle,
    connections: BTreeMap<SessionId, Connection>,
    /// Whose sockets may hold more than was read in their turn, or whose wait is over.
    again: Vec<SessionId>,
    /// Who was sent something that is not yet written.
    dirty: Vec<SessionId>,
    out: Outputs,
    buffer: Box<[u8]>,
    /// The command that runs; empty in between.
    argv: Vec<Bytes>,
    stopping: bool,
    /// When idle clients were last looked for.
    swept: Instant,
}

impl Server {
    /// Listens; clients can connect from now on, and are served by [`Server::run`].
    pub fn bind(options: Options) -> Result<Server, ServeError> {
        let wanted = SocketAddr::new(options.bind, options.port);
        let mut listener = TcpListener::bind(wanted).map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => ServeError::Taken(wanted),
            _ => ServeError::Listen(wanted, error),
        })?;
        let address = listener.local_addr()?;
        let poll = Poll::new()?;
        poll.registry()
            .register(&mut listener, LISTENER, Interest::READABLE)?;
        let handle = Handle {
            stop: Arc::default(),
            waker: Arc::new(Waker::new(poll.registry(), WAKER)?),
        };
        let seed = options
            .seed
            .unwrap_or_else(|| RandomState::new().hash_one(address));
        let mut config = options.config;
        config.listen_on(address);
        Ok(Server {
            engine: Engine::new(config),
            clock: options.clock,
            luck: SplitMix::new(seed),
            poll,
            listener,
            address,
            handle,
            connections: BTreeMap::new(),
            again: Vec::new(),
            dirty: Vec::new(),
            out: Outputs::new(),
            buffer: vec![0; TURN].into_boxed_slice(),
            argv: Vec::new(),
            stopping: false,
            swept: Instant::now(),
        })
    }

    /// Where it listens; tells the port that was chosen for port 0.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// What stops it from another thread.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Serves until [`Handle::stop`] or `SHUTDOWN`.
    pub fn run(&mut self) -> Result<(), ServeError> {
        let mut events = Events::with_capacity(1024);
        while !self.stopping {
            match self.poll.poll(&mut events, self.patience()) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                done => done?,
            }
            self.stopping |= self.handle.stop.load(Ordering::Acquire);
            self.wake(self.clock.now());
            let again = std::mem::take(&mut self.again);
            for event in &events {
                match event.token() {
                    WAKER => {}
                    LISTENER => self.accept()?,
                    Token(id) => {
                        let id = SessionId(id as u64);
                        if event.is_writable() {
                            self.dirty.push(id);
                        }
                        if event.is_readable() || event.is_read_closed() || event.is_error() {
                            self.turn(id);
                        }
                        if event.is_read_closed() {
                            // The end is read in a turn of its own, after the replies were written.
                            self.again.push(id);
                        }
                    }
                }
            }
            for id in again {
                self.turn(id);
            }
            self.close_idle();
            self.flush();
        }
        // What was answered before the end shall arrive.
        self.flush();
        self.connections.clear();
        Ok(())
    }

    /// How long there is nothing to do unless a socket says otherwise.
    fn patience(&self) -> Option<Duration> {
        if !self.again.is_empty() {
            return Some(Duration::ZERO);
        }
        let due = self.until_due();
        if self.engine.config().timeout > 0 && !self.connections.is_empty() {
            return Some(due.map_or(SWEEP, |due| due.min(SWEEP)));
        }
        due
    }

    /// How long until the engine has something to do by itself.
    fn until_due(&self) -> Option<Duration> {
        let due = self.engine.next_deadline()?;
        match self.clock {
            ClockMode::Manual(now) => (due <= now).then_some(Duration::ZERO),
            ClockMode::Wall => Some(Duration::from_micros(
                due.0.saturating_sub(self.clock.now().0),
            )),
        }
    }

    /// Closes who has been silent for as long as `timeout` says, by the machine's clock; who waits or listens
    /// has reason to be silent.
    fn close_idle(&mut self) {
        let timeout = u64::try_from(self.engine.config().timeout).unwrap_or(0);
        if timeout == 0 || self.swept.elapsed() < SWEEP {
            return;
        }
        self.swept = Instant::now();
        for (id, connection) in &mut self.connections {
            let excused = connection.blocked || self.engine.is_listening(*id);
            if !excused && connection.heard.elapsed() > Duration::from_secs(timeout) {
                connection.lost = true;
                self.dirty.push(*id);
            }
        }
    }

    /// Does what is due: keys expire, waiting commands time out.
    fn wake(&mut self, now: Micros) {
        if self.engine.next_deadline().is_some_and(|due| due <= now) {
            self.engine.wake(now, &mut self.luck, &mut self.out);
            self.deliver();
        }
    }

    fn accept(&mut self) -> Result<(), ServeError> {
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => self.welcome(stream),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                // The client has gone again, or there are no more file descriptors for now.
                Err(_) => return Ok(()),
            }
        }
    }

    fn welcome(&mut self, mut stream: TcpStream) {
        let most = usize::try_from(self.engine.config().maxclients).unwrap_or(usize::MAX);
        if self.connections.len() >= most {
            self.engine.reject_connection();
            // Best effort, as in Redis: the connection is closed either way.
            let _ = stream.write(b"-ERR max number of clients reached\r\n");
            return;
        }
        let _ = stream.set_nodelay(true);
        let id = self.engine.connect(self.clock.now());
        if let (Ok(from), Ok(to)) = (stream.peer_addr(), stream.local_addr()) {
            self.engine
                .set_addresses(id, from.to_string(), to.to_string());
        }
        let interest = Interest::READABLE | Interest::WRITABLE;
        let token = Token(id.0 as usize);
        if self
            .poll
            .registry()
            .register(&mut stream, token, interest)
            .is_ok()
        {
            self.connections.insert(id, Connection::new(stream));
        } else {
            self.engine.disconnect(self.clock.now(), id, &mut self.out);
        }
    }

    /// Reads from one connection and runs what it sent.
    fn turn(&mut self, id: SessionId) {
        let Some(mut connection) = self.connections.remove(&id) else {
            return;
        };
        let limit = self.engine.config().client_query_buffer_limit;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        connection.heard = Instant::now();
        if !connection.closing {
            let (count, more) = connection.read(&mut self.buffer);
            self.engine.count_traffic(id, count, 0);
            let held = connection.requests.buffered() + self.engine.queued_bytes(id);
            let stranger = !self.engine.is_authenticated(id);
            connection.lost |= held > limit || (held > STRANGERS && stranger);
            if more {
                self.again.push(id);
            }
        }
        if !connection.lost {
            self.commands(id, &mut connection);
        }
        self.connections.insert(id, connection);
        self.dirty.push(id);
        self.deliver();
    }

    /// Runs the complete commands that a connection has sent, until one waits.
    fn commands(&mut self, id: SessionId, connection: &mut Connection) {
        let longest = self.engine.config().proto_max_bulk_len;
        connection.requests.limits.bulk_len = usize::try_from(longest).unwrap_or(0);
        let mut argv = std::mem::take(&mut self.argv);
        while !connection.blocked && !connection.closing && !self.stopping {
            connection.requests.limits.authenticated = self.engine.is_authenticated(id);
            match connection.requests.next_command(&mut argv) {
                Ok(true) => self.command(id, connection, &argv),
                Ok(false) => break,
                Err(error) => {
                    let protocol = self.engine.protocol(id);
                    connection.reply(&Value::error(error.to_string()), protocol);
                    connection.closing = true;
                }
            }
        }
        // The buffer that was read into is free again once no argument points into it.
        argv.clear();
        argv.shrink_to(KEPT);
        self.argv = argv;
    }

    fn command(&mut self, id: SessionId, connection: &mut Connection, argv: &[Bytes]) {
        if host::is_http(argv) {
            // As in Redis, what is owed is lost with the connection.
            connection.closing = true;
            connection.lost = true;
            return;
        }
        if host::resets(argv) {
            connection.replies = Replies::On;
        }
        match host::request(argv, self.clock) {
            None => {
                let now = self.clock.now();
                self.engine
                    .execute(now, &mut self.luck, id, argv, &mut self.out);
            }
            Some(asked) => self.host_command(id, connection, asked),
        }
        let mut answered = false;
        // Mostly there is one output, and it is this connection's.
        let mut out = std::mem::take(&mut self.out);
        for output in out.drain(..) {
            match output {
                Output::Reply { to, value } if to == id => {
                    connection.reply(&value, self.engine.protocol(id));
                    answered = true;
                }
                Output::Push { to, value } if to == id => {
                    connection.send(&value, self.engine.protocol(id));
                }
                Output::Close { session } if session == id => connection.closing = true,
                other => self.deliver_one(other),
            }
        }
        self.out = out;
        connection.replies = match connection.replies {
            Replies::SkipNext => Replies::Skip,
            Replies::Skip => Replies::On,
            same => same,
        };
        connection.blocked = !answered && self.engine.is_blocked(id);
    }

    /// Runs a command of the host where Redis would run it.
    fn host_command(&mut self, id: SessionId, connection: &mut Connection, asked: Asked) {
        let now = self.clock.now();
        let done = match asked.request {
            // Redis counts arguments before it asks for the password.
            Err(Mistake::Arity) => {
                let text = format!("ERR wrong number of arguments for '{}' command", asked.name);
                Err(self.engine.refuse(id, Value::error(text)))
            }
            Err(Mistake::Other(text)) => self
                .engine
                .admit(now, id, asked.name)
                .and_then(|()| Err(self.engine.refuse(id, Value::error(text)))),
            Ok(request) => self
                .engine
                .admit(now, id, asked.name)
                .map(|()| self.obey(id, connection, request)),
        };
        if let Err(value) = done {
            self.out.push(Output::Reply { to: id, value });
        }
    }

    /// Does what the engine cannot, having neither sockets nor a clock.
    fn obey(&mut self, id: SessionId, connection: &mut Connection, request: Request) {
        let value = match request {
            Request::Shutdown => {
                self.stopping = true;
                return;
            }
            Request::RepliesOff => {
                connection.replies = Replies::Off;
                return;
            }
            Request::SkipReply => {
                if connection.replies != Replies::Off {
                    connection.replies = Replies::SkipNext;
                }
                return;
            }
            Request::RepliesOn => {
                connection.replies = Replies::On;
                Value::OK
            }
            Request::Now => Value::Int(self.clock.now().millis()),
            Request::Advance(millis) => {
                self.advance(millis);
                Value::Int(self.clock.now().millis())
            }
        };
        self.out.push(Output::Reply { to: id, value });
    }

    /// Moves a manual clock, stopping at everything that is due on the way.
    fn advance(&mut self, millis: u64) {
        let end = self.clock.now() + millis.saturating_mul(1000);
        while let Some(due) = self.engine.next_deadline().filter(|due| *due <= end) {
            let now = self.clock.now().max(due);
            self.clock = ClockMode::Manual(now);
            self.engine.wake(now, &mut self.luck, &mut self.out);
        }
        self.clock = ClockMode::Manual(end);
    }

    fn deliver(&mut self) {
        for output in std::mem::take(&mut self.out) {
            self.deliver_one(output);
        }
    }

    /// Nobody is served for so long, and nothing is woken on the way.
    fn sleep(&mut self, micros: u64) {
        match &mut self.clock {
            ClockMode::Wall => std::thread::sleep(Duration::from_micros(micros)),
            ClockMode::Manual(now) => *now = *now + micros,
        }
    }

    fn deliver_one(&mut self, output: Output) {
        let (to, value, is_reply) = match output {
            Output::Reply { to, value } => (to, value, true),
            Output::Push { to, value } => (to, value, false),
            Output::Close { session } => {
                if let Some(connection) = self.connections.get_mut(&session) {
                    connection.lost = true;
                    self.dirty.push(session);
                }
                return;
            }
            Output::Sleep { micros } => return self.sleep(micros),
            Output::Propagate { .. } | Output::KeyEvent { .. } => return,
        };
        let Some(connection) = self.connections.get_mut(&to) else {
            return;
        };
        let protocol = self.engine.protocol(to);
        if is_reply {
            connection.reply(&value, protocol);
        } else {
            connection.send(&value, protocol);
        }
        if connection.blocked && !self.engine.is_blocked(to) {
            connection.blocked = false;
            self.again.push(to);
        }
        self.dirty.push(to);
    }

    /// Writes what is owed, and lets go of those who are gone.
    fn flush(&mut self) {
        while let Some(id) = self.dirty.pop() {
            let Some(connection) = self.connections.get_mut(&id) else {
                continue;
            };
            let [normal, _, pubsub] = self.engine.config().client_output_buffer_limit;
            let listens = self.engine.is_listening(id);
            let count = connection.flush(if listens { pubsub } else { normal });
            self.engine.count_traffic(id, 0, count);
            if connection.lost {
                self.connections.remove(&id);
                self.engine.disconnect(self.clock.now(), id, &mut self.out);
                self.deliver();
            }
        }
    }
}
