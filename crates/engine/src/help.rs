//! `help` in a terminal, from the command table: one command, a group (`help @string`), or what there
//! is to ask for.

use std::fmt::Write as _;

use crate::commands::commands;
use crate::hint::usage as arguments;
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

/// The command's name and arguments, as `redis-cli` writes them.
fn usage(command: &Command) -> String {
    let name = in_capitals(command);
    match command.syntax {
        "" => name,
        syntax => format!("{name} {}", arguments(syntax)),
    }
}

fn in_capitals(command: &Command) -> String {
    command.name.replace('|', " ").to_ascii_uppercase()
}

/// What a line that is being typed may become, as redis-cli completes it: a command or a subcommand, and after `help` a
/// group too. Nothing for an empty line, and nothing once arguments are typed.
pub fn completions(line: &str) -> Vec<String> {
    let (lead, begun) = lead(line);
    let word = lead.trim();
    let helps = word.eq_ignore_ascii_case("help") || word == "?";
    if begun.is_empty() && !helps {
        return Vec::new();
    }
    let mut topics: Vec<String> = Vec::new();
    if helps {
        topics = groups().split(' ').map(str::to_owned).collect();
    }
    let mut names: Vec<String> = commands()
        .flat_map(|command| std::iter::once(command).chain(command.subcommands))
        .map(in_capitals)
        .collect();
    order::sort(&mut names);
    topics.extend(names);
    topics.retain(|topic| {
        let begin = topic.as_bytes().get(..begun.len());
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(begun.as_bytes()))
    });
    topics
        .iter()
        .map(|topic| format!("{lead}{topic}"))
        .collect()
}

/// What stands before the name that is completed: `help`, or how often to send it.
fn lead(line: &str) -> (&str, &str) {
    let begin = line.trim_start();
    let first = begin.split(' ').next().unwrap_or_default();
    let known = ["help", "?"]
        .iter()
        .any(|word| first.eq_ignore_ascii_case(word));
    let number = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit());
    let after = &begin[first.len()..];
    let begun = match (known || number) && after.starts_with(' ') {
        true => after.trim_start(),
        false => begin,
    };
    line.split_at(line.len() - begun.len())
}

#[cfg(test)]
mod tests {
    use super::{completions, help};

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

    #[test]
    fn a_line_is_completed_to_commands_subcommands_and_topics_of_help() {
        for (line, first, count) in [
            ("getd", "GETDEL", 1),
            ("client no", "CLIENT NO-EVICT", 2),
            ("help @str", "help @stream", 2),
            ("HELP  ttl", "HELP  TTL", 1),
            ("5 incrbyf", "5 INCRBYFLOAT", 1),
        ] {
            let given = completions(line);
            assert_eq!(
                (given[0].as_str(), given.len()),
                (first, count),
                "{given:?}"
            );
        }
        assert!(completions("help ").len() > 300);
        assert_eq!(completions("help ")[0], "help @bitmap");
        for line in ["", "  ", "get a", "nothing", "\"get", "é"] {
            assert_eq!(completions(line), [""; 0], "{line}");
        }
    }
}
