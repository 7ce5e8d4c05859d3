//! Tables of rows, with writes that can be made conditional, and transactions.
//!
//! Transactions are isolated as PostgreSQL and MySQL do it at *read committed*: a read sees what was committed before
//! it, and its own transaction's writes; a write locks its row, and the unique values in it, until its transaction ends.
//! Who needs a locked row waits, for a bounded time. Then, and when two wait for each other, one of them gets an error.

mod open;
mod view;

use std::sync::Arc;

use super::args::{Args, Signature, shown, text};
use super::{Outcome, Refused};
use crate::world::Connection;
use crate::{Data, Effect, ResourceCall};
use open::{Open, Write};
use view::{At, Rows, View};

const GET: Signature = Signature {
    text: "get(table, id, for_update=False)",
    names: &["table", "id", "for_update"],
    optional: 1,
};
const PUT: Signature = Signature {
    text: "put(table, id, row)",
    names: &["table", "id", "row"],
    optional: 0,
};
const INSERT: Signature = Signature {
    text: "insert(table, id, row)",
    names: &["table", "id", "row"],
    optional: 0,
};
const UPDATE: Signature = Signature {
    text: "update(table, id, changes, where=None)",
    names: &["table", "id", "changes", "where"],
    optional: 1,
};
const DELETE: Signature = Signature {
    text: "delete(table, id, where=None)",
    names: &["table", "id", "where"],
    optional: 1,
};
const SELECT: Signature = Signature {
    text: "select(table, where=None)",
    names: &["table", "where"],
    optional: 1,
};
const BEGIN: Signature = none("begin()");
const COMMIT: Signature = none("commit()");
const ROLLBACK: Signature = none("rollback()");

const fn none(text: &'static str) -> Signature {
    Signature {
        text,
        names: &[],
        optional: 0,
    }
}

/// Rows by table and id, and who is about to change them.
#[derive(Clone, Debug, Default)]
pub(super) struct Db {
    rows: Rows,
    /// Tables and their fields that no two rows may share.
    unique: Vec<(String, String)>,
    open: Open,
}

/// What became of a call.
pub(super) enum Turn {
    /// It was carried out, or refused.
    Done {
        outcome: Outcome,
        /// It takes effect when its transaction is committed.
        pending: bool,
        /// What takes effect with it.
        committed: Vec<Write>,
        /// A transaction is over.
        ended: bool,
    },
    /// It has to wait for somebody's transaction, which has locked this.
    Waits { lock: String, holder: Connection },
}

impl Turn {
    fn done(outcome: Outcome) -> Self {
        Self::Done {
            outcome,
            pending: false,
            committed: Vec::new(),
            ended: false,
        }
    }
}

impl Db {
    pub(super) fn new(initial: &[(String, String, Data)], unique: &[String]) -> Self {
        let rows = initial
            .iter()
            .map(|(table, id, row)| ((table.clone(), id.clone()), row.clone()))
            .collect();
        let unique = unique
            .iter()
            .filter_map(|field| field.split_once('.'))
            .map(|(table, field)| (table.to_owned(), field.to_owned()))
            .collect();
        Self {
            rows,
            unique,
            open: Open::default(),
        }
    }

    /// Carries out a call of a connection, unless it has to wait.
    pub(super) fn call(&mut self, who: Connection, call: &Arc<ResourceCall>) -> Turn {
        let args = Args::new(call);
        let nothing = Ok((Data::Null, None));
        match args.method() {
            "begin" => Turn::done(args.bind::<0>(&BEGIN).and_then(|_| self.begin(who))),
            "commit" | "rollback" => {
                let commits = args.method() == "commit";
                let signature = if commits { &COMMIT } else { &ROLLBACK };
                if let Err(refused) = args.bind::<0>(signature) {
                    return Turn::done(Err(refused));
                }
                let ended = self.open.has(who);
                let committed = match commits {
                    true => self.open.commit(who, &mut self.rows),
                    false => {
                        self.open.end(who);
                        Vec::new()
                    }
                };
                Turn::Done {
                    outcome: nothing,
                    pending: false,
                    committed,
                    ended,
                }
            }
            _ => self.statement(who, call, &args),
        }
    }

    fn begin(&mut self, who: Connection) -> Outcome {
        if self.open.has(who) {
            return Err(Refused {
                kind: "ProgrammingError",
                message: "a transaction has begun and not ended: commit() or rollback() first"
                    .to_owned(),
                effect: None,
            });
        }
        self.open.begin(who);
        Ok((Data::Null, None))
    }

