//! `docs/commands.md`, from the command table and from what a real redis-server says it has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use redwind_engine::{Command, commands};

pub fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/commands.md")
}

/// Every command, subcommands one by one instead of their containers.
pub fn each() -> impl Iterator<Item = &'static Command> {
    commands().flat_map(|command| match command.subcommands {
        [] => std::slice::from_ref(command),
        subcommands => subcommands,
    })
}

fn title(name: &str) -> String {
    name.replace('|', " ").to_uppercase()
}

/// The whole page; `recorded` is `fixtures/commands.txt`.
pub fn render(recorded: &str) -> String {
    let mut groups: BTreeMap<&str, BTreeMap<&str, &Command>> = BTreeMap::new();
    for command in each() {
        let group = groups.entry(command.group).or_default();
        group.insert(command.name, command);
    }
    let count = each().count();
    let mut page = format!(
        "# Commands\n\n\
         The {count} commands that Redwind has, subcommands counted one by one, and at the end those of Redis 8.2 that it \
         refuses. `help set` and `help @string` say the same in a terminal. How replies may differ: \
         [DIVERGENCES.md](../DIVERGENCES.md).\n\n\
         `cargo xtask commands` writes this page from the command table.\n"
    );
    for (group, commands) in groups {
        let _ = write!(
            page,
            "\n## {group}\n\n| command | since | |\n| --- | --- | --- |\n"
        );
        for (name, command) in commands {
            let usage = format!("{} {}", title(name), command.syntax);
            let usage = usage.trim_end().replace('|', "\\|");
            let summary = command.summary.replace('|', "\\|");
            let _ = writeln!(page, "| `{usage}` | {} | {summary} |", command.since);
        }
    }
    let _ = write!(
        page,
        "\n## Refused\n\nRedis 8.2 has these; Redwind answers that it does not know them.\n\n"
    );
    let ours: BTreeSet<&str> = commands()
        .flat_map(|command| std::iter::once(command).chain(command.subcommands))
        .map(|command| command.name)
        .collect();
    let theirs = recorded.lines().filter_map(|line| line.split_once(": "));
    let missing: BTreeSet<&str> = theirs
        .map(|(name, _)| name)
        .filter(|name| !ours.contains(name.to_lowercase().as_str()))
        .collect();
    for name in &missing {
        let container = name.split('|').next().unwrap_or_default();
        // Without the container its subcommands need no mention.
        if container == *name || !missing.contains(container) {
            let _ = writeln!(page, "- `{}`", title(name));
        }
    }
    page
}
