//! Earlier lines, completion, and pasted text: what a terminal does before anything is sent.

use redwind_protocol::Suggestion;

/// So many lines are kept for the next visit.
const KEPT: usize = 200;

/// Longer lines are not kept.
const LONGEST: usize = 1_000;

/// Lines typed before, and which of them is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct History {
    lines: Vec<String>,
    at: Option<usize>,
    /// What was half typed when the first one was looked at.
    begun: String,
}

impl History {
    /// What [`History::kept`] gave at an earlier visit.
    pub(super) fn new(kept: &str) -> Self {
        Self {
            lines: kept.lines().map(str::to_owned).collect(),
            ..Self::default()
        }
    }

    /// Adds a line, unless it holds a password.
    pub(super) fn add(&mut self, line: &str) {
        self.at = None;
        if !line.is_empty() && !is_secret(line) && self.lines.last().is_none_or(|last| last != line)
        {
            self.lines.push(line.to_owned());
        }
    }

    /// The latest lines as one text.
    pub(super) fn kept(&self) -> String {
        let surplus = self.lines.len().saturating_sub(KEPT);
        let lines = self.lines[surplus..].iter();
        let lines: Vec<&str> = lines
            .map(String::as_str)
            .filter(|line| line.len() <= LONGEST)
            .collect();
        lines.join("\n")
    }

    /// The line before the one that is looked at; `now` is what the input holds.
    pub(super) fn up(&mut self, now: &str) -> Option<&str> {
        let at = match self.at {
            None => self.lines.len().checked_sub(1)?,
            Some(at) => at.saturating_sub(1),
        };
        if self.at.replace(at).is_none() {
            now.clone_into(&mut self.begun);
        }
        self.lines.get(at).map(String::as_str)
    }

    /// The line after it; behind the last one comes what was half typed.
    pub(super) fn down(&mut self) -> Option<&str> {
        let next = self.at? + 1;
        self.at = Some(next).filter(|at| *at < self.lines.len());
        match self.at {
            Some(at) => self.lines.get(at).map(String::as_str),
            None => Some(&self.begun),
        }
    }

    /// What is in the input was typed, and is none of the earlier lines any more.
    pub(super) fn leave(&mut self) {
        self.at = None;
    }
}

/// Whether a line may hold a password. Cautious: `redwind-resp` knows it exactly, but that is in the simulator.
fn is_secret(line: &str) -> bool {
    const TELLING: [&str; 9] = [
        "auth",
        "auth2",
        "requirepass",
        "masterauth",
        "masteruser",
        "auth-pass",
        "auth-user",
        "sentinel-pass",
        "setuser",
    ];
    line.split_whitespace().any(|word| {
        TELLING
            .iter()
            .any(|telling| word.eq_ignore_ascii_case(telling))
    })
}

/// What becomes of the Tab key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    /// There is nothing to complete: the focus moves on.
    Leave,
    /// It is not known yet: [`Completion::arrived`] will tell.
    Wait,
    /// The line is this now; and what a screen reader says of it.
    Line(String, String),
}

/// The Tab key goes through what a line may be completed to, then back to what was typed, and then out of the terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Completion {
    /// What was typed, what it may become, and which of those is in the line.
    cycle: Option<(String, Vec<String>, usize)>,
    /// The line at which Tab moves the focus on.
    done: Option<String>,
    awaited: bool,
}

