//! What is moved about is neither lost nor made.

use std::collections::BTreeMap;

use bytes::Bytes;
use redwind_engine::Preview;
use redwind_sim::{Data, Event, KeyChange, Place, Record};

use crate::History;
use crate::glob;
use crate::history::{moment, text};
use crate::rows::written;
use crate::verdict::Finding;

/// The numbers in some rows of a database, some keys of Redis or both together add up to the same at every instant,
/// or at least in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SumConserved {
    /// The database and its rows: `db`, `accounts/*`.
    pub rows: Option<(String, String)>,
    /// The keys: `balance:*`. Counted once, on whichever primary was made last.
    pub keys: Option<String>,
    /// The field of a row or hash that has the number; without one the row or string is the number, and of a hash all fields count.
    pub field: Option<String>,
    /// What it adds up to; `None`: what it did at the start.
    pub total: Option<i64>,
    /// Whether only the end of the run counts: money may be under way.
    pub at_rest: bool,
}

/// A key in a database of a node, for which it may be counted.
type Counter = (u32, Bytes);

/// The numbers at one moment. A value that is no whole number is told instead.
struct Amounts {
    rows: BTreeMap<String, Data>,
    keys: BTreeMap<Counter, BTreeMap<Place, Result<i64, String>>>,
    /// Since when each primary is one.
    primaries: BTreeMap<Place, u32>,
}

