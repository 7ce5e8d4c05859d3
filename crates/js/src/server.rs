//! One engine with its clients, as `npm/redwind.js` drives it.

use bytes::Bytes;
use redwind_engine::{Config, Engine, Micros, Output, Outputs, SessionId, SplitMix, Value};
use redwind_resp::{Prompt, render};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::wire;

/// Bit of [`Server::run`]'s result: there is mail.
const MAIL: u32 = 1;
/// Bit of [`Server::run`]'s result: a buffer lies elsewhere now.
const MOVED: u32 = 2;
/// Bit of [`Server::run`]'s result: the input was not of the agreed form, and nothing ran.
pub(crate) const MALFORMED: u32 = 4;

/// What mail begins with: a reply that came later, data nobody asked for, or the end of a connection.
const LATE: u8 = 1;
const PUSHED: u8 = 2;
const CLOSED: u8 = 3;

/// Arguments of a command lie in one piece of memory up to this size, else each in its own, so that
/// keeping a short one does not keep a long one.
const TOGETHER: usize = 512;

/// The arguments of a short command: together with their count of owners they take one piece of memory, where a `Bytes`
/// of a vector takes two.
struct Short<const MOST: usize> {
    length: u8,
    bytes: [u8; MOST],
}

impl<const MOST: usize> Short<MOST> {
    /// `None` if they are longer.
    fn of(source: &[u8]) -> Option<Bytes> {
        let mut bytes = [0; MOST];
        bytes.get_mut(..source.len())?.copy_from_slice(source);
        let length = source.len() as u8;
        Some(Bytes::from_owner(Short { length, bytes }))
    }
}

impl<const MOST: usize> AsRef<[u8]> for Short<MOST> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

/// An engine, and the memory through which JavaScript talks with it.
#[wasm_bindgen]
pub struct Server {
    engine: Engine,
    luck: SplitMix,
    now: Micros,
    /// For each command: how many arguments, then the length of each.
    lengths: Vec<u32>,
    /// The bytes of all arguments, one after the other.
    pub(crate) input: Vec<u8>,
    /// One reply for each command.
    pub(crate) replies: Vec<u8>,
    /// What happened beside the replies: a kind, the session (u32) and, unless it is `CLOSED`, a value.
    mail: Vec<u8>,
    outputs: Outputs,
    pub(crate) argv: Vec<Bytes>,
    /// What the prompts of those who type lines tell of their connections.
    pub(crate) prompts: Vec<(SessionId, Prompt)>,
}

/// A server's whole state at one moment.
#[wasm_bindgen]
pub struct Snapshot {
    engine: Engine,
    luck: SplitMix,
    now: Micros,
    prompts: Vec<(SessionId, Prompt)>,
}

#[wasm_bindgen]
impl Server {
    /// An empty server, whose clock shows `now` (microseconds since the epoch).
    #[must_use]
    #[wasm_bindgen(constructor)]
    pub fn new(seed: f64, now: f64) -> Server {
        let mut config = Config::default();
        // Nobody here listens to them.
        config.report_events = false;
        config.report_effects = false;
        Server {
            engine: Engine::new(config),
            luck: SplitMix::new(seed as u64),
            now: Micros(now as u64),
            lengths: vec![0; 64],
            input: vec![0; 4096],
            replies: Vec::with_capacity(4096),
            mail: Vec::with_capacity(256),
            outputs: Vec::new(),
            argv: Vec::new(),
            prompts: Vec::new(),
        }
    }

    /// Makes room for this many lengths and bytes of input. What was written stays.
    pub fn reserve(&mut self, lengths: u32, bytes: u32) {
        let (lengths, bytes) = (lengths as usize, bytes as usize);
        if lengths > self.lengths.len() {
            self.lengths.resize(lengths.next_power_of_two(), 0);
        }
        if bytes > self.input.len() {
            self.input.resize(bytes.next_power_of_two(), 0);
        }
    }

    /// Where the lengths go.
    pub fn lengths_at(&self) -> *const u32 {
        self.lengths.as_ptr()
    }

    /// How many lengths there is room for.
    pub fn lengths_room(&self) -> u32 {
        self.lengths.len() as u32
    }

    /// Where the bytes of the arguments go.
    pub fn input_at(&self) -> *const u8 {
        self.input.as_ptr()
    }

