//! What can happen to a lesson's page.

use redwind_protocol::{FromWorker, Link, OpenError, Scene};

use super::Tab;
use crate::seek::Seek;

/// How the simulator is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// It is being loaded.
    Loading,
    /// It can be asked.
    Ready,
    /// It broke and is being replaced.
    Restarting,
    /// It can't be loaded here.
    Failed,
}

/// A run that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The request.
    pub number: u32,
    /// What is run.
    pub scene: Scene,
    /// Why.
    pub reason: Reason,
}

/// Why a run was asked for: decides where the cursor lands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A link leads there.
    Link {
        /// The record it names.
        position: u32,
        /// The run it was made from.
        trace_hash: String,
    },
    /// A fault was added or removed: the cursor lands where the run first differs.
    Fault,
    /// A program was edited.
    Edit,
    /// A command was typed that writes; the terminal's entry waits for its reply.
    Terminal {
        /// The terminal's request.
        entry: u32,
        /// How often the command is sent.
        times: usize,
    },
}

/// Something that was asked for and can't be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What had been asked.
    pub reason: Reason,
    /// What is wrong.
    pub error: OpenError,
}

/// A change of the page.
#[derive(Clone, Debug)]
pub enum Action {
    /// Moves the cursor; stops playback.
    Seek(Seek),
    /// Moves the cursor as time passes.
    Tick,
    /// Starts or stops playback.
    Play(bool),
    /// Faster or slower.
    Speed(i8),
    /// Whether steps stop at lines.
    ByLine(bool),
    /// Chooses a client.
    Client(u16),
    /// Chooses one of that client's threads; `None`: the one that its program begins with.
    Thread(Option<String>),
    /// Shows a branch.
    Branch(usize),
    /// Forgets a branch that the person made.
    Forget(usize),
    /// Shows a variant's own run.
    Variant(String),
    /// Goes to a beat.
    Beat(usize),
    /// Answers the question of the current beat.
    Answer(usize),
    /// Adds interventions to the current branch, which makes a new one.
    Intervene(Vec<String>),
    /// Takes an intervention out of the current branch, which makes a new one.
    Undo(usize),
    /// Gives up the run that was asked for.
    Stop,
    /// Begins to edit a program, or stops.
    Edit(Option<u32>),
    /// The draft changed.
    Type(String),
    /// Runs the draft.
    RunDraft,
    /// Back to the lesson's version of a program.
    Reset(u32),
    /// A line in the terminal.
    Command {
        /// The node.
        node: String,
        /// The line.
        line: String,
    },
    /// A line is being typed in the terminal: how may it go on?
    Typing(String),
    /// Empties the terminal.
    ClearTerminal,
    /// Points out a verdict's evidence, or stops.
    Why(Option<usize>),
    /// Changes the tab.
    Tab(Tab),
    /// Table or diagram.
    AsText(bool),
    /// The simulator said something.
    Heard(Box<FromWorker>),
    /// The simulator is as it is.
    Engine(Engine),
    /// The simulator breaks on what is asked, and another one starts.
    GiveUp,
    /// Another link was opened.
    Open(Box<Link>),
    /// A message to be read.
    Notice(String),
    /// A message was read.
    Dismiss(usize),
    /// The refusal was read.
    DismissRefusal,
}

/// The number of the request that hands the lesson to the simulator; all others count from 1.
pub const OPENING: u32 = 0;