    fn statement(&mut self, who: Connection, call: &Arc<ResourceCall>, args: &Args<'_>) -> Turn {
        let locks = self.locks(who, args);
        let held = locks
            .iter()
            .find_map(|lock| Some((lock, self.open.holder(lock, who)?)));
        if let Some((lock, holder)) = held {
            let lock = lock.clone();
            return Turn::Waits { lock, holder };
        }
        let unique = &self.unique;
        let changes = self.open.of(who).map(|own| &mut own.changes);
        let mut view = View {
            rows: &mut self.rows,
            changes,
        };
        let mut outcome = Table { unique }.call(&mut view, args);
        if outcome.is_ok() {
            self.open.lock(locks, who);
        }
        let mut pending = false;
        if let (Some(own), Ok((_, effect))) = (self.open.of(who), &mut outcome)
            && let Some(write) = effect.take_if(|effect| effect.accepted)
        {
            own.writes.push((Arc::clone(call), write));
            pending = true;
        }
        Turn::Done {
            outcome,
            pending,
            committed: Vec::new(),
            ended: false,
        }
    }

    /// What a call needs to have for itself.
    fn locks(&mut self, who: Connection, args: &Args<'_>) -> Vec<String> {
        let row = |signature: &Signature| {
            let bound = args.bind::<3>(signature).ok()?;
            Some((place(bound[0], bound[1]), bound[2]))
        };
        let (at, written) = match args.method() {
            "get" => match row(&GET) {
                Some((at, Some(wanted))) if is_true(wanted) => (at, None),
                _ => return Vec::new(),
            },
            "put" => match row(&PUT) {
                Some(row) => row,
                None => return Vec::new(),
            },
            "insert" => match row(&INSERT) {
                Some(row) => row,
                None => return Vec::new(),
            },
            "delete" => match row(&DELETE) {
                Some((at, _)) => (at, None),
                None => return Vec::new(),
            },
            "update" => match args.bind::<4>(&UPDATE) {
                Ok([table, id, changes, _]) => (place(table, id), changes),
                Err(_) => return Vec::new(),
            },
            _ => return Vec::new(),
        };
        let mut locks = vec![target(&at)];
        // The values that the row has, and those that it is to have: nobody else may take either meanwhile.
        let changes = self.open.of(who).map(|own| &mut own.changes);
        let view = View {
            rows: &mut self.rows,
            changes,
        };
        let old = match args.method() {
            "get" => None,
            _ => view.get(&at),
        };
        for (table, field) in self.unique.iter().filter(|(table, _)| *table == at.0) {
            let values = [old, written].into_iter().flatten();
            for value in values.filter_map(|row| row.get(field)) {
                if *value != Data::Null {
                    locks.push(format!("{table}.{field} = {value}"));
                }
            }
        }
        locks
    }

    /// Whether somebody has a transaction open.
    pub(super) fn has_begun(&self, who: Connection) -> bool {
        self.open.has(who)
    }

    /// Undoes what a transaction wrote; gives how many writes those were.
    pub(super) fn roll_back(&mut self, who: Connection) -> Option<usize> {
        Some(self.open.end(who)?.writes.len())
    }

    pub(super) fn rows(&self) -> Vec<(String, String, Data)> {
        let row = |((table, id), row): (&At, &Data)| (table.clone(), id.clone(), row.clone());
        self.rows.iter().map(row).collect()
    }
}

/// What is the same for all rows of a table.
struct Table<'a> {
    unique: &'a [(String, String)],
}

