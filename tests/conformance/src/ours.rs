//! The engine with a clock that moves only when told.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use bytes::Bytes;
use redwind_engine::{Choice, Choose, Config, Engine, Micros, Output, Outputs, SessionId, Value};

use crate::Subject;

/// A small generator, the same in every run.
pub struct Lehmer(pub u64);

impl Lehmer {
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.draw() % bound.max(1) as u64) as usize
    }
}

impl Choose for Lehmer {
    fn below(&mut self, bound: NonZeroU32, _why: Choice) -> u32 {
        (self.draw() % u64::from(bound.get())) as u32
    }
}

pub struct Ours {
    pub engine: Engine,
    pub now: Micros,
    luck: Lehmer,
    clients: BTreeMap<String, SessionId>,
    late: Vec<(String, Value)>,
}

impl Ours {
    pub fn new(now: Micros) -> Ours {
        let engine = Engine::new(Config::default());
        Ours {
            engine,
            now,
            luck: Lehmer(7),
            clients: BTreeMap::new(),
            late: Vec::new(),
        }
    }

    fn name(&self, id: SessionId) -> String {
        let found = self.clients.iter().find(|(_, session)| **session == id);
        found.map_or_else(String::new, |(name, _)| name.clone())
    }

    /// Keeps what is for others; gives what is for this client.
    fn sort(&mut self, out: Outputs, mine: Option<SessionId>) -> Option<Value> {
        // Who subscribes gets pushes only; the first of them then stands for the reply.
        let is_reply = |o: &Output| matches!(o, Output::Reply { to, .. } if Some(*to) == mine);
        let has_reply = out.iter().any(is_reply);
        let mut reply = None;
        for output in out {
            let stands = if has_reply { is_reply(&output) } else { true };
            match output {
                Output::Reply { to, value } | Output::Push { to, value } => {
                    if Some(to) == mine && stands && reply.is_none() {
                        reply = Some(value);
                    } else {
                        let name = self.name(to);
                        self.late.push((name, value));
                    }
                }
                Output::Propagate { .. } | Output::KeyEvent { .. } | Output::Close { .. } => {}
            }
        }
        reply
    }
}

impl Subject for Ours {
    fn send(&mut self, client: &str, argv: &[Bytes], _may_block: bool) -> Option<Value> {
        let id = match self.clients.get(client) {
            Some(id) => *id,
            None => {
                let id = self.engine.connect(self.now);
                self.clients.insert(client.to_owned(), id);
                id
            }
        };
        let mut out = Outputs::new();
        self.engine
            .execute(self.now, &mut self.luck, id, argv, &mut out);
        self.sort(out, Some(id))
    }

    fn pass(&mut self, millis: u64) {
        let end = self.now + millis * 1000;
        while let Some(next) = self.engine.next_deadline().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            let mut out = Outputs::new();
            self.engine.wake(self.now, &mut self.luck, &mut out);
            self.sort(out, None);
        }
        self.now = end;
    }

    fn late(&mut self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.late)
    }
}
