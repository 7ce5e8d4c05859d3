//! `cargo xtask commands`: writes docs/commands.md from the command table.

use std::process::Command;

use anyhow::Result;

use crate::reference;

/// The conformance tests know the engine; this program does not have to be built with it.
pub(crate) fn run() -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    reference::run(
        Command::new(cargo)
            .args(["test", "--quiet", "--package", "redwind-conformance"])
            .args(["--test", "page", "--", "--ignored", "write"]),
    )
}
