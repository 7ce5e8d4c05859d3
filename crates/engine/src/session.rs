//! Connections, as far as the engine knows them.

use std::collections::VecDeque;

use bytes::Bytes;
use redwind_resp::{Protocol, Value};

use crate::blob::Blob;
use crate::cluster::Redirection;
use crate::db::Data;
use crate::pubsub::Listen;
use crate::sorted::Sorted;
use crate::{Command, Micros};

/// One client connection; ids count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// Bytes on the wire.
#[derive(Clone, Copy, Default)]
pub(crate) struct Traffic {
    pub(crate) read: u64,
    pub(crate) written: u64,
}

#[derive(Clone)]
pub(crate) struct Session {
    /// Where it comes from and where it arrived, if the host said.
    pub(crate) addresses: Option<Box<(String, String)>>,
    pub(crate) db: u32,
    pub(crate) protocol: Protocol,
    pub(crate) name: Bytes,
    pub(crate) lib_name: Bytes,
    pub(crate) lib_ver: Bytes,
    pub(crate) created: Micros,
    pub(crate) last_used: Micros,
    pub(crate) last_command: &'static str,
    /// How many of its commands have run, those inside transactions and scripts too.
    pub(crate) commands: u64,
    /// How many bytes came and went, if the host counts them.
    pub(crate) traffic: Traffic,
    /// It has given the password, or there was none when it connected.
    pub(crate) authenticated: bool,
    /// Between `MULTI` and `EXEC`.
    pub(crate) multi: Option<Box<Multi>>,
    pub(crate) watching: Vec<(u32, Blob)>,
    /// A watched key was touched: the next `EXEC` does nothing.
    pub(crate) cas_broken: bool,
    pub(crate) blocked: Option<Box<Blocked>>,
    /// The channels, patterns and shard channels it listens to.
    pub(crate) listening: Sorted<(Listen, Bytes)>,
    /// Commands that arrived while it was blocked.
    pub(crate) pending: VecDeque<Vec<Bytes>>,
    /// Its next command waits for the end of a pause.
    pub(crate) postponed: bool,
    pub(crate) replies: Replies,
    /// Its use of keys does not count for eviction.
    pub(crate) no_touch: bool,
    pub(crate) no_evict: bool,
    /// It asked for the script debugger.
    pub(crate) debugging: bool,
    /// What it wants of a node of a cluster.
    pub(crate) redirection: Redirection,
}

impl Session {
    pub(crate) fn new(now: Micros) -> Session {
        Session {
            addresses: None,
            db: 0,
            protocol: Protocol::Resp2,
            name: Bytes::new(),
            lib_name: Bytes::new(),
            lib_ver: Bytes::new(),
            created: now,
            last_used: now,
            last_command: "NULL",
            commands: 0,
            traffic: Traffic::default(),
            authenticated: true,
            multi: None,
            watching: Vec::new(),
            cas_broken: false,
            blocked: None,
            listening: Sorted::default(),
            pending: VecDeque::new(),
            postponed: false,
            replies: Replies::default(),
            no_touch: false,
            no_evict: false,
            debugging: false,
            redirection: Redirection::default(),
        }
    }
}

impl Session {
    pub(crate) fn is_listening(&self) -> bool {
        !self.listening.is_empty()
    }
}

/// Which replies a connection wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Replies {
    #[default]
    On,
    Off,
    /// Not that of the command after this one.
    SkipNext,
    /// Not that of the command that runs.
    Skip,
}

/// Queued commands.
#[derive(Clone, Default)]
pub(crate) struct Multi {
    pub(crate) queue: Vec<(&'static Command, Vec<Bytes>)>,
    /// How many bytes their arguments have.
    pub(crate) bytes: usize,
    /// A command could not be queued, so `EXEC` will refuse.
    pub(crate) broken: bool,
}

/// What a waiting command waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Awaits {
    List,
    Zset,
    Stream,
}

impl Awaits {
    pub(crate) fn suits(self, data: &Data) -> bool {
        match self {
            Awaits::List => matches!(data, Data::List(_)),
            Awaits::Zset => matches!(data, Data::Zset(_)),
            Awaits::Stream => matches!(data, Data::Stream(_)),
        }
    }
}

impl Blocked {
    /// When something is to be done about it.
    pub(crate) fn alarm(&self) -> Option<Micros> {
        match (self.deadline, self.retry) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}

/// A command that waits: it is run again when one of its keys may serve it.
#[derive(Clone)]
pub(crate) struct Blocked {
    pub(crate) command: &'static Command,
    pub(crate) argv: Vec<Bytes>,
    pub(crate) db: u32,
    pub(crate) keys: Vec<Blob>,
    pub(crate) awaits: Awaits,
    /// Also run again when the key is gone or of another type.
    pub(crate) even_if_missing: bool,
    pub(crate) deadline: Option<Micros>,
    /// When it is run again though nothing happened to its keys.
    pub(crate) retry: Option<Micros>,
    /// The reply when time is up.
    pub(crate) at_timeout: Value,
}
