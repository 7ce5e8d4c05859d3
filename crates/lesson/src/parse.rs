//! From a file's text to a lesson.

use std::cell::RefCell;

use redwind_sim::{Names, Position};

use crate::fields::{At, Section, Source};
use crate::model::{Anchor, Beat, Choice, Happens, Lesson, Level, Question, Variant};
use crate::problem::{Problem, Problems, did_you_mean};
use crate::split::{CommentName, Info, Kind, Part, split};
use crate::world::World;
use crate::{programs, prose, verdicts, world};

const BLOCKS: [&str; 3] = ["world", "verdicts", "predict"];
const POSITION: &str =
    "Write a moment, such as \"after worker-a's 2nd SET\" or \"when lock:report expires\".";

impl Lesson {
    /// Reads a lesson. `file` names it in messages.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its line and a remedy.
    pub fn parse(file: &str, text: &str) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let parts = split(text, &mut problems);
        let problems = RefCell::new(problems);
        let lesson = read(file, text, &parts, &problems);
        let problems = problems.into_inner();
        match lesson {
            Some(lesson) if problems.is_empty() => Ok(lesson),
            _ => Err(Problems::new(file, problems)),
        }
    }
}

fn read(
    file: &str,
    text: &str,
    parts: &[Part],
    problems: &RefCell<Vec<Problem>>,
) -> Option<Lesson> {
    known_blocks(parts, problems);
    let front = parts.iter().find_map(|part| match &part.kind {
        Kind::Front(front) => with(front, part.line, "the front matter", problems, front_matter),
        _ => None,
    });
    let world = the_block(parts, "world", problems, "the world", world::read);
    let (front, world) = (front.flatten(), world?);
    let clients: Vec<&str> = world
        .clients
        .iter()
        .map(|client| client.name.as_str())
        .collect();
    let mut variants = programs::variants(parts, &clients, &mut problems.borrow_mut());
    let read = world.promises.iter().map(|(name, _)| name);
    let promises: Vec<&str> = read.chain(&world.unread).map(String::as_str).collect();
    if promises.is_empty() {
        let none = Problem::new(1, "the world promises nothing");
        problems.borrow_mut().push(
            none.remedy(
                "Add an `[[invariant]]` to its block, such as `is = \"mutual exclusion\"`.",
            ),
        );
    }
    the_block(parts, "verdicts", problems, "the verdicts", |section| {
        verdicts::read(section, &mut variants, &promises);
    });
    for variant in &mut variants {
        if variant.title.is_empty() {
            variant.title.clone_from(&variant.name);
        }
    }
    // Told even when the front matter is wrong, so that all mistakes come at once.
    let title = front.as_ref().map_or("", |front| front.title.as_str());
    let beats = Teller::new(&world, &variants, title, problems).tell(parts);
    let front = front?;
    Some(Lesson {
        file: file.to_owned(),
        world,
        variants,
        beats,
        content_hash: hash(text),
        ..front
    })
}

