//! The state of a lesson's page and the only ways to change it.

mod action;
mod branch;
mod hear;
mod reduce;
mod terminal;
#[cfg(test)]
mod tests;

pub use action::{Action, Engine, OPENING, Pending, Reason, Refusal};
pub use branch::Branch;
pub use terminal::{Entry, Shown};

use std::collections::VecDeque;
use std::rc::Rc;

use redwind_protocol::{Link, Prepared, Scene, Suggestion, ToWorker, VariantView};

use crate::seek::{self, Seek};
use crate::shared::Shared;
use crate::story::Story;

/// What a narrow screen shows, one at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// The prose.
    Lesson,
    /// The programs.
    Code,
    /// The diagram.
    #[default]
    Trace,
    /// Keys, resources, the terminal.
    Keys,
}

impl Tab {
    /// All tabs in their order.
    pub const ALL: [Self; 4] = [Self::Lesson, Self::Code, Self::Trace, Self::Keys];

    /// Its name on the page.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Lesson => "Lesson",
            Self::Code => "Code",
            Self::Trace => "Trace",
            Self::Keys => "Keys",
        }
    }

    /// Its name in a link.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Lesson => "lesson",
            Self::Code => "code",
            Self::Trace => "trace",
            Self::Keys => "keys",
        }
    }

    /// Reads a name from a link.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tab| tab.name() == name)
    }
}

/// A program that is being edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its index in the variant.
    pub program: u32,
    /// The text so far.
    pub text: String,
}

/// Everything that a lesson's page shows.
#[derive(Clone, Debug)]
pub struct Page {
    /// The lesson and the runs that came with it.
    pub prepared: Shared<Prepared>,
    /// One branch for each variant, then those that the person made.
    pub branches: Vec<Shared<Branch>>,
    /// The branch that is shown.
    pub branch: usize,
    /// The record that is looked at.
    pub position: u32,
    /// Whether steps stop at lines of programs.
    pub by_line: bool,
    /// The client whose locals are shown and whom Shift-steps follow.
    pub client: u16,
    /// Which of its threads is looked at, by name; `None`: the one that its program begins with.
    pub thread: Option<String>,
    /// Whether time runs.
    pub playing: bool,
    /// How fast: a power of two.
    pub speed: i8,
    /// The beat of the lesson.
    pub beat: usize,
    /// The answers given to the beats' questions.
    pub answers: Vec<Option<usize>>,
    /// A run that was asked for.
    pub pending: Option<Pending>,
    /// Why something asked for can't be done.
    pub refusal: Option<Refusal>,
    /// Messages to be read and dismissed.
    pub notices: Vec<String>,
    /// How the simulator is.
    pub engine: Engine,
    /// What was typed in the terminal, and the answers.
    pub terminal: Shared<Vec<Entry>>,
    /// Lines of the terminal, each with its node, that wait until the one before is answered.
    pub lines: VecDeque<(String, String)>,
    /// The terminal's request that is being answered.
    pub answering: Option<u32>,
    /// How the line that is being typed in the terminal may go on.
    pub suggestion: Shared<Suggestion>,
    /// Whether the arguments that are missing from it are shown.
    pub hints: bool,
    /// The verdict whose evidence is pointed out.
    pub why: Option<usize>,
    /// The tab on a narrow screen.
    pub tab: Tab,
    /// The trace as a table instead of a diagram.
    pub as_text: bool,
    /// The program that is being edited.
    pub draft: Option<Draft>,
    /// Unanswered requests.
    pub outbox: Vec<ToWorker>,
    /// Counts up when the simulator was replaced and must be asked again.
    pub worker_generation: u32,
    /// Counts up when the simulator is to be replaced because what it is at is no longer wanted.
    pub stops: u32,
    next_number: u32,
}

impl Page {
    /// A lesson as a link wants it.
    #[must_use]
    pub fn open(prepared: Shared<Prepared>, link: &Link) -> Self {
        let branches = branch::prepared(&prepared);
        let beats = prepared.lesson.beats.len();
        let mut page = Self {
            prepared,
            branches,
            branch: 0,
            position: 0,
            by_line: false,
            client: 0,
            thread: None,
            playing: false,
            speed: 0,
            beat: 0,
            answers: vec![None; beats],
            pending: None,
            refusal: None,
            notices: Vec::new(),
            engine: Engine::Loading,
            terminal: Shared::new(Vec::new()),
            lines: VecDeque::new(),
            answering: None,
            suggestion: Shared::default(),
            hints: true,
            why: None,
            tab: Tab::Trace,
            as_text: false,
            draft: None,
            outbox: Vec::new(),
            worker_generation: 0,
            stops: 0,
            next_number: 1,
        };
        page.client = page.story().first_client();
        page.follow(link);
        page
    }

