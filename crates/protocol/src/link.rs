//! The page's state as the fragment of its address: readable in front, compact behind.
//!
//! `#/locks/gc-pause` opens a lesson at its beginning. `#/locks/gc-pause?1.q1Y…` opens it exactly as somebody left
//! it: `1` is the version of the format, the rest base64url of deflated lines of `key value`. What this version does
//! not know it skips, so that a newer page may add to the format without breaking older links.

use std::fmt::{self, Write};

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

use crate::Scene;

/// The version of the format that this code writes.
pub const LINK_VERSION: u32 = 1;
/// The longest fragment that is looked at.
const LONGEST_FRAGMENT: usize = 64 * 1024;
/// The most that a fragment may unfold to: a hostile link must not fill the memory.
const LONGEST_TEXT: usize = 1024 * 1024;
/// The most interventions and the most edits that are read.
const MOST_ITEMS: usize = 256;

/// What a link says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// What is run. An empty variant means the lesson's first.
    pub scene: Scene,
    /// Hash of the lesson's file when the link was made; empty when the link does not say.
    pub content_hash: String,
    /// Hash of the run when the link was made; empty when the link does not say.
    pub trace_hash: String,
    /// The record that is looked at.
    pub position: u32,
    /// The beat of the lesson that is shown.
    pub beat: u32,
    /// The tab that is open on a narrow screen: `trace`, `code` …; empty for the usual one.
    pub view: String,
}

/// What is wrong with a link. The lesson it names, if it names one, can be opened all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// It is from a page newer than this one.
    Newer(u32),
    /// It is longer than any link that this page makes.
    TooLong,
    /// Characters are missing or were changed.
    Damaged,
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newer(version) => write!(
                f,
                "This link was made by a newer Redwind (its format is {version}, this page reads {LINK_VERSION}). \
                 The lesson opens at its beginning; reload the page to get the newer version."
            ),
            Self::TooLong => f.write_str(
                "This link is longer than any that Redwind makes. The lesson opens at its beginning; \
                 ask for the link again.",
            ),
            Self::Damaged => f.write_str(
                "This link is damaged: part of it is missing or was changed on the way. The lesson opens at its \
                 beginning; ask for the link again, and copy all of it.",
            ),
        }
    }
}

impl std::error::Error for LinkError {}

impl Link {
    /// A lesson at its beginning.
    #[must_use]
    pub fn to_lesson(id: &str) -> Self {
        Self {
            scene: Scene {
                lesson: id.to_owned(),
                ..Scene::default()
            },
            ..Self::default()
        }
    }

    /// The fragment with its `#`.
    #[must_use]
    pub fn fragment(&self) -> String {
        let text = self.text();
        let lesson = &self.scene.lesson;
        if text.is_empty() {
            return format!("#/{lesson}");
        }
        let packed = base64url(&compress_to_vec(text.as_bytes(), 9));
        format!("#/{lesson}?{LINK_VERSION}.{packed}")
    }

    /// Reads a fragment, with its `#` or without. `Ok(None)`: it names no lesson, so it is the page's start.
    ///
    /// # Errors
    /// When what follows the lesson's name cannot be read; the lesson's name comes along.
    pub fn read(fragment: &str) -> Result<Option<Self>, (String, LinkError)> {
        let path = fragment.strip_prefix('#').unwrap_or(fragment);
        let path = path.strip_prefix('/').unwrap_or(path);
        let (lesson, packed) = path
            .split_once('?')
            .map_or((path, None), |(lesson, rest)| (lesson, Some(rest)));
        let lesson = lesson.trim_end_matches('/');
        if lesson.is_empty() {
            return Ok(None);
        }
        let mut link = Self::to_lesson(lesson);
        let Some(packed) = packed.filter(|packed| !packed.is_empty()) else {
            return Ok(Some(link));
        };
        match unpack(packed).and_then(|text| link.read_text(&text)) {
            Ok(()) => Ok(Some(link)),
            Err(error) => Err((lesson.to_owned(), error)),
        }
    }

