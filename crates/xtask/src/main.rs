//! Developer tasks, called by the Makefile and by Trunk: `cargo xtask <task>`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command for developers, who read what it prints"
)]

mod commands;
mod files;
mod prepare;
mod record;
mod reference;
mod sizes;
mod stamp;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "usage: cargo xtask <task>

  commands   write docs/commands.md from the command table
  prepare    write the built-in lessons' traces to web/prepared (Trunk's pre_build hook)
  record     play the transcripts on a real redis-server and write what it answers [name]
  reference  fetch a real redis-server 8.2 for the tests that compare with one, and print its path
  sizes      print what the site in dist weighs (or the npm package: sizes npm); fail when it is too heavy
  stamp      tell the page the version of its worker (Trunk's post_build hook)";

fn main() -> ExitCode {
    match run(std::env::args().nth(1).as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Option<&str>) -> Result<()> {
    match task {
        Some("commands") => commands::run(),
        Some("prepare") => prepare::run(),
        Some("record") => record::run(std::env::args().skip(2)),
        Some("reference") => {
            println!("{}", reference::find_or_fetch()?.display());
            Ok(())
        }
        Some("sizes") if std::env::args().nth(2).as_deref() == Some("npm") => sizes::run_package(),
        Some("sizes") => sizes::run(),
        Some("stamp") => stamp::run(),
        Some("help" | "--help" | "-h") => {
            println!("{USAGE}");
            Ok(())
        }
        Some(task) => bail!("there is no task `{task}`\n\n{USAGE}"),
        None => bail!("no task given\n\n{USAGE}"),
    }
}
