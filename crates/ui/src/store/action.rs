//! What can happen to a lesson's page.

use std::rc::Rc;

use redwind_protocol::{
    FromWorker, LaneKind, Link, OpenError, RecordKind, Request, Run, Scene, ToWorker,
};
use yew::Reducible;

use super::{Branch, Draft, Entry, Page, Shown, Tab};
use crate::seek::{self, Seek};
use crate::shared::Shared;
use crate::story::Story;

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
    /// The terminal answers by itself.
    Say {
        /// The node.
        node: String,
        /// The line.
        line: String,
        /// The answer.
        text: String,
    },
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

/// The slowest and the fastest speed, as powers of two.
pub(super) const SPEEDS: std::ops::RangeInclusive<i8> = -3..=4;

impl Reducible for Page {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut page = (*self).clone();
        page.apply(action);
        Rc::new(page)
    }
}

impl Page {
    /// Applies a change.
    pub fn apply(&mut self, action: Action) {
        match action {
            Action::Seek(seek) => {
                self.playing = false;
                self.position = seek::resolve(self.story(), self.position, seek);
            }
            Action::Tick => self.tick(),
            Action::Play(on) => {
                if on && self.position >= self.story().last() {
                    self.position = 0;
                }
                self.playing = on && !self.story().is_empty();
            }
            Action::Speed(speed) => self.speed = speed.clamp(*SPEEDS.start(), *SPEEDS.end()),
            Action::ByLine(on) => self.by_line = on,
            Action::Client(lane) => self.client = lane,
            Action::Branch(branch) => self.show(branch, None),
            Action::Forget(branch) => self.forget(branch),
            Action::Variant(name) => {
                if let Some(branch) = self
                    .branches
                    .iter()
                    .position(|b| b.own && b.scene.variant == name)
                {
                    self.draft = None;
                    self.show(branch, None);
                }
            }
            Action::Beat(beat) => self.go_to_beat(beat),
            Action::Answer(option) => self.answer(option),
            Action::Intervene(added) => {
                let mut scene = self.explicit_scene();
                scene.interventions.get_or_insert_default().extend(added);
                self.ask_run(scene, Reason::Fault);
            }
            Action::Undo(index) => {
                let mut scene = self.explicit_scene();
                let list = scene.interventions.get_or_insert_default();
                if index < list.len() {
                    list.remove(index);
                }
                self.ask_run(scene, Reason::Fault);
            }
            Action::Edit(program) => {
                self.draft = program.map(|program| Draft {
                    program,
                    text: self.source(program).to_string(),
                });
                if self.draft.is_none() {
                    self.refusal = None;
                }
            }
            Action::Type(text) => {
                if let Some(draft) = &mut self.draft {
                    draft.text = text;
                }
            }
            Action::RunDraft => {
                let Some(draft) = self.draft.clone() else {
                    return;
                };
                self.run_edited(draft.program, Some(draft.text));
            }
            Action::Reset(program) => self.run_edited(program, None),
            Action::Command { node, line } => self.command(node, line),
            Action::Say { node, line, text } => {
                let entry = Entry {
                    node,
                    at: self.now(),
                    line,
                    shown: Shown::Answer(text),
                    number: 0,
                };
                self.log(|log| log.push(entry));
            }
            Action::ClearTerminal => self.log(Vec::clear),
            Action::Why(why) => self.why = why,
            Action::Tab(tab) => self.tab = tab,
            Action::AsText(on) => self.as_text = on,
            Action::Heard(message) => self.hear(*message),
            Action::Engine(engine) => {
                if engine == Engine::Restarting {
                    self.worker_generation += 1;
                }
                self.engine = engine;
            }
            Action::Open(link) => {
                self.notices.clear();
                self.playing = false;
                self.follow(&link);
            }
            Action::Notice(text) => self.notices.push(text),
            Action::Dismiss(index) => {
                if index < self.notices.len() {
                    self.notices.remove(index);
                }
            }
            Action::DismissRefusal => self.refusal = None,
        }
    }

    /// One step of playback. It stops at the end, and once just before a promise breaks.
    fn tick(&mut self) {
        let story = self.story().clone();
        let step = Seek::Step {
            forward: true,
            by_line: self.by_line,
            lane: None,
        };
        let next = seek::resolve(&story, self.position, step);
        if next <= self.position {
            self.playing = false;
            return;
        }
        self.position = next;
        let after = seek::resolve(&story, next, step);
        let breaks = seek::next_violation(&story, next).is_some_and(|broken| broken <= after);
        if next >= story.last() || breaks {
            self.playing = false;
        }
    }

