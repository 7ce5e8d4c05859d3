//! `help` and completion in a terminal, from the command table: one command, a group (`help @string`), or what there is
//! to ask for.

use std::fmt::Write as _;

use crate::Topic;
use crate::hint::usage as arguments;
use crate::order;

/// What to print for `help <topic>`: a command's name, both words of a subcommand, `@group`, or
/// nothing for an overview. A topic that is not there is answered with what is.
pub fn help(topics: &[Topic], topic: &str) -> String {
    let words: Vec<String> = topic
        .split_whitespace()
        .map(str::to_ascii_lowercase)
        .collect();
    match words.first() {
        None => overview(topics),
        Some(first) => match first.strip_prefix('@') {
            Some(group) => of_group(topics, group),
            None => of_command(topics, &words.join("|"), topic.trim()),
        },
    }
}

fn groups(topics: &[Topic]) -> Vec<String> {
    let mut names: Vec<&str> = topics.iter().map(|topic| topic.group).collect();
    order::sort(&mut names);
    names.dedup();
    names.iter().map(|name| format!("@{name}")).collect()
}

fn overview(topics: &[Topic]) -> String {
    format!(
        "To get help about Redis commands type:\n      \
         \"help @<group>\" to get a list of commands in <group>\n      \
         \"help <command>\" for help on <command>\n\
         Groups: {}",
        groups(topics).join(" ")
    )
}

fn of_group(topics: &[Topic], group: &str) -> String {
    let mut text = String::new();
    for topic in topics.iter().filter(|topic| topic.group == group) {
        // A container alone does nothing.
        if !topics.iter().any(|sub| sub.within(topic.name).is_some()) {
            entry(topic, false, &mut text);
        }
    }
    if text.is_empty() {
        let groups = groups(topics).join(" ");
        return format!("There is no group @{group}. Groups: {groups}");
    }
    text
}

fn of_command(topics: &[Topic], name: &str, typed: &str) -> String {
    let mut text = String::new();
    for topic in topics {
        if topic.name == name || topic.within(name).is_some() {
            entry(topic, true, &mut text);
        }
    }
    if text.is_empty() {
        let groups = groups(topics).join(" ");
        return format!(
            "There is no command {typed}. `help @<group>` lists what there is: {groups}"
        );
    }
    text
}

/// A command as `redis-cli` explains it, an empty line before it; in the list of a group the group is not repeated.
fn entry(topic: &Topic, with_group: bool, text: &mut String) {
    let usage = [topic.in_capitals(), arguments(topic.syntax)].join(" ");
    let (summary, since) = (topic.summary, topic.since);
    let usage = usage.trim_end();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "\n  {usage}\n  summary: {summary}\n  since: {since}");
    if with_group {
        let _ = writeln!(text, "  group: {}", topic.group);
    }
}

/// What a line that is being typed may become, as redis-cli completes it: a command or a subcommand, and after `help` a
/// group too. Nothing for an empty line, and nothing once arguments are typed.
pub fn completions(topics: &[Topic], line: &str) -> Vec<String> {
    let (lead, begun) = lead(line);
    let word = lead.trim();
    let helps = word.eq_ignore_ascii_case("help") || word == "?";
    if begun.is_empty() && !helps {
        return Vec::new();
    }
    let mut names: Vec<String> = topics.iter().map(Topic::in_capitals).collect();
    order::sort(&mut names);
    let mut all = match helps {
        true => groups(topics),
        false => Vec::new(),
    };
    all.extend(names);
    all.retain(|name| {
        let begin = name.as_bytes().get(..begun.len());
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(begun.as_bytes()))
    });
    all.iter().map(|name| format!("{lead}{name}")).collect()
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
    use crate::topics;

    fn help(topic: &str) -> String {
        super::help(&topics(), topic)
    }

    fn completions(line: &str) -> Vec<String> {
        super::completions(&topics(), line)
    }

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
