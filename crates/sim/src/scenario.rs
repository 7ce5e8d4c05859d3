//! The starting world, the programs, the planned interventions, the seed.

use std::sync::Arc;

use bytes::Bytes;
use redwind_engine::Micros;

use crate::position::Call;
use crate::{ClusterSpec, Leg, Position, SimTime, Source, Span};

/// Everything a run is a function of.
#[derive(Clone)]
pub struct Scenario {
    /// Seeds latencies, clients' randomness and the engines' luck.
    pub seed: u64,
    /// What every clock shows when the world begins.
    pub epoch: Micros,
    /// Redis nodes.
    pub nodes: Vec<NodeSpec>,
    /// The cluster that some of the nodes form, if any.
    pub cluster: Option<ClusterSpec>,
    /// Client processes, in the order of their lanes.
    pub clients: Vec<ClientSpec>,
    /// Resources beside Redis.
    pub resources: Vec<ResourceSpec>,
    /// How long messages take unless a link says otherwise.
    pub latency: Latency,
    /// Latencies of single links.
    pub links: Vec<LinkSpec>,
    /// Commands run on a node before time zero: `(node, argv)`.
    pub setup: Vec<(String, Vec<Bytes>)>,
    /// Keys that are locks: who believes to hold them is derived from commands and replies.
    pub locks: Vec<LockSpec>,
    /// Faults and typed commands, in the order they were added.
    pub interventions: Vec<Intervention>,
    /// Where the run ends if the programs don't.
    pub bounds: Bounds,
}

/// A Redis node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSpec {
    /// Its name: also the host name that programs use.
    pub name: String,
    /// The node that it is a replica of; `None` for a primary.
    pub replica_of: Option<String>,
    /// What of its data outlives its process.
    pub persistence: Persistence,
    /// Settings that its process starts with, as `CONFIG SET` takes them: `(parameter, value)`.
    pub config: Vec<(String, String)>,
    /// How many bytes of what it sends to one reader the kernels hold; `None`: 208 KiB.
    pub socket_buffer: Option<u64>,
    /// What its machine's clocks are like.
    pub clock: ClockSpec,
    /// After a crash or a power cut it is started again this much later; `None` stays down.
    pub restarts_after: Option<Span>,
    /// The primaries that it watches: then it is a sentinel, and holds no data.
    pub watches: Vec<WatchSpec>,
}

/// A primary that a sentinel watches, as `SENTINEL MONITOR` and `SENTINEL SET` say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchSpec {
    /// The name that clients ask for, such as `mymaster`.
    pub name: String,
    /// The node that is the primary when the world begins.
    pub primary: String,
    /// How many sentinels must find it down.
    pub quorum: u16,
    /// How long it must not answer until one finds so: `down-after-milliseconds`.
    pub down_after: Span,
    /// How long the steps of a failover may take, and half of how long to wait before another: `failover-timeout`.
    pub failover_timeout: Span,
    /// How many replicas are told at once to follow a new primary: `parallel-syncs`.
    pub parallel_syncs: u16,
}

impl WatchSpec {
    /// Watches this primary under this name with Redis's defaults: 30 seconds, 3 minutes, one replica at a time.
    #[must_use]
    pub fn new(name: impl Into<String>, primary: impl Into<String>, quorum: u16) -> Self {
        Self {
            name: name.into(),
            primary: primary.into(),
            quorum,
            down_after: Span::seconds(30),
            failover_timeout: Span::seconds(180),
            parallel_syncs: 1,
        }
    }
}

/// How a machine's clocks are wrong from the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockSpec {
    /// How many microseconds its wall clock is ahead, or (below zero) behind.
    pub ahead_micros: i64,
    /// How many millionths its clocks run too fast, or (below zero) too slow.
    pub drift_ppm: i32,
}

impl NodeSpec {
    /// A primary of this name that keeps nothing on disk.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }
}

/// What a node keeps on its disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Persistence {
    /// Nothing: a restart begins empty.
    #[default]
    None,
    /// Every effective write, in an append-only file.
    Aof(Fsync),
    /// A snapshot of everything, this often.
    Snapshot(Span),
    /// A snapshot of everything, as Redis's `save 3600 1 300 100` says: at any of these points.
    Save(SavePoints),
}

