//! The pattern matcher of Lua 5.1, with its quirks and its errors.

use super::lua::{Failure, LuaState, Outcome, charge};

/// More captures than this are refused.
const MOST_CAPTURES: usize = 32;

/// Patterns nest no deeper than this: the machine's stack is bounded, too.
const MOST_NESTED: usize = 1000;

#[derive(Clone, Copy, PartialEq)]
enum Length {
    Open,
    Place,
    Of(usize),
}

/// What a part of a pattern in parentheses matched.
pub(super) enum Capture<'a> {
    Text(&'a [u8]),
    /// Only where, counted from 1.
    Place(usize),
}

impl Capture<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Capture::Text(text) => text.len(),
            Capture::Place(_) => 0,
        }
    }
}

pub(super) struct Matcher<'a> {
    pub(super) subject: &'a [u8],
    pattern: &'a [u8],
    captures: Vec<(usize, Length)>,
    depth: usize,
    /// Since the steps were paid for.
    steps: u64,
    most_steps: u64,
    /// A result may not be longer.
    pub(super) most_memory: usize,
}

impl<'a> Matcher<'a> {
    pub(super) fn new(lua: &LuaState, subject: &'a [u8], pattern: &'a [u8]) -> Matcher<'a> {
        Matcher {
            subject,
            pattern,
            captures: Vec::new(),
            depth: 0,
            steps: 0,
            most_steps: lua.sandbox_match_step_limit(),
            most_memory: super::MEMORY,
        }
    }

    /// Takes a leading `^` off.
    pub(super) fn take_anchor(&mut self) -> bool {
        let rest = self.pattern.strip_prefix(b"^");
        self.pattern = rest.unwrap_or(self.pattern);
        rest.is_some()
    }

    /// The end of a match that begins here.
    pub(super) fn at(&mut self, start: usize) -> Outcome<Option<usize>> {
        self.captures.clear();
        self.depth = 0;
        self.run(start, 0)
    }

    /// Pays for the steps that were taken.
    pub(super) fn settle(&mut self, lua: &LuaState) -> Outcome<()> {
        let steps = std::mem::take(&mut self.steps);
        self.most_steps = self.most_steps.saturating_sub(steps);
        charge(lua, steps)
    }

    fn count(&mut self, steps: u64) -> Outcome<()> {
        self.steps += steps;
        match self.steps > self.most_steps {
            true => Err(Failure::TooLong(self.steps)),
            false => Ok(()),
        }
    }

    /// The byte of the pattern; 0 behind its end.
    fn p(&self, at: usize) -> u8 {
        self.pattern.get(at).copied().unwrap_or(0)
    }

    fn s(&self, at: usize) -> u8 {
        self.subject.get(at).copied().unwrap_or(0)
    }

    fn run(&mut self, mut s: usize, mut p: usize) -> Outcome<Option<usize>> {
        self.depth += 1;
        if self.depth > MOST_NESTED {
            return Err("pattern too complex".into());
        }
        let result = loop {
            self.count(1)?;
            match (self.p(p), self.p(p + 1)) {
                (0, _) => break Some(s),
                (b'(', b')') => break self.open(s, p + 2, Length::Place)?,
                (b'(', _) => break self.open(s, p + 1, Length::Open)?,
                (b')', _) => break self.close(s, p + 1)?,
                (b'$', 0) => break (s == self.subject.len()).then_some(s),
                (b'%', b'b') => match self.balance(s, p + 2)? {
                    Some(end) => (s, p) = (end, p + 4),
                    None => break None,
                },
                (b'%', b'f') => {
                    p += 2;
                    if self.p(p) != b'[' {
                        return Err("missing '[' after '%f' in pattern".into());
                    }
                    let end = self.class_end(p)?;
                    let before = s.checked_sub(1).map_or(0, |at| self.s(at));
                    if self.in_set(before, p, end - 1) || !self.in_set(self.s(s), p, end - 1) {
                        break None;
                    }
                    p = end;
                }
                (b'%', digit @ b'0'..=b'9') => match self.again(s, digit)? {
                    Some(end) => (s, p) = (end, p + 2),
                    None => break None,
                },
                _ => {
                    let end = self.class_end(p)?;
                    let hit = s < self.subject.len() && self.single(self.s(s), p, end);
                    match self.p(end) {
                        b'?' => {
                            if hit && let Some(found) = self.run(s + 1, end + 1)? {
                                break Some(found);
                            }
                            p = end + 1;
                        }
                        b'*' => break self.most(s, p, end)?,
                        b'+' if hit => break self.most(s + 1, p, end)?,
                        b'+' => break None,
                        b'-' => break self.least(s, p, end)?,
                        _ if !hit => break None,
                        _ => (s, p) = (s + 1, end),
                    }
                }
            }
        };
        self.depth -= 1;
        Ok(result)
    }

    fn open(&mut self, s: usize, p: usize, length: Length) -> Outcome<Option<usize>> {
        let level = self.captures.len();
        if level >= MOST_CAPTURES {
            return Err("too many captures".into());
        }
        self.captures.push((s, length));
        let result = self.run(s, p)?;
        if result.is_none() {
            self.captures.truncate(level);
        }
        Ok(result)
    }

    fn close(&mut self, s: usize, p: usize) -> Outcome<Option<usize>> {
        let open = self
            .captures
            .iter()
            .rposition(|(_, length)| *length == Length::Open);
        let level = open.ok_or("invalid pattern capture")?;
        let start = self.captures[level].0;
        self.captures[level].1 = Length::Of(s - start);
        let result = self.run(s, p)?;
        if result.is_none() {
            self.captures[level].1 = Length::Open;
        }
        Ok(result)
    }

    /// What a capture matched, once more.
    fn again(&mut self, s: usize, digit: u8) -> Outcome<Option<usize>> {
        let capture = usize::from(digit).checked_sub(usize::from(b'1'));
        let capture = capture.and_then(|level| self.captures.get(level));
        let (start, length) = match capture {
            None | Some((_, Length::Open)) => return Err("invalid capture index".into()),
            Some((_, Length::Place)) => return Ok(None),
            Some((start, Length::Of(length))) => (*start, *length),
        };
        self.count(length as u64 / 16)?;
        let same = self.subject[s..].starts_with(&self.subject[start..start + length]);
        Ok(same.then_some(s + length))
    }

    fn balance(&mut self, s: usize, p: usize) -> Outcome<Option<usize>> {
        let (begin, end) = (self.p(p), self.p(p + 1));
        if begin == 0 || end == 0 {
            return Err("unbalanced pattern".into());
        }
        if self.s(s) != begin || s >= self.subject.len() {
            return Ok(None);
        }
        let mut open = 1;
        for at in s + 1..self.subject.len() {
            self.count(1)?;
            let byte = self.subject[at];
            if byte == end {
                open -= 1;
                if open == 0 {
                    return Ok(Some(at + 1));
                }
            } else if byte == begin {
                open += 1;
            }
        }
        Ok(None)
    }

    fn most(&mut self, s: usize, p: usize, end: usize) -> Outcome<Option<usize>> {
        let rest = self.subject[s..].iter();
        let mut count = rest.take_while(|byte| self.single(**byte, p, end)).count();
        self.count(count as u64)?;
        loop {
            if let Some(found) = self.run(s + count, end + 1)? {
                return Ok(Some(found));
            }
            if count == 0 {
                return Ok(None);
            }
            count -= 1;
        }
    }

    fn least(&mut self, mut s: usize, p: usize, end: usize) -> Outcome<Option<usize>> {
        loop {
            if let Some(found) = self.run(s, end + 1)? {
                return Ok(Some(found));
            }
            if s >= self.subject.len() || !self.single(self.s(s), p, end) {
                return Ok(None);
            }
            s += 1;
        }
    }

    /// Where the class of characters that begins here ends.
    fn class_end(&self, p: usize) -> Outcome<usize> {
        let (first, mut p) = (self.p(p), p + 1);
        match first {
            b'%' if self.p(p) == 0 => Err("malformed pattern (ends with '%')".into()),
            b'%' => Ok(p + 1),
            b'[' => {
                if self.p(p) == b'^' {
                    p += 1;
                }
                loop {
                    if self.p(p) == 0 {
                        return Err("malformed pattern (missing ']')".into());
                    }
                    p += 1;
                    if self.p(p - 1) == b'%' && self.p(p) != 0 {
                        p += 1;
                    }
                    if self.p(p) == b']' {
                        return Ok(p + 1);
                    }
                }
            }
            _ => Ok(p),
        }
    }

    fn single(&self, byte: u8, p: usize, end: usize) -> bool {
        match self.p(p) {
            b'.' => true,
            b'%' => in_class(byte, self.p(p + 1)),
            b'[' => self.in_set(byte, p, end - 1),
            literal => literal == byte,
        }
    }

    /// Whether a set such as `[^a-z]`, which ends here, has this byte.
    fn in_set(&self, byte: u8, mut p: usize, end: usize) -> bool {
        let mut hit = true;
        if self.p(p + 1) == b'^' {
            hit = false;
            p += 1;
        }
        loop {
            p += 1;
            if p >= end {
                return !hit;
            }
            if self.p(p) == b'%' {
                p += 1;
                if in_class(byte, self.p(p)) {
                    return hit;
                }
            } else if self.p(p + 1) == b'-' && p + 2 < end {
                p += 2;
                if (self.p(p - 2)..=self.p(p)).contains(&byte) {
                    return hit;
                }
            } else if self.p(p) == byte {
                return hit;
            }
        }
    }

    /// A capture of the last match; the first one is all of it when there are none.
    pub(super) fn capture(
        &self,
        level: usize,
        whole: Option<(usize, usize)>,
    ) -> Outcome<Capture<'a>> {
        match (self.captures.get(level), whole) {
            (None, Some((start, end))) if level == 0 => {
                Ok(Capture::Text(&self.subject[start..end]))
            }
            (None, _) => Err("invalid capture index".into()),
            (Some((_, Length::Open)), _) => Err("unfinished capture".into()),
            (Some((at, Length::Place)), _) => Ok(Capture::Place(at + 1)),
            (Some((at, Length::Of(length))), _) => {
                Ok(Capture::Text(&self.subject[*at..at + length]))
            }
        }
    }

    /// All captures of the last match; all of it, if that is asked for and there are none.
    pub(super) fn captures(
        &self,
        whole: (usize, usize),
        or_whole: bool,
    ) -> Outcome<Vec<Capture<'a>>> {
        let none = self.captures.is_empty() && or_whole;
        let count = if none { 1 } else { self.captures.len() };
        (0..count)
            .map(|level| self.capture(level, Some(whole)))
            .collect()
    }
}

fn in_class(byte: u8, class: u8) -> bool {
    let hit = match class.to_ascii_lowercase() {
        b'a' => byte.is_ascii_alphabetic(),
        b'c' => byte.is_ascii_control(),
        b'd' => byte.is_ascii_digit(),
        b'l' => byte.is_ascii_lowercase(),
        b'p' => byte.is_ascii_punctuation(),
        b's' => byte.is_ascii_whitespace() || byte == 11,
        b'u' => byte.is_ascii_uppercase(),
        b'w' => byte.is_ascii_alphanumeric(),
        b'x' => byte.is_ascii_hexdigit(),
        b'z' => byte == 0,
        _ => return class == byte,
    };
    hit != class.is_ascii_uppercase()
}
