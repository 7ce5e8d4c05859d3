//! Tables of rows, with writes that can be made conditional.

use std::collections::BTreeMap;

use super::args::{Args, Signature, shown, text};
use super::{Outcome, Refused};
use crate::{Data, Effect};

const GET: Signature = Signature {
    text: "get(table, id)",
    names: &["table", "id"],
    optional: 0,
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

/// Rows by table and id.
#[derive(Clone, Debug, Default)]
pub(super) struct Db {
    rows: BTreeMap<(String, String), Data>,
    /// Tables and their fields that no two rows may share.
    unique: Vec<(String, String)>,
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
        Self { rows, unique }
    }

    /// Refuses a row that would share with another what no two may.
    fn allows(&self, place: &(String, String), row: &Data, value: String) -> Result<(), Refused> {
        for (_, field) in self.unique.iter().filter(|(table, _)| *table == place.0) {
            let Some(new) = row.get(field).filter(|new| **new != Data::Null) else {
                continue;
            };
            let other = self.rows.iter().find(|(at, other)| {
                at.0 == place.0 && at.1 != place.1 && other.get(field) == Some(new)
            });
            if let Some((other, _)) = other {
                return Err(Refused {
                    kind: "IntegrityError",
                    message: format!(
                        "{}.{field} must be unique: {} has {new} too",
                        place.0,
                        target(other)
                    ),
                    effect: Some(effect(place, value, false)),
                });
            }
        }
        Ok(())
    }

    pub(super) fn call(&mut self, args: &Args<'_>) -> Outcome {
        match args.method() {
            "get" => {
                let [table, id] = args.bind(&GET)?;
                let row = self.rows.get(&place(table, id));
                Ok((row.cloned().unwrap_or(Data::Null), None))
            }
            "put" => {
                let [table, id, row] = args.bind(&PUT)?;
                let (place, row) = (place(table, id), row.unwrap_or(&Data::Null));
                self.allows(&place, row, shown(row))?;
                let effect = effect(&place, shown(row), true);
                self.rows.insert(place, row.clone());
                Ok((Data::Null, Some(effect)))
            }
            "insert" => self.insert(args),
            "update" => self.update(args),
            "delete" => self.delete(args),
            "select" => self.select(args),
            _ => Err(args.no_such_method(&[GET, PUT, INSERT, UPDATE, DELETE, SELECT])),
        }
    }

    /// Adds a row; an id that is taken is refused, as a unique constraint does.
    fn insert(&mut self, args: &Args<'_>) -> Outcome {
        let [table, id, row] = args.bind(&INSERT)?;
        let (place, row) = (place(table, id), row.unwrap_or(&Data::Null));
        if self.rows.contains_key(&place) {
            return Err(Refused {
                kind: "IntegrityError",
                message: format!("{} already exists", target(&place)),
                effect: Some(effect(&place, shown(row), false)),
            });
        }
        self.allows(&place, row, shown(row))?;
        let effect = effect(&place, shown(row), true);
        self.rows.insert(place, row.clone());
        Ok((Data::Null, Some(effect)))
    }

    /// Changes some fields of a row, if it is there and says what `where` says; returns how many rows changed.
    fn update(&mut self, args: &Args<'_>) -> Outcome {
        let [table, id, changes, condition] = args.bind(&UPDATE)?;
        let place = place(table, id);
        let Some(Data::Map(changes)) = changes else {
            return Err(args.wrong(&UPDATE, "changes must be a dict of fields"));
        };
        let condition = fields(args, &UPDATE, condition)?;
        let shown = shown(&Data::Map(changes.clone()));
        if let Some(row) = self.rows.get(&place).filter(|row| agrees(row, condition)) {
            let mut new = row.clone();
            set(&mut new, changes);
            self.allows(&place, &new, shown.clone())?;
        }
        let Some(row) = self
            .rows
            .get_mut(&place)
            .filter(|row| agrees(row, condition))
        else {
            return Ok((Data::Int(0), Some(effect(&place, shown, false))));
        };
        if !set(row, changes) {
            return Err(args.wrong(&UPDATE, &format!("{} is no row of fields", target(&place))));
        }
        Ok((Data::Int(1), Some(effect(&place, shown, true))))
    }

    /// Removes a row, if it is there and says what `where` says; returns how many rows went.
    fn delete(&mut self, args: &Args<'_>) -> Outcome {
        let [table, id, condition] = args.bind(&DELETE)?;
        let place = place(table, id);
        let condition = fields(args, &DELETE, condition)?;
        let goes = self
            .rows
            .get(&place)
            .is_some_and(|row| agrees(row, condition));
        if goes {
            self.rows.remove(&place);
        }
        let effect = effect(&place, "deleted".to_owned(), goes);
        Ok((Data::Int(i64::from(goes)), Some(effect)))
    }

    /// The rows of a table that say what `where` says, by id; each tells its id.
    fn select(&mut self, args: &Args<'_>) -> Outcome {
        let [table, condition] = args.bind(&SELECT)?;
        let table = text(table.unwrap_or(&Data::Null));
        let condition = fields(args, &SELECT, condition)?;
        let rows = self
            .rows
            .iter()
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

    pub(super) fn rows(&self) -> Vec<(String, String, Data)> {
        let row = |((table, id), row): (&(String, String), &Data)| {
            (table.clone(), id.clone(), row.clone())
        };
        self.rows.iter().map(row).collect()
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

fn place(table: Option<&Data>, id: Option<&Data>) -> (String, String) {
    (
        text(table.unwrap_or(&Data::Null)),
        text(id.unwrap_or(&Data::Null)),
    )
}

fn target((table, id): &(String, String)) -> String {
    format!("{table}/{id}")
}

fn effect(place: &(String, String), value: String, accepted: bool) -> Effect {
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
