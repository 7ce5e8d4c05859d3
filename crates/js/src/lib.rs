//! The engine alone for JavaScript: what the npm package (`npm/`) is made of.
//!
//! A JavaScript value that crosses into wasm costs more than a command does, so none crosses. Both sides share three
//! stretches of memory: JavaScript writes the arguments of one or many commands into [`Server`]'s input, calls
//! [`Server::run`] once, and reads the replies from its output, in the form that `wire` describes. `npm/wire.js`
//! is the other half of that file.

mod server;
mod terminal;
mod wire;

pub use server::{Server, Snapshot};
