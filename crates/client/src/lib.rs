//! Client programs: Python source with the redis-py API, run step by step in a simulated world.
//!
//! [`PythonSource::parse`] checks a program and prepares it; as a [`redwind_sim::Source`] it then starts any
//! number of independent runs. A run asks the world for everything outside itself — Redis, clocks, resources —
//! and tells it each line before it is run, with the variables. It has no time and no luck of its own: the same
//! answers give the same requests.
//!
//! What runs the Python is `monty`. What it lacks is added by rewriting the source before it is compiled (see
//! `rewrite`), and by a prelude in Python (see `prelude`); what remains unsupported is refused before the
//! program runs, with the line and what to write instead.

mod bounds;
mod copy;
mod error;
mod host;
mod locals;
mod prelude;
mod program;
mod redis;
mod rewrite;
mod source;
mod traceback;
mod values;

pub use bounds::{LARGEST_OBJECT, LONGEST_STATEMENT, MOST_STATEMENTS};
pub use error::ProgramError;
pub use source::PythonSource;
