//! No key stays for ever.

use crate::History;
use crate::glob;
use crate::history::{moment, text};
use crate::keys::Keys;
use crate::verdict::Finding;

/// When the run ends, every key under a pattern has an expiry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TtlRequired {
    /// Which keys, as `KEYS` would match them: `session:*`.
    pub pattern: String,
}

impl TtlRequired {
    pub(crate) fn name(&self) -> &'static str {
        "No key without TTL"
    }

    pub(crate) fn promise(&self) -> String {
        format!("Every key under {} has an expiry.", self.pattern)
    }

    pub(crate) fn check(&self, history: &History<'_>) -> Finding {
        let keys = Keys::at_end(history);
        let mut matched = 0;
        for ((_, _, key), held) in keys.iter() {
            if !glob::matches(self.pattern.as_bytes(), key) {
                continue;
            }
            matched += 1;
            if held.expires_at.is_some() {
                continue;
            }
            let sentence = match held
                .writer
                .and_then(|seq| history.records.get(seq as usize))
            {
                Some(record) => format!(
                    "{} was written by {} at {} and is left without an expiry.",
                    text(key),
                    History::author(record).map_or("the server", |place| history.name(place)),
                    moment(record.at)
                ),
                None => format!("{} was there from the start and has no expiry.", text(key)),
            };
            return Finding::violated(sentence, held.writer.into_iter().collect());
        }
        Finding::nothing_broke_it(
            history,
            match matched {
                0 => format!("In the end there is no key under {}.", self.pattern),
                1 => format!("The one key under {} will expire.", self.pattern),
                n => format!("All {n} keys under {} will expire.", self.pattern),
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
        TtlRequired {
            pattern: "session:*".to_owned(),
        }
        .check(&script.history())
        .outcome
    }

    #[test]
    fn a_key_left_without_an_expiry_breaks_it() {
        let mut script = Script::new();
        script.sets("worker-a", "user:1", "Ada");
        assert_eq!(check(&script), Outcome::Held);
        script.sets("worker-a", "session:1", "Ada");
        assert_eq!(check(&script), Outcome::Violated);
        script.deletes("worker-a", "session:1");
        script.grants("worker-a", "session:1");
        assert_eq!(check(&script), Outcome::Held, "granted with an expiry");
    }
}
