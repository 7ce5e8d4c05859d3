//! The promises of a scenario and how they stand at this moment.

pub mod model;
mod view;

pub use view::Verdicts;
