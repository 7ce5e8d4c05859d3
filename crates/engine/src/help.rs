//! `help` in a terminal, from the command table: one command, a group (`help @string`), or what there
//! is to ask for.

use std::fmt::Write as _;

use crate::commands::commands;
use crate::order;
use crate::table::Command;

/// What to print for `help <topic>`: a command's name, both words of a subcommand, `@group`, or
/// nothing for an overview. A topic that is not there is answered with what is.
pub fn help(topic: &str) -> String {
    let words: Vec<String> = topic
        .split_whitespace()
        .map(str::to_ascii_lowercase)
        .collect();
    match words.first() {
        None => overview(),
        Some(first) => match first.strip_prefix('@') {
            Some(group) => of_group(group),
            None => of_command(&words.join("|"), topic.trim()),
        },
    }
}

fn groups() -> String {
    let mut names: Vec<&str> = commands().map(|command| command.group).collect();
    order::sort(&mut names);
    names.dedup();
    let names: Vec<String> = names.iter().map(|name| format!("@{name}")).collect();
    names.join(" ")
}

fn overview() -> String {
    format!(
        "To get help about Redis commands type:\n      \
         \"help @<group>\" to get a list of commands in <group>\n      \
         \"help <command>\" for help on <command>\n\
         Groups: {}",
        groups()
    )
}

fn of_group(group: &str) -> String {
    let mut text = String::new();
    for command in commands().filter(|command| command.group == group) {
        if command.subcommands.is_empty() {
            entry(command, false, &mut text);
        }
        for subcommand in command.subcommands {
            entry(subcommand, false, &mut text);
        }
    }
    if text.is_empty() {
        return format!("There is no group @{group}. Groups: {}", groups());
    }
    text
}

fn of_command(name: &str, typed: &str) -> String {
    let container = name.split('|').next().unwrap_or_default();
    let command = commands().find(|command| command.name == container);
    let subcommand = command.and_then(|c| c.subcommands.iter().find(|sub| sub.name == name));
    let mut text = String::new();
    match (subcommand, command) {
        (Some(subcommand), _) => entry(subcommand, true, &mut text),
        (None, Some(command)) if command.name == name => {
            entry(command, true, &mut text);
            for subcommand in command.subcommands {
                entry(subcommand, true, &mut text);
            }
        }
        _ => {
            return format!(
                "There is no command {typed}. `help @<group>` lists what there is: {}",
                groups()
            );
        }
    }
    text
}

/// A command as `redis-cli` explains it, an empty line before it; in the list of a group the group is not repeated.
fn entry(command: &Command, with_group: bool, text: &mut String) {
    let usage = usage(command);
    let (summary, since) = (command.summary, command.since);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "\n  {usage}\n  summary: {summary}\n  since: {since}");
    if with_group {
        let _ = writeln!(text, "  group: {}", command.group);
    }
}

/// The command's name and arguments, as `redis-cli` writes them: choices close together and without brackets of their own.
fn usage(command: &Command) -> String {
    let name = command.name.replace('|', " ").to_ascii_uppercase();
    let syntax = command.syntax.replace(" | ", "|").replace(['<', '>'], "");
    match syntax.as_str() {
        "" => name,
        syntax => format!("{name} {syntax}"),
    }
}

#[cfg(test)]
mod tests {
    use super::help;

    #[test]
    fn a_command_is_explained_whatever_its_case() {
        let text = help("  GetEx ");
        let expected = "\n  GETEX key [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|PERSIST]\n  summary: ";
        assert!(text.starts_with(expected), "{text}");
        assert!(
            text.ends_with("\n  since: 6.2.0\n  group: string\n"),
            "{text}"
        );
    }

    #[test]
    fn a_container_lists_its_subcommands_and_each_can_be_asked_for() {
        assert!(help("client").starts_with("\n  CLIENT\n  summary: "));
        assert!(help("client").contains("\n\n  CLIENT SETNAME "));
        assert!(help("client setname").starts_with("\n  CLIENT SETNAME "));
    }

    #[test]
    fn a_group_lists_its_commands_with_what_they_do() {
        let text = help("@hash");
        assert!(
            text.contains(
                "\n\n  HGET key field\n  summary: Gives the value of a field.\n  since: "
            ),
            "{text}"
        );
        assert!(!text.contains("LPUSH"), "{text}");
    }

    #[test]
    fn what_is_not_there_is_answered_with_what_is() {
        for topic in ["@nothing", "nothing", "set nothing", ""] {
            assert!(help(topic).contains("@string"), "{topic}");
        }
    }
}
