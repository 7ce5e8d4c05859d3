//! Records as people read them: one plain sentence each, and a few words for the diagram.

use bytes::Bytes;
use redwind_resp::Value;

use crate::resource::shorten;
use crate::{
    Batch, Changed, Data, Event, Exit, Failure, KeyChange, LostBecause, Message, Place, Record,
    ResourceCall, Scenario, Span,
};

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
        let me = self.name(record.place);
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
            Event::Sent { to, message, .. } => self.sent(me, *to, message),
            Event::Executed {
                by, argv, reply, ..
            } => {
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
                ..
            } => {
                let accepted = effect.as_ref().is_none_or(|effect| effect.accepted);
                self.performed(me, self.name(*by), call, outcome, accepted)
            }
            Event::Received { from, message, .. } => self.received(me, self.name(*from), message),
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
                Place::Node(_) => format!("the network holds up what {me} passes on by {by}"),
                _ => format!("the network holds up the request of {me} by {by}"),
            },
            Event::Slept { lasts } => format!("{me} sleeps for {lasts}"),
            Event::Woke => format!("{me} wakes"),
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
            Message::Replies(_) | Message::Returned(_) | Message::Refused { .. } => {
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
            Message::Commands { .. } | Message::Call(_) => format!("{me} hears from {from}"),
        }
    }

    fn names(&self, places: &[Place]) -> String {
        let names: Vec<&str> = places.iter().map(|place| self.name(*place)).collect();
        crate::names::listed(&names)
    }

    fn lock(&self, index: u16) -> String {
        self.0
            .locks
            .get(usize::from(index))
            .map_or_else(|| "a lock".to_owned(), |lock| key(&lock.key))
    }

    fn label(&self, record: &Record) -> String {
        match &record.event {
            Event::Started { restarts: 0 } => "starts".to_owned(),
            Event::Started { .. } => "starts again".to_owned(),
            Event::Line { line, .. } => format!("line {line}"),
            Event::Sent { message, .. } => message_label(message),
            Event::Executed {
                argv,
                reply,
                changes,
                ..
            } => executed_label(argv, reply.as_ref(), changes),
            Event::Unblocked { argv, reply, .. } => {
                format!("{} → {}", short_command(argv), short_value(reply))
            }
            Event::Expired { changes } => match &changes[..] {
                [one] => format!("{} expires", key(&one.key)),
                many => format!("{} keys expire", many.len()),
            },
            Event::Performed { call, outcome, .. } => match outcome {
                Message::Refused { kind, .. } => format!("{}: {kind}", call.method),
                _ => call.method.clone(),
            },
            Event::Received { message, .. } => message_label(message),
            Event::Failed { failure, .. } => match failure {
                Failure::Timeout => "times out".to_owned(),
                Failure::Reset => "connection lost".to_owned(),
                Failure::Refused => "nobody there".to_owned(),
            },
            Event::Lost { .. } => "lost".to_owned(),
            Event::Delayed { by, .. } => format!("delayed {by}"),
            Event::Slept { lasts } => format!("sleeps {lasts}"),
            Event::Woke => "wakes".to_owned(),
            Event::Printed { text } => in_one_line(text, MOST_OF_AN_ARGUMENT),
            Event::Believes { lock, holds: true } => format!("holds {}?", self.lock(*lock)),
            Event::Believes { lock, holds: false } => format!("let go of {}", self.lock(*lock)),
            Event::Paused { until } => format!("paused {}", *until - record.at),
            Event::Resumed => "goes on".to_owned(),
            Event::Crashed => "crashes".to_owned(),
            Event::Exited(Exit::Finished) => "ends".to_owned(),
            Event::Exited(Exit::Raised { kind, .. }) => kind.clone(),
            Event::Exited(Exit::Stopped { .. }) => "stopped".to_owned(),
            Event::PowerCut => "power cut".to_owned(),
            Event::Loaded { changes } => match changes.len() {
                0 => "loads all".to_owned(),
                lost => format!("{lost} lost"),
            },
            Event::ClockJumped { by_micros } => {
                let sign = if *by_micros < 0 { '−' } else { '+' };
                format!("clock {sign}{}", Span(by_micros.unsigned_abs()))
            }
            Event::ClockDrifts { ppm } => format!("drift {ppm} ppm"),
            Event::Partitioned { to, .. } => format!("cut from {}", self.names(to)),
            Event::Healed { .. } => "healed".to_owned(),
            Event::Replicated { argv, .. } => short_command(argv),
            Event::Synced { full: true, .. } => "full copy".to_owned(),
            Event::Synced { full: false, .. } => "caught up".to_owned(),
            Event::Role { primary: None } => "primary".to_owned(),
            Event::Role {
                primary: Some(primary),
            } => format!("follows {}", self.name(*primary)),
        }
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

fn in_one_line(text: &str, most: usize) -> String {
    shorten(&text.replace('\n', " / "), most)
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

/// A command as one would type it, long arguments shortened.
pub(crate) fn command(argv: &[Bytes]) -> String {
    let words: Vec<String> = (0..)
        .zip(argv)
        .map(|(index, arg)| argument(index, arg))
        .collect();
    shorten(&words.join(" "), MOST_OF_A_COMMAND)
}

fn argument(index: u32, arg: &Bytes) -> String {
    match index {
        0 => String::from_utf8_lossy(arg).to_uppercase(),
        _ => key(arg),
    }
}

/// Bytes as redis-cli would take them: quoted when they need it.
fn key(bytes: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\');
    let written = if !bytes.is_empty() && bytes.iter().all(plain) {
        String::from_utf8_lossy(bytes).into_owned()
    } else if let Some(text) = std::str::from_utf8(bytes)
        .ok()
        .filter(|text| !text.chars().any(char::is_control))
    {
        // Text beyond ASCII stays readable.
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        redwind_resp::render_quoted(bytes)
    };
    let shortened = shorten(&written, MOST_OF_AN_ARGUMENT);
    if shortened.len() < written.len() && written.starts_with('"') {
        shortened + "\""
    } else {
        shortened
    }
}

/// A reply in one line, as redis-cli prints it.
fn value(value: &Value) -> String {
    match value {
        Value::Int(n) => n.to_string(),
        Value::Null | Value::NullArray => "nil".to_owned(),
        Value::Bulk(bytes) => match key(bytes) {
            quoted if quoted.starts_with('"') => quoted,
            plain => format!("\"{plain}\""),
        },
        Value::Simple(text) => String::from_utf8_lossy(text).into_owned(),
        Value::Error(text) => format!("the error {}", String::from_utf8_lossy(text)),
        Value::Array(items) | Value::Set(items) | Value::Push(items) => {
            let items: Vec<String> = items.iter().map(self::value).collect();
            shorten(&format!("[{}]", items.join(", ")), MOST_OF_A_COMMAND)
        }
        other => shorten(
            &redwind_resp::render(other).replace('\n', "; "),
            MOST_OF_A_COMMAND,
        ),
    }
}

fn short_value(reply: &Value) -> String {
    match reply {
        Value::Error(text) => {
            let code = text.split(|byte| *byte == b' ').next().unwrap_or_default();
            String::from_utf8_lossy(code).into_owned()
        }
        other => shorten(&value(other), 24),
    }
}

fn short_command(argv: &[Bytes]) -> String {
    let name = argv
        .first()
        .map(|name| argument(0, name))
        .unwrap_or_default();
    match (name.as_str(), argv.get(1)) {
        // A script says nothing at this length; its first key does.
        ("EVAL" | "EVALSHA", _) => argv
            .get(3)
            .map_or(name.clone(), |first| format!("{name} {}", key(first))),
        (_, Some(first)) => shorten(&format!("{name} {}", key(first)), 32),
        _ => name,
    }
}

fn executed_label(argv: &[Bytes], reply: Option<&Value>, changes: &[KeyChange]) -> String {
    let Some(reply) = reply else {
        return format!("{} waits", short_command(argv));
    };
    let nothing_done = reply.is_null()
        && changes
            .iter()
            .all(|change| change.changed == Changed::Deleted);
    match reply {
        Value::Simple(text) if text.as_ref() == b"OK" => short_command(argv),
        _ if nothing_done => format!("{} → nil", short_command(argv)),
        reply => format!("{} → {}", short_command(argv), short_value(reply)),
    }
}

fn message_label(message: &Message) -> String {
    match message {
        Message::Commands { commands, .. } => match &commands[..] {
            [one] => short_command(one),
            many => {
                let names: Vec<String> = many
                    .iter()
                    .filter_map(|argv| argv.first())
                    .map(|name| argument(0, name))
                    .collect();
                shorten(&names.join(" "), 32)
            }
        },
        Message::Call(call) => match call.args.first() {
            Some(first) => shorten(
                &format!("{}.{} {}", call.resource, call.method, text(first)),
                32,
            ),
            None => format!("{}.{}", call.resource, call.method),
        },
        Message::Replies(replies) => match &replies[..] {
            [one] => short_value(one),
            many => format!("{} replies", many.len()),
        },
        Message::Returned(Data::Null) => "done".to_owned(),
        Message::Returned(data) => shorten(&data.to_string(), 24),
        Message::Refused { kind, .. } => kind.clone(),
    }
}

fn called(call: &ResourceCall) -> String {
    let positional = call.args.iter().map(ToString::to_string);
    let named = call
        .named
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    let args: Vec<String> = positional
        .chain(named)
        .map(|arg| shorten(&arg, MOST_OF_AN_ARGUMENT))
        .collect();
    format!("{}({})", call.method, args.join(", "))
}

fn reads(method: &str) -> bool {
    matches!(method, "get" | "read" | "select")
}

fn text(data: &Data) -> String {
    match data {
        Data::Text(text) => text.clone(),
        other => other.to_string(),
    }
}
