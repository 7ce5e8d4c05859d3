//! A lesson, read and understood.

use redwind_explore::{Invariant, Outcome};
use redwind_sim::{Position, Record, Scenario};

use crate::world::World;

/// One lesson.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    /// The file it was read from, as it was named.
    pub file: String,
    /// `locks/gc-pause`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The track it belongs to.
    pub track: String,
    /// For whom it is.
    pub level: Level,
    /// About how many minutes it takes.
    pub minutes: u32,
    /// One sentence for the list of lessons.
    pub summary: String,
    /// Seeds everything random in its runs.
    pub seed: u64,
    /// The starting world, the lesson's faults and its promises.
    pub world: World,
    /// Versions of its program; the first is shown first.
    pub variants: Vec<Variant>,
    /// Its prose in order.
    pub beats: Vec<Beat>,
    /// Hash of the file's text.
    pub content_hash: String,
}

/// For whom a lesson is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Nothing is presumed.
    Beginner,
    /// Knows Redis's basic commands.
    Intermediate,
    /// Has built systems from several processes.
    Advanced,
}

impl Level {
    pub(crate) const ALL: [(&'static str, Level); 3] = [
        ("beginner", Level::Beginner),
        ("intermediate", Level::Intermediate),
        ("advanced", Level::Advanced),
    ];

    /// As it is written in a lesson.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, level)| *level == self)
            .map_or("", |(name, _)| name)
    }
}

/// A version of the lesson's program.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// `naive`, `fencing` …
    pub name: String,
    /// In words.
    pub title: String,
    /// Its programs; a client without one takes no part in this variant.
    pub programs: Vec<Program>,
    /// The invariants, by the names that the lesson gives them, whose outcome is claimed to be other than held.
    pub claims: Vec<(String, Outcome)>,
    /// The line on which its verdicts are claimed.
    pub(crate) claimed_at: u32,
}

/// One Python source and the clients that run it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The clients' names.
    pub clients: Vec<String>,
    /// The source.
    pub source: String,
    /// The line of the lesson's file on which the source begins.
    pub line: u32,
}

/// A paragraph or a few, with the moment that they are about.
#[derive(Clone, Debug, PartialEq)]
pub struct Beat {
    /// A heading, if it has one, as plain text.
    pub heading: Option<String>,
    /// The prose as safe HTML.
    pub html: String,
    /// The variant that it is about.
    pub variant: String,
    /// The moment that it is about, if there is one.
    pub anchor: Option<Anchor>,
    /// A question to answer before going on.
    pub question: Option<Question>,
    /// The line of the file on which it begins.
    pub line: u32,
}

/// A moment with the line of the file that names it.
#[derive(Clone, Debug, PartialEq)]
pub struct Anchor {
    /// The moment.
    pub at: Position,
    /// The line that names it.
    pub line: u32,
}

/// A prediction, answered by the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// What is asked.
    pub ask: String,
    /// What can be answered.
    pub options: Vec<Choice>,
    /// Shown after an answer.
    pub because: String,
    /// The line on which the question stands.
    pub line: u32,
}

/// One possible answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Its text.
    pub text: String,
    /// What the run must have done for it to be right.
    pub happens: Happens,
}

/// A moment that a run has, or has not.
#[derive(Clone, Debug, PartialEq)]
pub struct Happens {
    /// The moment.
    pub at: Position,
    /// Whether it must be missing.
    pub never: bool,
}

impl Happens {
    /// Whether this is true of a run.
    #[must_use]
    pub fn is_true(&self, scenario: &Scenario, records: &[Record]) -> bool {
        self.at.find(scenario, records).is_some() != self.never
    }
}

impl Lesson {
    /// The variant of this name.
    #[must_use]
    pub fn variant(&self, name: &str) -> Option<&Variant> {
        self.variants.iter().find(|variant| variant.name == name)
    }

    /// What is promised.
    #[must_use]
    pub fn invariants(&self) -> Vec<Invariant> {
        self.world
            .promises
            .iter()
            .map(|(_, invariant)| invariant.clone())
            .collect()
    }
}
