//! What was typed in the terminal, and what came of it.

/// A line typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What the prompt said: the node, and more of the connection.
    pub prompt: String,
    /// The moment it was typed at, in microseconds.
    pub at: u64,
    /// The line.
    pub line: String,
    /// What came of it.
    pub shown: Shown,
    /// The request that will be answered.
    pub number: u32,
}

/// What came of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Nothing yet.
    Waiting,
    /// The answer, as redis-cli prints it.
    Answer(String),
    /// The command writes: it became part of a new branch, with this answer.
    Branched(String),
    /// It can't be done.
    Refused(String),
}
