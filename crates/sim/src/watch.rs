//! Recognises a moment of a run while its records are made.

use bytes::Bytes;
use redwind_resp::Value;

use crate::{
    Becomes, Call, ClusterNews, Does, Event, Happening, Message, Moment, PacketId, Place, Position,
    Record, Scenario,
};

/// Waits for one moment.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    position: Position,
    /// How often it almost was the moment: the 1st of the wanted 2nd time.
    met: u32,
    /// The call in question, once it was sent: its message, and which of the message's commands it is.
    sent: Option<(PacketId, usize)>,
}

impl Watch {
    pub(crate) fn new(position: Position) -> Self {
        Self {
            position,
            met: 0,
            sent: None,
        }
    }

    /// Whether this record is the moment. Records must be shown in their order, each once.
    pub(crate) fn sees(&mut self, scenario: &Scenario, record: &Record) -> bool {
        let (met, sent) = (&mut self.met, &mut self.sent);
        match &self.position {
            Position::At(_) | Position::End => false,
            Position::Start => record.seq == 0,
            Position::Line { client, line, nth } => {
                let here = matches!(record.event, Event::Line { line: at, .. } if at == *line);
                count(met, *nth, here && is_client(scenario, record.place, client))
            }
            Position::Call { call, moment } => {
                let now_sent = note_sent(scenario, call, record, met, sent);
                match moment {
                    Moment::Before => now_sent,
                    Moment::After => match &record.event {
                        Event::Received { packet, .. } | Event::Failed { packet, .. } => {
                            sent.is_some_and(|(sent, _)| sent == *packet)
                        }
                        _ => false,
                    },
                }
            }
            Position::When {
                what: Happening::Call { call, becomes },
                ..
            } => {
                note_sent(scenario, call, record, met, sent);
                sent.is_some_and(|(packet, index)| became(becomes, packet, index, record))
            }
            Position::When { what, nth } => count(met, *nth, happens(scenario, what, record)),
        }
    }

    /// Whether this is the moment before a call that a client is about to send.
    pub(crate) fn is_before(&self, scenario: &Scenario, client: u16, message: &Message) -> bool {
        match &self.position {
            Position::Call {
                call,
                moment: Moment::Before,
            } => {
                let place = Place::Client(client);
                is_client(scenario, place, &call.client)
                    && self.met + number(matching(call, message).len()) >= call.nth
            }
            _ => false,
        }
    }
}

