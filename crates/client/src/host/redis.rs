//! Commands on their way to Redis and back.

use bytes::Bytes;
use monty::{FunctionCall, RunProgress};
use monty_types::MontyObject;
use redwind_resp::Value;
use redwind_sim::{Answer, Batch, Failure, Request, Span};

mod sentinel;

use super::{Host, Next, Waits, arg, int, names, text};
use crate::redis::{Arg, Command, Decode, Refusal, Words, command, convert, positional};
use crate::rewrite::names::error_line;
use crate::values::{SIGN, exception};

/// A call that waits for Redis.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    client: i64,
    connection: u32,
    /// The connection belongs to a pipeline that watches keys.
    held: bool,
    commands: Vec<Sent>,
    batch: Batch,
    /// A pipeline's errors are raised, not returned.
    raises: bool,
    /// Whether the call returns one value or a list.
    single: bool,
    failures: u32,
    stage: Stage,
    /// The text of the script that is run, until it was loaded once.
    script: Option<Bytes>,
    /// Sentinels are asked where its connection goes.
    search: Option<Box<sentinel::Search>>,
    /// Replicas that it may still connect to if nobody listens at the first.
    left: Vec<crate::redis::Address>,
    replicas_tried: bool,
    primary_tried: bool,
}

#[derive(Clone, Debug)]
struct Sent {
    argv: Vec<Bytes>,
    call: crate::redis::Call,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// A new connection selects its database, or says that it reads from replicas.
    Select,
    /// It is found out whether the connection is still there.
    Check,
    Commands,
    /// The server did not know a script; it is loaded.
    Load,
    /// It waits before it tries again.
    Backoff,
    /// The reply is of no interest; the call returns this.
    Aside(Aside),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aside {
    /// The connection that was taken.
    Taken,
    /// A connection that is given back when this is done.
    Given,
    /// Nothing: the reply is a message of its own.
    Told,
}

impl Host {
    /// `_rw_redis(id, name, args, kwargs[, connection])` and
    /// `_rw_execute(id, connection, transaction, commands, raise_on_error)`.
    pub(super) fn redis_call(&mut self, call: FunctionCall) -> Next {
        let single = call.function_name.trim_end_matches('_') == "_rw_redis";
        let (held, made) = if single {
            let made = command(
                &text(&call, 1),
                positional(arg(&call, 2)),
                names(&arg(&call, 3)),
            );
            (arg(&call, 4), made.map(|command| vec![command]))
        } else {
            (arg(&call, 1), queued(arg(&call, 3)))
        };
        let commands: Vec<Sent> = match made {
            Ok(commands) => commands
                .into_iter()
                .map(|Command { argv, call }| Sent { argv, call })
                .collect(),
            Err(refusal) => return self.refuse(call, &refusal),
        };
        let held = match held {
            Arg::Int(connection) => u32::try_from(connection).ok(),
            _ => None,
        };
        let batch = match (single, arg(&call, 2).truth()) {
            (true, _) => Batch::Single,
            (false, true) => Batch::Transaction,
            (false, false) => Batch::Pipeline,
        };
        if batch == Batch::Pipeline && commands.is_empty() {
            return self.run(call, MontyObject::list([]));
        }
        let waiting = Waiting {
            client: int(&call, 0),
            connection: held.unwrap_or_default(),
            held: held.is_some(),
            commands,
            batch,
            raises: single || arg(&call, 4).truth(),
            single,
            failures: 0,
            stage: Stage::Commands,
            script: match arg(&call, 5) {
                Arg::Text(text) if single => Some(Bytes::from(text)),
                Arg::Bytes(bytes) if single => Some(Bytes::from(bytes)),
                _ => None,
            },
            search: None,
            left: Vec::new(),
            replicas_tried: false,
            primary_tried: false,
        };
        self.send(RunProgress::FunctionCall(call), waiting)
    }

    /// Sends on a connection of its own, or of the pool.
    fn send(&mut self, progress: RunProgress, mut waiting: Waiting) -> Next {
        let mut greeting = None;
        if !waiting.held {
            (waiting.connection, greeting) = self.clients.take(waiting.client);
            // redis-py looks at a connection's socket when it takes it from the pool: when it was closed, it asks anew
            // where to connect.
            let connection = waiting.connection;
            if self.clients.settled(connection).is_some() {
                waiting.stage = Stage::Check;
                self.waiting = Waits::Redis(Box::new(waiting));
                return Next::Asks(progress, Request::IsOpen { connection });
            }
        }
        match greeting {
            Some(words) => {
                waiting.stage = Stage::Select;
                self.transmit(progress, waiting, vec![words], Batch::Single)
            }
            None => self.send_commands(progress, waiting),
        }
    }