    /// How many bytes there is room for.
    pub fn input_room(&self) -> u32 {
        self.input.len() as u32
    }

    /// Where the replies are.
    pub fn replies_at(&self) -> *const u8 {
        self.replies.as_ptr()
    }

    /// Where the mail is.
    pub fn mail_at(&self) -> *const u8 {
        self.mail.as_ptr()
    }

    /// How many bytes of mail there are.
    pub fn mail_length(&self) -> u32 {
        self.mail.len() as u32
    }

    /// A client connects; gives its number.
    pub fn connect(&mut self) -> u32 {
        self.engine.connect(self.now).0 as u32
    }

    /// A client is gone. Its calls that wait get no reply.
    pub fn disconnect(&mut self, session: u32) -> u32 {
        let (replies, mail) = self.begin();
        let who = SessionId(u64::from(session));
        self.engine.disconnect(self.now, who, &mut self.outputs);
        self.prompts.retain(|(session, _)| *session != who);
        self.post();
        self.result(replies, mail)
    }

    /// Whether there is a client of this number; there may be none after a restore.
    pub fn knows(&self, session: u32) -> bool {
        let who = SessionId(u64::from(session));
        self.engine.selected_db(who).is_some()
    }

    /// Runs the commands of the input, one after the other. A command that would wait gets the reply of a wait that
    /// was in vain, unless it `may_wait`.
    pub fn run(&mut self, session: u32, commands: u32, may_wait: bool) -> u32 {
        let (replies, mail) = self.begin();
        let who = SessionId(u64::from(session));
        let (mut length, mut byte) = (0, 0);
        for _ in 0..commands {
            let Some((lengths, bytes)) = self.take_arguments(length, byte) else {
                return MALFORMED;
            };
            (length, byte) = (lengths, bytes);
            self.execute(who, may_wait);
        }
        self.result(replies, mail)
    }

    /// Renders the value that the input begins with as `redis-cli` shows it; the reply is the text.
    pub fn render(&mut self, length: u32) -> u32 {
        let (replies, mail) = self.begin();
        let Some(mut bytes) = self.input.get(..length as usize) else {
            return MALFORMED;
        };
        let Some(value) = wire::read(&mut bytes) else {
            return MALFORMED;
        };
        wire::write(&Value::bulk(render(&value)), &mut self.replies);
        self.result(replies, mail)
    }

    /// Moves the clock to `now`, forwards or back, and does what is due at once.
    pub fn set_clock(&mut self, now: f64) -> u32 {
        let (replies, mail) = self.begin();
        self.now = Micros(now as u64);
        if self
            .engine
            .next_deadline()
            .is_some_and(|deadline| deadline <= self.now)
        {
            self.wake();
        }
        self.result(replies, mail)
    }

    /// Moves the clock forwards to `to`, stopping wherever something is due on the way.
    pub fn advance(&mut self, to: f64) -> u32 {
        let (replies, mail) = self.begin();
        let to = Micros(to as u64).max(self.now);
        let mut last = None;
        while let Some(deadline) = self.engine.next_deadline()
            && deadline <= to
            && last != Some(deadline)
        {
            last = Some(deadline);
            self.now = self.now.max(deadline);
            self.wake();
        }
        self.now = to;
        self.wake();
        self.result(replies, mail)
    }

    /// What the clock shows, in microseconds since the epoch.
    pub fn now(&self) -> f64 {
        self.now.0 as f64
    }

    /// When a key expires or a wait ends next; negative for never.
    pub fn next_deadline(&self) -> f64 {
        self.engine
            .next_deadline()
            .map_or(-1.0, |deadline| deadline.0 as f64)
    }

    /// Keeps the whole state. Cheap: data is shared until one side changes it.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            engine: self.engine.clone(),
            luck: self.luck.clone(),
            now: self.now,
            prompts: self.prompts.clone(),
        }
    }

    /// Goes back to a kept state, in which nobody waits.
    pub fn restore(&mut self, snapshot: &Snapshot) {
        self.engine = snapshot.engine.clone();
        self.luck = snapshot.luck.clone();
        self.now = snapshot.now;
        self.prompts.clone_from(&snapshot.prompts);
    }

    /// Ends a client's wait, as if its time were up, without a reply.
    pub fn stop_waiting(&mut self, session: u32) -> u32 {
        let (replies, mail) = self.begin();
        let who = SessionId(u64::from(session));
        self.engine
            .stop_blocking(self.now, &mut self.luck, who, &mut self.outputs);
        let mine = |output: &Output| matches!(output, Output::Reply { to, .. } if *to == who);
        self.outputs.retain(|output| !mine(output));
        self.post();
        self.result(replies, mail)
    }
}