    /// Shows a branch, at the same moment when it has it.
    fn show(&mut self, branch: usize, position: Option<u32>) {
        if branch >= self.branches.len() {
            return;
        }
        let now = self.now();
        self.branch = branch;
        let story = self.story().clone();
        let same_time = || if now == 0 { 0 } else { story.at_time(now) };
        self.position = position.unwrap_or_else(same_time).min(story.last());
        self.playing = false;
        self.why = None;
        self.refusal = None;
        let client = story
            .lane(self.client)
            .is_some_and(|lane| lane.kind == LaneKind::Client);
        if !client {
            self.client = story.first_client();
        }
    }

    fn forget(&mut self, branch: usize) {
        if self.branches.get(branch).is_none_or(|b| b.own) {
            return;
        }
        if self.branch == branch {
            let variant = &self.current().scene.variant;
            let home = self
                .branches
                .iter()
                .position(|b| b.own && b.scene.variant == *variant);
            self.show(home.unwrap_or(0), None);
        }
        self.branches.remove(branch);
        if self.branch > branch {
            self.branch -= 1;
        }
    }

    /// A beat speaks about the lesson's own run: of its variant if it names one, else of the one that is shown.
    fn go_to_beat(&mut self, beat: usize) {
        let Some(told) = self.prepared.lesson.beats.get(beat) else {
            return;
        };
        let variant = told
            .variant
            .clone()
            .unwrap_or_else(|| self.current().scene.variant.clone());
        let anchored = told.anchor.is_some();
        self.beat = beat;
        if anchored || told.variant.is_some() {
            let home = self
                .branches
                .iter()
                .position(|b| b.own && b.scene.variant == variant);
            if let Some(home) = home.filter(|home| *home != self.branch) {
                self.draft = None;
                self.show(home, None);
            }
        }
        if let Some(Some(anchor)) = self.story().anchors.get(beat) {
            let anchor = *anchor;
            self.playing = false;
            self.position = anchor.min(self.story().last());
        } else if beat == 0 {
            self.position = 0;
        }
    }

    /// After a prediction the run goes on to what the next beat is about.
    fn answer(&mut self, option: usize) {
        let Some(answer) = self.answers.get_mut(self.beat) else {
            return;
        };
        if answer.is_some() {
            return;
        }
        *answer = Some(option);
        let next = self.prepared.lesson.beats.get(self.beat + 1);
        let same = next.is_some_and(|b| {
            b.variant
                .as_ref()
                .is_none_or(|v| *v == self.current().scene.variant)
        });
        let anchor = self.story().anchors.get(self.beat + 1).copied().flatten();
        if let Some(anchor) = anchor.filter(|anchor| same && *anchor > self.position) {
            self.position = anchor;
        }
    }

    fn run_edited(&mut self, program: u32, text: Option<String>) {
        let mut scene = self.current().scene.clone();
        let variant = self
            .variant()
            .and_then(|variant| variant.programs.get(program as usize));
        let original = variant.map(|program| program.source.clone());
        scene.edits.retain(|(index, _)| *index != program);
        if let Some(text) = text.filter(|text| Some(text) != original.as_ref()) {
            scene.edits.push((program, text));
        }
        scene.edits.sort_by_key(|(index, _)| *index);
        self.ask_run(scene, Reason::Edit);
    }

    /// Asks for a run, unless it is known already.
    pub(super) fn ask_run(&mut self, mut scene: Scene, reason: Reason) {
        self.refusal = None;
        // The lesson's own interventions, spelled out, are the lesson's own run.
        let own = self
            .branches
            .iter()
            .find(|b| b.own && b.scene.variant == scene.variant);
        if let Some(own) = own
            && scene.interventions.as_ref() == Some(&own.story.trace.interventions)
        {
            scene.interventions = None;
        }
        if let Some(branch) = self.branches.iter().position(|b| b.scene == scene) {
            self.arrive(branch, &reason);
            return;
        }
        if let Some(old) = self.pending.take() {
            self.outbox.retain(|asked| asked.number != old.number);
        }
        let number = self.ask(Request::Run(scene.clone()));
        self.pending = Some(Pending {
            number,
            scene,
            reason,
        });
    }

    fn ask(&mut self, request: Request) -> u32 {
        let number = self.next_number;
        self.next_number += 1;
        self.outbox.push(ToWorker { number, request });
        number
    }