impl Completion {
    /// Tab was pressed. `asked`: somebody will tell how the line may go on.
    pub(super) fn tab(&mut self, line: &str, suggestion: &Suggestion, asked: bool) -> Tab {
        if let Some((typed, candidates, at)) = &mut self.cycle {
            *at += 1;
            return match candidates.get(*at) {
                Some(candidate) => {
                    let said = format!("{candidate}, {} of {}", *at + 1, candidates.len());
                    Tab::Line(candidate.clone(), said)
                }
                None => {
                    let (typed, said) = (typed.clone(), format!("{typed}, as typed"));
                    (self.cycle, self.done) = (None, Some(typed.clone()));
                    Tab::Line(typed, said)
                }
            };
        }
        if line.trim().is_empty() || self.done.as_deref() == Some(line) {
            return Tab::Leave;
        }
        if suggestion.line != line {
            self.awaited = asked;
            return if asked { Tab::Wait } else { Tab::Leave };
        }
        match &suggestion.completions[..] {
            [] => Tab::Leave,
            [only] if only == line => Tab::Leave,
            [only] => {
                self.done = Some(only.clone());
                Tab::Line(only.clone(), only.clone())
            }
            all => {
                let said = format!("{}, 1 of {}", all[0], all.len());
                self.cycle = Some((line.to_owned(), all.to_vec(), 0));
                Tab::Line(all[0].clone(), said)
            }
        }
    }

    /// It is known how the line may go on. What Tab does now, if it was pressed before.
    pub(super) fn arrived(&mut self, line: &str, suggestion: &Suggestion) -> Option<Tab> {
        let awaited = self.awaited && suggestion.line == line;
        self.awaited &= !awaited;
        awaited.then(|| self.tab(line, suggestion, false))
    }

    /// Esc was pressed: gives what was typed, and the next Tab moves the focus on.
    pub(super) fn escape(&mut self, line: &str) -> Option<String> {
        let typed = self.cycle.take().map(|(typed, ..)| typed);
        self.awaited = false;
        self.done = Some(typed.clone().unwrap_or_else(|| line.to_owned()));
        typed
    }

    /// Another line is in the input.
    pub(super) fn leave(&mut self) {
        *self = Self::default();
    }
}

/// The hint to show behind a line. That of the line before holds until the next one has come, as long as no word ends.
pub(super) fn hint<'a>(line: &str, suggestion: &'a Suggestion) -> &'a str {
    let same_word = |more: &str| {
        more.is_empty()
            || !suggestion.line.is_empty()
                && suggestion.hint.starts_with(' ')
                && !more.contains(' ')
    };
    match line.strip_prefix(&*suggestion.line) {
        Some(more) if same_word(more) => &suggestion.hint,
        _ => "",
    }
}

