//! Faults a person adds: what can be chosen, and its text in the fault language.

mod bar;
mod form;
pub mod model;
#[cfg(test)]
mod tests;

pub use bar::FaultBar;
pub use form::FaultForm;
pub use model::{Draft, Verb};
