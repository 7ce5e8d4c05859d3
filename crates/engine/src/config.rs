//! The settings that have an effect on an engine.

/// What a server is told at start and, mostly, by `CONFIG SET` later.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// How many databases `SELECT` can choose from.
    pub databases: u32,
    /// The longest string, and the longest argument.
    pub proto_max_bulk_len: i64,
    /// A list stays compact up to this size: -5 to -1 stand for 64, 32, 16, 8 and 4 KB, a positive
    /// number counts elements.
    pub list_max_listpack_size: i64,
    /// A hash stays compact up to this many fields.
    pub hash_max_listpack_entries: i64,
    /// A hash stays compact while no field or value is longer.
    pub hash_max_listpack_value: i64,
    /// A set of integers stays an array of them up to this many members.
    pub set_max_intset_entries: i64,
    /// A set stays compact up to this many members.
    pub set_max_listpack_entries: i64,
    /// A set stays compact while no member is longer.
    pub set_max_listpack_value: i64,
    /// A sorted set stays compact up to this many members.
    pub zset_max_listpack_entries: i64,
    /// A sorted set stays compact while no member is longer.
    pub zset_max_listpack_value: i64,
    /// Whether each change is reported as [`crate::Output::KeyEvent`].
    pub report_events: bool,
    /// Whether each effective write is reported as [`crate::Output::Propagate`].
    pub report_effects: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            databases: 16,
            proto_max_bulk_len: 512 * 1024 * 1024,
            list_max_listpack_size: -2,
            hash_max_listpack_entries: 512,
            hash_max_listpack_value: 64,
            set_max_intset_entries: 512,
            set_max_listpack_entries: 128,
            set_max_listpack_value: 64,
            zset_max_listpack_entries: 128,
            zset_max_listpack_value: 64,
            report_events: true,
            report_effects: true,
        }
    }
}
