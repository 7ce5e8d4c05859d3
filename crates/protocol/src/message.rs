//! What the page asks of the worker, and what it answers.

use serde::{Deserialize, Serialize};

use crate::Trace;

/// A lesson as the page shows it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LessonView {
    /// `locks/gc-pause`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The track it belongs to: `Locks`.
    pub track: String,
    /// One sentence for the list of lessons.
    pub summary: String,
    /// About how many minutes it takes.
    pub minutes: u32,
    /// Hash of the lesson's file: a link to another edition of it is noticed.
    pub content_hash: String,
    /// Its prose in order, one beat at a time.
    pub beats: Vec<Beat>,
    /// Its variants; the first is shown first.
    pub variants: Vec<VariantView>,
}

/// One beat of a lesson: a paragraph or a few, with the moment that they are about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Beat {
    /// A heading, if it has one.
    pub heading: Option<String>,
    /// The prose as HTML, from Markdown with raw HTML escaped.
    pub html: String,
    /// The variant that this beat is about, if it is about one.
    pub variant: Option<String>,
    /// The moment it is about, in the position language, if there is one.
    pub anchor: Option<String>,
    /// A question to answer before going on.
    pub question: Option<Question>,
}

/// A prediction, answered by the run itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// What is asked.
    pub ask: String,
    /// What can be answered.
    pub options: Vec<QuestionOption>,
    /// Shown after an answer.
    pub because: String,
}

/// One possible answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuestionOption {
    /// Its text.
    pub text: String,
    /// Whether the run did that: established by checking the records.
    pub happened: bool,
}

/// A version of a lesson's program.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VariantView {
    /// `naive`, `fencing` …
    pub name: String,
    /// In words, for the chooser.
    pub title: String,
    /// Its programs. A lesson's clients often share one.
    pub programs: Vec<ProgramView>,
}

/// One Python source and the clients that run it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProgramView {
    /// The clients' names.
    pub clients: Vec<String>,
    /// The source.
    pub source: String,
}

/// What is run: a lesson's variant with a person's edits and interventions. Two equal scenes give equal traces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scene {
    /// The lesson's id.
    pub lesson: String,
    /// The variant's name.
    pub variant: String,
    /// Another seed than the lesson's.
    pub seed: Option<u64>,
    /// Whole new sources: `(index of the program in the variant, source)`.
    pub edits: Vec<(u32, String)>,
    /// Interventions in the fault language. `None`: the lesson's own.
    pub interventions: Option<Vec<String>>,
}

/// A request to the worker; answered by a [`FromWorker`] with the same number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToWorker {
    /// Chosen by the page.
    pub number: u32,
    /// What is asked.
    pub request: Request,
}

/// What the page asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Run a scene to its end.
    Run(Scene),
    /// A terminal line on a node, at the instant after record `at` of the scene's run.
    Terminal {
        /// The run.
        scene: Scene,
        /// The node's name.
        node: String,
        /// The position on the slider.
        at: u32,
        /// The line as typed.
        line: String,
    },
    /// What a terminal's line may become, and what is missing from it.
    Suggest {
        /// What is typed so far.
        line: String,
    },
    /// Check the text of a lesson and open it: scenes name it by its id from then on.
    Open {
        /// The Markdown.
        markdown: String,
    },
}

/// What the worker says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FromWorker {
    /// It has started and can be asked.
    Ready,
    /// A run.
    Ran {
        /// The request's number.
        number: u32,
        /// The run.
        run: Box<Run>,
    },
    /// The terminal's answer to a command that only reads.
    Answered {
        /// The request's number.
        number: u32,
        /// As redis-cli prints it.
        text: String,
    },
    /// The terminal's command writes: run the scene with these interventions added.
    Writes {
        /// The request's number.
        number: u32,
        /// In the fault language; one for each time that the command is sent.
        interventions: Vec<String>,
    },
    /// What a line that is being typed may become.
    Suggested {
        /// The request's number.
        number: u32,
        /// How it can go on.
        suggestion: Suggestion,
    },
    /// The lesson, opened.
    Opened {
        /// The request's number.
        number: u32,
        /// What the page shows.
        lesson: Box<LessonView>,
    },
    /// The request can't be done.
    Refused {
        /// The request's number.
        number: u32,
        /// Why, and where.
        error: OpenError,
    },
    /// The worker broke: it is replaced, and what was asked is asked again.
    Panicked {
        /// The panic's message.
        message: String,
    },
}

/// How a terminal's line can go on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// The line that it is about.
    pub line: String,
    /// The arguments that are missing, to be shown behind the line.
    pub hint: String,
    /// Whole lines that it may be completed to.
    pub completions: Vec<String>,
}

/// What is wrong with something that a person wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenError {
    /// One sentence: what is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: Option<String>,
    /// The program it is in, by its index in the variant.
    pub program: Option<u32>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
}

/// What is made of a lesson at build time: enough to read it and step through every variant before the worker has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Prepared {
    /// The lesson's file. The page hands it to the worker with [`Request::Open`] before it asks for anything
    /// else about the lesson, again after a restart: a lesson of one's own goes the same way as a built-in one.
    pub markdown: String,
    /// The lesson.
    pub lesson: LessonView,
    /// The run of each variant under the lesson's own interventions, in the order of its variants.
    pub runs: Vec<Run>,
    /// The fault language by example: how something is written, and what it does.
    #[serde(default)]
    pub vocabulary: Vec<(String, String)>,
}

impl Prepared {
    /// The file in `prepared/` that holds what was prepared of a lesson: `locks~gc-pause.json`.
    #[must_use]
    pub fn file_name(lesson: &str) -> String {
        format!("{}.json", lesson.replace('/', "~"))
    }
}

/// A scene's run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The records.
    pub trace: Trace,
    /// For each beat of the lesson, the record that its anchor names in this run, if that happens.
    pub anchors: Vec<Option<u32>>,
}

/// The list of lessons, made at build time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    /// Tracks in their order.
    pub tracks: Vec<Track>,
}

/// Lessons about one subject.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// `Caching`, `Locks` …
    pub title: String,
    /// Its lessons in their order.
    pub lessons: Vec<Listed>,
}

/// A lesson in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// `locks/gc-pause`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// One sentence.
    pub summary: String,
    /// About how many minutes it takes.
    pub minutes: u32,
}