impl SumConserved {
    pub(crate) fn name(&self) -> &'static str {
        "Sum conserved"
    }

    pub(crate) fn promise(&self) -> String {
        let total = match self.total {
            Some(total) => format!("{total}"),
            None => "what it did at the start".to_owned(),
        };
        let when = if self.at_rest {
            "In the end"
        } else {
            "At every instant"
        };
        format!("{when} {} to {total}.", self.what())
    }

    pub(crate) fn check(&self, history: &History<'_>) -> Finding {
        let mut amounts = self.at_start(history);
        let mut sum = match self.sum(&amounts) {
            Ok(sum) => sum,
            Err(odd) => return not_a_number(&odd),
        };
        let total = self.total.unwrap_or(sum);
        let mut broke: Option<&Record> = None;
        let mut changed = false;
        for record in history.records {
            changed |= self.apply(history, &mut amounts, record);
            // What a transaction commits, it commits at once, though each write has its record.
            if !changed || history.commits_more(record) {
                continue;
            }
            changed = false;
            sum = match self.sum(&amounts) {
                Ok(sum) => sum,
                Err(odd) => return not_a_number(&odd),
            };
            if sum == total {
                broke = None;
                continue;
            }
            let culprit = *broke.get_or_insert(record);
            if !self.at_rest {
                return self.off(history, culprit, sum, total);
            }
        }
        match broke {
            Some(_) if history.cut.is_some() => Finding::nothing_broke_it(history, String::new()),
            Some(culprit) => self.off(history, culprit, sum, total),
            None if sum != total => Finding::violated(
                format!(
                    "{} added up to {sum} from the start, not to {total}.",
                    self.names()
                ),
                Vec::new(),
            ),
            None => Finding::nothing_broke_it(
                history,
                format!("{} to {total}, as at the start.", self.what()),
            ),
        }
    }

    fn names(&self) -> String {
        let rows = self.rows.as_ref().map(|(_, rows)| rows.as_str());
        let both: Vec<&str> = rows.into_iter().chain(self.keys.as_deref()).collect();
        both.join(" and ")
    }

    /// The rows and keys, with their verb: several `add up`, one `adds up`.
    fn what(&self) -> String {
        let names = self.names();
        let several = names.contains(" and ") || names.contains('*');
        let verb = if several { "add up" } else { "adds up" };
        format!("{names} {verb}")
    }

    fn off(&self, history: &History<'_>, record: &Record, sum: i64, total: i64) -> Finding {
        let by = match &record.event {
            Event::Performed { by, .. } => Some(*by),
            _ => History::author(record),
        };
        let by = by.map_or(String::new(), |by| format!(" by {}", history.name(by)));
        let when = moment(record.at);
        Finding::violated(
            if self.at_rest {
                format!(
                    "In the end {} to {sum}, not to {total}: it has been wrong since a write{by} at {when}.",
                    self.what()
                )
            } else {
                format!(
                    "After a write{by} at {when} {} to {sum}, not to {total}.",
                    self.what()
                )
            },
            vec![record.seq],
        )
    }

    fn at_start(&self, history: &History<'_>) -> Amounts {
        let mut amounts = Amounts {
            rows: BTreeMap::new(),
            keys: BTreeMap::new(),
            primaries: BTreeMap::new(),
        };
        for (node, place) in history.scenario.nodes.iter().zip(0_u16..) {
            if node.replica_of.is_none() {
                amounts.primaries.insert(Place::Node(place), 0);
            }
        }
        for (node, change) in history.initial {
            self.set_key(&mut amounts, *node, change);
        }
        let source = self.rows.as_ref().and_then(|(source, _)| {
            let specs = &history.scenario.resources;
            specs.iter().find(|spec| spec.name == *source)
        });
        for (table, id, row) in source.map_or(&[][..], |spec| &spec.initial) {
            let target = format!("{table}/{id}");
            if self.counts_row(&target) {
                amounts.rows.insert(target, row.clone());
            }
        }
        amounts
    }

    fn counts_row(&self, target: &str) -> bool {
        let rows = self.rows.as_ref();
        rows.is_some_and(|(_, rows)| glob::matches(rows.as_bytes(), target.as_bytes()))
    }

    /// Whether the record may have changed the sum.
    fn apply(&self, history: &History<'_>, amounts: &mut Amounts, record: &Record) -> bool {
        match &record.event {
            Event::Role { primary: None } => {
                amounts.primaries.insert(record.place, record.seq + 1);
                return true;
            }
            Event::Role { primary: Some(_) } => {
                return amounts.primaries.remove(&record.place).is_some();
            }
            Event::Performed {
                effect: Some(effect),
                ..
            } => {
                let source = self.rows.as_ref().map(|(source, _)| source.as_str());
                let here = source.and_then(|source| history.resource(source));
                if here != Some(record.place) || !self.counts_row(&effect.target) {
                    return false;
                }
                let current = amounts.rows.get(&effect.target);
                return match written(record, &effect.target, current) {
                    Some(Some(row)) => {
                        amounts.rows.insert(effect.target.clone(), row);
                        true
                    }
                    Some(None) => amounts.rows.remove(&effect.target).is_some(),
                    None => false,
                };
            }
            _ => {}
        }
        let mut changed = false;
        for change in History::changes(record) {
            changed |= self.set_key(amounts, record.place, change);
        }
        changed
    }

    fn set_key(&self, amounts: &mut Amounts, node: Place, change: &KeyChange) -> bool {
        let pattern = self.keys.as_deref();
        if !pattern.is_some_and(|pattern| glob::matches(pattern.as_bytes(), &change.key)) {
            return false;
        }
        let on_nodes = amounts
            .keys
            .entry((change.db, change.key.clone()))
            .or_default();
        match &change.view {
            Some(view) => on_nodes.insert(node, self.in_key(&change.key, &view.preview)),
            None => on_nodes.remove(&node),
        };
        true
    }

    fn in_key(&self, key: &[u8], preview: &Preview) -> Result<i64, String> {
        let whole = |value: &[u8]| {
            let digits = std::str::from_utf8(value).ok();
            digits
                .and_then(|digits| digits.parse::<i64>().ok())
                .ok_or_else(|| format!("{} holds {}", text(key), text(value)))
        };
        match (preview, &self.field) {
            (Preview::Text(value), _) => whole(value),
            (Preview::Fields(fields), wanted) => fields
                .iter()
                .filter(|(name, _)| {
                    wanted
                        .as_ref()
                        .is_none_or(|wanted| name == wanted.as_bytes())
                })
                .try_fold(0_i64, |sum, (_, value)| {
                    Ok(sum.saturating_add(whole(value)?))
                }),
            _ => Err(format!("{} is neither a string nor a hash", text(key))),
        }
    }

    fn sum(&self, amounts: &Amounts) -> Result<i64, String> {
        let mut sum = 0_i64;
        for (target, row) in &amounts.rows {
            let value = match &self.field {
                Some(field) => row.get(field),
                None => Some(row),
            };
            let number = match value {
                Some(Data::Int(number)) => Some(*number),
                Some(Data::Text(digits)) => digits.parse().ok(),
                _ => None,
            };
            sum = sum.saturating_add(number.ok_or_else(|| format!("{target} holds {row}"))?);
        }
        for on_nodes in amounts.keys.values() {
            // During a failover two nodes are primaries: the younger one has the say.
            let newest = on_nodes
                .iter()
                .filter_map(|(node, amount)| Some((amounts.primaries.get(node)?, amount)))
                .max_by_key(|(since, _)| **since);
            if let Some((_, amount)) = newest {
                sum = sum.saturating_add(amount.clone()?);
            }
        }
        Ok(sum)
    }
}

