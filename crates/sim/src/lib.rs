//! The world: virtual time, nodes, links, clients, resources, faults, and the trace of what happened.
//!
//! A run is a pure function of a [`Scenario`]: the same scenario gives the same records on every machine,
//! native or Wasm. Interventions (faults, typed commands) are part of the scenario, so a branch is a scenario
//! with one more intervention, a rewind is a replay from the nearest checkpoint, and a bug report is one line.
//!
//! The simulator knows nothing of Python: a client runs a [`Program`].
//!
//! What it takes for granted, so that it can be argued with:
//!
//! - A statement takes a client 10 µs; a node runs a command in no time; a message takes what its link says.
//! - Opening a connection costs no round trip. On a connection messages keep their order, each way.
//! - A dropped message is not sent again. A cut network loses nothing: what was sent arrives when it heals, unless
//!   its sender has given up.
//! - A client that gives up or dies closes its connections; what it had sent may still be carried out.
//! - `at 31ms` means after all else at that instant; a key's expiry comes before all else at its instant.
//! - A lost packet is sent again after 200 ms, then after twice as long each time, as TCP does; a command takes time only on a slow
//!   processor: 10 µs for each time that it is slower.
//! - `appendfsync everysec` forces the disk at every whole second since the node's start, `no` every thirty.
//! - Sentinels begin as after some time of quiet. Their failovers do not move the address that programs use when they name no node.
//! - The fault `failover` sends away the old primary's clients, as Sentinel does, and moves the address that programs use
//!   when they name no node.
//! - The nodes of a cluster have been one for long when the world begins: nobody has to meet anybody. What they tell each other is
//!   not told, only what they conclude from it.
//! - The run ends when every program has ended and no message is under way: expiries still to come are not told.

mod belief;
mod clock;
mod cluster;
mod data;
mod hash;
pub mod language;
mod names;
mod notice;
mod position;
mod program;
mod random;
mod record;
mod resource;
mod run;
mod scenario;
mod script;
mod sentence;
mod time;
mod topics;
mod watch;
mod world;

pub use clock::Clock;
pub use cluster::{ClusterMember, ClusterNews, ClusterSpec};
pub use data::Data;
pub use hash::TraceHash;
pub use language::Mistake;
pub use names::Names;
pub use notice::{Finding, Notice, sentinel_id};
pub use position::{Becomes, Call, Does, Happening, Leg, Moment, Position};
pub use program::{
    Answer, Batch, Exit, Failure, Local, Program, Request, ResourceCall, Source, Start,
};
pub use record::{
    Changed, Disturbance, Effect, Event, KeyChange, LostBecause, Message, PacketId, Phase, Place,
    Record, RolledBackBecause, Sides, TransactionNews,
};
pub use redwind_engine::{SplitMix, command_keys, key_slot};
pub use resource::Resource;
pub use run::Run;
pub use scenario::{
    Bounds, ClientSpec, ClockSpec, Fault, Fsync, Intervention, Latency, LinkSpec, LockSpec,
    NodeSpec, Persistence, ResourceKind, ResourceSpec, SavePoint, SavePoints, Scenario, Travel,
    WatchSpec,
};
pub use script::Script;
pub use sentence::place_name;
pub use time::{SimTime, Span};
pub use topics::TOPICS;
pub use world::{Cut, ScenarioError, Stream, World, try_setting};
