//! Reads interventions, positions and calls.

use std::str::FromStr;

use bytes::Bytes;

use super::words::Words;
use super::{Mistake, disturb};
use crate::{
    Becomes, Call, Does, Fault, Happening, Intervention, Leg, Names, Position, SimTime, Span,
};

const FAULTS: &str = "pause, crash, restart, cut-power, slow-disk, slow-cpu, jump-clock, drift, partition, lose, slow-link, reset, \
     failover, move-slot, drop, delay, fail or type";
const POSITION: &str =
    "a moment (at 31ms, at line 12 of worker-a, before or after worker-a's 2nd SET, when …)";
const CALL: &str = "a call such as worker-a's 2nd SET";

impl Intervention {
    /// Reads an intervention whose names must be among these.
    ///
    /// # Errors
    /// When the text is not in the language, or names something that is not there.
    pub fn parse(text: &str, names: &Names) -> Result<Self, Mistake> {
        let intervention: Self = text.parse()?;
        intervention.check(names)?;
        Ok(intervention)
    }
}

impl Position {
    /// Reads a position whose names must be among these.
    ///
    /// # Errors
    /// When the text is not in the language, or names something that is not there.
    pub fn parse(text: &str, names: &Names) -> Result<Self, Mistake> {
        let position: Self = text.parse()?;
        position.check(names)?;
        Ok(position)
    }
}

impl FromStr for Intervention {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Mistake> {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix("type ") {
            return typed(rest);
        }
        let mut words = Words::new(text)?;
        let intervention = if words.skip("pause") {
            pause(&mut words)?
        } else if words.skip("crash") || words.skip("kill") {
            let client = words.value("a client's or a node's name")?;
            let (at, restart_after) = down(&mut words)?;
            Self::Fault {
                fault: Fault::Crash {
                    client,
                    restart_after,
                },
                at,
            }
        } else if words.skip("cut-power") {
            let node = words.value("a node's name")?;
            let (at, restart_after) = down(&mut words)?;
            Self::Fault {
                fault: Fault::PowerCut {
                    node,
                    restart_after,
                },
                at,
            }
        } else if let Some(disturbance) = disturb::read(&mut words)? {
            disturbance
        } else if words.skip("jump-clock") {
            clock(&mut words, jump)?
        } else if words.skip("drift") {
            clock(&mut words, drift)?
        } else if words.skip("partition") {
            partition(&mut words)?
        } else if words.skip("failover") {
            words.skip("to");
            let node = words.value("a node's name")?;
            let at = moment(&mut words)?;
            Self::Fault {
                fault: Fault::Failover { node },
                at,
            }
        } else if words.skip("move-slot") {
            move_slot(&mut words)?
        } else if words.skip("restart") {
            let client = words.value("a client's or a node's name")?;
            let at = moment(&mut words)?;
            let empty = words.skip_all(&["with", "an", "empty", "disk"]);
            Self::Fault {
                fault: Fault::Restart { client, empty },
                at,
            }
        } else if words.skip("drop") {
            let leg = leg(&mut words);
            let call = call(&mut words)?;
            Self::Drop { call, leg }
        } else if words.skip("delay") {
            let leg = leg(&mut words);
            let call = call(&mut words)?;
            words.need("by")?;
            let by = words.span()?;
            Self::Delay { call, leg, by }
        } else if words.skip("fail") {
            let call = call(&mut words)?;
            Self::Fail { call }
        } else {
            return Err(words.expected(FAULTS));
        };
        words.end()?;
        Ok(intervention)
    }
}

/// `move-slot 866 to n2 at 3s for 500ms`
fn move_slot(words: &mut Words) -> Result<Intervention, Mistake> {
    let slot = words
        .peek()
        .and_then(|word| word.parse::<u16>().ok())
        .filter(|slot| *slot < redwind_engine::SLOTS);
    let Some(slot) = slot else {
        return Err(words.expected("a slot's number, from 0 to 16383"));
    };
    words.value("a slot's number")?;
    words.need("to")?;
    let to = words.value("a node's name")?;
    let at = moment(words)?;
    let lasts = words.skip("for").then(|| words.span()).transpose()?;
    let lasts = lasts.unwrap_or_default();
    Ok(Intervention::Fault {
        fault: Fault::MoveSlot { slot, to, lasts },
        at,
    })
}