    fn send_commands(&mut self, progress: RunProgress, mut waiting: Waiting) -> Next {
        waiting.stage = Stage::Commands;
        let mut commands: Vec<Vec<Bytes>> = waiting
            .commands
            .iter()
            .map(|sent| sent.argv.clone())
            .collect();
        if waiting.batch == Batch::Transaction {
            commands.insert(0, vec![Bytes::from_static(b"MULTI")]);
            commands.push(vec![Bytes::from_static(b"EXEC")]);
        }
        let batch = waiting.batch;
        self.transmit(progress, waiting, commands, batch)
    }

    pub(super) fn transmit(
        &mut self,
        progress: RunProgress,
        waiting: Waiting,
        commands: Vec<Vec<Bytes>>,
        batch: Batch,
    ) -> Next {
        if self
            .clients
            .is_unsettled(waiting.client, waiting.connection)
        {
            return self.search(progress, waiting, commands, batch);
        }
        let client = self.clients.get(waiting.client);
        let host = self.clients.settled(waiting.connection);
        let node = host
            .or(client.map(|client| client.host.as_str()))
            .map(str::to_owned)
            .filter(|host| !matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1"));
        let request = Request::Redis {
            node,
            connection: waiting.connection,
            commands,
            batch,
            timeout: client.and_then(|client| client.timeout),
        };
        self.waiting = Waits::Redis(Box::new(waiting));
        Next::Asks(progress, request)
    }

    /// `_rw_take` on a new connection that has something to say first.
    pub(super) fn greet(&mut self, call: FunctionCall, connection: u32, words: Vec<Bytes>) -> Next {
        let waiting = aside(int(&call, 0), connection, Aside::Taken);
        let progress = RunProgress::FunctionCall(call);
        self.transmit(progress, waiting, vec![words], Batch::Single)
    }

    /// `_rw_release(id, connection, unwatch)`: a connection that still watches keys must not.
    pub(super) fn release(&mut self, call: FunctionCall) -> Next {
        let client = int(&call, 0);
        let connection = u32::try_from(int(&call, 1)).unwrap_or_default();
        if arg(&call, 2).truth() && !self.clients.is_broken(connection) {
            let waiting = aside(client, connection, Aside::Given);
            let unwatch = vec![Bytes::from_static(b"UNWATCH")];
            let progress = RunProgress::FunctionCall(call);
            return self.transmit(progress, waiting, vec![unwatch], Batch::Single);
        }
        self.clients.give(client, connection);
        self.run(call, MontyObject::none())
    }

    pub(super) fn redis_answer(
        &mut self,
        progress: RunProgress,
        mut waiting: Waiting,
        answer: Answer,
    ) -> Next {
        if let Some(search) = waiting.search.take() {
            return self.sentinel_answers(progress, waiting, *search, answer);
        }
        let failure = match answer {
            Answer::Failed(failure) => Some(failure),
            _ => None,
        };
        match (waiting.stage, failure) {
            (Stage::Backoff, _) => self.send(progress, waiting),
            (Stage::Check, None) => self.send_commands(progress, waiting),
            (Stage::Check, Some(_)) => {
                self.clients.unsettle(waiting.connection);
                match self.clients.greeting(waiting.client) {
                    Some(words) => {
                        waiting.stage = Stage::Select;
                        self.transmit(progress, waiting, vec![words], Batch::Single)
                    }
                    None => self.send_commands(progress, waiting),
                }
            }
            (Stage::Aside(Aside::Told), Some(failure)) => {
                self.clients.broke(waiting.connection);
                let refusal = self.connection_error(waiting.client, failure);
                self.resume(progress, exception(&refusal))
            }
            (Stage::Aside(aside), failure) => {
                if failure.is_some() {
                    self.clients.broke(waiting.connection);
                }
                match aside {
                    Aside::Told => self.resume(progress, MontyObject::none()),
                    Aside::Taken => {
                        self.resume(progress, MontyObject::int(waiting.connection.into()))
                    }
                    Aside::Given => {
                        self.clients.give(waiting.client, waiting.connection);
                        self.resume(progress, MontyObject::none())
                    }
                }
            }
            (_, Some(failure)) => {
                waiting.failures += 1;
                self.failed(progress, waiting, failure)
            }
            (Stage::Select | Stage::Load, None) => self.send_commands(progress, waiting),
            (Stage::Commands, None) => {
                let replies = match answer {
                    Answer::Replies(replies) => replies,
                    _ => Vec::new(),
                };
                if let Some(refusal) = self.demoted(waiting.client, &replies) {
                    waiting.failures += 1;
                    return self.failed_with(progress, waiting, refusal);
                }
                let unknown = matches!(replies.first(), Some(Value::Error(text)) if text.starts_with(b"NOSCRIPT"));
                if let (true, Some(script)) = (unknown, waiting.script.take()) {
                    waiting.stage = Stage::Load;
                    let load = [
                        Bytes::from_static(b"SCRIPT"),
                        Bytes::from_static(b"LOAD"),
                        script,
                    ];
                    return self.transmit(progress, waiting, vec![load.to_vec()], Batch::Single);
                }
                if !waiting.held {
                    self.clients.give(waiting.client, waiting.connection);
                }
                let decode = self
                    .clients
                    .get(waiting.client)
                    .map_or(Decode::Bytes, |client| client.decode);
                match waiting.results(&replies, decode) {
                    Ok(value) => self.resume(progress, value),
                    Err(refusal) => self.resume(progress, exception(&refusal)),
                }
            }
        }
    }

    /// What redis-py raises when a connection fails.
    pub(super) fn connection_error(&self, client: i64, failure: Failure) -> Refusal {
        let client = self.clients.get(client);
        match failure {
            Failure::Timeout => Refusal::new("TimeoutError", "Timeout reading from socket"),
            Failure::Reset => Refusal::new("ConnectionError", "Connection closed by server."),
            Failure::Refused => {
                let place = client
                    .map(|client| format!("{}:{}", client.host, client.port))
                    .unwrap_or_default();
                Refusal::new(
                    "ConnectionError",
                    format!("Error 111 connecting to {place}. Connection refused."),
                )
            }
        }
    }

    /// The connection failed: it is closed; the commands are sent again if the client was told to.
    fn failed(&mut self, progress: RunProgress, mut waiting: Waiting, failure: Failure) -> Next {
        if self.try_elsewhere(&mut waiting, failure) {
            return self.send_commands(progress, waiting);
        }
        let refusal = if waiting.primary_tried && failure == Failure::Refused {
            let managed = self.clients.managed(waiting.client);
            sentinel::no_replica(managed.map_or("", |managed| &managed.service))
        } else {
            self.connection_error(waiting.client, failure)
        };
        self.failed_with(progress, waiting, refusal)
    }

    /// The same with what redis-py raises.
    fn failed_with(
        &mut self,
        progress: RunProgress,
        mut waiting: Waiting,
        refusal: Refusal,
    ) -> Next {
        (waiting.replicas_tried, waiting.primary_tried) = (false, false);
        waiting.left.clear();
        self.clients.broke(waiting.connection);
        let client = self.clients.get(waiting.client).cloned();
        if waiting.held {
            let message = format!(
                "A {} occurred while watching one or more keys",
                refusal.kind
            );
            return self.resume(progress, exception(&Refusal::new("WatchError", message)));
        }
        // Dropped from the pool: never given back, so nothing refers to it any more.
        self.clients.give(waiting.client, waiting.connection);
        let retry = client.map(|client| client.retry);
        let again =
            retry.filter(|retry| retry.times < 0 || i64::from(waiting.failures) <= retry.times);
        match again {
            None => self.resume(progress, exception(&refusal)),
            Some(retry) => {
                let delay = retry.delay(waiting.failures, self.luck());
                if delay == Span(0) {
                    return self.send(progress, waiting);
                }
                waiting.stage = Stage::Backoff;
                self.waiting = Waits::Redis(Box::new(waiting));
                Next::Asks(progress, Request::Sleep(delay))
            }
        }
    }
}

impl Host {
    /// `_rw_route(name, args, kwargs)`: the command's name, its words, the slots of its keys, whether it only reads.
    pub(super) fn route(&mut self, call: FunctionCall) -> Next {
        let made = command(
            &text(&call, 0),
            positional(arg(&call, 1)),
            names(&arg(&call, 2)),
        );
        let argv = match made {
            Ok(command) => command.argv,
            Err(refusal) => return self.refuse(call, &refusal),
        };
        let shown = |word: &Bytes| MontyObject::string(String::from_utf8_lossy(word).into_owned());
        let name = String::from_utf8_lossy(&argv[0]).to_uppercase();
        let (keys, reads) = redwind_sim::command_keys(&argv);
        let slots = keys
            .into_iter()
            .filter_map(|at| argv.get(at))
            .map(|key| MontyObject::int(redwind_sim::key_slot(key).into()));
        let route = MontyObject::tuple([
            MontyObject::string(name),
            MontyObject::tuple(argv.iter().map(shown)),
            MontyObject::list(slots),
            MontyObject::bool(reads),
        ]);
        self.run(call, route)
    }

