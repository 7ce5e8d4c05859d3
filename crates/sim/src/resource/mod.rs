//! What programs act on beside Redis: a database, a store, objects, a mailer. Each records every effect it has.

mod args;
mod db;
mod mailer;
mod objects;
mod storage;

use std::sync::Arc;

use crate::{Data, Effect, Message, ResourceCall, ResourceKind, ResourceSpec, SimTime, Span};
use args::Args;
pub(crate) use args::shorten;

/// A resource: what it holds, and how busy it is.
#[derive(Clone, Debug)]
pub struct Resource {
    state: Arc<State>,
    pub(crate) takes: Span,
    /// When it has worked off the calls that have arrived.
    pub(crate) free_at: SimTime,
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
        }
    }

    /// Carries out a call.
    pub(crate) fn call(&mut self, call: &ResourceCall) -> (Message, Option<Effect>) {
        let args = Args::new(call);
        let outcome = match Arc::make_mut(&mut self.state) {
            State::Db(db) => db.call(&args),
            State::Storage(storage) => storage.call(&args),
            State::Mailer(mailer) => mailer.call(&args),
            State::Objects(objects) => objects.call(&args),
        };
        match outcome {
            Ok((data, effect)) => (Message::Returned(data), effect),
            Err(Refused {
                kind,
                message,
                effect,
            }) => {
                let kind = kind.to_owned();
                (Message::Refused { kind, message }, effect)
            }
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