/// Pasted text with several lines: those that are complete, and the one that stays in the input. `None`: it has one line.
pub(super) fn pasted(before: &str, text: &str, after: &str) -> Option<(Vec<String>, String)> {
    if !text.contains(['\n', '\r']) {
        return None;
    }
    let whole = format!("{before}{text}");
    let whole = whole.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<String> = whole.split('\n').map(str::to_owned).collect();
    let last = lines.pop().unwrap_or_default();
    Some((lines, last + after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggestion(line: &str, completions: &[&str]) -> Suggestion {
        Suggestion {
            line: line.to_owned(),
            hint: String::new(),
            completions: completions.iter().map(|c| (*c).to_owned()).collect(),
        }
    }

    #[test]
    fn the_arrows_go_through_earlier_lines_and_back_to_the_one_that_was_begun() {
        let mut history = History::new("GET a\nGET b");
        history.add("GET b");
        history.add("GET c");
        assert_eq!(history.down(), None);
        assert_eq!(history.up("DE"), Some("GET c"));
        assert_eq!(history.up("GET c"), Some("GET b"));
        assert_eq!(history.up("GET b"), Some("GET a"));
        assert_eq!(history.up("GET a"), Some("GET a"));
        assert_eq!(history.down(), Some("GET b"));
        assert_eq!(history.down(), Some("GET c"));
        assert_eq!(history.down(), Some("DE"));
        assert_eq!(history.down(), None);
        assert_eq!(History::default().up("DE"), None);
    }

    #[test]
    fn what_is_kept_for_the_next_visit_has_no_passwords_and_an_end() {
        let mut history = History::default();
        for line in [
            "AUTH hunter2",
            "config set RequirePass hunter2",
            "HELLO 3 AUTH ada hunter2",
        ] {
            history.add(line);
        }
        assert_eq!(history.kept(), "");
        for n in 0..KEPT + 5 {
            history.add(&format!("GET k{n}"));
        }
        history.add(&"x".repeat(LONGEST + 1));
        let kept = history.kept();
        assert!(
            kept.starts_with("GET k6\n") && kept.ends_with("\nGET k204"),
            "{kept}"
        );
        assert_eq!(History::new(&kept).up(""), Some("GET k204"));
    }

    #[test]
    fn tab_goes_through_what_a_line_may_become_and_then_out() {
        let mut completion = Completion::default();
        let all = suggestion("getr", &["GETRANGE", "GETREST"]);
        let line = |tab| match tab {
            Tab::Line(line, _) => line,
            other => panic!("{other:?}"),
        };
        assert_eq!(line(completion.tab("getr", &all, false)), "GETRANGE");
        // The page may have asked about the line that is shown now: that changes nothing.
        let shown = suggestion("GETRANGE", &["GETRANGE"]);
        assert_eq!(line(completion.tab("GETRANGE", &shown, false)), "GETREST");
        assert_eq!(line(completion.tab("GETREST", &shown, false)), "getr");
        assert_eq!(completion.tab("getr", &all, false), Tab::Leave);
        completion.leave();
        assert_eq!(line(completion.tab("getr", &all, false)), "GETRANGE");
        assert_eq!(completion.escape("GETRANGE"), Some("getr".to_owned()));
        assert_eq!(completion.tab("getr", &all, false), Tab::Leave);
    }

    #[test]
    fn tab_with_nothing_to_complete_moves_on_at_once() {
        let mut completion = Completion::default();
        for (line, may) in [("", &[][..]), ("get a", &[]), ("TTL", &["TTL"])] {
            let may = suggestion(line, may);
            assert_eq!(completion.tab(line, &may, true), Tab::Leave, "{line}");
        }
        let one = suggestion("ttl", &["TTL"]);
        assert_eq!(
            completion.tab("ttl", &one, true),
            Tab::Line("TTL".into(), "TTL".into())
        );
        assert_eq!(completion.tab("TTL", &one, true), Tab::Leave);
    }

    #[test]
    fn tab_that_comes_before_the_answer_is_carried_out_with_it_and_never_waits_for_nobody() {
        let mut completion = Completion::default();
        let old = suggestion("tt", &["TTL"]);
        assert_eq!(completion.tab("ttl", &old, false), Tab::Leave);
        assert_eq!(completion.tab("ttl", &old, true), Tab::Wait);
        assert_eq!(completion.arrived("ttl", &old), None);
        let new = suggestion("ttl", &["TTL"]);
        assert_eq!(
            completion.arrived("ttl", &new),
            Some(Tab::Line("TTL".into(), "TTL".into()))
        );
        assert_eq!(completion.arrived("ttl", &new), None);
    }

    #[test]
    fn a_hint_holds_until_a_word_ends() {
        let mut known = suggestion("GET a", &[]);
        known.hint = " [key ...]".to_owned();
        assert_eq!(hint("GET a", &known), " [key ...]");
        assert_eq!(hint("GET ab", &known), " [key ...]");
        assert_eq!(hint("GET a ", &known), "");
        assert_eq!(hint("GET", &known), "");
        known = suggestion("GET ", &[]);
        known.hint = "key".to_owned();
        assert_eq!(hint("GET ", &known), "key");
        assert_eq!(hint("GET a", &known), "");
    }

    #[test]
    fn of_pasted_lines_all_but_the_last_are_sent() {
        let lines = |lines: &[&str]| lines.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>();
        assert_eq!(pasted("", "GET a", ""), None);
        assert_eq!(
            pasted("GET ", "a\r\nGET b\n", ""),
            Some((lines(&["GET a", "GET b"]), String::new()))
        );
        assert_eq!(
            pasted("", "GET a\rGET b", " x"),
            Some((lines(&["GET a"]), "GET b x".to_owned()))
        );
    }
}
