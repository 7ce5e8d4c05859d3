//! Reading TOML so that every mistake is told with its line, what was expected, and the key that was probably meant.

use std::cell::RefCell;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::problem::{Problem, did_you_mean};

/// A piece of TOML inside a file.
pub(crate) struct Source<'a> {
    text: &'a str,
    /// The file's line on which the text begins.
    first_line: u32,
    problems: &'a RefCell<Vec<Problem>>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(text: &'a str, first_line: u32, problems: &'a RefCell<Vec<Problem>>) -> Self {
        Self {
            text,
            first_line,
            problems,
        }
    }

    fn line(&self, offset: usize) -> u32 {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let breaks = before.bytes().filter(|byte| *byte == b'\n').count();
        self.first_line
            .saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX))
    }

    fn report(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    /// Parses the text; a mistake in the TOML itself is a problem.
    pub(crate) fn parse(&'a self) -> Option<Spanned<DeTable<'a>>> {
        match DeTable::parse(self.text) {
            Ok(table) => Some(table),
            Err(error) => {
                let line = self.line(error.span().map_or(0, |span| span.start));
                let message = error
                    .message()
                    .lines()
                    .next()
                    .unwrap_or("it can't be read")
                    .to_owned();
                self.report(Problem::new(line, format!("this is not TOML: {message}")));
                None
            }
        }
    }

    /// The whole text as a section called `what` in messages.
    pub(crate) fn section(&'a self, table: &'a Spanned<DeTable<'a>>, what: &str) -> Section<'a> {
        Section {
            source: self,
            table: table.get_ref(),
            line: self.first_line,
            what: what.to_owned(),
            asked: RefCell::new(Vec::new()),
        }
    }
}

/// A table whose keys are asked for one by one; [`Section::finish`] reports those that nobody asked for.
pub(crate) struct Section<'a> {
    source: &'a Source<'a>,
    table: &'a DeTable<'a>,
    line: u32,
    what: String,
    asked: RefCell<Vec<&'static str>>,
}

/// Something with the line that it stands on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct At<T> {
    pub(crate) line: u32,
    pub(crate) it: T,
}

impl<'a> Section<'a> {
    pub(crate) fn line(&self) -> u32 {
        self.line
    }

    pub(crate) fn report(&self, line: u32, message: impl Into<String>, remedy: impl Into<String>) {
        self.source
            .report(Problem::new(line, message).remedy(remedy));
    }

    fn find(&self, key: &'static str) -> Option<(u32, &'a DeValue<'a>)> {
        self.asked.borrow_mut().push(key);
        let (_, value) = self
            .table
            .iter()
            .find(|(name, _)| name.get_ref().as_ref() == key)?;
        Some((self.source.line(value.span().start), value.get_ref()))
    }

    fn wrong(&self, line: u32, key: &str, value: &DeValue<'_>, wanted: &str) {
        let found = value.type_str();
        self.report(
            line,
            format!("`{key}` of {} is of type {found}", self.what),
            format!("It must be {wanted}."),
        );
    }

    pub(crate) fn text(&self, key: &'static str) -> Option<At<String>> {
        let (line, value) = self.find(key)?;
        match value {
            DeValue::String(text) => Some(At {
                line,
                it: text.to_string(),
            }),
            other => {
                self.wrong(line, key, other, "text in quotes");
                None
            }
        }
    }

    pub(crate) fn number(&self, key: &'static str) -> Option<At<u64>> {
        let (line, value) = self.find(key)?;
        match value {
            DeValue::Integer(number) => {
                match u64::from_str_radix(number.as_str(), number.radix()) {
                    Ok(it) => Some(At { line, it }),
                    Err(_) => {
                        self.wrong(line, key, value, "a whole number from 0 on");
                        None
                    }
                }
            }
            other => {
                self.wrong(line, key, other, "a whole number");
                None
            }
        }
    }

    pub(crate) fn flag(&self, key: &'static str) -> bool {
        match self.find(key) {
            Some((_, DeValue::Boolean(it))) => *it,
            Some((line, other)) => {
                self.wrong(line, key, other, "true or false");
                false
            }
            None => false,
        }
    }

    /// A value that goes through a parser of its own; what that refuses is a problem with its remedy.
    pub(crate) fn parsed<T>(
        &self,
        key: &'static str,
        parse: impl Fn(&str) -> Option<T>,
        remedy: &str,
    ) -> Option<At<T>> {
        let At { line, it } = self.text(key)?;
        let parsed = parse(&it);
        if parsed.is_none() {
            self.report(line, format!("`{key} = \"{it}\"` can't be read"), remedy);
        }
        Some(At { line, it: parsed? })
    }

    /// One text or a list of them.
    pub(crate) fn texts(&self, key: &'static str) -> Vec<At<String>> {
        let Some((line, value)) = self.find(key) else {
            return Vec::new();
        };
        match value {
            DeValue::String(text) => vec![At {
                line,
                it: text.to_string(),
            }],
            DeValue::Array(items) => items
                .iter()
                .filter_map(|item| {
                    let line = self.source.line(item.span().start);
                    let text = item.get_ref().as_str();
                    if text.is_none() {
                        self.wrong(line, key, item.get_ref(), "a list of texts in quotes");
                    }
                    Some(At {
                        line,
                        it: text?.to_owned(),
                    })
                })
                .collect(),
            other => {
                self.wrong(line, key, other, "a list of texts in quotes");
                Vec::new()
            }
        }
    }

    pub(crate) fn must<T>(
        &self,
        key: &'static str,
        value: Option<At<T>>,
        example: &str,
    ) -> Option<At<T>> {
        let missing = value.is_none()
            && !self
                .table
                .iter()
                .any(|(name, _)| name.get_ref().as_ref() == key);
        if missing {
            self.report(
                self.line,
                format!("{} has no `{key}`", self.what),
                format!("Add `{key} = {example}`."),
            );
        }
        value
    }

