//! An engine on an empty keyspace, its clock, and the connections of the person who types.

use std::io;

use bytes::Bytes;
use redwind_engine::{Config, Engine, Micros, Output, Outputs, SessionId, SplitMix, Value};
use redwind_resp::{Line, Prompt, Protocol};
use redwind_sim::Span;

use crate::console::{Console, Tone};

/// The first instant of 2026, UTC: where the clocks of lessons begin too.
const EPOCH: Micros = Micros(1_767_225_600_000_000);

/// Whether a word is one of these, whatever its case.
pub(super) fn said<Word: AsRef<[u8]>>(argv: &[Word], at: usize, these: &[&str]) -> bool {
    argv.get(at).is_some_and(|word| {
        these
            .iter()
            .any(|one| word.as_ref().eq_ignore_ascii_case(one.as_bytes()))
    })
}

const HELP: &str = "\
To get help about Redis commands type:
      \"help @<group>\" to get a list of commands in <group>
      \"help <command>\" for help on <command>
      \"help <tab>\" to get a list of possible help topics
      \"quit\" to exit (or Ctrl-D)

To set preferences:
      \":set hints\" enable online hints
      \":set nohints\" disable online hints

Commands are typed as in redis-cli: SET greeting \"hello world\" PX 100. `5 INCR visits` sends one five times.
Time stands still until you move it:
      \"@ +5s\" lets five seconds pass (250us, 31ms, 1.5s, 2m, 1h): keys expire, waiting commands time out
      \"@ now\" shows the server's clock
A command that waits (BLPOP) and a connection that listens (SUBSCRIBE) are left alone; you go on from a new connection.";

/// An engine, its clock, and the connections of one person.
pub(super) struct Server {
    engine: Engine,
    now: Micros,
    luck: SplitMix,
    session: SessionId,
    /// Connections on which a command waits, each with what it waits for.
    waiting: Vec<(SessionId, Vec<Bytes>)>,
    /// The command typed last: how a reply is shown depends on it.
    asked: Vec<Bytes>,
    /// What the prompt tells of the connection.
    prompt: Prompt,
    /// Whether what is missing from a line shall be shown while it is typed.
    hints: bool,
}

impl Server {
    pub(super) fn new() -> Self {
        let mut engine = Engine::new(Config::default());
        let session = engine.connect(EPOCH);
        Self {
            engine,
            now: EPOCH,
            // The same session gives the same replies.
            luck: SplitMix::new(1),
            session,
            waiting: Vec::new(),
            asked: Vec::new(),
            prompt: Prompt::default(),
            hints: true,
        }
    }

    /// `redis[3](TX)> `
    pub(super) fn prompt(&self) -> String {
        format!("redis{}> ", self.prompt)
    }

    pub(super) fn hints(&self) -> bool {
        self.hints
    }

    /// What redis-cli itself knows, and what it sends.
    pub(super) fn line(&mut self, typed: Line, console: &mut Console) -> io::Result<()> {
        let argv: Vec<Bytes> = typed.argv.into_iter().map(Bytes::from).collect();
        let Some(name) = argv.first() else {
            return Ok(());
        };
        if said(&argv, 0, &["help", "?"]) {
            return help(&argv[1..], console);
        }
        if said(&argv, 0, &["clear"]) && argv.len() == 1 {
            return console.put(Tone::Plain, "\x1b[H\x1b[2J");
        }
        if name.starts_with(b":") {
            return self.preference(&argv, console);
        }
        if said(&argv, 0, &["restart"]) {
            let refusal = "Use 'restart' only in Lua debugging mode.";
            return console.line(Tone::Plain, refusal);
        }
        if said(&argv, 0, &["connect"]) && argv.len() == 3 {
            let refusal =
                "The server is this process's own, and the only one: redis-cli connects to others.";
            return console.line(Tone::Plain, refusal);
        }
        for _ in 0..typed.times {
            if !self.command(&argv, console)? {
                break;
            }
        }
        Ok(())
    }

    /// `:set nohints`
    fn preference(&mut self, argv: &[Bytes], console: &mut Console) -> io::Result<()> {
        let word = |at: usize| argv.get(at).map(|word| String::from_utf8_lossy(word));
        let unknown = match (word(0).unwrap_or_default(), word(1)) {
            (name, Some(what)) if name.eq_ignore_ascii_case(":set") => {
                match what.to_ascii_lowercase().as_str() {
                    "hints" => self.hints = true,
                    "nohints" => self.hints = false,
                    _ => {
                        let text = format!("unknown redis-cli preference '{what}'");
                        return console.line(Tone::Plain, &text);
                    }
                }
                return Ok(());
            }
            (name, _) => name,
        };
        let text = format!("unknown redis-cli internal command '{unknown}'");
        console.line(Tone::Plain, &text)
    }

    /// Runs a command; false when the connection it came from is not the person's any more.
    fn command(&mut self, argv: &[Bytes], console: &mut Console) -> io::Result<bool> {
        let mut out = Outputs::new();
        let asked = self.session;
        self.asked = argv.to_vec();
        self.engine
            .execute(self.now, &mut self.luck, asked, argv, &mut out);
        if self.engine.is_blocked(asked) {
            self.waiting.push((asked, argv.to_vec()));
            self.go_on();
            let note = "(it waits; you go on from a new connection, and `@ +5s` lets time pass)";
            console.line(Tone::Faint, note)?;
        } else if self.engine.is_listening(asked) && self.engine.protocol(asked) == Protocol::Resp2
        {
            self.go_on();
            let note =
                "Reading messages... (you go on from a new connection; what arrives is shown)";
            console.line(Tone::Faint, note)?;
        }
        self.show(out, console)?;
        Ok(self.session == asked)
    }