    /// The branch that is shown.
    #[must_use]
    pub fn current(&self) -> &Branch {
        // There is always one: a lesson without variants gets an empty branch.
        &self.branches[self.branch.min(self.branches.len() - 1)]
    }

    /// The run that is shown.
    #[must_use]
    pub fn story(&self) -> &Shared<Story> {
        &self.current().story
    }

    /// The variant that is shown.
    #[must_use]
    pub fn variant(&self) -> Option<&VariantView> {
        let name = &self.current().scene.variant;
        self.prepared
            .lesson
            .variants
            .iter()
            .find(|variant| variant.name == *name)
    }

    /// The moment that is looked at.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.story().at(self.position)
    }

    /// What a link to this very moment says.
    #[must_use]
    pub fn link(&self) -> Link {
        let lesson = &self.prepared.lesson;
        let mut scene = self.current().scene.clone();
        let untouched = self.position == 0 && self.beat == 0 && self.branch == 0;
        let first = lesson
            .variants
            .first()
            .is_some_and(|variant| variant.name == scene.variant);
        if first {
            scene.variant.clear();
        }
        let told = |hash: &str| {
            if untouched {
                String::new()
            } else {
                hash.to_owned()
            }
        };
        Link {
            content_hash: told(&lesson.content_hash),
            trace_hash: told(&self.story().trace.hash),
            position: self.position,
            beat: u32::try_from(self.beat).unwrap_or(0),
            view: if self.tab == Tab::default() {
                String::new()
            } else {
                self.tab.name().to_owned()
            },
            scene,
        }
    }

    /// Goes where a link leads. What the simulator must first run is asked for; until then the variant's own run shows.
    fn follow(&mut self, link: &Link) {
        self.unask();
        let lesson = &self.prepared.lesson;
        let mut scene = link.scene.clone();
        let known = lesson
            .variants
            .iter()
            .any(|variant| variant.name == scene.variant);
        if !known {
            if !scene.variant.is_empty() {
                self.notices.push(format!(
                    "This lesson has no variant {:?} (any more): its first one is shown.",
                    scene.variant
                ));
            }
            scene.variant = lesson
                .variants
                .first()
                .map(|variant| variant.name.clone())
                .unwrap_or_default();
        }
        scene.lesson.clone_from(&lesson.id);
        if !link.content_hash.is_empty() && link.content_hash != lesson.content_hash {
            self.notices.push(
                "The lesson has changed since this link was made. What it describes is replayed on today's lesson; \
                 the moment may be another one."
                    .to_owned(),
            );
        }
        self.tab = Tab::named(&link.view).unwrap_or_default();
        self.beat = (link.beat as usize).min(lesson.beats.len().saturating_sub(1));
        let seek = Seek::Record(link.position);
        if let Some(branch) = self
            .branches
            .iter()
            .position(|branch| branch.scene == scene)
        {
            self.branch = branch;
            self.position = seek::resolve(self.story(), 0, seek);
            self.check_hash(&link.trace_hash);
            return;
        }
        self.branch = self
            .branches
            .iter()
            .position(|b| b.scene.variant == scene.variant)
            .unwrap_or(0);
        self.ask_run(
            scene,
            Reason::Link {
                position: link.position,
                trace_hash: link.trace_hash.clone(),
            },
        );
    }

    fn check_hash(&mut self, hash: &str) {
        if !hash.is_empty() && hash != self.story().trace.hash && self.notices.is_empty() {
            self.notices.push(
                "The same scene runs differently here than where this link was made: one of the two Redwinds is older."
                    .to_owned(),
            );
        }
    }

    /// The scene of the current branch with its interventions spelled out.
    #[must_use]
    pub fn explicit_scene(&self) -> Scene {
        let mut scene = self.current().scene.clone();
        scene
            .interventions
            .get_or_insert_with(|| self.story().trace.interventions.clone());
        scene
    }

    /// The source of a program of the current branch.
    #[must_use]
    pub fn source(&self, program: u32) -> Rc<str> {
        let edited = self
            .current()
            .scene
            .edits
            .iter()
            .find(|(index, _)| *index == program);
        match edited {
            Some((_, source)) => Rc::from(source.as_str()),
            None => self
                .variant()
                .and_then(|variant| variant.programs.get(program as usize))
                .map_or_else(|| Rc::from(""), |program| Rc::from(program.source.as_str())),
        }
    }
}
