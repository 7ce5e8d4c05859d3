//! What is read is never older than a bound.

use redwind_engine::Value;
use redwind_sim::{Event, Record, SimTime, Span};

use crate::history::{moment, text};
use crate::keys::Keys;
use crate::rows::{Version, versions};
use crate::verdict::Finding;
use crate::{CachedRow, History};

/// A client that reads a cached copy never gets a value that was replaced in the source longer ago than the bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundedStaleness {
    /// What is a copy of what.
    pub copy: CachedRow,
    /// The longest that a replaced value may still be read.
    pub within: Span,
}

impl BoundedStaleness {
    pub(crate) fn name(&self) -> &'static str {
        "Bounded staleness"
    }

    pub(crate) fn promise(&self) -> String {
        let CachedRow { key, row, .. } = &self.copy;
        format!(
            "Nobody reads from {key} what was replaced in {row} more than {} before.",
            self.within
        )
    }

    pub(crate) fn check(&self, history: &History<'_>) -> Finding {
        let mut keys = Keys::at_start(history);
        let mut reads = 0;
        let mut oldest: Option<Span> = None;
        for record in history.records {
            for (key, value) in read(record) {
                let Some(row) = self.copy.row_of(key) else {
                    continue;
                };
                reads += 1;
                let filled = keys.named(key).and_then(|held| held.writer);
                match self.age(
                    record.at,
                    value,
                    &versions(history, &self.copy.source, &row),
                ) {
                    Age::Current => {}
                    Age::Replaced { ago, by } if ago <= self.within => {
                        let _ = by;
                        oldest = oldest.max(Some(ago));
                    }
                    Age::Replaced { ago, by } => {
                        let mut evidence = vec![record.seq];
                        evidence.extend(by);
                        evidence.extend(filled);
                        return Finding::violated(
                            format!(
                                "At {} {} read from {} a value that had been replaced in {row} {} before.",
                                moment(record.at),
                                reader(history, record),
                                text(key),
                                moment(SimTime(ago.0))
                            ),
                            evidence,
                        );
                    }
                    Age::NeverWas => {
                        let mut evidence = vec![record.seq];
                        evidence.extend(filled);
                        return Finding::violated(
                            format!(
                                "At {} {} read from {} a value that {row} never had: {}.",
                                moment(record.at),
                                reader(history, record),
                                text(key),
                                shortened(value)
                            ),
                            evidence,
                        );
                    }
                }
            }
            for change in History::changes(record) {
                keys.apply(record.place, change, Some(record.seq));
            }
        }
        let worst = match oldest {
            None => "none of a replaced value".to_owned(),
            Some(ago) => format!(
                "the stalest {} after its value was replaced",
                moment(SimTime(ago.0))
            ),
        };
        let count = if reads == 1 {
            "was 1 read".to_owned()
        } else {
            format!("were {reads} reads")
        };
        Finding::nothing_broke_it(
            history,
            format!("There {count} of {}, {worst}.", self.copy.key),
        )
    }

    fn age(&self, at: SimTime, value: &[u8], versions: &[Version]) -> Age {
        // The newest version that says the same counts: a value may come back.
        for (i, version) in versions.iter().enumerate().rev() {
            if version.since > at || !self.copy.agrees(value, version.row.as_ref()) {
                continue;
            }
            return match versions.get(i + 1).filter(|next| next.since <= at) {
                None => Age::Current,
                Some(next) => Age::Replaced {
                    ago: at - next.since,
                    by: next.by,
                },
            };
        }
        Age::NeverWas
    }
}

enum Age {
    Current,
    Replaced { ago: Span, by: Option<u32> },
    NeverWas,
}

/// The keys that a record read, with what was found.
fn read(record: &Record) -> Vec<(&[u8], &[u8])> {
    let Event::Executed {
        argv,
        reply: Some(reply),
        ..
    } = &record.event
    else {
        return Vec::new();
    };
    let Some((name, args)) = argv.split_first() else {
        return Vec::new();
    };
    match (name.to_ascii_uppercase().as_slice(), reply) {
        (b"GET" | b"GETEX" | b"GETDEL", Value::Bulk(value)) => args
            .first()
            .map(|key| (key.as_ref(), value.as_ref()))
            .into_iter()
            .collect(),
        (b"MGET", Value::Array(values)) => args
            .iter()
            .zip(values)
            .filter_map(|(key, value)| match value {
                Value::Bulk(value) => Some((key.as_ref(), value.as_ref())),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn reader<'a>(history: &'a History<'_>, record: &Record) -> &'a str {
    History::author(record).map_or("somebody", |place| history.name(place))
}

fn shortened(value: &[u8]) -> String {
    let whole = text(value);
    match whole.char_indices().nth(60) {
        Some((cut, _)) => format!("{}…", &whole[..cut]),
        None => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;
    use crate::scripted::Script;

    fn thirty_seconds() -> BoundedStaleness {
        BoundedStaleness {
            copy: CachedRow {
                key: "user:{id}".to_owned(),
                source: "db".to_owned(),
                row: "users/{id}".to_owned(),
                field: Some("city".to_owned()),
            },
            within: Span::seconds(30),
        }
    }

    fn read_of_lisbon_at(seconds: u64) -> Script {
        let mut script = Script::new();
        script.row("users", "42", "city", "Lisbon");
        script.at_ms(0).sets("worker-b", "user:42", "Lisbon");
        script
            .at_ms(10_000)
            .moves("worker-a", "users", "42", "city", "Porto");
        script
            .at_ms(seconds * 1_000)
            .gets("worker-b", "user:42", "Lisbon");
        script
    }

    #[test]
    fn a_replaced_value_may_be_read_until_the_bound() {
        let found = thirty_seconds().check(&read_of_lisbon_at(40).history());
        assert_eq!(found.outcome, Outcome::Held);
        assert_eq!(
            found.sentence,
            "There was 1 read of user:{id}, the stalest 30s after its value was replaced."
        );
    }

    #[test]
    fn a_replaced_value_read_after_the_bound_breaks_it() {
        let script = read_of_lisbon_at(41);
        let found = thirty_seconds().check(&script.history());
        assert_eq!(found.outcome, Outcome::Violated);
        assert_eq!(
            found.sentence,
            "At 41s worker-b read from user:42 a value that had been replaced in users/42 31s before."
        );
        let told: Vec<&str> = found.evidence.iter().map(|seq| script.what(*seq)).collect();
        assert_eq!(told, ["worker-b SET", "worker-a update", "worker-b GET"]);
    }

    #[test]
    fn a_value_that_the_row_never_had_breaks_it() {
        let mut script = Script::new();
        script.row("users", "42", "city", "Lisbon");
        script.gets("worker-b", "user:42", "Atlantis");
        let found = thirty_seconds().check(&script.history());
        assert_eq!(found.outcome, Outcome::Violated);
        assert!(
            found.sentence.ends_with("never had: Atlantis."),
            "{}",
            found.sentence
        );
    }

    #[test]
    fn a_value_that_came_back_is_as_old_as_its_last_end() {
        let mut script = read_of_lisbon_at(11);
        script
            .at_ms(20_000)
            .moves("worker-a", "users", "42", "city", "Lisbon");
        script.at_ms(100_000).gets("worker-b", "user:42", "Lisbon");
        assert_eq!(
            thirty_seconds().check(&script.history()).outcome,
            Outcome::Held
        );
    }
}
