//! One Redis server without a socket, a clock or a thread.
//!
//! The host tells the engine the time and hands it commands; the engine answers with an ordered list
//! of [`Output`]s. Every call is one mutation: drain the outputs before the next one.
//!
//! - Time is [`Micros`] since the Unix epoch on this server's clock, frozen inside one command.
//! - Luck has one door, [`Choose`]: a seeded run draws from it, a search enumerates it.
//! - [`Engine::next_deadline`] says when [`Engine::wake`] next has work.
//! - Cloning an engine is cheap: databases are shared until one side writes.
//!
//! ```
//! use bytes::Bytes;
//! use redwind_engine::{Config, Engine, FirstChoice, Micros, Output, Outputs, Value};
//!
//! let mut engine = Engine::new(Config::default());
//! let mut out = Outputs::new();
//! let now = Micros(1_700_000_000_000_000);
//! let client = engine.connect(now);
//! let argv = ["SET", "greeting", "hello"].map(Bytes::from);
//! engine.execute(now, &mut FirstChoice, client, &argv, &mut out);
//! assert!(out.iter().any(|o| *o == Output::Reply { to: client, value: Value::OK }));
//! ```

mod args;
mod arguments;
mod blob;
mod cluster;
mod commands;
mod config;
mod cx;
mod db;
mod dispatch;
mod engine;
mod expiry;
mod extended;
mod glob;
mod help;
mod hint;
mod inert;
mod luck;
mod map;
mod memory;
mod notify;
mod number;
mod order;
mod output;
mod packed;
mod pause;
mod pubsub;
mod refusal;
mod scripting;
mod session;
mod sorted;
mod standing;
mod statistics;
mod table;
mod time;
mod topic;
mod types;
mod view;
mod waiting;
mod watching;
mod xxh3;

pub use cluster::{Cluster, Health, Member, SLOTS, command_keys, key_slot};
pub use commands::commands;
pub use config::{Config, OutputLimit, Policy};
pub use engine::Engine;
pub use glob::matches as pattern_matches;
pub use help::{completions, help};
pub use hint::hint;
pub use luck::SplitMix;
pub use notify::KeyEvents;
pub use output::{Choice, Choose, FirstChoice, Output, Outputs};
pub use redwind_resp::{Protocol, Value};
pub use refusal::Refusal;
pub use session::SessionId;
pub use sorted::Sorted;
pub use standing::{ReplicationSettings, Standing};
pub use table::{Arity, Command, Flags, Keys};
pub use time::Micros;
pub use topic::{Topic, topics};
pub use view::{GroupView, KeyView, PendingView, Preview, StreamEntry};
