//! What programs act on beside Redis: a database, a store, objects, a mailer. Each records every effect it has.

mod args;
mod db;
mod mailer;
mod objects;
mod storage;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::world::{Connection, Packet};
use crate::{
    Data, Effect, Message, Phase, ResourceCall, ResourceKind, ResourceSpec, SimTime, Span,
};
use args::Args;
pub(crate) use args::shorten;

/// A resource: what it holds, and how busy it is.
#[derive(Clone, Debug)]
pub struct Resource {
    state: Arc<State>,
    pub(crate) takes: Span,
    /// When it has worked off the calls that have arrived.
    pub(crate) free_at: SimTime,
    /// How long a call waits for somebody's transaction.
    pub(crate) patience: Span,
    /// Calls that wait for somebody's transaction, in the order in which they came.
    pub(crate) waiting: Vec<Waiter>,
    /// Connections of which it knows that they are closed.
    pub(crate) closed: BTreeSet<Connection>,
}

/// A call that waits for somebody's transaction.
#[derive(Clone, Debug)]
pub(crate) struct Waiter {
    pub(crate) packet: Arc<Packet>,
    pub(crate) lock: String,
    pub(crate) holder: Connection,
}

#[derive(Clone, Debug)]
enum State {
    Db(db::Db),
    Storage(storage::Storage),
    Mailer(mailer::Mailer),
    Objects(objects::Objects),
}

/// Why a call is refused.
pub(crate) struct Refused {
    kind: &'static str,
    message: String,
    /// A refused write is an effect too: one that was not taken.
    effect: Option<Effect>,
}

/// What became of a call.
pub(crate) enum Called {
    /// It was carried out, or refused.
    Done(Done),
    /// It has to wait for the transaction of a connection, which has locked this.
    Waits { lock: String, holder: Connection },
}

/// A call that was carried out, or refused.
pub(crate) struct Done {
    pub(crate) outcome: Message,
    pub(crate) effect: Option<Effect>,
    pub(crate) phase: Phase,
    /// Earlier writes of its transaction, which take effect with it.
    pub(crate) committed: Vec<(Arc<ResourceCall>, Effect)>,
    /// A transaction is over: those who waited for it may go on.
    pub(crate) ended: bool,
}

impl Done {
    fn of(outcome: Outcome) -> Self {
        let (outcome, effect) = match outcome {
            Ok((data, effect)) => (Message::Returned(data), effect),
            Err(refused) => {
                let (kind, message) = (refused.kind.to_owned(), refused.message);
                (Message::Refused { kind, message }, refused.effect)
            }
        };
        Self {
            outcome,
            effect,
            phase: Phase::Alone,
            committed: Vec::new(),
            ended: false,
        }
    }

    /// A call that the resource could not carry out.
    pub(crate) fn failed(outcome: Message) -> Self {
        Self {
            outcome,
            ..Self::of(Ok((Data::Null, None)))
        }
    }

    /// A call that is refused for what others do, with the name of its exception.
    pub(crate) fn refused(kind: &'static str, message: String) -> Self {
        Self::of(Err(Refused {
            kind,
            message,
            effect: None,
        }))
    }
}

/// What a call returns, and what it left behind.
type Outcome = Result<(Data, Option<Effect>), Refused>;

impl Refused {
    /// A call that the method does not take.
    fn arguments(message: String) -> Self {
        Self {
            kind: "TypeError",
            message,
            effect: None,
        }
    }
}

impl Resource {
    pub(crate) fn new(spec: &ResourceSpec) -> Self {
        let state = match spec.kind {
            ResourceKind::Db => State::Db(db::Db::new(&spec.initial, &spec.unique)),
            ResourceKind::Storage => State::Storage(storage::Storage::new(&spec.initial)),
            ResourceKind::Mailer => State::Mailer(mailer::Mailer::default()),
            ResourceKind::Objects => State::Objects(objects::Objects::new(&spec.initial)),
        };
        Self {
            state: Arc::new(state),
            takes: spec.takes,
            free_at: SimTime(0),
            patience: spec.lock_timeout,
            waiting: Vec::new(),
            closed: BTreeSet::new(),
        }
    }

    /// Carries out a call of a connection, unless it has to wait for somebody's transaction.
    pub(crate) fn call(&mut self, who: Connection, call: &Arc<ResourceCall>) -> Called {
        let args = Args::new(call);
        let outcome = match Arc::make_mut(&mut self.state) {
            State::Db(db) => match db.call(who, call) {
                db::Turn::Waits { lock, holder } => return Called::Waits { lock, holder },
                db::Turn::Done {
                    outcome,
                    pending,
                    committed,
                    ended,
                } => {
                    let phase = if pending {
                        Phase::Pending
                    } else {
                        Phase::Alone
                    };
                    return Called::Done(Done {
                        phase,
                        committed,
                        ended,
                        ..Done::of(outcome)
                    });
                }
            },
            State::Storage(storage) => storage.call(&args),
            State::Mailer(mailer) => mailer.call(&args),
            State::Objects(objects) => objects.call(&args),
        };
        Called::Done(Done::of(outcome))
    }

    /// Whether one who waited for `holder` would, in the end, wait for itself.
    pub(crate) fn would_wait_for_itself(&self, who: Connection, holder: Connection) -> bool {
        let mut next = Some(holder);
        // Each of those who wait is met once at most.
        for _ in 0..=self.waiting.len() {
            if next == Some(who) {
                return true;
            }
            let waits = |waiter: &&Waiter| Some(waiter.packet.connection) == next;
            next = self.waiting.iter().find(waits).map(|waiter| waiter.holder);
        }
        false
    }

    /// Whether it has transactions.
    pub(crate) fn is_db(&self) -> bool {
        matches!(&*self.state, State::Db(_))
    }

    /// Whether a connection has a transaction open.
    pub(crate) fn has_begun(&self, who: Connection) -> bool {
        matches!(&*self.state, State::Db(db) if db.has_begun(who))
    }

    /// Undoes what a connection's transaction wrote; gives how many writes those were, if there was a transaction.
    pub(crate) fn roll_back(&mut self, who: Connection) -> Option<usize> {
        match Arc::make_mut(&mut self.state) {
            State::Db(db) => db.roll_back(who),
            _ => None,
        }
    }

    /// What a call raises that the resource could not carry out, for no reason of the call's own.
    pub(crate) fn fails(&self, name: &str) -> Message {
        let kind = match &*self.state {
            State::Db(_) => "OperationalError",
            _ => "Unavailable",
        };
        Message::Refused {
            kind: kind.to_owned(),
            message: format!("{name} could not be reached; nothing was done"),
        }
    }

    /// What it holds now, as rows: `(table or name, id, value)`; a storage has no ids, a mailer counts its messages.
    #[must_use]
    pub fn rows(&self) -> Vec<(String, String, Data)> {
        match &*self.state {
            State::Db(db) => db.rows(),
            State::Storage(storage) => storage.rows(),
            State::Mailer(mailer) => mailer.rows(),
            State::Objects(objects) => objects.rows(),
        }
    }
}