impl Table<'_> {
    /// Refuses a row that would share with another what no two may.
    fn allows(&self, view: &View<'_>, at: &At, row: &Data, value: &str) -> Result<(), Refused> {
        for (_, field) in self.unique.iter().filter(|(table, _)| *table == at.0) {
            let Some(new) = row.get(field).filter(|new| **new != Data::Null) else {
                continue;
            };
            let all = view.all();
            let other = all.iter().find(|(other, row)| {
                other.0 == at.0 && other.1 != at.1 && row.get(field) == Some(new)
            });
            if let Some((other, _)) = other {
                return Err(Refused {
                    kind: "IntegrityError",
                    message: format!(
                        "{}.{field} must be unique: {} has {new} too",
                        at.0,
                        target(other)
                    ),
                    effect: Some(effect(at, value.to_owned(), false)),
                });
            }
        }
        Ok(())
    }

    fn call(&self, view: &mut View<'_>, args: &Args<'_>) -> Outcome {
        match args.method() {
            "get" => {
                let [table, id, _] = args.bind(&GET)?;
                let row = view.get(&place(table, id));
                Ok((row.cloned().unwrap_or(Data::Null), None))
            }
            "put" => {
                let [table, id, row] = args.bind(&PUT)?;
                let (at, row) = (place(table, id), row.unwrap_or(&Data::Null));
                self.allows(view, &at, row, &shown(row))?;
                let effect = effect(&at, shown(row), true);
                view.set(at, Some(row.clone()));
                Ok((Data::Null, Some(effect)))
            }
            "insert" => self.insert(view, args),
            "update" => self.update(view, args),
            "delete" => delete(view, args),
            "select" => select(view, args),
            _ => Err(args.no_such_method(&[
                GET, PUT, INSERT, UPDATE, DELETE, SELECT, BEGIN, COMMIT, ROLLBACK,
            ])),
        }
    }

    /// Adds a row; an id that is taken is refused, as a unique constraint does.
    fn insert(&self, view: &mut View<'_>, args: &Args<'_>) -> Outcome {
        let [table, id, row] = args.bind(&INSERT)?;
        let (at, row) = (place(table, id), row.unwrap_or(&Data::Null));
        if view.get(&at).is_some() {
            return Err(Refused {
                kind: "IntegrityError",
                message: format!("{} already exists", target(&at)),
                effect: Some(effect(&at, shown(row), false)),
            });
        }
        self.allows(view, &at, row, &shown(row))?;
        let effect = effect(&at, shown(row), true);
        view.set(at, Some(row.clone()));
        Ok((Data::Null, Some(effect)))
    }

    /// Changes some fields of a row, if it is there and says what `where` says; returns how many rows changed.
    fn update(&self, view: &mut View<'_>, args: &Args<'_>) -> Outcome {
        let [table, id, changes, condition] = args.bind(&UPDATE)?;
        let at = place(table, id);
        let Some(Data::Map(changes)) = changes else {
            return Err(args.wrong(&UPDATE, "changes must be a dict of fields"));
        };
        let condition = fields(args, &UPDATE, condition)?;
        let shown = shown(&Data::Map(changes.clone()));
        let row = view.get(&at).filter(|row| agrees(row, condition));
        let Some(mut new) = row.cloned() else {
            return Ok((Data::Int(0), Some(effect(&at, shown, false))));
        };
        if !set(&mut new, changes) {
            return Err(args.wrong(&UPDATE, &format!("{} is no row of fields", target(&at))));
        }
        self.allows(view, &at, &new, &shown)?;
        let effect = effect(&at, shown, true);
        view.set(at, Some(new));
        Ok((Data::Int(1), Some(effect)))
    }
}

/// Removes a row, if it is there and says what `where` says; returns how many rows went.
fn delete(view: &mut View<'_>, args: &Args<'_>) -> Outcome {
    let [table, id, condition] = args.bind(&DELETE)?;
    let at = place(table, id);
    let condition = fields(args, &DELETE, condition)?;
    let goes = view.get(&at).is_some_and(|row| agrees(row, condition));
    let effect = effect(&at, "deleted".to_owned(), goes);
    if goes {
        view.set(at, None);
    }
    Ok((Data::Int(i64::from(goes)), Some(effect)))
}

/// The rows of a table that say what `where` says, by id; each tells its id.
fn select(view: &View<'_>, args: &Args<'_>) -> Outcome {
    let [table, condition] = args.bind(&SELECT)?;
    let table = text(table.unwrap_or(&Data::Null));
    let condition = fields(args, &SELECT, condition)?;
    let rows = view
        .all()
        .into_iter()
        .filter(|((of, _), row)| *of == table && agrees(row, condition));
    let rows = rows.map(|((_, id), row)| match row {
        Data::Map(fields) if row.get("id").is_none() => {
            let mut all = vec![("id".to_owned(), Data::Text(id.clone()))];
            all.extend(fields.iter().cloned());
            Data::Map(all)
        }
        other => other.clone(),
    });
    Ok((Data::List(rows.collect()), None))
}

/// As Python sees it.
fn is_true(value: &Data) -> bool {
    match value {
        Data::Null | Data::Bool(false) | Data::Int(0) => false,
        Data::Text(text) => !text.is_empty(),
        _ => true,
    }
}

/// Gives fields of a row new values; `false` when it has no fields.
fn set(row: &mut Data, changes: &Fields) -> bool {
    let Data::Map(known) = row else {
        return false;
    };
    for (name, value) in changes {
        match known.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value.clone(),
            None => known.push((name.clone(), value.clone())),
        }
    }
    true
}

fn place(table: Option<&Data>, id: Option<&Data>) -> At {
    (
        text(table.unwrap_or(&Data::Null)),
        text(id.unwrap_or(&Data::Null)),
    )
}

fn target((table, id): &At) -> String {
    format!("{table}/{id}")
}

fn effect(place: &At, value: String, accepted: bool) -> Effect {
    Effect {
        target: target(place),
        value,
        token: None,
        accepted,
    }
}

type Fields = [(String, Data)];

fn fields<'a>(
    args: &Args<'_>,
    signature: &Signature,
    condition: Option<&'a Data>,
) -> Result<&'a Fields, Refused> {
    match condition {
        None | Some(Data::Null) => Ok(&[]),
        Some(Data::Map(fields)) => Ok(fields),
        Some(other) => Err(args.wrong(
            signature,
            &format!("where must be a dict of fields, not {other}"),
        )),
    }
}

fn agrees(row: &Data, condition: &Fields) -> bool {
    condition
        .iter()
        .all(|(name, value)| row.get(name) == Some(value))
}
