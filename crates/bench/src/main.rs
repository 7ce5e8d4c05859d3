//! What the engine costs, beside a real redis-server on the same machine in the same run: `make bench`.
//!
//! Nothing here passes or fails. Machines are shared and clocks are uneven, so both sides take turns, each number is
//! the best of several rounds, and what counts is the processor time that the serving thread used.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command for developers, who read what it prints"
)]

mod beside;
mod client;
mod clones;
mod growth;
mod inside;
mod memory;
mod processor;
mod report;
mod servers;
mod workload;

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::report::Report;

const USAGE: &str =
    "usage: redwind-bench [inside | serve | growth | clones | memory] [part of a workload's name]

  inside   commands in process, beside redis-server at 64 commands a packet
  serve    the server over TCP, beside redis-server at 1 and 16 commands a packet
  growth   how the time of a command grows with what the key holds
  clones   what a copy of an engine costs
  memory   what a small key takes, beside redis-server

Without a name everything is measured, and the report is written to target/bench/report.md.
REDWIND_REFERENCE names a redis-server, REDWIND_ROUNDS how often everything is repeated (3).";

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let (part, name) = (words.next(), words.next().unwrap_or_default());
    let mut report = Report::default();
    match part.as_deref() {
        None => {
            beside::run(&mut report, "", beside::Sides::ALL)?;
            growth::run(&mut report);
            clones::run(&mut report);
            memory::run(&mut report)?;
            let file = Path::new("target/bench/report.md");
            std::fs::create_dir_all("target/bench")?;
            std::fs::write(file, report.text())
                .with_context(|| format!("cannot write {}", file.display()))?;
            eprintln!("\nThe report is in {}.", file.display());
        }
        Some("inside") => beside::run(&mut report, &name, beside::Sides::INSIDE)?,
        Some("serve") => beside::run(&mut report, &name, beside::Sides::SERVED)?,
        Some("growth") => growth::run(&mut report),
        Some("clones") => clones::run(&mut report),
        Some("memory") => memory::run(&mut report)?,
        Some(servers::LISTEN) => servers::listen()?,
        Some(other) => bail!("there is no part `{other}`\n\n{USAGE}"),
    }
    Ok(())
}

/// How often everything is repeated; the best round counts.
fn rounds() -> u32 {
    std::env::var("REDWIND_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(3)
}
