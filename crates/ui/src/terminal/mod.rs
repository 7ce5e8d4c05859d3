//! A redis-cli on a node, at the moment that is looked at.

mod model;
mod view;

pub use view::{Terminal, TerminalProps};
