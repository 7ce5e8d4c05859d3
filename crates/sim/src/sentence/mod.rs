//! Records as people read them: one plain sentence each, and a few words for the diagram.

mod cluster;
mod disturbed;
mod label;
mod transaction;
mod votes;
mod words;

use redwind_resp::Value;

use crate::resource::shorten;
use crate::{
    Batch, Data, Event, Exit, Failure, KeyChange, LostBecause, Message, Phase, Place, Record,
    ResourceCall, Scenario, Span,
};
pub(crate) use words::command;
use words::{called, in_one_line, key, reads, text, value};

/// The longest argument that is shown whole.
const MOST_OF_AN_ARGUMENT: usize = 40;
/// The longest command that is shown whole.
const MOST_OF_A_COMMAND: usize = 120;

impl Record {
    /// One plain sentence, without its full stop.
    #[must_use]
    pub fn sentence(&self, scenario: &Scenario) -> String {
        Teller(scenario).sentence(self)
    }

    /// A few words for a diagram.
    #[must_use]
    pub fn label(&self, scenario: &Scenario) -> String {
        Teller(scenario).label(self)
    }
}

/// The name of a place in a scenario.
#[must_use]
pub fn place_name(scenario: &Scenario, place: Place) -> &str {
    let name = match place {
        Place::Client(i) => scenario
            .clients
            .get(usize::from(i))
            .map(|client| &client.name),
        Place::Node(i) => scenario.nodes.get(usize::from(i)).map(|node| &node.name),
        Place::Resource(i) => scenario
            .resources
            .get(usize::from(i))
            .map(|resource| &resource.name),
        Place::Terminal => None,
    };
    name.map_or("the terminal", String::as_str)
}

struct Teller<'a>(&'a Scenario);