/// When a node takes a snapshot: at most four points, of which any is enough. The rest are zero, and no points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SavePoints(pub [SavePoint; 4]);

/// So many changes, and so much time, since the latest snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SavePoint {
    /// In seconds.
    pub seconds: u32,
    /// How many changes at least.
    pub changes: u32,
}

/// When an append-only file is forced to the disk. What was only written survives the end of the process, what was
/// forced survives the loss of power too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    /// `appendfsync always`: before a write is answered.
    Always,
    /// `appendfsync everysec`: once a second.
    EverySecond,
    /// `appendfsync no`: when the operating system sees fit, which here is every thirty seconds.
    No,
}

/// A client process.
#[derive(Clone)]
pub struct ClientSpec {
    /// Its name, such as `worker-a`.
    pub name: String,
    /// What it runs.
    pub source: Arc<dyn Source>,
    /// When its process starts.
    pub starts_at: SimTime,
    /// After a crash it is started again this much later; `None` stays down.
    pub restarts_after: Option<Span>,
    /// What its machine's clocks are like.
    pub clock: ClockSpec,
}

/// What kind of resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceKind {
    /// Tables of rows with conditional writes.
    Db,
    /// Named values; checks a fencing token when one is given.
    Storage,
    /// Records every message sent.
    Mailer,
    /// Objects with tags, and writes that can ask for one.
    Objects,
}

/// A resource beside Redis.
#[derive(Clone, Debug)]
pub struct ResourceSpec {
    /// The name that programs call it by.
    pub name: String,
    /// What it is.
    pub kind: ResourceKind,
    /// How long it works on a call.
    pub takes: Span,
    /// Rows or values that are there from the start: `(table or name, id, row)`; for a storage the id is empty.
    pub initial: Vec<(String, String, crate::Data)>,
    /// Of a database: the fields that no two rows of a table may share, each `table.field`.
    pub unique: Vec<String>,
    /// Of a database: how long a write waits for a row that somebody's transaction has locked.
    pub lock_timeout: Span,
}

impl ResourceSpec {
    /// How long a write waits for a locked row unless a scenario says otherwise: as long as in MySQL.
    pub const LOCK_TIMEOUT: Span = Span::seconds(50);
}

/// How long a message takes one way: drawn evenly from `least..=most`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// The shortest.
    pub least: Span,
    /// The longest.
    pub most: Span,
}

/// What is particular from one place to another, by their names. Of two that say the same thing about the same
/// direction, the later one counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkSpec {
    /// One end.
    pub from: String,
    /// The other end.
    pub to: String,
    /// Whether it is the same the other way.
    pub both_ways: bool,
    /// How long messages take, one way; `None`: as everywhere.
    pub latency: Option<Travel>,
    /// How many of a million packets are lost on the way, and sent again by TCP.
    pub loss_ppm: Option<u32>,
    /// How many bytes get through in a second; `None`: any number.
    pub bytes_per_second: Option<u64>,
}

/// How long messages take on a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Travel {
    /// Drawn evenly from a range.
    Range(Latency),
    /// By its percentiles, in millionths: so many messages take at most so long. Between two of them it is drawn evenly;
    /// none takes less than the first or more than the last. Both columns grow.
    Percentiles(Vec<(u32, Span)>),
}

/// A key that guards something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockSpec {
    /// The key, such as `lock:report`.
    pub key: Bytes,
    /// On how many nodes a client must have created the key before it believes that it holds the lock: 1 for a lock on
    /// one server, a majority of the nodes for Redlock
    /// (<https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/>).
    pub quorum: u16,
}

/// Something done to the world from outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Intervention {
    /// A fault at a position: `pause worker-a at 31ms for 15s`.
    Fault {
        /// What happens.
        fault: Fault,
        /// When.
        at: Position,
    },
    /// `drop worker-a's 2nd SET`, `drop the reply to worker-a's 2nd SET`.
    Drop {
        /// Which call's message.
        call: Call,
        /// Its request or its reply.
        leg: Leg,
    },
    /// `delay worker-a's 1st storage.write by 5s`.
    Delay {
        /// Which call's message.
        call: Call,
        /// Its request or its reply.
        leg: Leg,
        /// How much later it arrives.
        by: Span,
    },
    /// `fail worker-a's 1st db.update`: the resource does nothing, and says that it could not.
    Fail {
        /// Which call.
        call: Call,
    },
    /// `type redis at 11.2s: DEL lock:report`: a command from the terminal.
    Type {
        /// The node it is typed on.
        node: String,
        /// When.
        at: SimTime,
        /// The line as typed, in redis-cli's quoting.
        line: String,
    },
}

