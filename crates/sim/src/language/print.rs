//! Writes interventions and positions in the form that reads back.

use std::fmt::{self, Display, Formatter};

use crate::{Becomes, Call, Does, Fault, Happening, Intervention, Leg, Moment, Position, Span};

impl Display for Intervention {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault { fault, at } => match fault {
                Fault::Pause { client, lasts } => write!(f, "pause {client} {at} for {lasts}"),
                Fault::Crash {
                    client,
                    restart_after: None,
                } => write!(f, "crash {client} {at}"),
                Fault::Crash {
                    client,
                    restart_after: Some(after),
                } => write!(f, "crash {client} {at}, restart after {after}"),
                Fault::Restart { client, empty } => {
                    let disk = if *empty { " with an empty disk" } else { "" };
                    write!(f, "restart {client} {at}{disk}")
                }
                Fault::PowerCut {
                    node,
                    restart_after: None,
                } => write!(f, "cut-power {node} {at}"),
                Fault::PowerCut {
                    node,
                    restart_after: Some(after),
                } => write!(f, "cut-power {node} {at}, restart after {after}"),
                Fault::JumpClock { place, by_micros } => {
                    let sign = if *by_micros < 0 { '-' } else { '+' };
                    let by = Span(by_micros.unsigned_abs());
                    write!(f, "jump-clock {place} by {sign}{by} {at}")
                }
                Fault::Drift { place, ppm } => write!(f, "drift {place} by {ppm}ppm {at}"),
                Fault::Partition {
                    from,
                    to,
                    both_ways,
                    lasts,
                } => {
                    let word = if *both_ways { "from" } else { "towards" };
                    write!(f, "partition {} {word} {} {at}", group(from), group(to))?;
                    lasts.map_or(Ok(()), |lasts| write!(f, " for {lasts}"))
                }
                Fault::Failover { node } => write!(f, "failover {node} {at}"),
                Fault::MoveSlot { slot, to, lasts } => {
                    write!(f, "move-slot {slot} to {to} {at}")?;
                    match lasts {
                        Span(0) => Ok(()),
                        lasts => write!(f, " for {lasts}"),
                    }
                }
                Fault::SlowDisk { .. }
                | Fault::SlowCpu { .. }
                | Fault::Lose { .. }
                | Fault::SlowLink { .. }
                | Fault::Reset { .. } => super::disturb::write(f, fault, at),
            },
            Self::Drop { call, leg } => write!(f, "drop {}{call}", of(*leg)),
            Self::Delay { call, leg, by } => write!(f, "delay {}{call} by {by}", of(*leg)),
            Self::Fail { call } => write!(f, "fail {call}"),
            Self::Type { node, at, line } => write!(f, "type {node} at {at}: {line}"),
        }
    }
}

pub(super) fn group(names: &[String]) -> String {
    match names {
        [one] => one.clone(),
        many => format!("{{{}}}", many.join(", ")),
    }
}

fn of(leg: Leg) -> &'static str {
    match leg {
        Leg::Request => "",
        Leg::Reply => "the reply to ",
    }
}

impl Display for Position {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(at) => write!(f, "at {at}"),
            Self::Line { client, line, nth } => {
                write!(f, "at line {line} of {client}{}", times(*nth))
            }
            Self::Call { call, moment } => match moment {
                Moment::Before => write!(f, "before {call}"),
                Moment::After => write!(f, "after {call}"),
            },
            Self::When { what, nth } => write!(f, "when {what}{}", times(*nth)),
            Self::Start => f.write_str("at the start"),
            Self::End => f.write_str("at the end"),
        }
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref().unwrap_or("call");
        write!(f, "{}'s {} {name}", self.client, ordinal(self.nth))
    }
}

impl Display for Happening {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expires { key } => write!(f, "{} expires", word(&String::from_utf8_lossy(key))),
            Self::Client { client, does } => write!(f, "{client} {}", does.verb()),
            Self::Believes {
                client,
                lock,
                holds,
            } => {
                let verb = if *holds {
                    "believes"
                } else {
                    "stops believing"
                };
                write!(
                    f,
                    "{client} {verb} it holds {}",
                    word(&String::from_utf8_lossy(lock))
                )
            }
            Self::Prints { client, text } => write!(f, "{client} prints {}", quoted(text)),
            Self::Reports { node, event } => write!(f, "{node} reports {}", word(event)),
            Self::Call { call, becomes } => match becomes {
                Becomes::Executed => write!(f, "{call} is executed"),
                Becomes::Accepted => write!(f, "{call} is accepted"),
                Becomes::Refused => write!(f, "{call} is refused"),
                Becomes::Fails => write!(f, "{call} fails"),
                Becomes::Lost => write!(f, "{call} is lost"),
                Becomes::Answers(text) => write!(f, "{call} answers {}", word(text)),
            },
        }
    }
}

impl Does {
    pub(super) const ALL: [Self; 13] = [
        Self::Start,
        Self::Pause,
        Self::Resume,
        Self::Crash,
        Self::Restart,
        Self::End,
        Self::Wake,
        Self::Rises,
        Self::Follows,
        Self::Closes,
        Self::Opens,
        Self::Votes,
        Self::Fails,
    ];

    pub(super) fn verb(self) -> &'static str {
        match self {
            Self::Start => "starts",
            Self::Pause => "pauses",
            Self::Resume => "resumes",
            Self::Crash => "crashes",
            Self::Restart => "restarts",
            Self::End => "ends",
            Self::Wake => "wakes",
            Self::Rises => "becomes primary",
            Self::Follows => "becomes replica",
            Self::Closes => "stops serving",
            Self::Opens => "serves again",
            Self::Votes => "votes",
            Self::Fails => "is declared failed",
        }
    }
}

/// `20%`, `0.5%`.
pub(crate) fn percent(ppm: u32) -> String {
    let fraction = format!("{:04}", ppm % 10_000);
    match fraction.trim_end_matches('0') {
        "" => format!("{}%", ppm / 10_000),
        fraction => format!("{}.{fraction}%", ppm / 10_000),
    }
}

fn times(nth: u32) -> String {
    match nth {
        1 => String::new(),
        _ => format!(", {} time", ordinal(nth)),
    }
}

/// `1st`, `2nd`, `3rd`, `4th`, `11th`, `21st` …
pub(crate) fn ordinal(n: u32) -> String {
    let ending = match (n % 100, n % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

/// A word as it is, or between quotes when it would not read back as one.
fn word(text: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '"' | ',' | '\\');
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}
