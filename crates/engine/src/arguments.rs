//! A command's arguments as `COMMAND DOCS` tells them, a tree, read from the syntax in the command table. redis-cli
//! makes its hints of it, and so do our terminals.

use redwind_resp::Value;

/// One argument, or several that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Argument {
    pub(crate) name: String,
    /// The word that comes before it.
    pub(crate) token: Option<String>,
    pub(crate) kind: Kind,
    pub(crate) optional: bool,
    pub(crate) multiple: bool,
    /// It is repeated together with its token.
    pub(crate) multiple_token: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Something of the caller's choice.
    String,
    /// The token alone.
    Token,
    OneOf(Vec<Argument>),
    Block(Vec<Argument>),
}

/// The value of `arguments`, or `None` for a command without any.
pub(crate) fn describe(syntax: &str) -> Option<Value> {
    let arguments = parse(syntax);
    (!arguments.is_empty()).then(|| list(&arguments))
}

fn list(arguments: &[Argument]) -> Value {
    Value::array(arguments.iter().map(Argument::value))
}

impl Argument {
    fn new(name: &str, kind: Kind) -> Argument {
        Argument {
            name: name.to_owned(),
            token: None,
            kind,
            optional: false,
            multiple: false,
            multiple_token: false,
        }
    }

    fn value(&self) -> Value {
        let bulk = |text: &str| Value::bulk(text);
        let kind = match self.kind {
            Kind::String => "string",
            Kind::Token => "pure-token",
            Kind::OneOf(_) => "oneof",
            Kind::Block(_) => "block",
        };
        let mut map = vec![
            (Value::text("name"), bulk(&self.name)),
            (Value::text("type"), bulk(kind)),
        ];
        if matches!(self.kind, Kind::String | Kind::Token) {
            map.push((Value::text("display_text"), bulk(&self.name)));
        }
        if let Some(token) = &self.token {
            map.push((Value::text("token"), bulk(token)));
        }
        let flags = [
            (self.optional, "optional"),
            (self.multiple, "multiple"),
            (self.multiple_token, "multiple_token"),
        ];
        let flags = flags.iter().filter(|(is, _)| *is);
        let flags: Vec<Value> = flags
            .map(|(_, flag)| Value::Simple((*flag).into()))
            .collect();
        if !flags.is_empty() {
            map.push((Value::text("flags"), Value::Array(flags)));
        }
        if let Kind::OneOf(parts) | Kind::Block(parts) = &self.kind {
            map.push((Value::text("arguments"), list(parts)));
        }
        Value::Map(map)
    }
}

pub(crate) fn parse(syntax: &str) -> Vec<Argument> {
    let spaced = ["[", "]", "<", ">", "|"]
        .iter()
        .fold(syntax.to_owned(), |text, mark| {
            text.replace(mark, &format!(" {mark} "))
        });
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = &words[..];
    let (mut choices, _) = choices(&mut rest);
    choices.pop().unwrap_or_default()
}

/// What stands between two brackets: sequences with `|` between them, and whether `...` ends it.
fn choices(rest: &mut &[&str]) -> (Vec<Vec<Argument>>, bool) {
    let mut choices = vec![Vec::new()];
    let mut repeats = false;
    while let Some((word, after)) = rest.split_first() {
        *rest = after;
        let sequence: &mut Vec<Argument> = match choices.last_mut() {
            Some(last) => last,
            None => return (choices, repeats),
        };
        match *word {
            "]" | ">" => break,
            "|" => choices.push(Vec::new()),
            // As an alternative of its own it stands for more than is listed.
            "..." if sequence.is_empty() => drop(choices.pop()),
            "..." => repeats = true,
            "[" => {
                let (inner, again) = self::choices(rest);
                optional(sequence, inner, again);
            }
            "<" => {
                let (inner, again) = self::choices(rest);
                let mut argument = group(inner);
                argument.multiple = again;
                push(sequence, argument);
            }
            word => push(sequence, leaf(word)),
        }
    }
    (choices, repeats)
}

/// Tokens are in capitals, or no words at all; what is in small letters is the caller's.
fn leaf(word: &str) -> Argument {
    if word.contains(|letter: char| letter.is_ascii_lowercase()) {
        return Argument::new(word, Kind::String);
    }
    let mut argument = Argument::new(&word.to_ascii_lowercase(), Kind::Token);
    argument.token = Some(word.to_owned());
    argument
}