    /// One `key value` a line, what is as usual left out.
    fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |key: char, value: &str| {
            text.push(key);
            text.push(' ');
            escape(value, &mut text);
            text.push('\n');
        };
        let scene = &self.scene;
        if !scene.variant.is_empty() {
            line('v', &scene.variant);
        }
        if let Some(seed) = scene.seed {
            line('s', &seed.to_string());
        }
        for (program, source) in &scene.edits {
            line('e', &format!("{program} {source}"));
        }
        if let Some(interventions) = &scene.interventions {
            line('n', &interventions.len().to_string());
            for intervention in interventions {
                line('i', intervention);
            }
        }
        if self.position > 0 {
            line('p', &self.position.to_string());
        }
        if self.beat > 0 {
            line('b', &self.beat.to_string());
        }
        if !self.view.is_empty() {
            line('w', &self.view);
        }
        // The hashes only qualify the rest: a link that says nothing else needs none.
        if !text.is_empty() {
            for (key, hash) in [("h", &self.content_hash), ("t", &self.trace_hash)] {
                if !hash.is_empty() {
                    text.push_str(key);
                    text.push(' ');
                    escape(hash, &mut text);
                    text.push('\n');
                }
            }
        }
        text
    }

    fn read_text(&mut self, text: &str) -> Result<(), LinkError> {
        let mut items = 0;
        for line in text.lines().filter(|line| !line.is_empty()) {
            let (key, value) = line.split_once(' ').ok_or(LinkError::Damaged)?;
            let value = unescape(value).ok_or(LinkError::Damaged)?;
            items += usize::from(key == "e" || key == "i");
            if items > MOST_ITEMS {
                return Err(LinkError::TooLong);
            }
            match key {
                "v" => self.scene.variant = value,
                "s" => self.scene.seed = Some(number(&value)?),
                "e" => {
                    let (program, source) = value.split_once(' ').ok_or(LinkError::Damaged)?;
                    self.scene.edits.push((number(program)?, source.to_owned()));
                }
                "n" => self.scene.interventions = Some(Vec::new()),
                "i" => self.scene.interventions.get_or_insert_default().push(value),
                "p" => self.position = number(&value)?,
                "b" => self.beat = number(&value)?,
                "w" => self.view = value,
                "h" => self.content_hash = value,
                "t" => self.trace_hash = value,
                _ => {}
            }
        }
        Ok(())
    }
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, LinkError> {
    text.parse().map_err(|_| LinkError::Damaged)
}

fn unpack(packed: &str) -> Result<String, LinkError> {
    if packed.len() > LONGEST_FRAGMENT {
        return Err(LinkError::TooLong);
    }
    let (version, packed) = packed.split_once('.').ok_or(LinkError::Damaged)?;
    match number(version)? {
        LINK_VERSION => {}
        newer if newer > LINK_VERSION => return Err(LinkError::Newer(newer)),
        _ => return Err(LinkError::Damaged),
    }
    let bytes = from_base64url(packed).ok_or(LinkError::Damaged)?;
    let text =
        decompress_to_vec_with_limit(&bytes, LONGEST_TEXT).map_err(|error| match error.status {
            miniz_oxide::inflate::TINFLStatus::HasMoreOutput => LinkError::TooLong,
            _ => LinkError::Damaged,
        })?;
    String::from_utf8(text).map_err(|_| LinkError::Damaged)
}

/// Keeps a value on one line.
fn escape(value: &str, into: &mut String) {
    for c in value.chars() {
        match c {
            '\\' => into.push_str("\\\\"),
            '\n' => into.push_str("\\n"),
            '\r' => into.push_str("\\r"),
            c => into.write_char(c).unwrap_or_default(),
        }
    }
}

fn unescape(value: &str) -> Option<String> {
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '\\' => match chars.next()? {
                '\\' => '\\',
                'n' => '\n',
                'r' => '\r',
                _ => return None,
            },
            c => c,
        });
    }
    Some(text)
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn base64url(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut group = [0; 4];
        group[1..=chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes(group);
        for digit in 0..=chunk.len() {
            let index = bits >> (18 - 6 * digit) & 63;
            text.push(char::from(DIGITS[index as usize]));
        }
    }
    text
}

