//! The lesson format: parse, validate, build the scenario, check the claims.
//!
//! A lesson is one Markdown file that reads well as it is: TOML front matter, prose, the world as a TOML block, programs
//! as Python blocks, and comments that tie the prose to moments of a run. `docs/authoring.md` teaches it to authors.
//!
//! This crate knows no Python: whoever builds a scenario brings a function from source text to a
//! [`Source`](redwind_sim::Source).

mod build;
mod check;
mod cluster;
mod combining;
mod fields;
mod index;
mod links;
mod model;
mod nodes;
mod parse;
mod problem;
mod programs;
mod promises;
mod prose;
mod sentinels;
mod split;
mod verdicts;
mod world;

pub use build::{BuildError, Compile, Setup, SourceError};
pub use check::{check, cut_in_words, judge_run};
pub use index::{Index, IndexTrack};
pub use model::{Anchor, Beat, Choice, Happens, Lesson, Level, Program, Question, Variant};
pub use nodes::Node;
pub use problem::{Problem, Problems, closest};
pub use world::{Client, Resource, World};
