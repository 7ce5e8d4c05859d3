//! What becomes of the simulator's answers.

use redwind_protocol::{FromWorker, LaneKind, OpenError, RecordKind, Run};

use super::branch::first_difference;
use super::{Branch, Engine, OPENING, Page, Pending, Reason, Refusal, Shown};
use crate::shared::Shared;
use crate::story::Story;

impl Page {
    pub(super) fn hear(&mut self, message: FromWorker) {
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
                interventions,
            } => {
                self.outbox.retain(|asked| asked.number != number);
                let times = interventions.len();
                let mut scene = self.explicit_scene();
                scene
                    .interventions
                    .get_or_insert_default()
                    .extend(interventions);
                let reason = Reason::Terminal {
                    entry: number,
                    times,
                };
                self.ask_run(scene, reason);
            }
            FromWorker::Suggested { number, suggestion } => {
                self.outbox.retain(|asked| asked.number != number);
                self.suggestion = Shared::new(suggestion);
            }
            FromWorker::Refused { number, error } => {
                self.outbox.retain(|asked| asked.number != number);
                self.refused(number, error);
            }
            FromWorker::Opened { number, .. } => self.outbox.retain(|asked| asked.number != number),
            FromWorker::Panicked { .. } => {}
        }
    }

    pub(super) fn ran(&mut self, pending: Pending, run: Run) {
        // What a link describes was made from nothing that is here: its variant's own run is the nearest.
        let before = self.story().clone();
        self.branches
            .push(Branch::from_another(pending.scene, run, &before));
        self.arrive(self.branches.len() - 1, &pending.reason);
        if pending.reason == Reason::Edit {
            self.draft = None;
        }
    }

    pub(super) fn arrive(&mut self, branch: usize, reason: &Reason) {
        let before = self.story().clone();
        let after = self.branches[branch].story.clone();
        let position = match reason {
            Reason::Link { position, .. } => *position,
            Reason::Fault | Reason::Edit => {
                first_difference(&before, &after).unwrap_or(self.position)
            }
            Reason::Terminal { entry, times } => {
                let (position, reply) = typed_replies(&before, &after, *times);
                self.conclude(*entry, Shown::Branched(reply));
                position
            }
        };
        self.show(branch, Some(position));
        if let Reason::Link { trace_hash, .. } = reason {
            self.check_hash(trace_hash);
        }
    }

    /// Nothing that was asked will be answered any more: everything that waits is told so.
    pub(super) fn give_up(&mut self) {
        for asked in std::mem::take(&mut self.outbox) {
            let (message, remedy) = if self.engine == Engine::Failed {
                (
                    "The simulator can't run on this page.",
                    "Reload the page to try again.",
                )
            } else {
                (
                    "The simulator broke on this, so it was not run.",
                    "That is a defect of Redwind; what was there before is still there.",
                )
            };
            let error = OpenError {
                message: message.to_owned(),
                remedy: Some(remedy.to_owned()),
                ..OpenError::default()
            };
            self.refused(asked.number, error);
        }
    }

    pub(super) fn refused(&mut self, number: u32, error: OpenError) {
        let said = match &error.remedy {
            Some(remedy) => format!("{} {remedy}", error.message),
            None => error.message.clone(),
        };
        if let Some(pending) = self.pending.take_if(|pending| pending.number == number) {
            match &pending.reason {
                Reason::Link { .. } => self
                    .notices
                    .push(format!("What this link describes can't be run: {said}")),
                Reason::Terminal { entry, .. } => self.conclude(*entry, Shown::Refused(said)),
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

/// Where the terminal's new command got its last reply, and its replies.
fn typed_replies(before: &Story, after: &Story, times: usize) -> (u32, String) {
    let from = first_difference(before, after).unwrap_or(0);
    let asked: Vec<u32> = (from..after.len())
        .filter(|index| {
            after.record(*index).is_some_and(|record| {
                let lane = after.lane(record.lane);
                record.kind == RecordKind::Sent
                    && lane.is_some_and(|lane| lane.kind == LaneKind::Terminal)
            })
        })
        .take(times)
        .collect();
    let replies: Vec<(u32, &str)> = (from..after.len())
        .filter_map(|index| {
            let shown = after.record(index)?.shown.as_ref()?;
            let ours = shown.asked.is_some_and(|command| asked.contains(&command));
            ours.then_some((index, shown.text.as_str()))
        })
        .collect();
    let last = replies.last().map(|(index, _)| *index);
    let position = last.or(asked.last().copied()).unwrap_or(from);
    let mut texts: Vec<&str> = replies.iter().map(|(_, text)| *text).collect();
    if texts.len() < asked.len() {
        texts.push("(it waits: nothing answers it before this run ends)");
    }
    (position, texts.join("\n"))
}