/// Appends an argument; a token just before it becomes its own.
fn push(sequence: &mut Vec<Argument>, mut argument: Argument) {
    if argument.token.is_none()
        && let Some(token) = sequence.pop_if(|last| last.kind == Kind::Token && !last.optional)
    {
        if matches!(argument.kind, Kind::OneOf(_) | Kind::Block(_)) {
            argument.name = token.name;
        }
        argument.token = token.token;
    }
    sequence.push(argument);
}

/// Something in square brackets: it may be left out, or it says that what came before may come again.
fn optional(sequence: &mut Vec<Argument>, mut inner: Vec<Vec<Argument>>, again: bool) {
    if again && let [repeated] = &inner[..] {
        let from = sequence.len().saturating_sub(repeated.len());
        let without_token = |argument: &Argument| Argument {
            token: None,
            ..argument.clone()
        };
        let whole = sequence[from..] == repeated[..];
        let bare = sequence[from..]
            .iter()
            .map(without_token)
            .eq(repeated.iter().cloned());
        if whole || bare {
            let mut last: Vec<Argument> = sequence.drain(from..).collect();
            let multiple_token = whole && last[0].token.is_some();
            let mut argument = match last.len() {
                1 => last.remove(0),
                _ => {
                    let token = if whole { None } else { last[0].token.take() };
                    let mut block = Argument::new("data", Kind::Block(last));
                    block.token = token;
                    block
                }
            };
            argument.multiple = true;
            argument.multiple_token = multiple_token;
            sequence.push(argument);
            return;
        }
    }
    let mut argument = match inner.pop() {
        Some(mut only) if inner.is_empty() && only.len() == 1 && !only[0].optional => {
            only.remove(0)
        }
        Some(last) => {
            inner.push(last);
            group(inner)
        }
        None => return,
    };
    argument.optional = true;
    argument.multiple |= again;
    sequence.push(argument);
}

/// Several alternatives, or several arguments that go together, as one.
fn group(mut choices: Vec<Vec<Argument>>) -> Argument {
    let one = |mut sequence: Vec<Argument>| match sequence.len() {
        1 => sequence.remove(0),
        _ => {
            let name = sequence
                .first()
                .map_or("block", |first| &first.name)
                .to_owned();
            Argument::new(&name, Kind::Block(sequence))
        }
    };
    match choices.len() {
        1 => one(choices.remove(0)),
        _ => {
            let parts: Vec<Argument> = choices.into_iter().map(one).collect();
            let name = parts
                .first()
                .map_or("choice", |first| &first.name)
                .to_owned();
            Argument::new(&name, Kind::OneOf(parts))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An argument as redis-cli writes it in a hint.
    fn text(argument: &Argument) -> String {
        let token = argument.token.clone().unwrap_or_default();
        let bare = match &argument.kind {
            Kind::Token => String::new(),
            Kind::String => argument.name.clone(),
            Kind::Block(parts) => sequence(parts),
            Kind::OneOf(parts) => {
                let parts: Vec<String> = parts.iter().map(text).collect();
                let again = if argument.multiple { " ..." } else { "" };
                let parts = parts.join(" | ") + again;
                if argument.optional && token.is_empty() {
                    parts
                } else {
                    format!("<{parts}>")
                }
            }
        };
        let join = |a: &str, b: &str| format!("{a} {b}").trim().to_owned();
        let mut whole = join(&token, &bare);
        if argument.multiple && !matches!(argument.kind, Kind::OneOf(_)) {
            let again = if argument.multiple_token {
                &whole
            } else {
                &bare
            };
            whole = format!("{whole} [{again} ...]");
        }
        if argument.optional {
            whole = format!("[{whole}]");
        }
        whole
    }

    fn sequence(parts: &[Argument]) -> String {
        let parts: Vec<String> = parts.iter().map(text).collect();
        parts.join(" ")
    }

    #[test]
    fn every_syntax_of_the_table_is_read_and_can_be_written_again() {
        let mut different = Vec::new();
        for command in crate::commands::commands() {
            for command in std::iter::once(command).chain(command.subcommands) {
                let again = sequence(&parse(command.syntax));
                if again != command.syntax.replace(" | ...", "") {
                    different.push(format!("{}: {}\n  {again}", command.name, command.syntax));
                }
            }
        }
        assert!(different.is_empty(), "{}", different.join("\n"));
    }
}
