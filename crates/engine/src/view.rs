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
    /// The newest entries of a stream: id, then fields and values.
    Entries(Vec<(Bytes, Vec<(Bytes, Bytes)>)>),
}