impl Server {
    /// Starts a call; gives where the replies and the mail were.
    pub(crate) fn begin(&mut self) -> (usize, usize) {
        self.replies.clear();
        self.mail.clear();
        (self.replies.as_ptr().addr(), self.mail.as_ptr().addr())
    }

    pub(crate) fn result(&self, replies: usize, mail: usize) -> u32 {
        let moved = replies != self.replies.as_ptr().addr() || mail != self.mail.as_ptr().addr();
        (u32::from(!self.mail.is_empty()) * MAIL) | (u32::from(moved) * MOVED)
    }

    /// Puts the arguments of one command into `argv`; gives where the next one's lengths and bytes begin.
    fn take_arguments(&mut self, at: usize, start: usize) -> Option<(usize, usize)> {
        let count = *self.lengths.get(at)? as usize;
        let lengths = self.lengths.get(at + 1..(at + 1).checked_add(count)?)?;
        let total: u64 = lengths.iter().map(|length| u64::from(*length)).sum();
        let end = start.checked_add(usize::try_from(total).ok()?)?;
        let bytes = self.input.get(start..end)?;
        self.argv.clear();
        if bytes.len() <= TOGETHER {
            let mut all = Short::<47>::of(bytes)
                .or_else(|| Short::<111>::of(bytes))
                .unwrap_or_else(|| Bytes::copy_from_slice(bytes));
            for length in lengths {
                self.argv.push(all.split_to(*length as usize));
            }
        } else {
            let mut from = 0;
            for length in lengths {
                let to = from + *length as usize;
                self.argv.push(Bytes::copy_from_slice(&bytes[from..to]));
                from = to;
            }
        }
        Some((at + 1 + count, end))
    }

    /// Runs `argv`: exactly one value goes to the replies.
    pub(crate) fn execute(&mut self, who: SessionId, may_wait: bool) {
        self.engine
            .execute(self.now, &mut self.luck, who, &self.argv, &mut self.outputs);
        // By far the most frequent.
        if let [Output::Reply { to, value }] = &self.outputs[..]
            && *to == who
        {
            wire::write(value, &mut self.replies);
            self.outputs.clear();
            return;
        }
        let mine = |output: &Output| matches!(output, Output::Reply { to, .. } if *to == who);
        let mut at = self.outputs.iter().position(mine);
        let mut none = wire::NONE;
        if at.is_none() && self.engine.is_blocked(who) {
            none = wire::WAITS;
            if !may_wait {
                self.engine
                    .stop_blocking(self.now, &mut self.luck, who, &mut self.outputs);
                at = self.outputs.iter().position(mine);
            }
        }
        match at.map(|at| self.outputs.remove(at)) {
            Some(Output::Reply { value, .. }) => wire::write(&value, &mut self.replies),
            _ => self.replies.push(none),
        }
        self.post();
    }

    fn wake(&mut self) {
        self.engine
            .wake(self.now, &mut self.luck, &mut self.outputs);
        self.post();
    }

    /// Turns the outputs into mail.
    fn post(&mut self) {
        for output in self.outputs.drain(..) {
            let (kind, who, value) = match output {
                Output::Reply { to, value } => (LATE, to, Some(value)),
                Output::Push { to, value } => {
                    let mut prompts = self.prompts.iter_mut();
                    if let Some((_, prompt)) = prompts.find(|(session, _)| *session == to) {
                        prompt.heard(&value);
                    }
                    (PUSHED, to, Some(value))
                }
                Output::Close { session } => (CLOSED, session, None),
                // A page has nothing else to do than to wait, and the clock is its own.
                Output::Sleep { .. } | Output::Propagate { .. } | Output::KeyEvent { .. } => {
                    continue;
                }
            };
            self.mail.push(kind);
            self.mail.extend_from_slice(&(who.0 as u32).to_le_bytes());
            if let Some(value) = value {
                wire::write(&value, &mut self.mail);
            }
        }
    }
}
