//! `cargo xtask record [part of a file's name]`: plays the transcripts in `tests/conformance/transcripts` on a real
//! redis-server and writes down what it answers, and what it says about its commands. Read the difference before committing it.

use std::process::Command;

use anyhow::Result;

use crate::reference;

/// Records every transcript, or those whose name contains the first argument.
pub(crate) fn run(mut args: impl Iterator<Item = String>) -> Result<()> {
    let server = reference::find_or_fetch()?;
    println!("recording from {}", server.display());
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    reference::run(
        Command::new(cargo)
            .args([
                "test",
                "--package",
                "redwind-conformance",
                "--test",
                "transcripts",
                "--test",
                "table",
                "--test",
                "lookups",
                "--test",
                "effects",
            ])
            .args(["--", "--ignored", "record"])
            .env("REDWIND_REFERENCE", &server)
            .env("REDWIND_TRANSCRIPT", args.next().unwrap_or_default()),
    )
}