    /// `_rw_slot(key)`
    pub(super) fn slot(&mut self, call: FunctionCall) -> Next {
        let mut words = Words::default();
        match words.value(&arg(&call, 0)) {
            Ok(()) => {
                let key = words.done().pop().unwrap_or_default();
                let slot = redwind_sim::key_slot(&key);
                self.run(call, MontyObject::int(slot.into()))
            }
            Err(refusal) => self.refuse(call, &refusal),
        }
    }
}

pub(super) fn aside(client: i64, connection: u32, aside: Aside) -> Waiting {
    Waiting {
        client,
        connection,
        held: true,
        commands: Vec::new(),
        batch: Batch::Single,
        raises: true,
        single: true,
        failures: 0,
        stage: Stage::Aside(aside),
        script: None,
        search: None,
        left: Vec::new(),
        replicas_tried: false,
        primary_tried: false,
    }
}

/// The commands that a pipeline has queued: `(name, args, kwargs)` each.
fn queued(commands: Arg) -> Result<Vec<Command>, Refusal> {
    positional(commands)
        .into_iter()
        .map(|one| match positional(one).as_slice() {
            [Arg::Text(name), args, kwargs] => {
                command(name, positional(args.clone()), names(kwargs))
            }
            _ => Err(Refusal::new(
                "RedisError",
                "a pipeline holds something that is no command",
            )),
        })
        .collect()
}

impl Waiting {
    fn results(&self, replies: &[Value], decode: Decode) -> Result<MontyObject, Refusal> {
        if self.single {
            let reply = replies.first().unwrap_or(&Value::Null);
            let Some(sent) = self.commands.first() else {
                return Ok(MontyObject::none());
            };
            return convert(&sent.argv, &sent.call, reply, decode);
        }
        let replies: &[Value] = match self.batch {
            Batch::Transaction => self.executed(replies)?,
            _ => replies,
        };
        if replies.len() != self.commands.len() {
            return Err(Refusal::new(
                "ResponseError",
                "Wrong number of response items from pipeline execution",
            ));
        }
        let mut results = Vec::with_capacity(replies.len());
        for (i, (sent, reply)) in self.commands.iter().zip(replies).enumerate() {
            match convert(&sent.argv, &sent.call, reply, decode) {
                Ok(value) => results.push(value),
                Err(refusal) if self.raises => return Err(annotated(refusal, i, &sent.argv)),
                Err(refusal) => results.push(MontyObject::tuple([
                    MontyObject::string(SIGN),
                    MontyObject::string(error_line(&refusal.kind)),
                    MontyObject::string(annotated(refusal, i, &sent.argv).message),
                ])),
            }
        }
        Ok(MontyObject::list(results))
    }

