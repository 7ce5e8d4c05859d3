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
        "help <command>   what a command takes and does\nhelp @<group>    the commands of a group: {}",
        groups()
    )
}

fn of_group(group: &str) -> String {
    let mut text = String::new();
    for command in commands().filter(|command| command.group == group) {
        if command.subcommands.is_empty() {
            line(command, &mut text);
        }
        for subcommand in command.subcommands {
            line(subcommand, &mut text);
        }
    }
    if text.is_empty() {
        return format!("There is no group @{group}. Groups: {}", groups());
    }
    text.truncate(text.trim_end().len());
    text
}

fn of_command(name: &str, typed: &str) -> String {
    let container = name.split('|').next().unwrap_or_default();
    let Some(command) = commands().find(|command| command.name == container) else {
        return format!(
            "There is no command {typed}. `help @<group>` lists what there is: {}",
            groups()
        );
    };
    let found = command.subcommands.iter().find(|sub| sub.name == name);
    let command = found.unwrap_or(command);
    let mut text = format!("{}\n", usage(command));
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "  {}\n  since {}, group @{}",
        command.summary, command.since, command.group
    );
    for subcommand in command.subcommands {
        let _ = write!(text, "\n  {}", usage(subcommand));
    }
    text
}

fn line(command: &Command, text: &mut String) {
    let _ = writeln!(text, "{}\n    {}", usage(command), command.summary);
}

/// The command's name and arguments, as one types them.
fn usage(command: &Command) -> String {
    let name = command.name.replace('|', " ").to_ascii_uppercase();
    match command.syntax {
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
        assert!(text.starts_with("GETEX key ["), "{text}");
        assert!(text.ends_with("since 6.2.0, group @string"), "{text}");
    }

    #[test]
    fn a_container_lists_its_subcommands_and_each_can_be_asked_for() {
        assert!(help("client").contains("\n  CLIENT SETNAME "));
        assert!(help("client setname").starts_with("CLIENT SETNAME "));
    }

    #[test]
    fn a_group_lists_its_commands_with_what_they_do() {
        let text = help("@hash");
        assert!(
            text.contains("HGET key field\n    Gives the value of a field."),
            "{text}"
        );
        assert!(!text.contains("LPUSH"), "{text}");
    }

    #[test]
    fn what_is_not_there_is_answered_with_what_is() {
        for topic in ["@nothing", "nothing", ""] {
            assert!(help(topic).contains("@string"), "{topic}");
        }
    }
}
