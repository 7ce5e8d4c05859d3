//! `docs/commands.md` says what the command table says.

use std::path::Path;

use redwind_conformance::page;

fn page() -> String {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/commands.txt");
    page::render(&std::fs::read_to_string(fixture).expect("a readable fixture"))
}

#[test]
fn the_page_of_commands_is_the_command_table() {
    let written = std::fs::read_to_string(page::path()).unwrap_or_default();
    assert!(
        written == page(),
        "docs/commands.md is out of date: run `cargo xtask commands`"
    );
}

/// `cargo xtask commands` runs this.
#[test]
#[ignore = "writes docs/commands.md; run by `cargo xtask commands`"]
fn write() {
    std::fs::write(page::path(), page()).expect("a writable page");
}
