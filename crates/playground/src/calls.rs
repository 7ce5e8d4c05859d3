//! What each message is called: as the fault language does where it can name it, `worker-a's 2nd SET`.

use std::collections::BTreeMap;

use redwind_sim::{Call, Event, Message, PacketId, Place, Record, Scenario};

/// Names calls while it is shown the records of a run in their order.
#[derive(Default)]
pub(crate) struct CallNames {
    counted: BTreeMap<(u16, String), u32>,
    names: BTreeMap<PacketId, String>,
}

impl CallNames {
    /// Takes note of a call when `record` sends one.
    pub(crate) fn see(&mut self, scenario: &Scenario, record: &Record) {
        let Event::Sent {
            packet,
            message,
            to,
        } = &record.event
        else {
            return;
        };
        let client = match record.place {
            Place::Client(client) => client,
            Place::Node(from) => {
                let name = passed_on(scenario, from, *to, message);
                self.names.insert(*packet, name);
                return;
            }
            Place::Terminal | Place::Resource(_) => {
                self.names
                    .insert(*packet, "the terminal's command".to_owned());
                return;
            }
        };
        // A batch counts once for each command in it, and goes by the first that says something.
        let mut named: Option<(String, u32)> = None;
        for name in names(message) {
            let nth = self.counted.entry((client, name.clone())).or_default();
            *nth += 1;
            if named.as_ref().is_none_or(|(first, _)| first == "MULTI") {
                named = Some((name, *nth));
            }
        }
        let (Some((name, nth)), Some(spec)) = (named, scenario.clients.get(usize::from(client)))
        else {
            return;
        };
        let call = Call {
            client: spec.name.clone(),
            name: Some(name),
            nth,
        };
        self.names.insert(*packet, call.to_string());
    }

    pub(crate) fn get(&self, packet: PacketId) -> String {
        self.names.get(&packet).cloned().unwrap_or_default()
    }
}

/// A primary's message to its replica.
fn passed_on(scenario: &Scenario, from: u16, to: Place, message: &Message) -> String {
    let node = |node: u16| {
        let spec = scenario.nodes.get(usize::from(node));
        spec.map_or("a node", |spec| spec.name.as_str())
    };
    let to = match to {
        Place::Node(to) => node(to),
        _ => "a client",
    };
    let what = names(message).join(" ");
    let watches = |spec: &redwind_sim::NodeSpec| !spec.watches.is_empty();
    if scenario.nodes.get(usize::from(from)).is_some_and(watches) {
        return format!("{what} from {} to {to}", node(from));
    }
    format!("{what} from {} to its replica {to}", node(from))
}

fn names(message: &Message) -> Vec<String> {
    match message {
        Message::Commands { commands, .. } => commands
            .iter()
            .filter_map(|argv| argv.first())
            .map(|name| String::from_utf8_lossy(name).to_uppercase())
            .collect(),
        Message::Call(call) => vec![format!("{}.{}", call.resource, call.method)],
        Message::Replies(_) | Message::Returned(_) | Message::Refused { .. } | Message::Push(_) => {
            Vec::new()
        }
    }
}
