//! What the transcripts and the differential test share: a script of commands, and the two that can
//! play it, a real redis-server and our engine.

#![expect(
    missing_docs,
    reason = "shared by two tests, and called by nobody else"
)]

pub mod compare;
pub mod garbage;
mod likeness;
pub mod mutants;
pub mod ours;
pub mod page;
pub mod random;
pub mod reference;
pub mod script;
pub mod sequence;
pub mod shrink;
pub mod state;

use bytes::Bytes;
use redwind_engine::Value;

/// Something that takes commands from named clients.
pub trait Subject {
    /// Sends a command; `None` if it has no reply yet.
    fn send(&mut self, client: &str, argv: &[Bytes], may_block: bool) -> Option<Value>;

    /// Lets time pass.
    fn pass(&mut self, millis: u64);

    /// What clients received without having just asked: late replies and pushes, by client name.
    fn late(&mut self) -> Vec<(String, Value)>;
}
