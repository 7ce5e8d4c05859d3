//! In the end the cache says what the source says.

use crate::history::text;
use crate::keys::{Keys, elements};
use crate::rows::versions;
use crate::verdict::Finding;
use crate::{CachedRow, History};

/// When the run ends, every cached copy that is still there agrees with its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheMatchesSource {
    /// What is a copy of what.
    pub copy: CachedRow,
}

impl CacheMatchesSource {
    pub(crate) fn name(&self) -> &'static str {
        "Cache matches source"
    }

    pub(crate) fn promise(&self) -> String {
        format!(
            "In the end {} is gone or says what {} says.",
            self.copy.key, self.copy.row
        )
    }

    pub(crate) fn check(&self, history: &History<'_>) -> Finding {
        if history.cut.is_some() {
            return Finding::nothing_broke_it(history, String::new());
        }
        let mut copies = 0;
        for ((_, _, key), held) in Keys::at_end(history).iter() {
            let Some(row) = self.copy.row_of(key) else {
                continue;
            };
            copies += 1;
            let versions = versions(history, &self.copy.source, &row);
            let Some(current) = versions.last() else {
                continue;
            };
            let cached = elements(&held.view).first().copied().unwrap_or_default();
            if !self.copy.agrees(cached, current.row.as_ref()) {
                let mut evidence: Vec<u32> = current.by.into_iter().collect();
                evidence.extend(held.writer);
                return Finding::violated(
                    format!(
                        "In the end {} still says {}, and {row} says something else.",
                        text(key),
                        text(cached)
                    ),
                    evidence,
                );
            }
        }
        Finding::nothing_broke_it(
            history,
            match copies {
                0 => format!("In the end there is no copy under {}.", self.copy.key),
                1 => "In the end the one copy agrees with its row.".to_owned(),
                n => format!("In the end all {n} copies agree with their rows."),
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;
    use crate::scripted::Script;

    fn check(script: &Script) -> Outcome {
        let copy = CachedRow {
            key: "user:{id}".to_owned(),
            source: "db".to_owned(),
            row: "users/{id}".to_owned(),
            field: Some("city".to_owned()),
        };
        CacheMatchesSource { copy }.check(&script.history()).outcome
    }

    #[test]
    fn a_copy_left_behind_breaks_it_and_a_deleted_one_does_not() {
        let mut script = Script::new();
        script.row("users", "42", "city", "Lisbon");
        script.sets("worker-b", "user:42", "Lisbon");
        assert_eq!(check(&script), Outcome::Held);
        script.moves("worker-a", "users", "42", "city", "Porto");
        assert_eq!(check(&script), Outcome::Violated);
        script.deletes("worker-a", "user:42");
        assert_eq!(check(&script), Outcome::Held);
    }
}