/// A fault: of a process, a machine, a clock or the network.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// The process stops; its clock and the world go on. A garbage collection, a suspended machine.
    Pause {
        /// Which client, or which node.
        client: String,
        /// For how long.
        lasts: Span,
    },
    /// The process dies and loses its memory; its connections break.
    Crash {
        /// Which client, or which node.
        client: String,
        /// Started again this much later; `None`: as a client's `restarts_after` says, a node not at all.
        restart_after: Option<Span>,
    },
    /// A crashed process is started again: a client from its first line, a node from what its disk has kept.
    Restart {
        /// Which client, or which node.
        client: String,
        /// Whether a node gets an empty disk.
        empty: bool,
    },
    /// A node's machine loses power: what was not forced to the disk is gone, and nobody closes its connections.
    PowerCut {
        /// Which node.
        node: String,
        /// When it is back; `None`: not by itself.
        restart_after: Option<Span>,
    },
    /// A machine's wall clock is set forward or back.
    JumpClock {
        /// Which client or node.
        place: String,
        /// By how many microseconds.
        by_micros: i64,
    },
    /// A machine's clocks run too fast or (below zero) too slow from now on.
    Drift {
        /// Which client or node.
        place: String,
        /// By how many millionths.
        ppm: i32,
    },
    /// The network between two groups is cut. Messages wait for it to heal, as TCP sends them again and again.
    Partition {
        /// Places on one side.
        from: Vec<String>,
        /// Places on the other.
        to: Vec<String>,
        /// Whether nothing gets through the other way either.
        both_ways: bool,
        /// For how long; `None`: for good.
        lasts: Option<Span>,
    },
    /// A node's disk is slow: each time data is forced to it takes so long.
    SlowDisk {
        /// Which node.
        node: String,
        /// How long an `fsync` takes.
        by: Span,
        /// For how long it is so; `None`: for good.
        lasts: Option<Span>,
    },
    /// A machine has little of its processor: a command takes a node, or a statement a client, so many times ten
    /// microseconds.
    SlowCpu {
        /// Which client or node.
        place: String,
        /// How many times longer.
        times: u32,
        /// For how long it is so; `None`: for good.
        lasts: Option<Span>,
    },
    /// Packets between two groups get lost at random, and TCP sends them again: messages arrive later, in order.
    Lose {
        /// Places on one side.
        from: Vec<String>,
        /// Places on the other.
        to: Vec<String>,
        /// Whether they get lost the other way too.
        both_ways: bool,
        /// How many of a million.
        ppm: u32,
        /// For how long it is so; `None`: for good.
        lasts: Option<Span>,
    },
    /// The network between two groups is slow: every message takes so much longer.
    SlowLink {
        /// Places on one side.
        from: Vec<String>,
        /// Places on the other.
        to: Vec<String>,
        /// Whether it is the same the other way.
        both_ways: bool,
        /// How much longer.
        by: Span,
        /// For how long it is so; `None`: for good.
        lasts: Option<Span>,
    },
    /// Connections between two groups are reset: both ends lose them at once, and what was under way on them.
    Reset {
        /// Places on one side.
        from: Vec<String>,
        /// Places on the other.
        to: Vec<String>,
    },
    /// A replica is made the primary, and the other nodes that can be reached follow it.
    Failover {
        /// Which node becomes the primary.
        node: String,
    },
    /// A hash slot of a cluster moves to another node: both ends are told, and later its keys follow.
    MoveSlot {
        /// The slot.
        slot: u16,
        /// Where it moves.
        to: String,
        /// How long its keys stay behind.
        lasts: Span,
    },
}

/// Where a run ends at the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The last instant.
    pub until: SimTime,
    /// The most records.
    pub records: u32,
}

impl Default for Bounds {
    /// Two minutes and 100,000 records.
    fn default() -> Self {
        Self {
            until: SimTime(120_000_000),
            records: 100_000,
        }
    }
}