fn from_base64url(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for chunk in text.as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for (place, digit) in chunk.iter().enumerate() {
            let value = DIGITS.iter().position(|d| d == digit)?;
            bits |= u32::try_from(value).ok()? << (18 - 6 * place);
        }
        let length = chunk.len().checked_sub(1).filter(|length| *length > 0)?;
        bytes.extend_from_slice(&bits.to_be_bytes()[1..=length]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Link {
        Link {
            scene: Scene {
                lesson: "locks/gc-pause".into(),
                variant: "token".into(),
                seed: Some(u64::MAX),
                edits: vec![
                    (0, "a = 'x\\n'\r\nprint(\"grün\")\n".into()),
                    (3, String::new()),
                ],
                interventions: Some(vec![
                    "pause worker-a at 31ms for 15s".into(),
                    "type redis at 2s: SET k \"\\n\"".into(),
                ]),
            },
            content_hash: "00ff".into(),
            trace_hash: "deadbeef".into(),
            position: 123,
            beat: 4,
            view: "code".into(),
        }
    }

    #[test]
    fn a_link_reads_back_as_it_was_written() {
        let mut none = full();
        none.scene.interventions = Some(vec![]);
        for link in [full(), none, Link::to_lesson("queues/reliable")] {
            let fragment = link.fragment();
            assert_eq!(Link::read(&fragment), Ok(Some(link)), "{fragment}");
        }
    }

    #[test]
    fn a_lesson_at_its_beginning_has_a_plain_address() {
        assert_eq!(
            Link::to_lesson("locks/gc-pause").fragment(),
            "#/locks/gc-pause"
        );
        let plain = Link::to_lesson("locks/gc-pause");
        assert_eq!(Link::read("#/locks/gc-pause/"), Ok(Some(plain)));
        for start in ["", "#", "#/", "/"] {
            assert_eq!(Link::read(start), Ok(None), "{start}");
        }
    }

    #[test]
    fn a_link_to_a_moment_under_a_fault_is_short() {
        let mut link = full();
        link.scene.edits.clear();
        assert!(link.fragment().len() < 260, "{}", link.fragment().len());
    }

    #[test]
    fn every_cut_and_every_changed_character_is_noticed_or_harmless() {
        let fragment = full().fragment();
        for end in 0..fragment.len() {
            let _ = Link::read(&fragment[..end]);
        }
        let start = fragment.find('?').unwrap() + 1;
        for place in start..fragment.len() {
            for other in ["A", "_", "!", " ", "é"] {
                let mut changed = fragment.clone();
                changed.replace_range(place..=place, other);
                let _ = Link::read(&changed);
            }
        }
        let (lesson, error) = Link::read(&fragment[..fragment.len() - 9]).unwrap_err();
        assert_eq!(
            (lesson.as_str(), error),
            ("locks/gc-pause", LinkError::Damaged)
        );
    }

    #[test]
    fn a_link_that_unfolds_without_end_is_refused() {
        let bomb = base64url(&compress_to_vec(&vec![b'i'; LONGEST_TEXT * 4], 9));
        let read = Link::read(&format!("#/a?1.{bomb}"));
        assert_eq!(read, Err(("a".into(), LinkError::TooLong)));
        let long = format!("#/a?1.{}", "A".repeat(LONGEST_FRAGMENT));
        assert_eq!(Link::read(&long), Err(("a".into(), LinkError::TooLong)));
        let many = base64url(&compress_to_vec(
            "i x\n".repeat(MOST_ITEMS + 1).as_bytes(),
            9,
        ));
        assert_eq!(
            Link::read(&format!("#/a?1.{many}")),
            Err(("a".into(), LinkError::TooLong))
        );
    }

    #[test]
    fn a_link_from_a_newer_page_says_so_and_one_with_more_in_it_is_read() {
        assert_eq!(
            Link::read("#/a/b?2.xyz"),
            Err(("a/b".into(), LinkError::Newer(2)))
        );
        let more = base64url(&compress_to_vec(b"p 7\nz something new\n", 9));
        let link = Link::read(&format!("#/a/b?1.{more}")).unwrap().unwrap();
        assert_eq!(link.position, 7);
    }
}
