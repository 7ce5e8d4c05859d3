//! A tokenizer for highlighting Python: never fails, loses no character.

/// What a piece of source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// `def`, `while`, `None` …
    Keyword,
    /// A string with its quotes and prefix.
    Text,
    /// A number.
    Number,
    /// From `#` to the end of the line.
    Comment,
    /// A name that is called or defined.
    Call,
    /// Anything else.
    Plain,
}

const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield", "match", "case",
];

/// The source line by line, each a list of pieces. Strings over several lines are pieces of each of their lines.
#[must_use]
pub fn lines(source: &str) -> Vec<Vec<(Token, String)>> {
    let mut lines = vec![Vec::new()];
    for (token, piece) in tokens(source) {
        for (n, part) in piece.split('\n').enumerate() {
            if n > 0 {
                lines.push(Vec::new());
            }
            if let Some(line) = lines.last_mut()
                && !part.is_empty()
            {
                line.push((token, part.to_owned()));
            }
        }
    }
    lines
}

fn tokens(source: &str) -> Vec<(Token, &str)> {
    let mut found: Vec<(Token, &str)> = Vec::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let (token, length) = next(rest, c);
        let (piece, after) = rest.split_at(length);
        found.push((token, piece));
        rest = after;
    }
    found
}

fn next(rest: &str, c: char) -> (Token, usize) {
    if c == '#' {
        return (Token::Comment, rest.find('\n').unwrap_or(rest.len()));
    }
    if let Some(length) = string(rest) {
        return (Token::Text, length);
    }
    if c.is_alphabetic() || c == '_' {
        let length = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at(length);
        let token = match word {
            _ if KEYWORDS.contains(&word) => Token::Keyword,
            _ if after.starts_with('(') => Token::Call,
            _ => Token::Plain,
        };
        return (token, length);
    }
    if c.is_ascii_digit() {
        let length = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.')
            .unwrap_or(rest.len());
        return (Token::Number, length);
    }
    let length = rest
        .find(|c: char| c.is_alphanumeric() || matches!(c, '_' | '#' | '"' | '\''))
        .filter(|length| *length > 0)
        .unwrap_or(if matches!(c, '"' | '\'') {
            1
        } else {
            rest.len()
        });
    (Token::Plain, length)
}

/// The length of the string literal that `rest` begins with.
fn string(rest: &str) -> Option<usize> {
    let prefix = rest
        .find(['"', '\''])
        .filter(|length| *length <= 2 && rest[..*length].chars().all(|c| "rRbBfFuU".contains(c)))?;
    let body = &rest[prefix..];
    let quote = body.chars().next()?;
    let triple: String = std::iter::repeat_n(quote, 3).collect();
    let (end, many) = if body.starts_with(&triple) {
        (triple.as_str(), true)
    } else {
        (&body[..1], false)
    };
    let mut at = end.len();
    while let Some(c) = body[at..].chars().next() {
        if body[at..].starts_with(end) {
            return Some(prefix + at + end.len());
        }
        // A string of one line that is not closed ends with its line.
        if c == '\n' && !many {
            return Some(prefix + at);
        }
        at += c.len_utf8();
        if c == '\\' {
            at += body[at..].chars().next().map_or(0, char::len_utf8);
        }
    }
    Some(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(source: &str) -> Vec<(Token, String)> {
        lines(source)
            .concat()
            .into_iter()
            .filter(|(token, _)| *token != Token::Plain)
            .collect()
    }

    #[test]
    fn the_parts_of_a_line_are_told_apart() {
        let found = kinds("if not r.set('a', 10_000):  # why");
        let expected = [
            (Token::Keyword, "if"),
            (Token::Keyword, "not"),
            (Token::Call, "set"),
            (Token::Text, "'a'"),
            (Token::Number, "10_000"),
            (Token::Comment, "# why"),
        ];
        assert_eq!(
            found,
            expected.map(|(token, text)| (token, text.to_owned()))
        );
    }

    #[test]
    fn strings_end_where_python_ends_them() {
        for (source, string) in [
            (r#"x = "a\"b" + c"#, r#""a\"b""#),
            ("x = f'{y}' # '", "f'{y}'"),
            ("x = \"\"\"a\n\"b\"\"\" + c", "\"\"\"a"),
            ("x = 'open\ny", "'open"),
        ] {
            assert_eq!(
                kinds(source)[0],
                (Token::Text, string.to_owned()),
                "{source}"
            );
        }
    }

    #[test]
    fn no_character_is_lost_whatever_the_source() {
        for source in [
            "",
            "\n\n",
            "'",
            "\"\"\"",
            "é = 'ü\\",
            "#",
            "f\"",
            "r'\\",
            "a\tb\r\n",
            "»«",
            "0x1F.5e3",
        ] {
            let again: Vec<String> = lines(source)
                .iter()
                .map(|line| line.iter().map(|(_, piece)| piece.as_str()).collect())
                .collect();
            assert_eq!(again.join("\n"), source);
        }
    }
}
