//! What is typed in the terminal, and what comes of it.

use redwind_protocol::{Request, Suggestion};

use super::{Engine, Page};
use crate::shared::Shared;

/// A line typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What the prompt said: the node, and more of the connection.
    pub prompt: String,
    /// The moment it was typed at, in microseconds.
    pub at: u64,
    /// The line.
    pub line: String,
    /// What came of it.
    pub shown: Shown,
    /// The request that will be answered.
    pub number: u32,
}

/// What came of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Nothing yet.
    Waiting,
    /// The answer, as redis-cli prints it.
    Answer(String),
    /// The command writes: it became part of a new branch, with this answer.
    Branched(String),
    /// It can't be done.
    Refused(String),
}

const HELP: &str = "To get help about Redis commands type:
      \"help @<group>\" to get a list of commands in <group>
      \"help <command>\" for help on <command>
      \"help <tab>\" to get a list of possible help topics

To set preferences:
      \":set hints\" enable online hints
      \":set nohints\" disable online hints

This is redis-cli on the node, at the moment you look at:
      a command that reads (GET, TTL, KEYS *) is answered as of now and changes nothing;
      one that writes starts a branch: the run goes on from here with your command in it;
      one that waits (BLPOP) is answered when somebody serves it, or its time is up;
      after SUBSCRIBE, messages are shown from the moment at which they are published.
      Tab completes, Esc takes that back; Esc, then Tab leaves the terminal
      \u{2191} \u{2193} earlier lines, PgUp PgDn scroll, \"clear\" or Ctrl-L empties this window";

/// More lines are not kept: nobody scrolls back further.
const LONGEST: usize = 500;

/// More of a line is not looked at while it is typed.
const LONGEST_LINE: usize = 1_000;

impl Page {
    /// Gives the terminal's lines to who answers them, one after the other: each may change what the next one sees.
    pub(super) fn go_on_typing(&mut self) {
        while self.answering.is_none()
            && let Some((node, line)) = self.lines.pop_front()
        {
            self.line(node, line);
        }
    }

    fn line(&mut self, node: String, line: String) {
        if line.trim().eq_ignore_ascii_case("clear") {
            self.log(Vec::clear);
            return;
        }
        let known = self.answer_here(&line);
        let known = known.or_else(|| {
            let text = "Could not connect: the simulator is not running on this page (see the message above).";
            (self.engine == Engine::Failed).then(|| text.to_owned())
        });
        let prompt = self.story().prompt(&node, self.position);
        let at = self.now();
        let (shown, number) = match known {
            Some(text) => (Shown::Answer(text), 0),
            None => {
                let request = Request::Terminal {
                    scene: self.current().scene.clone(),
                    node,
                    at: self.position,
                    line: line.clone(),
                };
                (Shown::Waiting, self.ask(request))
            }
        };
        self.answering = (shown == Shown::Waiting).then_some(number);
        let entry = Entry {
            prompt,
            at,
            line,
            shown,
            number,
        };
        self.log(|log| log.push(entry));
    }

    /// What redis-cli says to a line that never reaches a server; `None`: the node is asked.
    fn answer_here(&mut self, line: &str) -> Option<String> {
        let mut words = line.split_whitespace();
        let first = words.next()?.to_lowercase();
        let second = words.next();
        let text = match (first.as_str(), second) {
            ("help" | "?", None) => HELP.to_owned(),
            ("quit" | "exit", _) => "(the terminal is part of the page: it stays open)".to_owned(),
            ("restart", _) => "Use 'restart' only in Lua debugging mode.".to_owned(),
            ("connect", Some(_)) if words.count() == 1 => {
                "(choose the node above: this terminal is connected to each)".to_owned()
            }
            (":set", Some(what)) => match what.to_lowercase().as_str() {
                on @ ("hints" | "nohints") => {
                    self.hints = on == "hints";
                    String::new()
                }
                _ => format!("unknown redis-cli preference '{what}'"),
            },
            (what, _) if what.starts_with(':') => {
                let typed = line.split_whitespace().next().unwrap_or_default();
                format!("unknown redis-cli internal command '{typed}'")
            }
            _ => return None,
        };
        Some(text)
    }

    /// Asks how a line may go on, and no longer how an older one may.
    pub(super) fn typing(&mut self, line: String) {
        self.outbox
            .retain(|asked| !matches!(asked.request, Request::Suggest { .. }));
        if line.trim().is_empty() || line.len() > LONGEST_LINE || self.engine == Engine::Failed {
            let suggestion = Suggestion {
                line,
                ..Suggestion::default()
            };
            self.suggestion = Shared::new(suggestion);
        } else if self.suggestion.line != line {
            self.ask(Request::Suggest { line });
        }
    }

    pub(super) fn log(&mut self, change: impl FnOnce(&mut Vec<Entry>)) {
        let mut log = self.terminal.to_vec();
        change(&mut log);
        let surplus = log.len().saturating_sub(LONGEST);
        log.drain(..surplus);
        self.terminal = Shared::new(log);
    }

    pub(super) fn conclude(&mut self, number: u32, shown: Shown) {
        self.answering.take_if(|answering| *answering == number);
        self.log(|log| {
            if let Some(entry) = log.iter_mut().find(|entry| entry.number == number) {
                entry.shown = shown;
            }
        });
    }
}
