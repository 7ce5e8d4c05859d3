//! Developer tasks, called by the Makefile and by Trunk: `cargo xtask <task>`.

mod prepare;
mod stamp;

use anyhow::{Result, bail};

const USAGE: &str = "usage: cargo xtask <task>

  prepare   write the built-in lessons' traces to web/prepared (Trunk's pre_build hook)
  stamp     tell the page the version of its worker (Trunk's post_build hook)";

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        Some("prepare") => prepare::run(),
        Some("stamp") => stamp::run(),
        Some(task) => bail!("there is no task `{task}`\n\n{USAGE}"),
        None => bail!("no task given\n\n{USAGE}"),
    }
}