fn count(met: &mut u32, nth: u32, now: bool) -> bool {
    *met += u32::from(now);
    now && *met == nth
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn is_client(scenario: &Scenario, place: Place, name: &str) -> bool {
    match place {
        Place::Client(index) => scenario
            .clients
            .get(usize::from(index))
            .is_some_and(|spec| spec.name == name),
        _ => false,
    }
}

/// Notes when the call in question is sent, and says whether it is now.
fn note_sent(
    scenario: &Scenario,
    call: &Call,
    record: &Record,
    met: &mut u32,
    sent: &mut Option<(PacketId, usize)>,
) -> bool {
    let Event::Sent {
        packet, message, ..
    } = &record.event
    else {
        return false;
    };
    if *met >= call.nth || !is_client(scenario, record.place, &call.client) {
        return false;
    }
    let matching = matching(call, message);
    let before = *met;
    *met = met.saturating_add(number(matching.len()));
    if *met < call.nth {
        return false;
    }
    let which = call.nth.saturating_sub(before + 1) as usize;
    *sent = Some((*packet, matching.get(which).copied().unwrap_or_default()));
    true
}

/// Which of a message's commands a call can mean; a message counts once for `worker-a's 3rd call`.
fn matching(call: &Call, message: &Message) -> Vec<usize> {
    let Some(name) = &call.name else {
        return vec![0];
    };
    match message {
        Message::Commands { commands, .. } => {
            let is_it = |argv: &Vec<Bytes>| {
                argv.first()
                    .is_some_and(|first| first.eq_ignore_ascii_case(name.as_bytes()))
            };
            (0..)
                .zip(commands.iter())
                .filter(|(_, argv)| is_it(argv))
                .map(|(index, _)| index)
                .collect()
        }
        Message::Call(called) => {
            let is_it = name.split_once('.').is_some_and(|(resource, method)| {
                called.resource == resource && called.method == method
            });
            if is_it { vec![0] } else { Vec::new() }
        }
        Message::Replies(_) | Message::Returned(_) | Message::Refused { .. } | Message::Push(_) => {
            Vec::new()
        }
    }
}

fn became(becomes: &Becomes, sent: PacketId, index: usize, record: &Record) -> bool {
    match (&record.event, becomes) {
        (
            Event::Received {
                packet, message, ..
            },
            Becomes::Answers(text),
        ) => *packet == sent && answers(message, index, text),
        (
            Event::Received {
                packet,
                message: Message::Replies(replies),
                ..
            },
            Becomes::Accepted,
        ) => *packet == sent && replies.get(index).is_some_and(|reply| !reply.is_error()),
        (
            Event::Received {
                packet,
                message: Message::Replies(replies),
                ..
            },
            Becomes::Refused,
        ) => *packet == sent && replies.get(index).is_some_and(Value::is_error),
        (
            Event::Performed {
                packet,
                outcome,
                effect,
                ..
            },
            Becomes::Accepted | Becomes::Refused,
        ) => {
            let refused = matches!(outcome, Message::Refused { .. })
                || effect.as_ref().is_some_and(|e| !e.accepted);
            *packet == sent && refused == (*becomes == Becomes::Refused)
        }
        // A pipeline's commands have a record each, which the message alone can't tell apart; the first stands for all.
        (Event::Executed { packet, .. } | Event::Performed { packet, .. }, Becomes::Executed) => {
            *packet == sent
        }
        (Event::Failed { packet, .. }, Becomes::Fails) => *packet == sent,
        (Event::Lost { packet, .. }, Becomes::Lost) => *packet == sent,
        _ => false,
    }
}

fn answers(message: &Message, index: usize, text: &str) -> bool {
    match message {
        Message::Replies(replies) => replies.get(index).is_some_and(|reply| says(reply, text)),
        Message::Returned(data) => {
            data.to_string() == text || matches!(data, crate::Data::Text(said) if said == text)
        }
        Message::Refused { kind, message } => kind == text || message == text,
        Message::Commands { .. } | Message::Call(_) | Message::Push(_) => false,
    }
}

fn says(reply: &Value, text: &str) -> bool {
    match reply {
        Value::Null | Value::NullArray => text.eq_ignore_ascii_case("nil"),
        Value::Int(n) => text.parse() == Ok(*n),
        Value::Simple(said) | Value::Bulk(said) => said.as_ref() == text.as_bytes(),
        // An error by its code, such as `NOSCRIPT`, or as a whole.
        Value::Error(said) => {
            said.as_ref() == text.as_bytes()
                || said.split(|byte| *byte == b' ').next() == Some(text.as_bytes())
        }
        other => redwind_resp::render(other) == text,
    }
}

fn happens(scenario: &Scenario, what: &Happening, record: &Record) -> bool {
    match (what, &record.event) {
        // A key whose time has come also goes when a command finds it so.
        (
            Happening::Expires { key },
            Event::Expired { changes }
            | Event::Executed { changes, .. }
            | Event::Unblocked { changes, .. },
        ) => changes
            .iter()
            .any(|change| change.key == *key && change.what == "expired"),
        (Happening::Client { client, does }, event) => {
            let does_it = match does {
                Does::Start => matches!(event, Event::Started { .. }),
                Does::Restart => matches!(event, Event::Started { restarts } if *restarts > 0),
                Does::Pause => matches!(event, Event::Paused { .. }),
                Does::Resume => matches!(event, Event::Resumed),
                Does::Crash => matches!(event, Event::Crashed | Event::PowerCut),
                Does::End => matches!(event, Event::Exited(_)),
                Does::Wake => matches!(event, Event::Woke),
                Does::Rises => matches!(event, Event::Role { primary: None }),
                Does::Follows => matches!(event, Event::Role { primary: Some(_) }),
                Does::Closes | Does::Opens | Does::Votes => {
                    matches!(event, Event::Cluster { news, .. } if matches!(
                        (does, news),
                        (Does::Closes, ClusterNews::Stops { .. })
                            | (Does::Opens, ClusterNews::Serves)
                            | (Does::Votes, ClusterNews::Votes { .. })
                    ))
                }
                // That is somebody else's record.
                Does::Fails => {
                    return matches!(event, Event::Cluster {
                        news: ClusterNews::Fails { member, .. },
                        ..
                    } if crate::place_name(scenario, *member) == client);
                }
            };
            does_it && crate::place_name(scenario, record.place) == client
        }
        (
            Happening::Believes {
                client,
                lock,
                holds,
            },
            Event::Believes {
                lock: index,
                holds: now,
            },
        ) => {
            let key = scenario
                .locks
                .get(usize::from(*index))
                .map(|spec| &spec.key);
            holds == now && key == Some(lock) && is_client(scenario, record.place, client)
        }
        (Happening::Reports { node, event }, Event::Sentinel(notice)) => {
            notice.channel() == event && crate::place_name(scenario, record.place) == node
        }
        (Happening::Prints { client, text }, Event::Printed { text: printed }) => {
            printed.contains(text.as_str()) && is_client(scenario, record.place, client)
        }
        _ => false,
    }
}