/// `type redis at 11.2s: DEL lock:report`; the command is kept as it is.
fn typed(rest: &str) -> Result<Intervention, Mistake> {
    let (head, line) = rest.split_once(": ").ok_or_else(|| {
        Mistake(
            "expected a command after a colon, as in: type redis at 11.2s: DEL lock:report"
                .to_owned(),
        )
    })?;
    let mut words = Words::new(head)?;
    words.skip("on");
    let node = words.value("a node's name")?;
    words.need("at")?;
    let at = words.time()?;
    words.end()?;
    let line = line.trim();
    let split = redwind_resp::split_words(line.as_bytes());
    match split {
        Ok(command) if !command.is_empty() => Ok(Intervention::Type {
            node,
            at,
            line: line.to_owned(),
        }),
        Ok(_) => Err(Mistake("there is no command after the colon".to_owned())),
        Err(_) => Err(Mistake(format!(
            "a quote is not closed, or not followed by a space, in: {line}"
        ))),
    }
}

fn pause(words: &mut Words) -> Result<Intervention, Mistake> {
    let client = words.value("a client's or a node's name")?;
    let early = words.skip("for").then(|| words.span()).transpose()?;
    let at = moment(words)?;
    let lasts = match early {
        Some(lasts) => lasts,
        None => {
            words.need("for")?;
            words.span()?
        }
    };
    Ok(Intervention::Fault {
        fault: Fault::Pause { client, lasts },
        at,
    })
}

/// When something goes down, and perhaps `, restart after 3s`.
fn down(words: &mut Words) -> Result<(Position, Option<Span>), Mistake> {
    let at = moment(words)?;
    words.skip_comma();
    words.skip("and");
    if words.skip("restart") {
        words.need("after")?;
        return Ok((at, Some(words.span()?)));
    }
    Ok((at, None))
}

/// `n3 by … at 2s`, where the amount is read by its own kind.
fn clock(
    words: &mut Words,
    amount: fn(String, &mut Words) -> Result<Fault, Mistake>,
) -> Result<Intervention, Mistake> {
    let place = words.value("a client's or a node's name")?;
    words.need("by")?;
    let fault = amount(place, words)?;
    let at = moment(words)?;
    Ok(Intervention::Fault { fault, at })
}

fn jump(place: String, words: &mut Words) -> Result<Fault, Mistake> {
    let signed = words.peek().and_then(|word| {
        let (sign, span) = match word.strip_prefix(['-', '\u{2212}']) {
            Some(rest) => (-1, rest),
            None => (1, word.strip_prefix('+').unwrap_or(word)),
        };
        i64::try_from(Span::parse(span)?.0).ok()?.checked_mul(sign)
    });
    let Some(by_micros) = signed else {
        return Err(words.expected("a time forward or back such as +10s or -500ms"));
    };
    words.value("a time")?;
    Ok(Fault::JumpClock { place, by_micros })
}

fn drift(place: String, words: &mut Words) -> Result<Fault, Mistake> {
    let ppm = words
        .peek()
        .and_then(|word| word.strip_suffix("ppm")?.parse::<i32>().ok());
    match ppm.filter(|ppm| ppm.abs() <= 900_000) {
        Some(ppm) => {
            words.value("a drift")?;
            Ok(Fault::Drift { place, ppm })
        }
        None => Err(words.expected("a drift such as 500ppm or -200ppm, at most 900000ppm")),
    }
}