    fn command(&mut self, node: String, line: String) {
        let scene = self.current().scene.clone();
        let (at, position) = (self.now(), self.position);
        let request = Request::Terminal {
            scene,
            node: node.clone(),
            at: position,
            line: line.clone(),
        };
        let number = self.ask(request);
        self.log(|log| {
            log.push(Entry {
                node,
                at,
                line,
                shown: Shown::Waiting,
                number,
            })
        });
    }

    fn log(&mut self, change: impl FnOnce(&mut Vec<Entry>)) {
        let mut log = self.terminal.to_vec();
        change(&mut log);
        // Nobody scrolls back further.
        let surplus = log.len().saturating_sub(500);
        log.drain(..surplus);
        self.terminal = Shared::new(log);
    }

    fn conclude(&mut self, number: u32, shown: Shown) {
        self.log(|log| {
            if let Some(entry) = log.iter_mut().find(|entry| entry.number == number) {
                entry.shown = shown;
            }
        });
    }

    fn hear(&mut self, message: FromWorker) {
        match message {
            FromWorker::Ready => self.engine = Engine::Ready,
            FromWorker::Ran { number, run } => {
                self.outbox.retain(|asked| asked.number != number);
                let Some(pending) = self.pending.take_if(|pending| pending.number == number) else {
                    return;
                };
                self.ran(pending, *run);
            }
            FromWorker::Answered { number, text } => {
                self.outbox.retain(|asked| asked.number != number);
                self.conclude(number, Shown::Answer(text));
            }
            FromWorker::Writes {
                number,
                intervention,
            } => {
                self.outbox.retain(|asked| asked.number != number);
                let mut scene = self.explicit_scene();
                scene
                    .interventions
                    .get_or_insert_default()
                    .push(intervention);
                self.ask_run(scene, Reason::Terminal { entry: number });
            }
            FromWorker::Refused { number, error } => {
                self.outbox.retain(|asked| asked.number != number);
                self.refused(number, error);
            }
            FromWorker::Opened { number, .. } => self.outbox.retain(|asked| asked.number != number),
            FromWorker::Panicked { .. } => {}
        }
    }

    fn ran(&mut self, pending: Pending, run: Run) {
        self.branches.push(Branch::new(pending.scene, run, false));
        self.arrive(self.branches.len() - 1, &pending.reason);
        if pending.reason == Reason::Edit {
            self.draft = None;
        }
    }

    fn arrive(&mut self, branch: usize, reason: &Reason) {
        let before = self.story().clone();
        let after = self.branches[branch].story.clone();
        let position = match reason {
            Reason::Link { position, .. } => *position,
            Reason::Fault | Reason::Edit => {
                first_difference(&before, &after).unwrap_or(self.position)
            }
            Reason::Terminal { entry } => {
                let (position, reply) = typed_reply(&before, &after);
                self.conclude(*entry, Shown::Branched(reply));
                position
            }
        };
        self.show(branch, Some(position));
        if let Reason::Link { trace_hash, .. } = reason {
            self.check_hash(trace_hash);
        }
    }

    fn refused(&mut self, number: u32, error: OpenError) {
        let said = match &error.remedy {
            Some(remedy) => format!("{} {remedy}", error.message),
            None => error.message.clone(),
        };
        if let Some(pending) = self.pending.take_if(|pending| pending.number == number) {
            match &pending.reason {
                Reason::Link { .. } => self
                    .notices
                    .push(format!("What this link describes can't be run: {said}")),
                Reason::Terminal { entry } => self.conclude(*entry, Shown::Refused(said)),
                Reason::Fault | Reason::Edit => {
                    self.refusal = Some(Refusal {
                        reason: pending.reason,
                        error,
                    })
                }
            }
            return;
        }
        if number == OPENING {
            self.notices
                .push(format!("The simulator does not take this lesson: {said}"));
        } else {
            self.conclude(number, Shown::Refused(said));
        }
    }
}

/// The first record in which two runs differ; for an edit that changes nothing, none.
fn first_difference(before: &Story, after: &Story) -> Option<u32> {
    let (a, b) = (&before.trace.records, &after.trace.records);
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    (same < a.len().max(b.len())).then(|| u32::try_from(same).unwrap_or(0))
}

/// Where the terminal's new command got its reply, and the reply.
fn typed_reply(before: &Story, after: &Story) -> (u32, String) {
    let from = first_difference(before, after).unwrap_or(0);
    let typed = (from..after.len()).find_map(|index| {
        let record = after.record(index)?;
        let lane = after.lane(record.lane)?;
        let answered = matches!(record.kind, RecordKind::Received | RecordKind::Failed);
        (lane.kind == LaneKind::Terminal && answered).then(|| (index, record.label.clone()))
    });
    typed.unwrap_or((from, String::new()))
}