    /// The tables under `[key.name]`, by name, in the order of the file.
    pub(crate) fn named(&self, key: &'static str) -> Vec<(At<String>, Section<'a>)> {
        let Some((line, value)) = self.find(key) else {
            return Vec::new();
        };
        let DeValue::Table(table) = value else {
            self.wrong(line, key, value, &format!("written as `[{key}.name]`"));
            return Vec::new();
        };
        let mut named: Vec<_> = table.iter().collect();
        named.sort_by_key(|(name, _)| name.span().start);
        named
            .into_iter()
            .filter_map(|(name, value)| {
                let line = self.source.line(name.span().start);
                let name = name.get_ref().to_string();
                let DeValue::Table(inner) = value.get_ref() else {
                    self.wrong(
                        line,
                        &name,
                        value.get_ref(),
                        &format!("written as `[{key}.{name}]`"),
                    );
                    return None;
                };
                let section = self.inner(inner, line, format!("`{key}.{name}`"));
                Some((At { line, it: name }, section))
            })
            .collect()
    }

    /// The tables under `[[key]]`.
    pub(crate) fn many(&self, key: &'static str) -> Vec<Section<'a>> {
        let Some((line, value)) = self.find(key) else {
            return Vec::new();
        };
        let DeValue::Array(items) = value else {
            self.wrong(line, key, value, &format!("written as `[[{key}]]`"));
            return Vec::new();
        };
        items
            .iter()
            .filter_map(|item| {
                let line = self.source.line(item.span().start);
                match item.get_ref() {
                    DeValue::Table(inner) => Some(self.inner(inner, line, format!("this {key}"))),
                    other => {
                        self.wrong(line, key, other, &format!("written as `[[{key}]]`"));
                        None
                    }
                }
            })
            .collect()
    }

    fn inner(&self, table: &'a DeTable<'a>, line: u32, what: String) -> Section<'a> {
        Section {
            source: self.source,
            table,
            line,
            what,
            asked: RefCell::new(Vec::new()),
        }
    }

    /// Every key with its value in the order of the file: for tables whose keys are names of the author's own.
    pub(crate) fn entries(&self) -> Vec<(At<String>, &'a DeValue<'a>)> {
        let mut entries: Vec<_> = self.table.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        let entry = |(name, value): (&Spanned<_>, &'a Spanned<DeValue<'a>>)| {
            let name: &Spanned<std::borrow::Cow<'_, str>> = name;
            (
                At {
                    line: self.source.line(name.span().start),
                    it: name.get_ref().to_string(),
                },
                value.get_ref(),
            )
        };
        entries.into_iter().map(entry).collect()
    }

    /// A value of this section read as a section of its own.
    pub(crate) fn open(&self, at: &At<String>, value: &'a DeValue<'a>) -> Option<Section<'a>> {
        match value {
            DeValue::Table(table) => Some(self.inner(table, at.line, format!("`{}`", at.it))),
            _ => None,
        }
    }

    /// Any value under `key`, as it stands.
    pub(crate) fn value(&self, key: &'static str) -> Option<(u32, &'a DeValue<'a>)> {
        self.find(key)
    }

    /// Reports every key that nobody asked for.
    pub(crate) fn finish(&self) {
        let asked = self.asked.borrow();
        for (name, _) in self.table.iter() {
            let known = asked.iter().any(|known| *known == name.get_ref().as_ref());
            if !known {
                let line = self.source.line(name.span().start);
                let message = format!("{} has no key `{}`", self.what, name.get_ref());
                self.report(line, message, did_you_mean(name.get_ref(), &asked));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str, read: impl FnOnce(&Section<'_>)) -> Vec<(u32, String, Option<String>)> {
        let problems = RefCell::new(Vec::new());
        let source = Source::new(text, 10, &problems);
        if let Some(table) = source.parse() {
            let section = source.section(&table, "the world");
            read(&section);
            section.finish();
        }
        let list = problems.borrow().clone();
        list.into_iter()
            .map(|problem| (problem.line, problem.message, problem.remedy))
            .collect()
    }

    #[test]
    fn an_unknown_key_is_answered_with_the_one_that_was_meant() {
        let found = problems("node = \"redis\"\nclinets = []\n", |section| {
            section.text("node");
            section.texts("clients");
        });
        let message = "the world has no key `clinets`".to_owned();
        assert_eq!(
            found,
            [(11, message, Some("Did you mean `clients`?".to_owned()))]
        );
    }

    #[test]
    fn a_missing_key_is_answered_with_an_example() {
        let found = problems("", |section| {
            section.must("lock", section.text("lock"), "\"lock:report\"");
        });
        let message = "the world has no `lock`".to_owned();
        assert_eq!(
            found,
            [(
                10,
                message,
                Some("Add `lock = \"lock:report\"`.".to_owned())
            )]
        );
    }

    #[test]
    fn a_value_of_another_type_says_which_is_wanted() {
        let found = problems("seed = \"x\"\nnode = 3", |section| {
            section.number("seed");
            section.text("node");
        });
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].0, 10);
        assert_eq!(found[1].2.as_deref(), Some("It must be text in quotes."));
    }

    #[test]
    fn broken_toml_is_told_with_its_line() {
        let found = problems("node = \"redis\"\nclients = [\n", |_| {});
        assert_eq!(found.len(), 1);
        assert!(
            found[0].1.starts_with("this is not TOML: "),
            "{}",
            found[0].1
        );
        assert!(found[0].0 >= 11, "{found:?}");
    }
}
