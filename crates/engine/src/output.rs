//! What comes out of the engine, and the one door through which luck comes in.

use std::num::NonZeroU32;

use bytes::Bytes;
use redwind_resp::Value;

use crate::SessionId;

/// One thing that the engine did; their order is the order in which a real server does them.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// The answer to a command. A blocked command has none until it is served or times out.
    Reply {
        /// The connection that asked.
        to: SessionId,
        /// In the form that its protocol version can carry.
        value: Value,
    },
    /// Something the connection did not ask for at this moment: a published message.
    Push {
        /// The connection that subscribed.
        to: SessionId,
        /// In the form that its protocol version can carry.
        value: Value,
    },
    /// An effective write, as a replica or an append-only file must repeat it.
    Propagate {
        /// The database it applies to.
        db: u32,
        /// The command, with relative times and random picks already decided.
        argv: Vec<Bytes>,
    },
    /// A key changed; the names are those of keyspace notifications.
    KeyEvent {
        /// The database it happened in.
        db: u32,
        /// `set`, `del`, `expire`, `expired`, `lpush` …
        event: &'static str,
        /// The key.
        key: Bytes,
    },
    /// The process does nothing for so many microseconds, as `DEBUG SLEEP` asks: what has been said before this and
    /// the reply are not sent earlier. The engine's clock is its host's, so it is the host who waits.
    Sleep {
        /// How long, in microseconds.
        micros: u64,
    },
    /// The server closes this connection.
    Close {
        /// The connection.
        session: SessionId,
    },
}

/// An ordered list of outputs; drain it before the next call.
pub type Outputs = Vec<Output>;

/// Why the engine asks for luck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Choice {
    /// `RANDOMKEY` picks a key.
    RandomKey,
    /// `SPOP`, `SRANDMEMBER`, `HRANDFIELD`, `ZRANDMEMBER` pick members.
    RandomMember,
    /// Eviction samples keys.
    Eviction,
    /// The LFU counter of an access grows by chance.
    Frequency,
}

/// Where luck comes from: a seeded generator, or a search that tries every answer.
pub trait Choose {
    /// A number below `bound`.
    fn below(&mut self, bound: NonZeroU32, why: Choice) -> u32;
}

/// The plainest luck: always the first possibility.
#[derive(Clone, Copy, Debug, Default)]
pub struct FirstChoice;

impl Choose for FirstChoice {
    fn below(&mut self, _bound: NonZeroU32, _why: Choice) -> u32 {
        0
    }
}
