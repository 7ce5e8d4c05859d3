//! A text in words, and what to say when the next one is not what was expected.

use super::Mistake;
use crate::{SimTime, Span};

/// One word of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// As written, without spaces, commas and quotes.
    Plain(String),
    /// Between double quotes.
    Quoted(String),
    Comma,
}

/// Reads a sentence word by word.
pub(super) struct Words {
    words: Vec<Word>,
    at: usize,
}

impl Words {
    pub(super) fn new(text: &str) -> Result<Self, Mistake> {
        let mut words = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(&c) = chars.peek() {
            match c {
                _ if c.is_whitespace() => {
                    chars.next();
                }
                ',' => {
                    chars.next();
                    words.push(Word::Comma);
                }
                '"' => {
                    chars.next();
                    words.push(Word::Quoted(quoted(&mut chars, text)?));
                }
                _ => {
                    let mut word = String::new();
                    while let Some(c) =
                        chars.next_if(|c| !c.is_whitespace() && !matches!(c, ',' | '"'))
                    {
                        word.push(c);
                    }
                    // People type either apostrophe.
                    words.push(Word::Plain(word.replace('\u{2019}', "'")));
                }
            }
        }
        Ok(Self { words, at: 0 })
    }

    pub(super) fn mark(&self) -> usize {
        self.at
    }

    pub(super) fn back_to(&mut self, mark: usize) {
        self.at = mark;
    }

    pub(super) fn is_over(&self) -> bool {
        self.at == self.words.len()
    }

    pub(super) fn peek(&self) -> Option<&str> {
        match self.words.get(self.at)? {
            Word::Plain(word) => Some(word),
            Word::Quoted(_) | Word::Comma => None,
        }
    }

    /// Goes past the next word if it is this one; capital letters do not matter.
    pub(super) fn skip(&mut self, word: &str) -> bool {
        let here = self
            .peek()
            .is_some_and(|next| next.eq_ignore_ascii_case(word));
        self.at += usize::from(here);
        here
    }

    /// Goes past these words if they are next.
    pub(super) fn skip_all(&mut self, words: &[&str]) -> bool {
        let start = self.at;
        let all = words.iter().all(|word| self.skip(word));
        if !all {
            self.at = start;
        }
        all
    }

    pub(super) fn skip_comma(&mut self) -> bool {
        let here = self.words.get(self.at) == Some(&Word::Comma);
        self.at += usize::from(here);
        here
    }

    pub(super) fn need(&mut self, word: &str) -> Result<(), Mistake> {
        if self.skip(word) {
            return Ok(());
        }
        Err(self.expected(&format!("\"{word}\"")))
    }

    /// A name or a value, quoted or not.
    pub(super) fn value(&mut self, what: &str) -> Result<String, Mistake> {
        match self.words.get(self.at) {
            Some(Word::Plain(text) | Word::Quoted(text)) => {
                self.at += 1;
                Ok(text.clone())
            }
            Some(Word::Comma) | None => Err(self.expected(what)),
        }
    }

    pub(super) fn span(&mut self) -> Result<Span, Mistake> {
        match self.peek().and_then(Span::parse) {
            Some(span) => {
                self.at += 1;
                Ok(span)
            }
            None => Err(self.expected("a time such as 31ms, 1.5s or 2m")),
        }
    }

    pub(super) fn time(&mut self) -> Result<SimTime, Mistake> {
        self.span().map(|span| SimTime(span.0))
    }

    /// A number from 1, in digits (`12`) or as an ordinal (`2nd`, `second`), if the next word is one.
    pub(super) fn maybe_number(&mut self) -> Option<u32> {
        const NAMES: [&str; 10] = [
            "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
            "tenth",
        ];
        let word = self.peek()?.to_ascii_lowercase();
        let named = (1..)
            .zip(NAMES)
            .find(|(_, name)| *name == word)
            .map(|(number, _)| number);
        let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let ending = &word[digits.len()..];
        let number = match ending {
            "" | "st" | "nd" | "rd" | "th" => digits.parse().ok().filter(|number| *number > 0),
            _ => None,
        };
        let number = named.or(number)?;
        self.at += 1;
        Some(number)
    }

    pub(super) fn end(&self) -> Result<(), Mistake> {
        if self.is_over() {
            return Ok(());
        }
        Err(self.expected("nothing more"))
    }

    /// What was expected here, and what stands here instead.
    pub(super) fn expected(&self, what: &str) -> Mistake {
        let written = |words: &[Word]| {
            let mut text = String::new();
            for word in words {
                match word {
                    Word::Comma => text.push(','),
                    Word::Plain(word) | Word::Quoted(word) => {
                        if !text.is_empty() {
                            text.push(' ');
                        }
                        text.push_str(word);
                    }
                }
            }
            text
        };
        let before = written(&self.words[..self.at]);
        let place = if before.is_empty() {
            String::new()
        } else {
            format!(" after \"{before}\"")
        };
        Mistake(match self.words.get(self.at..=self.at) {
            Some(next) => format!("expected {what}{place}, found \"{}\"", written(next)),
            None => format!("expected {what}{place}, but the text ends there"),
        })
    }
}

fn quoted(chars: &mut impl Iterator<Item = char>, text: &str) -> Result<String, Mistake> {
    let mut out = String::new();
    loop {
        match chars.next() {
            Some('"') => return Ok(out),
            Some('\\') => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some(c) => out.push(c),
                None => break,
            },
            Some(c) => out.push(c),
            None => break,
        }
    }
    Err(Mistake(format!("a quote is not closed in: {text}")))
}
