//! The world: virtual time, nodes, links, clients, resources, faults, and the trace of what happened.
//!
//! A run is a pure function of a [`Scenario`]: the same scenario gives the same records on every machine,
//! native or Wasm. Interventions (faults, typed commands) are part of the scenario, so a branch is a scenario
//! with one more intervention, a rewind is a replay from the nearest checkpoint, and a bug report is one line.
//!
//! The simulator knows nothing of Python: a client runs a [`Program`].

mod data;
mod position;
mod program;
mod record;
mod scenario;
mod time;

pub use data::Data;
pub use position::{Call, Leg, Moment, Position};
pub use program::{
    Answer, Batch, Exit, Failure, Local, Program, Request, ResourceCall, Source, Start,
};
pub use record::{
    Changed, Effect, Event, KeyChange, LostBecause, Message, PacketId, Place, Record,
};
pub use scenario::{
    Bounds, ClientSpec, Fault, Intervention, Latency, LinkSpec, LockSpec, NodeSpec, ResourceKind,
    ResourceSpec, Scenario,
};
pub use time::{SimTime, Span};
