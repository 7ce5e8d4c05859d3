//! The fault language: interventions and positions as people write them, and read back in the same form.

mod check;
mod parse;
mod print;
mod words;

use thiserror::Error;

pub(crate) use print::ordinal;

/// What is wrong with something written in the fault language.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Mistake(pub(crate) String);