/// `partition {a, n1} from {n2} at 2s for 5s`; `towards` cuts one direction only.
fn partition(words: &mut Words) -> Result<Intervention, Mistake> {
    let from = group(words)?;
    let both_ways = if words.skip("from") {
        true
    } else if words.skip("towards") {
        false
    } else {
        return Err(
            words.expected("\"from\" (nothing gets through) or \"towards\" (one direction only)")
        );
    };
    let to = group(words)?;
    let at = moment(words)?;
    let lasts = words.skip("for").then(|| words.span()).transpose()?;
    Ok(Intervention::Fault {
        fault: Fault::Partition {
            from,
            to,
            both_ways,
            lasts,
        },
        at,
    })
}

/// `n1` or `{a, n1}`.
pub(super) fn group(words: &mut Words) -> Result<Vec<String>, Mistake> {
    const WHAT: &str = "places such as n1 or {worker-a, n1}";
    let first = words.value(WHAT)?;
    let Some(first) = first.strip_prefix('{') else {
        return Ok(vec![first]);
    };
    let mut names = Vec::new();
    let mut name = first.to_owned();
    loop {
        let (bare, last) = match name.strip_suffix('}') {
            Some(bare) => (bare, true),
            None => (name.as_str(), false),
        };
        if !bare.is_empty() {
            names.push(bare.to_owned());
        }
        if last {
            break;
        }
        words.skip_comma();
        name = words.value("another place, or \"}\"")?;
    }
    if names.is_empty() {
        Err(words.expected(WHAT))
    } else {
        Ok(names)
    }
}

fn leg(words: &mut Words) -> Leg {
    if words.skip_all(&["the", "reply", "to"]) || words.skip_all(&["reply", "to"]) {
        Leg::Reply
    } else {
        let _ = words.skip_all(&["the", "request", "of"]);
        Leg::Request
    }
}

/// The moment of a fault: any position but the end, which nobody can know before it has come.
pub(super) fn moment(words: &mut Words) -> Result<Position, Mistake> {
    match position(words)? {
        Position::End => Err(Mistake(
            "a fault can't be \"at the end\": name the time or what happens then".to_owned(),
        )),
        position => Ok(position),
    }
}

impl FromStr for Position {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Mistake> {
        let mut words = Words::new(text)?;
        let position = position(&mut words)?;
        words.end()?;
        Ok(position)
    }
}

fn position(words: &mut Words) -> Result<Position, Mistake> {
    if words.skip_all(&["at", "the", "start"]) {
        Ok(Position::Start)
    } else if words.skip_all(&["at", "the", "end"]) {
        Ok(Position::End)
    } else if words.skip_all(&["at", "line"]) {
        line(words)
    } else if words.skip("at") {
        words.time().map(Position::At)
    } else if words.skip("before") {
        call(words).map(Position::before)
    } else if words.skip("after") {
        call(words).map(Position::after)
    } else if words.skip("when") {
        let what = happening(words)?;
        let nth = times(words)?;
        if nth > 1 && matches!(what, Happening::Call { .. }) {
            return Err(Mistake(
                "say which call it is instead: when worker-a's 2nd SET answers nil".to_owned(),
            ));
        }
        Ok(Position::When { what, nth })
    } else {
        Err(words.expected(POSITION))
    }
}

fn line(words: &mut Words) -> Result<Position, Mistake> {
    let line = words
        .maybe_number()
        .ok_or_else(|| words.expected("a line's number, from 1"))?;
    words.need("of")?;
    let client = words.value("a client's name")?;
    let nth = times(words)?;
    Ok(Position::Line { client, line, nth })
}

/// `, 3rd time`; without it the first.
fn times(words: &mut Words) -> Result<u32, Mistake> {
    // The comma may belong to what follows a position: `crash …, restart after 3s`.
    let comma_then_number = words.lookahead(|words| {
        words.skip_comma();
        words.skip("the");
        words.maybe_number()
    });
    match comma_then_number {
        Some(nth) => {
            words.need("time")?;
            Ok(nth)
        }
        None => Ok(1),
    }
}