/// Opens a piece of TOML and reads it.
fn with<T>(
    text: &str,
    line: u32,
    what: &str,
    problems: &RefCell<Vec<Problem>>,
    read: impl FnOnce(&Section<'_>) -> T,
) -> Option<T> {
    let source = Source::new(text, line, problems);
    let table = source.parse()?;
    Some(read(&source.section(&table, what)))
}

/// The one block of this name; none, or a second one, is a problem.
fn the_block<T>(
    parts: &[Part],
    name: &str,
    problems: &RefCell<Vec<Problem>>,
    what: &str,
    read: impl FnOnce(&Section<'_>) -> T,
) -> Option<T> {
    let mut blocks = parts.iter().filter_map(|part| match &part.kind {
        Kind::Block { info, text } if is_block(info, name) => Some((part.line, text)),
        _ => None,
    });
    let Some((line, text)) = blocks.next() else {
        let missing = Problem::new(1, format!("the lesson has no `{name}` block"));
        problems
            .borrow_mut()
            .push(missing.remedy(format!("Add one that begins with ```toml {name}")));
        return None;
    };
    for (again, _) in blocks {
        let second = Problem::new(again, format!("there is a second `{name}` block"));
        problems
            .borrow_mut()
            .push(second.remedy(format!("Put it all into the first one, on line {line}.")));
    }
    with(text, line + 1, what, problems, read)
}

fn is_block(info: &Info, name: &str) -> bool {
    info.language == "toml" && info.words.first().is_some_and(|word| word == name)
}

fn known_blocks(parts: &[Part], problems: &RefCell<Vec<Problem>>) {
    for part in parts {
        let Kind::Block { info, .. } = &part.kind else {
            continue;
        };
        let Some(word) = info.words.first().filter(|_| info.language == "toml") else {
            continue;
        };
        if !BLOCKS.contains(&word.as_str()) {
            let unknown = Problem::new(part.line, format!("there is no block called `{word}`"));
            problems
                .borrow_mut()
                .push(unknown.remedy(did_you_mean(word, &BLOCKS)));
        }
    }
}

fn front_matter(section: &Section<'_>) -> Option<Lesson> {
    let id = section.must("id", section.text("id"), "\"locks/gc-pause\"");
    let title = section.must("title", section.text("title"), "\"…\"");
    let track = section.must("track", section.text("track"), "\"Locks\"");
    let level = section.must("level", section.text("level"), "\"beginner\"");
    let minutes = section.must("minutes", section.number("minutes"), "5");
    let summary = section.must("summary", section.text("summary"), "\"One sentence.\"");
    let seed = section.must("seed", section.number("seed"), "7");
    section.finish();
    if let Some(At { line, it }) = &id
        && !is_id(it)
    {
        let remedy =
            "Write track and name in small letters, digits and dashes: \"locks/gc-pause\".";
        section.report(*line, format!("`{it}` can't be the id of a lesson"), remedy);
    }
    let level = level.and_then(|At { line, it }| {
        let level = Level::ALL
            .iter()
            .find(|(name, _)| *name == it)
            .map(|(_, level)| *level);
        if level.is_none() {
            let known = Level::ALL.map(|(name, _)| name);
            section.report(
                line,
                format!("there is no level `{it}`"),
                did_you_mean(&it, &known),
            );
        }
        level
    });
    Some(Lesson {
        file: String::new(),
        id: id?.it,
        title: title?.it,
        track: track?.it,
        level: level?,
        minutes: u32::try_from(minutes?.it).unwrap_or(u32::MAX),
        summary: summary?.it,
        seed: seed?.it,
        world: World {
            clients: Vec::new(),
            nodes: Vec::new(),
            cluster: None,
            links: Vec::new(),
            latency: redwind_sim::Latency {
                least: redwind_sim::Span(0),
                most: redwind_sim::Span(0),
            },
            resources: Vec::new(),
            locks: Vec::new(),
            faults: Vec::new(),
            promises: Vec::new(),
            parts: Vec::new(),
            bounds: redwind_sim::Bounds::default(),
            unread: Vec::new(),
        },
        variants: Vec::new(),
        beats: Vec::new(),
        content_hash: String::new(),
    })
}

fn is_id(id: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    id.split('/').count() == 2 && id.split('/').all(part)
}

/// FNV-1a over the text: short, the same everywhere, and only asked whether two editions differ.
fn hash(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// Gathers the beats.
struct Teller<'a> {
    names: Names,
    variants: &'a [Variant],
    title: &'a str,
    problems: &'a RefCell<Vec<Problem>>,
    /// What the beats are about until another variant is named.
    variant: String,
    beats: Vec<Beat>,
    draft: Draft,
}

#[derive(Default)]
struct Draft {
    line: u32,
    heading: Option<String>,
    markdown: String,
    anchor: Option<Anchor>,
    question: Option<Question>,
}

impl Draft {
    fn is_empty(&self) -> bool {
        self.heading.is_none()
            && self.markdown.is_empty()
            && self.anchor.is_none()
            && self.question.is_none()
    }
}

impl<'a> Teller<'a> {
    fn new(
        world: &World,
        variants: &'a [Variant],
        title: &'a str,
        problems: &'a RefCell<Vec<Problem>>,
    ) -> Self {
        let variant = variants
            .first()
            .map(|variant| variant.name.clone())
            .unwrap_or_default();
        let names = world.names();
        Self {
            names,
            variants,
            title,
            problems,
            variant,
            beats: Vec::new(),
            draft: Draft::default(),
        }
    }

    fn tell(mut self, parts: &[Part]) -> Vec<Beat> {
        for Part { line, kind } in parts {
            match kind {
                Kind::Front(_) => {}
                Kind::Heading(heading) => {
                    self.end_beat();
                    let heading = prose::plain(heading);
                    self.begin(*line).heading = (heading != self.title).then_some(heading);
                }
                Kind::Prose(markdown) => {
                    // What follows a question would give its answer away.
                    if self.draft.question.is_some() {
                        self.end_beat();
                    }
                    self.begin(*line).markdown.push_str(markdown);
                }
                Kind::Comment {
                    name: CommentName::At,
                    value,
                } => {
                    if self.draft.anchor.is_some()
                        || self.draft.question.is_some()
                        || !self.draft.markdown.is_empty()
                    {
                        self.end_beat();
                    }
                    let anchor = self
                        .position(*line, value)
                        .map(|at| Anchor { at, line: *line });
                    self.begin(*line).anchor = anchor;
                }
                Kind::Comment {
                    name: CommentName::Variant,
                    value,
                } => self.turn_to(*line, value),
                Kind::Block { info, text } if is_block(info, "predict") => {
                    if self.draft.question.is_some() {
                        self.end_beat();
                    }
                    let problems = self.problems;
                    let question = with(text, line + 1, "the question", problems, |section| {
                        self.question(*line, section)
                    });
                    self.begin(*line).question = question.flatten();
                }
                Kind::Block { info, .. } => {
                    let variants = info.named.iter().find(|(key, _)| key == "variant");
                    let first = variants
                        .and_then(|(_, names)| names.split(',').next())
                        .map(str::trim);
                    if let Some(first) = first.filter(|_| info.language == "python") {
                        self.variant = first.to_owned();
                    }
                }
            }
        }
        self.end_beat();
        self.beats
    }

    fn begin(&mut self, line: u32) -> &mut Draft {
        if self.draft.is_empty() {
            self.draft.line = line;
        }
        &mut self.draft
    }

    fn end_beat(&mut self) {
        let draft = std::mem::take(&mut self.draft);
        if draft.is_empty() {
            return;
        }
        let clients: Vec<&str> = self.names.clients.iter().map(String::as_str).collect();
        self.beats.push(Beat {
            heading: draft.heading,
            html: prose::html(&draft.markdown, &clients),
            variant: self.variant.clone(),
            anchor: draft.anchor,
            question: draft.question,
            line: draft.line,
        });
    }

    fn turn_to(&mut self, line: u32, name: &str) {
        if self.variants.iter().any(|variant| variant.name == name) {
            name.clone_into(&mut self.variant);
            return;
        }
        let known: Vec<&str> = self
            .variants
            .iter()
            .map(|variant| variant.name.as_str())
            .collect();
        let unknown = Problem::new(line, format!("there is no variant `{name}`"));
        self.problems
            .borrow_mut()
            .push(unknown.remedy(did_you_mean(name, &known)));
    }

    fn position(&self, line: u32, text: &str) -> Option<Position> {
        match Position::parse(text, &self.names) {
            Ok(position) => Some(position),
            Err(mistake) => {
                let wrong =
                    Problem::new(line, format!("the moment \"{text}\" can't be: {mistake}"));
                self.problems.borrow_mut().push(wrong.remedy(POSITION));
                None
            }
        }
    }

    fn question(&self, line: u32, section: &Section<'_>) -> Option<Question> {
        let ask = section.must("ask", section.text("ask"), "\"What happens next?\"");
        let because = section.must("because", section.text("because"), "\"…\"");
        let options = section.many("option");
        if options.len() < 2 {
            let message = format!(
                "a question needs at least two options, this one has {}",
                options.len()
            );
            section.report(
                line,
                message,
                "Add `[[option]]` with `text = \"…\"` and `happens = \"…\"`.",
            );
        }
        let options = options
            .iter()
            .filter_map(|option| {
                let text = option.must("text", option.text("text"), "\"…\"");
                let happens = option.must(
                    "happens",
                    option.text("happens"),
                    "\"when lock:report expires\"",
                );
                option.finish();
                let At { line, it } = happens?;
                let (never, moment) = match it.strip_prefix("not ") {
                    Some(moment) => (true, moment),
                    None => (false, it.as_str()),
                };
                let at = self.position(line, moment)?;
                Some(Choice {
                    text: text?.it,
                    happens: Happens { at, never },
                })
            })
            .collect();
        section.finish();
        Some(Question {
            ask: ask?.it,
            options,
            because: because?.it,
            line,
        })
    }
}
