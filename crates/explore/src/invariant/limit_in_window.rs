//! No more than so many in any window of time.

use std::collections::{BTreeMap, VecDeque};

use redwind_sim::{Event, Record, Span};

use crate::History;
use crate::history::moment;
use crate::verdict::Finding;

/// What a limit counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counted {
    /// The effects that a resource accepted.
    Effects {
        /// The resource.
        on: String,
    },
    /// The lines that programs printed with this text in them: how a program says that it let somebody in.
    Prints {
        /// The text.
        text: String,
    },
}

/// What has a limit of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// One limit for all together.
    All,
    /// Each client.
    Client,
    /// Each target of an effect, each printed line: `ada` in one, `allowed ada` in the other.
    Target,
}

/// In every window of a length, wherever it begins, no more than so many happen. A window is open at its end: what
/// happens exactly one length after the first is in the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitInWindow {
    /// How many at most.
    pub most: u32,
    /// How long a window is.
    pub within: Span,
    /// What is counted.
    pub what: Counted,
    /// What has a limit of its own.
    pub per: Per,
}

impl LimitInWindow {
    pub(crate) fn name(&self) -> &'static str {
        "Limit in any window"
    }

    pub(crate) fn promise(&self) -> String {
        let what = match &self.what {
            Counted::Effects { on } => format!("{on} accepts"),
            Counted::Prints { text } => format!("\"{text}\" is printed"),
        };
        let per = match (self.per, &self.what) {
            (Per::All, _) => "",
            (Per::Client, _) => ", for each client",
            (Per::Target, Counted::Effects { .. }) => ", for each target",
            (Per::Target, Counted::Prints { .. }) => ", for each line",
        };
        let unit = match &self.what {
            Counted::Effects { .. } if self.most == 1 => " effect",
            Counted::Effects { .. } => " effects",
            Counted::Prints { .. } if self.most == 1 => " time",
            Counted::Prints { .. } => " times",
        };
        format!(
            "{what} at most {}{unit} in any {}{per}.",
            self.most, self.within
        )
    }

    pub(crate) fn check(&self, history: &History<'_>) -> Finding {
        let mut windows: BTreeMap<String, VecDeque<&Record>> = BTreeMap::new();
        let (mut all, mut busiest) = (0_u32, 0);
        for record in history.records {
            let Some(group) = self.counts(history, record) else {
                continue;
            };
            all += 1;
            let window = windows.entry(group.clone()).or_default();
            while window
                .front()
                .is_some_and(|first| record.at - first.at >= self.within)
            {
                window.pop_front();
            }
            window.push_back(record);
            busiest = busiest.max(window.len());
            if window.len() > self.most as usize {
                return self.too_many(&group, window);
            }
        }
        Finding::nothing_broke_it(
            history,
            match all {
                0 => format!("{} none.", self.so_far()),
                n => format!(
                    "{} {n}, at most {busiest} in any {}.",
                    self.so_far(),
                    self.within
                ),
            },
        )
    }

    /// The group that a record counts for, if it counts.
    fn counts(&self, history: &History<'_>, record: &Record) -> Option<String> {
        let (by, target) = match (&self.what, &record.event) {
            (
                Counted::Effects { on },
                Event::Performed {
                    by,
                    effect: Some(effect),
                    ..
                },
            ) if effect.accepted && history.resource(on) == Some(record.place) => {
                (*by, &effect.target)
            }
            (Counted::Prints { text: wanted }, Event::Printed { text })
                if text.contains(wanted) =>
            {
                (record.place, text)
            }
            _ => return None,
        };
        Some(match self.per {
            Per::All => String::new(),
            Per::Client => history.name(by).to_owned(),
            Per::Target => target.clone(),
        })
    }

    fn too_many(&self, group: &str, window: &VecDeque<&Record>) -> Finding {
        let (Some(first), Some(last)) = (window.front(), window.back()) else {
            return Finding::undecided(String::new());
        };
        let whose = match (self.per, group) {
            (Per::All, _) => String::new(),
            (_, group) => format!(" for {group}"),
        };
        Finding::violated(
            format!(
                "{} {}{whose} between {} and {}, and {} may be in any {}.",
                self.so_far(),
                window.len(),
                moment(first.at),
                moment(last.at),
                self.most,
                self.within
            ),
            window.iter().map(|record| record.seq).collect(),
        )
    }

    fn so_far(&self) -> String {
        match &self.what {
            Counted::Effects { on } => format!("Effects accepted by {on}:"),
            Counted::Prints { text } => format!("Lines with \"{text}\":"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;
    use crate::scripted::Script;

    fn two_a_second(per: Per) -> LimitInWindow {
        LimitInWindow {
            most: 2,
            within: Span::seconds(1),
            what: Counted::Effects {
                on: "mailer".to_owned(),
            },
            per,
        }
    }

    fn at(times: &[(u64, &str)]) -> Script {
        let mut script = Script::new();
        for (ms, target) in times {
            script
                .at_ms(*ms)
                .effect("worker-a", "mailer", target, None, true);
        }
        script
    }

    #[test]
    fn a_window_may_begin_anywhere() {
        // Two in each full second, three in the second that begins at 900 ms: what a fixed window lets through.
        let script = at(&[(100, "ada"), (900, "ada"), (1_000, "ada"), (1_050, "ada")]);
        let found = two_a_second(Per::All).check(&script.history());
        assert_eq!(found.outcome, Outcome::Violated);
        assert_eq!(found.evidence, [0, 1, 2]);
        assert_eq!(
            found.sentence,
            "Effects accepted by mailer: 3 between 100ms and 1s, and 2 may be in any 1s."
        );
    }

    #[test]
    fn what_happens_one_length_later_is_in_the_next_window() {
        let script = at(&[(100, "ada"), (900, "ada"), (1_100, "ada")]);
        let found = two_a_second(Per::All).check(&script.history());
        assert_eq!(found.outcome, Outcome::Held);
        assert_eq!(
            found.sentence,
            "Effects accepted by mailer: 3, at most 2 in any 1s."
        );
    }

    #[test]
    fn each_target_has_a_limit_of_its_own() {
        let script = at(&[(1, "ada"), (2, "bo"), (3, "ada"), (4, "bo")]);
        assert_eq!(
            two_a_second(Per::Target).check(&script.history()).outcome,
            Outcome::Held
        );
        assert_eq!(
            two_a_second(Per::Client).check(&script.history()).outcome,
            Outcome::Violated
        );
    }

    #[test]
    fn a_run_cut_short_within_the_limit_is_undecided() {
        let mut script = at(&[(1, "ada")]);
        script.cut();
        assert_eq!(
            two_a_second(Per::All).check(&script.history()).outcome,
            Outcome::Undecided
        );
    }
}
