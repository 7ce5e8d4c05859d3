//! A lesson's file cut into its parts: front matter, prose, fenced blocks, and the comments that steer.

use crate::problem::{Problem, closest};

/// A part of the file with the line where it begins, from 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part {
    pub(crate) line: u32,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// TOML between `+++` lines at the top; `line` is that of its first line.
    Front(String),
    /// Markdown to read.
    Prose(String),
    /// A heading of its own: what follows belongs to it.
    Heading(String),
    /// A fenced block that means something; its text begins on the line after `line`.
    Block { info: Info, text: String },
    /// `<!-- name: value -->`
    Comment { name: CommentName, value: String },
}

/// Comments that steer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommentName {
    At,
    Variant,
}

const COMMENTS: [(&str, CommentName); 2] =
    [("at", CommentName::At), ("variant", CommentName::Variant)];

/// What stands after the opening fence: `python client=worker-a,worker-b variant=naive title="In words"`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Info {
    pub(crate) language: String,
    /// Words without `=`.
    pub(crate) words: Vec<String>,
    /// `key=value`; a value with spaces stands in double quotes.
    pub(crate) named: Vec<(String, String)>,
}

impl Info {
    fn parse(text: &str) -> Self {
        let mut info = Self::default();
        for word in words(text) {
            match word.split_once('=') {
                _ if info.language.is_empty() => info.language = word,
                Some((name, value)) => info
                    .named
                    .push((name.to_owned(), value.trim_matches('"').to_owned())),
                None => info.words.push(word),
            }
        }
        info
    }

    /// Whether the block is more than an illustration in the prose.
    fn means_something(&self) -> bool {
        match self.language.as_str() {
            "toml" => !self.words.is_empty(),
            "python" => !self.named.is_empty() || !self.words.is_empty(),
            _ => false,
        }
    }
}

fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => {
                words.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// An opening or closing fence: its character, how many, and what follows.
fn fence(line: &str) -> Option<(char, usize, &str)> {
    let indented = line.len() - line.trim_start_matches(' ').len();
    let line = line.trim_start_matches(' ');
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let count = line.chars().take_while(|c| *c == mark).count();
    let rest = line[count..].trim();
    (indented <= 3 && count >= 3 && !(mark == '`' && rest.contains('`')))
        .then_some((mark, count, rest))
}

/// Cuts the file. What can't be cut is a problem, and the rest is cut all the same.
pub(crate) fn split(text: &str, problems: &mut Vec<Problem>) -> Vec<Part> {
    let mut cutter = Cutter {
        parts: Vec::new(),
        prose: String::new(),
        prose_line: 1,
    };
    let mut lines = (1u32..).zip(text.lines()).peekable();
    if lines
        .next_if(|(_, line)| line.trim_end() == "+++")
        .is_some()
    {
        cutter.front(&mut lines, problems);
    } else {
        let missing = Problem::new(1, "the file does not begin with its front matter");
        problems.push(missing.remedy(
            "Begin with a line `+++`, then `id = …`, `title = …`, and a second line `+++`.",
        ));
    }
    while let Some((number, line)) = lines.next() {
        if let Some((mark, count, info)) = fence(line) {
            cutter.fenced(&mut lines, (number, line), (mark, count), info, problems);
        } else if let Some(comment) = line.trim().strip_prefix("<!--") {
            cutter.comment(&mut lines, number, comment, problems);
        } else if line.starts_with('#') && line.trim_start_matches('#').starts_with(' ') {
            let heading = line
                .trim_matches(|c: char| c == '#' || c.is_whitespace())
                .to_owned();
            cutter.part(number, Kind::Heading(heading));
        } else {
            cutter.read(number, line);
        }
    }
    cutter.flush();
    cutter.parts
}

type Lines<'a> = std::iter::Peekable<std::iter::Zip<std::ops::RangeFrom<u32>, std::str::Lines<'a>>>;

struct Cutter {
    parts: Vec<Part>,
    prose: String,
    prose_line: u32,
}

impl Cutter {
    fn read(&mut self, number: u32, line: &str) {
        if self.prose.is_empty() {
            self.prose_line = number;
        }
        self.prose.push_str(line);
        self.prose.push('\n');
    }

    fn flush(&mut self) {
        let prose = std::mem::take(&mut self.prose);
        if !prose.trim().is_empty() {
            self.parts.push(Part {
                line: self.prose_line,
                kind: Kind::Prose(prose),
            });
        }
    }

    fn part(&mut self, line: u32, kind: Kind) {
        self.flush();
        self.parts.push(Part { line, kind });
    }

    fn front(&mut self, lines: &mut Lines<'_>, problems: &mut Vec<Problem>) {
        let mut front = String::new();
        for (_, line) in lines.by_ref() {
            if line.trim_end() == "+++" {
                return self.part(2, Kind::Front(front));
            }
            front.push_str(line);
            front.push('\n');
        }
        let unclosed = Problem::new(1, "the front matter is not closed");
        problems.push(unclosed.remedy("End it with a second line `+++`."));
    }

    fn fenced(
        &mut self,
        lines: &mut Lines<'_>,
        (number, opening): (u32, &str),
        (mark, count): (char, usize),
        info: &str,
        problems: &mut Vec<Problem>,
    ) {
        let info = Info::parse(info);
        let mut text = String::new();
        let mut closing = None;
        for (_, line) in lines.by_ref() {
            match fence(line) {
                Some((m, n, "")) if m == mark && n >= count => {
                    closing = Some(line);
                    break;
                }
                // A program does not hold the beginning of another block: the end of this one was forgotten.
                Some((m, n, _)) if m == mark && n >= count && info.means_something() => break,
                _ => {}
            }
            text.push_str(line);
            text.push('\n');
        }
        let Some(closing) = closing else {
            let marks: String = std::iter::repeat_n(mark, count).collect();
            let open = Problem::new(number, "the block that begins here is never closed");
            problems.push(open.remedy(format!("End it with a line `{marks}`.")));
            return;
        };
        if info.means_something() {
            self.part(number, Kind::Block { info, text });
        } else {
            self.read(number, opening);
            for line in text.lines().chain([closing]) {
                self.read(number, line);
            }
        }
    }

    fn comment(
        &mut self,
        lines: &mut Lines<'_>,
        number: u32,
        first: &str,
        problems: &mut Vec<Problem>,
    ) {
        let mut text = first.to_owned();
        while !text.contains("-->") {
            let Some((_, line)) = lines.next() else {
                let open = Problem::new(number, "the comment that begins here is never closed");
                problems.push(open.remedy("End it with `-->`."));
                return;
            };
            text.push(' ');
            text.push_str(line.trim());
        }
        let (inside, after) = text.split_once("-->").unwrap_or((&text, ""));
        if let Some((name, value)) = inside.split_once(':') {
            let (name, value) = (name.trim(), value.trim().to_owned());
            if let Some((_, name)) = COMMENTS.iter().find(|(known, _)| *known == name) {
                self.part(number, Kind::Comment { name: *name, value });
            } else if let Some(near) = closest(name, COMMENTS.iter().map(|(known, _)| *known)) {
                // Other comments are the author's own; this one was surely meant to say something.
                let unknown = Problem::new(number, format!("`{name}:` in a comment means nothing"));
                problems.push(unknown.remedy(format!("Did you mean `{near}:`?")));
            }
        }
        if !after.trim().is_empty() {
            self.read(number, after);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (Vec<Part>, Vec<Problem>) {
        let mut problems = Vec::new();
        let parts = split(text, &mut problems);
        (parts, problems)
    }

    #[test]
    fn a_file_is_cut_where_it_means_something_to_us() {
        let (parts, problems) = parts(
            "+++\nid = 1\n+++\nHello\n\n## A `x` moment\n<!-- at: at 3s -->\nText\n```toml world\na = 1\n```\n\
             ```python\nshown()\n```\n~~~python client=a,b variant=v title=\"Two words\"\ncode\n~~~\n",
        );
        assert_eq!(problems, []);
        let info = Info {
            language: "toml".to_owned(),
            words: vec!["world".to_owned()],
            named: Vec::new(),
        };
        let named = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let python = Info {
            language: "python".to_owned(),
            words: Vec::new(),
            named: vec![
                named("client", "a,b"),
                named("variant", "v"),
                named("title", "Two words"),
            ],
        };
        let expected = [
            (2, Kind::Front("id = 1\n".to_owned())),
            (4, Kind::Prose("Hello\n\n".to_owned())),
            (6, Kind::Heading("A `x` moment".to_owned())),
            (
                7,
                Kind::Comment {
                    name: CommentName::At,
                    value: "at 3s".to_owned(),
                },
            ),
            (8, Kind::Prose("Text\n".to_owned())),
            (
                9,
                Kind::Block {
                    info,
                    text: "a = 1\n".to_owned(),
                },
            ),
            (12, Kind::Prose("```python\nshown()\n```\n".to_owned())),
            (
                15,
                Kind::Block {
                    info: python,
                    text: "code\n".to_owned(),
                },
            ),
        ];
        assert_eq!(parts, expected.map(|(line, kind)| Part { line, kind }));
    }

    #[test]
    fn what_is_never_closed_is_named_where_it_begins() {
        for (text, line, message) in [
            (
                "no front",
                1,
                "the file does not begin with its front matter",
            ),
            ("+++\nid = 1\n", 1, "the front matter is not closed"),
            (
                "+++\n+++\n\n````python\nx\n```\n",
                4,
                "the block that begins here is never closed",
            ),
            (
                "+++\n+++\n<!-- at: at 3s\n",
                3,
                "the comment that begins here is never closed",
            ),
            (
                "+++\n+++\n<!-- varaint: token -->\n",
                3,
                "`varaint:` in a comment means nothing",
            ),
        ] {
            let (_, problems) = parts(text);
            assert_eq!(problems.len(), 1, "{text}");
            assert_eq!(
                (problems[0].line, problems[0].message.as_str()),
                (line, message)
            );
            assert!(problems[0].remedy.is_some());
        }
    }

    #[test]
    fn a_comment_of_the_authors_own_is_left_out() {
        let (parts, problems) = parts("+++\n+++\n<!-- remember: shorten this -->\nText\n");
        assert_eq!(problems, []);
        assert_eq!(parts.len(), 2);
    }
}