impl Teller<'_> {
    fn name(&self, place: Place) -> &str {
        place_name(self.0, place)
    }

    fn sentence(&self, record: &Record) -> String {
        let place = self.name(record.place);
        let thread = record.thread.as_ref();
        let me = thread.map_or_else(|| place.to_owned(), |thread| format!("{place}'s {thread}"));
        let me = me.as_str();
        match &record.event {
            Event::Started { restarts: 0 } => format!("{me} starts"),
            Event::Started { restarts } => {
                let nth = crate::language::ordinal(*restarts);
                match record.place {
                    Place::Node(_) => format!("{me} starts again"),
                    _ => format!("{me} starts again from its first line, its {nth} restart"),
                }
            }
            Event::Line { line, .. } => format!("{me} is at line {line}"),
            Event::Sent { to, message, .. } => {
                votes::asks(self.0, me, *to, message).unwrap_or_else(|| self.sent(me, *to, message))
            }
            Event::Executed {
                by, argv, reply, ..
            } => {
                if let Some(told) =
                    votes::answers(self.0, (me, record.place), *by, argv, reply.as_ref())
                {
                    return told;
                }
                let (command, by) = (command(argv), self.name(*by));
                match reply {
                    Some(Value::Error(text)) => {
                        format!(
                            "{me} refuses {command} of {by}: {}",
                            String::from_utf8_lossy(text)
                        )
                    }
                    Some(Value::Simple(text)) if text.as_ref() == b"QUEUED" => {
                        format!("{me} queues {command} for {by} until EXEC")
                    }
                    Some(reply) => format!(
                        "{me} executes {command} for {by} and answers {}",
                        value(reply)
                    ),
                    None => format!("{me} lets {by} wait for {command}"),
                }
            }
            Event::Unblocked {
                by, argv, reply, ..
            } => {
                let (command, by) = (command(argv), self.name(*by));
                if reply.is_null() {
                    format!("{me} tells {by} that {command} waited in vain: nil")
                } else {
                    format!(
                        "{me} ends the wait of {by} for {command} and answers {}",
                        value(reply)
                    )
                }
            }
            Event::Expired { changes } => {
                let gone: Vec<String> = changes.iter().map(|change| key(&change.key)).collect();
                let verb = if gone.len() == 1 { "expires" } else { "expire" };
                format!("{} {verb} on {me}", crate::names::listed(&gone))
            }
            Event::Performed {
                by,
                call,
                outcome,
                effect,
                phase,
                ..
            } => {
                let accepted = effect.as_ref().is_none_or(|effect| effect.accepted);
                let told = match (phase, effect) {
                    (Phase::Committed, Some(effect)) => self.committed(me, *by, call, effect),
                    _ => self.performed(me, self.name(*by), call, outcome, accepted),
                };
                let alone = match phase {
                    Phase::Pending => ", for its transaction alone",
                    _ => "",
                };
                let under = effect.as_ref().map(|_| self.under(*by, call));
                format!("{told}{alone}{}", under.unwrap_or_default())
            }
            Event::Transaction { by, news } => self.transaction(me, *by, news),
            Event::Received { from, message, .. } => {
                votes::hears(self.0, record.place, *from, message)
                    .unwrap_or_else(|| self.received(me, self.name(*from), message))
            }
            Event::Heard { from, message, .. } => heard(me, self.name(*from), message),
            Event::Listens { most: None } => format!("{me} waits for a message"),
            Event::Listens { most: Some(most) } => {
                format!("{me} waits up to {most} for a message")
            }
            Event::Failed { failure, .. } => match failure {
                Failure::Timeout => format!("{me} gives up waiting: its socket timeout has passed"),
                Failure::Reset => format!("{me} loses its connection before the answer has come"),
                Failure::Refused => format!("{me} finds nobody to connect to"),
            },
            Event::Lost { because, reply, .. } => match (because, reply) {
                (LostBecause::Dropped, true) => format!("the network loses the reply to {me}"),
                (LostBecause::Dropped, false) => format!("the network loses the request to {me}"),
                (LostBecause::NobodyThere, true) => {
                    format!("the reply to {me} finds nobody who waits for it")
                }
                (LostBecause::NobodyThere, false) => {
                    format!("the request to {me} finds nobody there")
                }
            },
            Event::Delayed {
                reply: true, by, ..
            } => format!("the network holds up the reply of {me} by {by}"),
            Event::Delayed {
                reply: false, by, ..
            } => match record.place {
                place if crate::notice::is_sentinel(self.0, place) => {
                    format!("the network holds up what {me} sends by {by}")
                }
                Place::Node(_) => format!("the network holds up what {me} passes on by {by}"),
                _ => format!("the network holds up the request of {me} by {by}"),
            },
            Event::Slept { lasts } => format!("{me} sleeps for {lasts}"),
            Event::Woke => format!("{me} wakes"),
            Event::ThreadStarted { name } => format!("{me} starts the thread {name}"),
            Event::ThreadEnded => format!("{me} ends"),
            Event::Parked { most: None } => format!("{me} waits for another thread"),
            Event::Parked { most: Some(most) } => {
                format!("{me} waits for another thread, {most} at most")
            }
            Event::Printed { text } => {
                format!("{me} prints: {}", in_one_line(text, MOST_OF_A_COMMAND))
            }
            Event::Believes { lock, holds } => {
                let lock = self.lock(*lock);
                if *holds {
                    format!("{me} now believes that it holds {lock}")
                } else {
                    format!("{me} no longer believes that it holds {lock}")
                }
            }
            Event::Paused { until } => {
                let lasts = *until - record.at;
                format!("{me} is paused for {lasts}: its process stops, the world goes on")
            }
            Event::Resumed => format!("{me} goes on after its pause"),
            Event::Crashed => match record.place {
                Place::Node(_) => format!("{me} is killed: its connections break"),
                _ => format!("{me} crashes: its memory and its connections are gone"),
            },
            Event::Exited(exit) => exited(me, exit),
            _ => self.of_the_world(me, record),
        }
    }

    /// What happens to machines, to the network between them, and among nodes.
    fn of_the_world(&self, me: &str, record: &Record) -> String {
        match &record.event {
            Event::PowerCut => format!("{me} loses power: what was not forced to its disk is gone"),
            Event::Loaded { changes } => loaded(me, changes),
            Event::ClockJumped { by_micros } => {
                let by = Span(by_micros.unsigned_abs());
                let where_to = if *by_micros < 0 { "back" } else { "forward" };
                format!("the clock of {me} jumps {where_to} by {by}")
            }
            Event::ClockDrifts { ppm: 0 } => format!("the clock of {me} runs at its right speed"),
            Event::ClockDrifts { ppm } => {
                let speed = if *ppm < 0 { "slow" } else { "fast" };
                format!(
                    "the clock of {me} runs {} ppm too {speed} from now on",
                    ppm.unsigned_abs()
                )
            }
            Event::Partitioned {
                from,
                to,
                both_ways,
                until,
            } => {
                let (from, to) = (self.names(from), self.names(to));
                let lasts = until
                    .map(|until| format!(" for {}", until - record.at))
                    .unwrap_or_default();
                if *both_ways {
                    format!("the network between {from} and {to} is cut{lasts}")
                } else {
                    format!("the network from {from} to {to} is cut{lasts}, the other way is open")
                }
            }
            Event::Healed { from, to } => {
                format!(
                    "the network between {} and {} is whole again",
                    self.names(from),
                    self.names(to)
                )
            }
            Event::Disturbed { what, until } => {
                let lasts = until
                    .map(|until| format!(" for {}", until - record.at))
                    .unwrap_or_default();
                format!("{}{lasts}", self.disturbed(me, what))
            }
            Event::Mended { what } => self.mended(me, what),
            Event::CutOff { client, owed } => format!(
                "{me} cuts off {}, which reads too slowly: {owed} bytes wait for it",
                self.name(*client)
            ),
            Event::Replicated { from, argv, .. } => {
                format!("{me} repeats {} from {}", command(argv), self.name(*from))
            }
            Event::Synced {
                from, full: true, ..
            } => {
                format!(
                    "{me} gives up its own data for a copy of that of {}",
                    self.name(*from)
                )
            }
            Event::Synced {
                from, full: false, ..
            } => {
                format!("{me} has caught up with {}", self.name(*from))
            }
            Event::Role { primary: None } => format!("{me} is now a primary"),
            Event::Role {
                primary: Some(primary),
            } => {
                format!("{me} is now a replica of {}", self.name(*primary))
            }
            Event::Cluster { news, changes } => self.of_the_cluster(me, news, changes.len()),
            Event::Sentinel(notice) => notice.sentence(self.0, me),
            _ => String::new(),
        }
    }

    fn sent(&self, me: &str, to: Place, message: &Message) -> String {
        let to = self.name(to);
        match message {
            Message::Commands { commands, batch } => match &commands[..] {
                [] => format!("{me} sends nothing to {to}"),
                _ if *batch == Batch::Replication => {
                    let all: Vec<String> = commands.iter().map(|argv| command(argv)).collect();
                    let all = shorten(&all.join("; "), MOST_OF_A_COMMAND);
                    format!("{me} passes {all} on to {to}")
                }
                [one] if me == "the terminal" => format!("somebody types {} on {to}", command(one)),
                [one] => format!("{me} sends {} to {to}", command(one)),
                many => {
                    let all: Vec<String> = many.iter().map(|argv| command(argv)).collect();
                    let all = shorten(&all.join("; "), MOST_OF_A_COMMAND);
                    format!("{me} sends {} commands at once to {to}: {all}", many.len())
                }
            },
            Message::Call(call) => format!("{me} asks {to} for {}", called(call)),
            Message::Replies(_)
            | Message::Returned(_)
            | Message::Refused { .. }
            | Message::Push(_) => {
                format!("{me} answers {to}")
            }
        }
    }

    fn performed(
        &self,
        me: &str,
        by: &str,
        call: &ResourceCall,
        outcome: &Message,
        accepted: bool,
    ) -> String {
        match outcome {
            Message::Refused { message, .. } => {
                let target = call.args.first().map(text).unwrap_or_default();
                let of = if target.is_empty() {
                    String::new()
                } else {
                    format!(" of {target}")
                };
                format!("{me} refuses {by}'s {}{of}: {message}", call.method)
            }
            Message::Returned(data) => {
                let answer = match data {
                    Data::Null if reads(&call.method) => {
                        " and returns None: there is nothing".to_owned()
                    }
                    Data::Null => String::new(),
                    data => format!(
                        " and returns {}",
                        shorten(&data.to_string(), MOST_OF_A_COMMAND)
                    ),
                };
                let vainly = if accepted {
                    ""
                } else {
                    ", which changes nothing,"
                };
                format!("{me} carries out {by}'s {}{vainly}{answer}", called(call))
            }
            _ => format!("{me} carries out {by}'s {}", called(call)),
        }
    }

    fn received(&self, me: &str, from: &str, message: &Message) -> String {
        match message {
            Message::Replies(replies) => match &replies[..] {
                [Value::Error(text)] => {
                    format!(
                        "{me} receives an error from {from}: {}",
                        String::from_utf8_lossy(text)
                    )
                }
                [one] => format!("{me} receives {} from {from}", value(one)),
                many => {
                    let all: Vec<String> = many.iter().map(value).collect();
                    let all = shorten(&all.join("; "), MOST_OF_A_COMMAND);
                    format!("{me} receives {} replies from {from}: {all}", many.len())
                }
            },
            Message::Returned(Data::Null) => format!("{me} hears from {from} that it is done"),
            Message::Returned(data) => {
                format!(
                    "{me} receives {} from {from}",
                    shorten(&data.to_string(), MOST_OF_A_COMMAND)
                )
            }
            Message::Refused { kind, message } => {
                format!("{me} hears {from} refuse with {kind}: {message}")
            }
            Message::Push(message) => heard(me, from, message),
            Message::Commands { .. } | Message::Call(_) => format!("{me} hears from {from}"),
        }
    }

    fn names(&self, places: &[Place]) -> String {
        let names: Vec<&str> = places.iter().map(|place| self.name(*place)).collect();
        crate::names::listed(&names)
    }

    /// What the client believed when it asked for an effect.
    fn under(&self, by: Place, call: &ResourceCall) -> String {
        let locks: Vec<String> = call.believing.iter().map(|lock| self.lock(*lock)).collect();
        if locks.is_empty() {
            return String::new();
        }
        let (by, locks) = (self.name(by), crate::names::listed(&locks));
        format!("; {by} believed that it held {locks}")
    }

    fn lock(&self, index: u16) -> String {
        self.0
            .locks
            .get(usize::from(index))
            .map_or_else(|| "a lock".to_owned(), |lock| key(&lock.key))
    }
}

