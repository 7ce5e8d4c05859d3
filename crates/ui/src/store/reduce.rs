//! How each action changes the page.

use std::rc::Rc;

use redwind_protocol::{LaneKind, Request, Scene, ToWorker};
use yew::Reducible;

use super::{Action, Draft, Engine, Page, Pending, Reason, Shown};
use crate::seek::{self, Seek};

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
            Action::Client(lane) => {
                self.client = lane;
                self.thread = None;
            }
            Action::Thread(name) => self.thread = name,
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
            Action::Stop => self.stop(),
            Action::Edit(program) => {
                let edited = self.pending.as_ref().map(|pending| &pending.reason);
                if program.is_none() && edited == Some(&Reason::Edit) {
                    self.stop();
                }
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
            Action::Command { node, line } => self.lines.push_back((node, line)),
            Action::Typing(line) => self.typing(line),
            Action::ClearTerminal => self.log(Vec::clear),
            Action::Why(why) => self.why = why,
            Action::Tab(tab) => self.tab = tab,
            Action::AsText(on) => self.as_text = on,
            Action::Heard(message) => self.hear(*message),
            Action::GiveUp => {
                self.apply(Action::Engine(Engine::Restarting));
                self.give_up();
            }
            Action::Engine(engine) => {
                if engine == Engine::Restarting {
                    self.worker_generation += 1;
                }
                self.engine = engine;
                if engine == Engine::Failed {
                    self.give_up();
                }
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
        self.go_on_typing();
    }

    /// One step of playback. It stops at the end, and once just before a promise breaks.
    pub(super) fn tick(&mut self) {
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
    pub(super) fn show(&mut self, branch: usize, position: Option<u32>) {
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

    pub(super) fn forget(&mut self, branch: usize) {
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
    pub(super) fn go_to_beat(&mut self, beat: usize) {
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
    pub(super) fn answer(&mut self, option: usize) {
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

    pub(super) fn run_edited(&mut self, program: u32, text: Option<String>) {
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
        self.unask();
        if let Some(branch) = self.branches.iter().position(|b| b.scene == scene) {
            self.arrive(branch, &reason);
            return;
        }
        let number = self.ask(Request::Run(scene.clone()));
        self.pending = Some(Pending {
            number,
            scene,
            reason,
        });
        if self.engine == Engine::Failed {
            self.give_up();
        }
    }

    /// The run that was asked for is no longer wanted.
    pub(super) fn unask(&mut self) -> bool {
        let Some(old) = self.pending.take() else {
            return false;
        };
        self.outbox.retain(|asked| asked.number != old.number);
        if let Reason::Terminal { entry, .. } = old.reason {
            // What was typed after it counted on it.
            self.lines.clear();
            self.conclude(
                entry,
                Shown::Refused("(given up before it was run)".to_owned()),
            );
        }
        true
    }

    /// Gives up the run that was asked for. Nothing interrupts the simulator, so one that may be at it is replaced.
    fn stop(&mut self) {
        if self.unask() && self.engine == Engine::Ready {
            self.engine = Engine::Loading;
            self.worker_generation += 1;
            self.stops += 1;
        }
    }

    pub(super) fn ask(&mut self, request: Request) -> u32 {
        let number = self.next_number;
        self.next_number += 1;
        self.outbox.push(ToWorker { number, request });
        number
    }
}
