//! What the fault language calls each message: `worker-a's 2nd SET`.

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
            packet, message, ..
        } = &record.event
        else {
            return;
        };
        let Place::Client(client) = record.place else {
            self.names
                .insert(*packet, "the terminal's command".to_owned());
            return;
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
