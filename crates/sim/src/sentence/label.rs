//! A few words a record, for the diagram.

use bytes::Bytes;
use redwind_resp::Value;

use super::words::{argument, in_one_line, key, text, value};
use super::{MOST_OF_AN_ARGUMENT, Teller};
use crate::resource::shorten;
use crate::{
    Changed, Data, Disturbance, Event, Exit, Failure, KeyChange, Message, Phase, Record, Span,
    TransactionNews,
};

impl Teller<'_> {
    pub(super) fn label(&self, record: &Record) -> String {
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
            Event::Performed {
                call,
                phase: Phase::Committed,
                ..
            } => format!("{} committed", call.method),
            Event::Performed { call, outcome, .. } => match outcome {
                Message::Refused { kind, .. } => format!("{}: {kind}", call.method),
                _ => call.method.clone(),
            },
            Event::Transaction { news, .. } => match news {
                TransactionNews::Waits { lock, .. } => format!("waits for {lock}"),
                TransactionNews::RolledBack { .. } => "rolled back".to_owned(),
            },
            Event::Received { message, .. } => message_label(message),
            Event::Heard { message, .. } => message_label(&Message::Push(message.clone())),
            Event::Listens { .. } => "listens".to_owned(),
            Event::Failed { failure, .. } => match failure {
                Failure::Timeout => "times out".to_owned(),
                Failure::Reset => "connection lost".to_owned(),
                Failure::Refused => "nobody there".to_owned(),
            },
            Event::Lost { .. } => "lost".to_owned(),
            Event::Delayed { by, .. } => format!("delayed {by}"),
            Event::Slept { lasts } => format!("sleeps {lasts}"),
            Event::Woke => "wakes".to_owned(),
            Event::ThreadStarted { name } => format!("starts {name}"),
            Event::ThreadEnded => "thread ends".to_owned(),
            Event::Parked { .. } => "waits".to_owned(),
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
            Event::Disturbed { what, .. } => match what {
                Disturbance::SlowDisk { by } => format!("fsync takes {by}"),
                Disturbance::SlowCpu { times } => format!("{times}× slower"),
                Disturbance::Loss { ppm, .. } => {
                    format!("loses {}", crate::language::percent(*ppm))
                }
                Disturbance::SlowLink { by, .. } => format!("link +{by}"),
                Disturbance::Reset { .. } => "reset".to_owned(),
            },
            Event::CutOff { client, .. } => format!("cuts off {}", self.name(*client)),
            Event::Mended { .. } => "as before".to_owned(),
            Event::Replicated { argv, .. } => short_command(argv),
            Event::Synced { full: true, .. } => "full copy".to_owned(),
            Event::Synced { full: false, .. } => "caught up".to_owned(),
            Event::Cluster { news, .. } => self.cluster_label(news),
            Event::Role { primary: None } => "primary".to_owned(),
            Event::Role {
                primary: Some(primary),
            } => format!("follows {}", self.name(*primary)),
            Event::Sentinel(notice) => notice.channel().to_owned(),
        }
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
        Message::Push(Value::Array(parts) | Value::Push(parts)) => match &parts[..] {
            // Of a message its text counts, of a confirmation what it is about.
            [Value::Bulk(kind), Value::Bulk(name), _] if kind.ends_with(b"subscribe") => {
                let kind = String::from_utf8_lossy(kind).into_owned();
                shorten(&format!("{kind} {}", argument(1, name)), 24)
            }
            [.., text] => short_value(text),
            [] => String::new(),
        },
        Message::Push(value) => short_value(value),
        Message::Refused { kind, .. } => kind.clone(),
    }
}
