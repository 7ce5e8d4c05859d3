//! What a terminal knows of commands: the engine's, and those that a host adds.

use crate::commands::commands;
use crate::table::Command;

/// A command, or a subcommand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topic {
    /// In lower case; a subcommand is `client|setname`.
    pub name: &'static str,
    /// The group of the command reference.
    pub group: &'static str,
    /// The version of Redis that introduced it.
    pub since: &'static str,
    /// Its arguments, as the command reference writes them.
    pub syntax: &'static str,
    /// One sentence.
    pub summary: &'static str,
}

impl From<&Command> for Topic {
    fn from(command: &Command) -> Self {
        Self {
            name: command.name,
            group: command.group,
            since: command.since,
            syntax: command.syntax,
            summary: command.summary,
        }
    }
}

impl Topic {
    /// What follows the container's name, in a subcommand of it.
    pub(crate) fn within(&self, container: &str) -> Option<&'static str> {
        self.name.strip_prefix(container)?.strip_prefix('|')
    }

    /// `CLIENT SETNAME`
    pub(crate) fn in_capitals(&self) -> String {
        self.name.replace('|', " ").to_ascii_uppercase()
    }
}

/// The engine's commands, each with its subcommands behind it.
pub fn topics() -> Vec<Topic> {
    commands()
        .flat_map(|command| std::iter::once(command).chain(command.subcommands))
        .map(Topic::from)
        .collect()
}