impl FromStr for Call {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Mistake> {
        let mut words = Words::new(text)?;
        let call = call(&mut words)?;
        words.end()?;
        Ok(call)
    }
}

fn call(words: &mut Words) -> Result<Call, Mistake> {
    let Some(client) = words.peek().and_then(owner) else {
        return Err(words.expected(CALL));
    };
    words.value(CALL)?;
    let nth = words.maybe_number().unwrap_or(1);
    let name = words.value("a command (SET), a method (storage.write) or \"call\"")?;
    let name = if name.eq_ignore_ascii_case("call") {
        None
    } else if name.contains('.') {
        Some(name)
    } else {
        Some(name.to_ascii_uppercase())
    };
    Ok(Call { client, name, nth })
}

/// Whose it is: `worker-a's`, `boss'`.
fn owner(word: &str) -> Option<String> {
    let name = word
        .strip_suffix("'s")
        .or_else(|| word.strip_suffix('\''))?;
    (!name.is_empty()).then(|| name.to_owned())
}

fn happening(words: &mut Words) -> Result<Happening, Mistake> {
    if words.peek().and_then(owner).is_some() {
        let call = call(words)?;
        let becomes = becomes(words)?;
        return Ok(Happening::Call { call, becomes });
    }
    let who = words.value("a client's name, a key, or a call such as worker-a's 2nd SET")?;
    if words.skip("expires") {
        return Ok(Happening::Expires {
            key: Bytes::from(who),
        });
    }
    let mut said = |does: &Does| {
        let verb: Vec<&str> = does.verb().split(' ').collect();
        words.skip_all(&verb)
    };
    if let Some(does) = Does::ALL.into_iter().find(&mut said) {
        return Ok(Happening::Client { client: who, does });
    }
    let holds = if words.skip("believes") {
        true
    } else if words.skip_all(&["stops", "believing"]) {
        false
    } else if words.skip("reports") {
        let event = words.value("what a sentinel announces, such as +sdown or +switch-master")?;
        return Ok(Happening::Reports { node: who, event });
    } else if words.skip("prints") {
        let text = words.value("the text between quotes")?;
        return Ok(Happening::Prints { client: who, text });
    } else {
        let verbs: Vec<&str> = Does::ALL.into_iter().map(Does::verb).collect();
        let known = format!(
            "expires, {}, believes, stops believing, reports or prints",
            verbs.join(", ")
        );
        return Err(words.expected(&known));
    };
    words.skip("that");
    words.need("it")?;
    words.need("holds")?;
    let lock = Bytes::from(words.value("a lock's key")?);
    Ok(Happening::Believes {
        client: who,
        lock,
        holds,
    })
}

fn becomes(words: &mut Words) -> Result<Becomes, Mistake> {
    let simple = [
        ("executed", Becomes::Executed),
        ("accepted", Becomes::Accepted),
        ("refused", Becomes::Refused),
        ("lost", Becomes::Lost),
    ];
    if words.skip("answers") {
        return words
            .value("what it answers, such as OK, nil or 1")
            .map(Becomes::Answers);
    }
    if words.skip("fails") {
        return Ok(Becomes::Fails);
    }
    if words.skip("is") {
        let found = simple.into_iter().find(|(word, _)| words.skip(word));
        return found
            .map(|(_, becomes)| becomes)
            .ok_or_else(|| words.expected("executed, accepted, refused or lost"));
    }
    Err(words.expected(
        "\"is executed\", \"is accepted\", \"is refused\", \"is lost\", \"fails\" or \"answers …\"",
    ))
}

impl Words {
    /// Reads on if that gives something, else stays.
    fn lookahead<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let start = self.mark();
        let found = read(self);
        if found.is_none() {
            self.back_to(start);
        }
        found
    }
}

/// A moment in plain time, for callers that have one.
impl From<SimTime> for Position {
    fn from(at: SimTime) -> Self {
        Self::At(at)
    }
}