    /// What EXEC returned. It may come alone, or behind the replies to MULTI and to what was queued.
    fn executed<'r>(&self, replies: &'r [Value]) -> Result<&'r [Value], Refusal> {
        match replies.last() {
            Some(Value::Array(results)) => Ok(results),
            Some(Value::Error(text)) => {
                let queued = replies.iter().skip(1).take(self.commands.len());
                for (i, reply) in queued.enumerate() {
                    if let (Value::Error(text), true) = (reply, replies.len() > 1) {
                        let refusal = crate::redis::refusal_of(text);
                        return Err(annotated(refusal, i, &self.commands[i].argv));
                    }
                }
                Err(crate::redis::refusal_of(text))
            }
            _ => Err(Refusal::new("WatchError", "Watched variable changed.")),
        }
    }
}

/// An error of one command among several says which.
fn annotated(mut refusal: Refusal, index: usize, argv: &[Bytes]) -> Refusal {
    let words: Vec<_> = argv
        .iter()
        .map(|word| String::from_utf8_lossy(word))
        .collect();
    let mut command = words.join(" ");
    if let Some((cut, _)) = command.char_indices().nth(100) {
        command.truncate(cut);
        command.push_str("...");
    }
    refusal.message = format!(
        "Command # {} ({command}) of pipeline caused error: {}",
        index + 1,
        refusal.message
    );
    refusal
}