    /// A new connection with the database and the protocol of the one before.
    fn go_on(&mut self) {
        let (db, protocol) = (
            self.engine.selected_db(self.session),
            self.engine.protocol(self.session),
        );
        self.session = self.engine.connect(self.now);
        self.prompt = Prompt::default();
        let mut quietly = |words: [String; 2]| {
            let argv = words.map(Bytes::from);
            let mut out = Outputs::new();
            self.engine
                .execute(self.now, &mut self.luck, self.session, &argv, &mut out);
            for output in &out {
                if let Output::Reply { value, .. } = output {
                    self.prompt.after(&argv, value);
                }
            }
        };
        if let Some(db) = db.filter(|db| *db > 0) {
            quietly(["SELECT".to_owned(), db.to_string()]);
        }
        if protocol == Protocol::Resp3 {
            quietly(["HELLO".to_owned(), "3".to_owned()]);
        }
    }

    /// `+5s`, `now`
    pub(super) fn time(&mut self, moment: &str, console: &mut Console) -> io::Result<()> {
        let span = match moment.strip_prefix('+') {
            Some(span) => Span::parse(span),
            None if moment.is_empty() || moment == "now" => Some(Span(0)),
            None => None,
        };
        let Some(span) = span else {
            return console.line(
                Tone::Bad,
                "Write `@ +5s` (250us, 31ms, 1.5s, 2m, 1h) or `@ now`. Time does not run back.",
            );
        };
        let until = self.now + span.0;
        // Deadlines one after the other, each at its own instant.
        while let Some(deadline) = self
            .engine
            .next_deadline()
            .filter(|deadline| *deadline <= until)
        {
            self.now = self.now.max(deadline);
            let before = self.engine.next_deadline();
            self.wake(console)?;
            if self.engine.next_deadline() == before {
                // Milliseconds are floored: what is due at this instant may only be over at the next.
                self.now = (self.now + 1_000).min(until);
                self.wake(console)?;
                if self.engine.next_deadline() == before {
                    break;
                }
            }
        }
        self.now = until;
        self.wake(console)?;
        console.line(Tone::Faint, &format!("({} UTC)", date(self.now)))
    }

    fn wake(&mut self, console: &mut Console) -> io::Result<()> {
        let mut out = Outputs::new();
        self.engine.wake(self.now, &mut self.luck, &mut out);
        self.show(out, console)
    }

    fn show(&mut self, out: Outputs, console: &mut Console) -> io::Result<()> {
        for output in out {
            match output {
                Output::Reply { to, value } => {
                    let waited = self.waiting.iter().position(|(session, _)| *session == to);
                    let argv = match waited {
                        Some(index) => self.waiting.remove(index).1,
                        None => self.asked.clone(),
                    };
                    if waited.is_some() {
                        let words: Vec<_> = argv
                            .iter()
                            .map(|word| String::from_utf8_lossy(word))
                            .collect();
                        let note = format!("({}, which waited:)", words.join(" "));
                        console.line(Tone::Faint, &note)?;
                    }
                    if to == self.session {
                        self.prompt.after(&argv, &value);
                    }
                    let text = redwind_resp::render_reply(&argv, &value);
                    // An empty report is nothing at all; an empty string has quotes.
                    if !text.is_empty() || !matches!(value, Value::Bulk(_)) {
                        console.line(Tone::Plain, &text)?;
                    }
                }
                Output::Push { to, value } => {
                    if to == self.session {
                        self.prompt.heard(&value);
                    }
                    console.line(Tone::Plain, &redwind_resp::render(&value))?;
                }
                Output::KeyEvent {
                    event: "expired",
                    key,
                    ..
                } => {
                    console.line(
                        Tone::Faint,
                        &format!("({} expires)", String::from_utf8_lossy(&key)),
                    )?;
                }
                Output::Close { session } => {
                    console.line(
                        Tone::Faint,
                        "(the server closed the connection; you have a new one)",
                    )?;
                    if session == self.session {
                        self.session = self.engine.connect(self.now);
                        self.prompt = Prompt::default();
                    }
                }
                Output::Sleep { micros } => self.now = self.now + micros,
                Output::KeyEvent { .. } | Output::Propagate { .. } => {}
            }
        }
        Ok(())
    }
}

/// `help`, `help @list`, `help client setname`; the names of what is told stand out, as in redis-cli.
fn help(topic: &[Bytes], console: &mut Console) -> io::Result<()> {
    let words: Vec<_> = topic
        .iter()
        .map(|word| String::from_utf8_lossy(word))
        .collect();
    let topic = words.join(" ");
    if topic.trim().is_empty() {
        return console.line(Tone::Plain, HELP);
    }
    for line in redwind_engine::help(&redwind_engine::topics(), &topic).lines() {
        match line
            .strip_prefix("  ")
            .and_then(|line| line.split_once(": "))
        {
            Some((label @ ("summary" | "since" | "group"), text)) => {
                console.put(Tone::Unsure, &format!("  {label}:"))?;
                console.line(Tone::Plain, &format!(" {text}"))?;
            }
            _ => console.line(Tone::Plain, line)?,
        }
    }
    console.blank()
}

/// `2026-01-01 00:00:05.250`
fn date(at: Micros) -> String {
    let (seconds, millis) = (at.0 / 1_000_000, at.0 / 1_000 % 1_000);
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days since the epoch to a date of the Gregorian calendar, counting years from March.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{millis:03}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(EPOCH), "2026-01-01 00:00:00.000");
        assert_eq!(date(Micros(951_782_399_999_000)), "2000-02-28 23:59:59.999");
        assert_eq!(date(Micros(951_782_400_000_000)), "2000-02-29 00:00:00.000");
        assert_eq!(
            date(Micros(1_709_251_200_000_000)),
            "2024-03-01 00:00:00.000"
        );
    }
}
