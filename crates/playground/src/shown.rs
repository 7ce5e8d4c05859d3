//! What the terminal shows of the commands that became part of a run.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use redwind_protocol as page;
use redwind_resp::{Prompt, Value, render, render_reply};
use redwind_sim::{Event, Failure, Message, PacketId, Place, Record};

use crate::lanes::Lanes;

/// Follows the terminal's commands through a run.
#[derive(Default)]
pub(crate) struct Shower {
    asked: BTreeMap<PacketId, Asked>,
    /// Of each node with a terminal, what its prompt tells.
    prompts: BTreeMap<Place, Prompt>,
}

struct Asked {
    record: u32,
    node: Place,
    commands: Arc<[Vec<Bytes>]>,
}

impl Shower {
    /// Takes note of a record; gives what the terminal shows at it.
    pub(crate) fn see(&mut self, record: &Record, lanes: &Lanes) -> Option<page::Shown> {
        if record.place != Place::Terminal {
            return None;
        }
        match &record.event {
            Event::Sent {
                packet,
                to,
                message: Message::Commands { commands, .. },
            } => {
                let asked = Asked {
                    record: record.seq,
                    node: *to,
                    commands: Arc::clone(commands),
                };
                self.asked.insert(*packet, asked);
                None
            }
            Event::Received {
                packet,
                message: Message::Replies(replies),
                ..
            } => self.answered(*packet, replies, lanes),
            Event::Heard { from, message, .. } => {
                let prompt = self.prompts.entry(*from).or_default();
                Some(page::Shown {
                    asked: None,
                    node: lanes.of(*from),
                    text: render(message),
                    prompt: prompt.to_string(),
                })
            }
            Event::Failed { packet, failure } => {
                let asked = self.asked.get(packet)?;
                self.prompts.remove(&asked.node);
                let node = lanes.of(asked.node);
                let text = match failure {
                    Failure::Refused => "Could not connect: Connection refused",
                    Failure::Reset => "Error: Server closed the connection",
                    Failure::Timeout => "Error: Connection timed out",
                };
                Some(page::Shown {
                    asked: Some(asked.record),
                    node,
                    text: text.to_owned(),
                    prompt: String::new(),
                })
            }
            _ => None,
        }
    }

    fn answered(
        &mut self,
        packet: PacketId,
        replies: &[Value],
        lanes: &Lanes,
    ) -> Option<page::Shown> {
        let asked = self.asked.get(&packet)?;
        let prompt = self.prompts.entry(asked.node).or_default();
        let mut texts = Vec::new();
        for (index, reply) in replies.iter().enumerate() {
            // A command about several channels is answered once for each.
            let argv = asked.commands.get(index).or(asked.commands.last());
            let argv = argv.map_or(&[][..], Vec::as_slice);
            prompt.after(argv, reply);
            texts.push(render_reply(argv, reply));
        }
        Some(page::Shown {
            asked: Some(asked.record),
            node: lanes.of(asked.node),
            text: texts.join("\n"),
            prompt: prompt.to_string(),
        })
    }
}