/// What a listener was sent.
fn heard(me: &str, from: &str, message: &Value) -> String {
    let (Value::Array(parts) | Value::Push(parts)) = message else {
        return format!("{me} receives {} from {from}", value(message));
    };
    let name = |at: usize| match parts.get(at) {
        Some(Value::Bulk(name)) => key(name),
        Some(other) => value(other),
        None => String::new(),
    };
    let text = |at: usize| parts.get(at).map(value).unwrap_or_default();
    let kind = match parts.first() {
        Some(Value::Bulk(kind)) => kind.as_ref(),
        _ => b"",
    };
    match kind {
        b"message" | b"smessage" => {
            format!("{me} hears {} on {} from {from}", text(2), name(1))
        }
        b"pmessage" => {
            let (pattern, channel) = (name(1), name(2));
            format!(
                "{me} hears {} on {channel}, as {pattern}, from {from}",
                text(3)
            )
        }
        b"subscribe" | b"psubscribe" | b"ssubscribe" => {
            format!("{me} hears from {from} that it listens to {}", name(1))
        }
        b"unsubscribe" | b"punsubscribe" | b"sunsubscribe" => {
            format!(
                "{me} hears from {from} that it no longer listens to {}",
                name(1)
            )
        }
        _ => format!("{me} receives {} from {from}", value(message)),
    }
}

fn loaded(me: &str, changes: &[KeyChange]) -> String {
    let lost: Vec<String> = changes.iter().map(|change| key(&change.key)).collect();
    match lost.len() {
        0 => format!("{me} has loaded all its data from its disk"),
        1..=5 => {
            let lost = crate::names::listed(&lost);
            format!("{me} has loaded what its disk had kept; the latest of {lost} is lost")
        }
        more => {
            format!("{me} has loaded what its disk had kept; the latest of {more} keys is lost")
        }
    }
}

fn exited(me: &str, exit: &Exit) -> String {
    let at = |line: &Option<u32>| {
        line.map(|line| format!(" at line {line}"))
            .unwrap_or_default()
    };
    match exit {
        Exit::Finished => format!("{me} ends"),
        Exit::Raised {
            kind,
            message,
            line,
            ..
        } if message.is_empty() => {
            format!("{me} ends with {kind}{}", at(line))
        }
        Exit::Raised {
            kind,
            message,
            line,
            ..
        } => format!("{me} ends with {kind}{}: {message}", at(line)),
        Exit::Stopped { why, line } => format!("{me} is stopped{}: {why}", at(line)),
    }
}