fn not_a_number(odd: &str) -> Finding {
    Finding::undecided(format!(
        "{odd}, which is no whole number: only whole numbers can be added up."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;
    use crate::scripted::Script;

    fn check(at_rest: bool, script: &Script) -> Finding {
        SumConserved {
            rows: Some(("db".to_owned(), "accounts/*".to_owned())),
            keys: Some("balance:*".to_owned()),
            field: Some("amount".to_owned()),
            total: None,
            at_rest,
        }
        .check(&script.history())
    }

    fn bank() -> Script {
        let mut script = Script::new();
        script.row("accounts", "ada", "amount", "70");
        script.row("accounts", "bo", "amount", "30");
        script
    }

    #[test]
    fn money_under_way_is_wrong_at_an_instant_and_right_at_rest() {
        let mut script = bank();
        script
            .at_ms(1)
            .moves("worker-a", "accounts", "ada", "amount", "60");
        script
            .at_ms(2)
            .moves("worker-a", "accounts", "bo", "amount", "40");
        let found = check(false, &script);
        assert_eq!(found.outcome, Outcome::Violated);
        assert_eq!(
            found.sentence,
            "After a write by worker-a at 1ms accounts/* and balance:* add up to 90, not to 100."
        );
        assert_eq!(found.evidence, [0]);
        assert_eq!(check(true, &script).outcome, Outcome::Held);
    }

    #[test]
    fn what_a_transaction_commits_is_right_or_wrong_as_a_whole() {
        let mut script = bank();
        script
            .at_ms(1)
            .moves("worker-a", "accounts", "ada", "amount", "60");
        script.moves("worker-a", "accounts", "bo", "amount", "40");
        script.commits(2);
        assert_eq!(check(false, &script).outcome, Outcome::Held);
        script.moves("worker-a", "accounts", "bo", "amount", "41");
        script.commits(1);
        let found = check(false, &script);
        assert_eq!(
            (found.outcome, found.evidence),
            (Outcome::Violated, vec![2])
        );
    }

    #[test]
    fn a_write_that_overwrites_another_loses_money_for_good() {
        let mut script = bank();
        script
            .at_ms(1)
            .moves("worker-a", "accounts", "ada", "amount", "60");
        script.at_ms(2).sets("worker-a", "balance:ada", "10");
        script.at_ms(3).sets("worker-b", "balance:ada", "5");
        let found = check(true, &script);
        assert_eq!(found.outcome, Outcome::Violated);
        assert_eq!(found.evidence, [2], "the write since which it is wrong");
        script.cut();
        assert_eq!(check(true, &script).outcome, Outcome::Undecided);
    }

    #[test]
    fn what_is_no_number_is_said_and_not_guessed() {
        let mut script = bank();
        script.sets("worker-a", "balance:ada", "ten");
        let found = check(false, &script);
        assert_eq!(found.outcome, Outcome::Undecided);
        assert_eq!(
            found.sentence,
            "balance:ada holds ten, which is no whole number: only whole numbers can be added up."
        );
    }
}
