//! What becomes of the simulator's answers.

use redwind_protocol::{FromWorker, LaneKind, OpenError, RecordKind, Run};

use super::branch::first_difference;
use super::{Branch, Engine, OPENING, Page, Pending, Reason, Refusal, Shown};
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
