//! The engine with a clock that moves only when told.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use bytes::Bytes;
use redwind_engine::{
    Choice, Choose, Config, Engine, Micros, Output, Outputs, SessionId, SplitMix, Value,
};
use redwind_resp::{Decoder, encode};

use crate::Subject;
use crate::reference::with_ids;
use crate::sequence::{AFTER_FLUSH, ALONE, BEFORE_ID, Heard, Step, attribute};
use crate::state::Witness;

/// A small generator, the same in every run.
#[derive(Clone)]
pub struct Dice(SplitMix);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(SplitMix::new(seed))
    }

    pub fn draw(&mut self) -> u64 {
        self.0.draw()
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.draw() % bound.max(1) as u64) as usize
    }
}

impl Choose for Dice {
    fn below(&mut self, bound: NonZeroU32, _why: Choice) -> u32 {
        (self.draw() % u64::from(bound.get())) as u32
    }
}

/// Who asks how things stand.
const WITNESS: &str = "witness";

#[derive(Clone)]
pub struct Ours {
    pub engine: Engine,
    pub now: Micros,
    luck: Dice,
    clients: BTreeMap<String, SessionId>,
    late: Vec<(String, Value)>,
}

impl Ours {
    pub fn new(now: Micros) -> Ours {
        let engine = Engine::new(Config::default());
        Ours {
            engine,
            now,
            luck: Dice::new(7),
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
                Output::Sleep { micros } => self.now = self.now + micros,
                Output::Propagate { .. } | Output::KeyEvent { .. } | Output::Close { .. } => {}
            }
        }
        reply
    }
}

/// What was heard, and of each step whether one of its keys is a hash table inside, whose order Redis leaves open.
pub type Played = (Vec<Heard>, Vec<bool>);

impl Ours {
    /// Plays a sequence of one client.
    pub fn play_alone(&mut self, steps: &[Step]) -> Played {
        self.client(ALONE);
        let mut values = Vec::new();
        let mut unordered = Vec::new();
        for step in steps {
            let before = self.unordered(step.argv());
            values.extend(
                self.step(ALONE, step.argv())
                    .into_iter()
                    .map(|(_, value)| value),
            );
            // Whoever waits does so for a few milliseconds.
            if self
                .clients
                .get(ALONE)
                .is_some_and(|id| self.engine.is_blocked(*id))
            {
                values.extend(self.wait(20).into_iter().map(|(_, value)| value));
            }
            unordered.push(before || self.unordered(step.argv()));
        }
        // Who looks after a real server sends something, too, at which keys may give way.
        let late = self.step(WITNESS, Step::line("PING").argv()).into_iter();
        values.extend(
            late.filter(|(name, _)| name != WITNESS)
                .map(|(_, value)| value),
        );
        (attribute(steps, values), unordered)
    }

    /// Plays a sequence of several clients.
    pub fn play_several(&mut self, steps: &[Step]) -> Played {
        let names = ["a", "b", "c", "d", "e"];
        let ids = names.map(|name| {
            self.step(name, Step::line("CLIENT ID").argv());
            (name, self.client(name).0)
        });
        let mut heard = Vec::new();
        let mut unordered = Vec::new();
        let mut flushes = false;
        for (at, step) in steps.iter().enumerate() {
            let before = self.unordered(step.argv());
            let mut values = Vec::new();
            if step.takes_id_of_clock() {
                values.extend(self.wait(BEFORE_ID));
            }
            values.extend(match step {
                Step::Send { client, argv } => self.step(client, &with_ids(argv, &ids)),
                Step::Pass(millis) => self.wait(*millis),
            });
            flushes |= step.flushes();
            if flushes {
                values.extend(self.wait(AFTER_FLUSH));
            }
            // The order between connections cannot be observed.
            values.sort_by(|(a, _), (b, _)| a.cmp(b));
            heard.extend(values.into_iter().map(|(client, value)| Heard {
                step: at,
                client,
                value,
            }));
            unordered.push(before || self.unordered(step.argv()));
        }
        (heard, unordered)
    }

    fn client(&mut self, name: &str) -> SessionId {
        if let Some(id) = self.clients.get(name) {
            return *id;
        }
        let id = self.engine.connect(self.now);
        self.clients.insert(name.to_owned(), id);
        id
    }

    fn step(&mut self, client: &str, argv: &[Bytes]) -> Vec<(String, Value)> {
        let id = self.client(client);
        let mut out = Outputs::new();
        self.engine
            .execute(self.now, &mut self.luck, id, argv, &mut out);
        self.heard(out)
    }

    fn wait(&mut self, millis: u64) -> Vec<(String, Value)> {
        let end = self.now + millis * 1000;
        let mut heard = Vec::new();
        while let Some(next) = self.engine.next_deadline().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            let mut out = Outputs::new();
            self.engine.wake(self.now, &mut self.luck, &mut out);
            heard.extend(self.heard(out));
        }
        self.now = end;
        heard
    }

    /// What clients receive, as it comes over the wire.
    fn heard(&self, out: Outputs) -> Vec<(String, Value)> {
        let values = out.into_iter().filter_map(|output| match output {
            Output::Reply { to, value } | Output::Push { to, value } => {
                let mut wire = Vec::new();
                encode(&value, self.engine.protocol(to), &mut wire);
                let mut decoder = Decoder::default();
                decoder.feed(&wire);
                let value = decoder.next_value().ok().flatten();
                Some((self.name(to), value.unwrap_or(Value::Null)))
            }
            Output::Propagate { .. }
            | Output::KeyEvent { .. }
            | Output::Sleep { .. }
            | Output::Close { .. } => None,
        });
        values.collect()
    }

    /// Whether something named in a command is a hash table inside. Of a transaction this is not known beforehand.
    fn unordered(&self, argv: &[Bytes]) -> bool {
        let is_table = |db: u32, key: &[u8]| {
            let view = self.engine.view(self.now, db, key, 0);
            view.is_some_and(|view| matches!(view.encoding, "hashtable" | "skiplist"))
        };
        let exec = argv
            .first()
            .is_some_and(|name| name.eq_ignore_ascii_case(b"exec"));
        (0..16).any(|db| match exec {
            true => self.engine.keys(db).any(|key| is_table(db, key)),
            false => argv.iter().any(|word| is_table(db, word)),
        })
    }
}

impl Witness for Ours {
    fn ask(&mut self, commands: &[Vec<Bytes>]) -> Vec<Value> {
        let replies = commands.iter().filter_map(|argv| {
            let heard = self.step(WITNESS, argv).into_iter();
            heard.map(|(_, value)| value).next()
        });
        replies.collect()
    }

    fn is_player(&self, id: i64, asks: i64) -> bool {
        id != asks
    }

    fn changes_before(&self) -> i64 {
        0
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
