//! A bounded look at one key, for people.

use bytes::Bytes;

use crate::Micros;

/// What a key holds at some instant.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyView {
    /// The name that `TYPE` gives: `string`, `list` …
    pub kind: &'static str,
    /// The name that `OBJECT ENCODING` gives.
    pub encoding: &'static str,
    /// Bytes of a string; elements, fields or members of anything else.
    pub len: usize,
    /// The first part of the contents.
    pub preview: Preview,
    /// When it expires.
    pub expires_at: Option<Micros>,
}

/// The first part of what a key holds; at most as many items (bytes of a string) as were asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Preview {
    /// A string's first bytes.
    Text(Bytes),
    /// A list's first elements, or members of a set.
    Items(Vec<Bytes>),
    /// Fields of a hash with their values.
    Fields(Vec<(Bytes, Bytes)>),
    /// Members of a sorted set with their scores, lowest first.
    Scores(Vec<(Bytes, f64)>),
    /// The newest entries of a stream, each its id, then fields and values; and its consumer groups.
    Stream {
        /// The newest entries.
        entries: Vec<StreamEntry>,
        /// All groups, in the order of their names.
        groups: Vec<GroupView>,
    },
}

/// An entry of a stream: its id, then fields and values.
pub type StreamEntry = (Bytes, Vec<(Bytes, Bytes)>);

/// A consumer group of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupView {
    /// Its name.
    pub name: Bytes,
    /// The id up to which it was delivered: `>` reads what comes after.
    pub delivered: Bytes,
    /// How many entries were delivered and not acknowledged.
    pub pending_len: usize,
    /// The oldest of them.
    pub pending: Vec<PendingView>,
}

/// An entry that was delivered and not acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingView {
    /// The entry's id.
    pub id: Bytes,
    /// Whose it is; empty once it was given back.
    pub consumer: Bytes,
    /// How often it was delivered.
    pub deliveries: i64,
}
