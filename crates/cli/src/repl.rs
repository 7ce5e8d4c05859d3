//! `redwind repl`: commands on an empty server whose clock stands still until it is moved.

use std::io::{self, BufRead, IsTerminal};
use std::num::NonZeroU32;

use anyhow::Result;
use bytes::Bytes;
use redwind_engine::{Choice, Choose, Config, Engine, Micros, Output, Outputs, SessionId, Value};
use redwind_sim::Span;

use crate::Ending;
use crate::console::{Console, Tone};

/// The first instant of 2026, UTC: where the clocks of lessons begin too.
const EPOCH: Micros = Micros(1_767_225_600_000_000);

pub(crate) fn repl(console: &mut Console) -> Result<Ending> {
    let person = io::stdin().is_terminal();
    if person {
        console.line(Tone::Faint, "An empty server. Time stands still: `@ +5s` moves it. `help` says more, `quit` leaves.")?;
    }
    let mut server = Server::new();
    let mut lines = io::stdin().lock().lines();
    loop {
        if person {
            console.put(Tone::Faint, "redis> ")?;
        }
        console.flush()?;
        let Some(line) = lines.next() else { break };
        let line = line?;
        match line.trim() {
            "" => {}
            "quit" | "exit" => break,
            "help" => console.line(Tone::Plain, HELP)?,
            trimmed if let Some(topic) = help_topic(trimmed) => {
                console.line(Tone::Plain, &redwind_engine::help(topic))?;
            }
            trimmed => match trimmed.strip_prefix('@') {
                Some(moment) => server.time(moment.trim(), console)?,
                None => server.command(trimmed, console)?,
            },
        }
    }
    if person {
        console.blank()?;
    }
    Ok(Ending::Good)
}

/// What comes after the word `help`.
fn help_topic(line: &str) -> Option<&str> {
    let (word, topic) = line.split_once(char::is_whitespace)?;
    word.eq_ignore_ascii_case("help").then_some(topic)
}

const HELP: &str = "\
Type a command as in redis-cli, quotes included:  SET greeting \"hello world\" PX 100
  @ +5s    five seconds pass (250us, 31ms, 1.5s, 2m, 1h): keys expire, waiting commands time out
  @ now    what the server's clock shows
  help set what a command takes and does; `help @string` lists a group of them
  quit     leave (or Ctrl-D)
A command that waits, such as BLPOP, keeps its connection; you go on from a new one.";

/// An engine, its clock, and the connections of one person.
struct Server {
    engine: Engine,
    now: Micros,
    luck: Luck,
    session: SessionId,
    /// Connections on which a command waits, each with what it waits for.
    waiting: Vec<(SessionId, String)>,
}

impl Server {
    fn new() -> Self {
        let mut engine = Engine::new(Config::default());
        let session = engine.connect(EPOCH);
        Self {
            engine,
            now: EPOCH,
            luck: Luck(1),
            session,
            waiting: Vec::new(),
        }
    }

    fn command(&mut self, line: &str, console: &mut Console) -> io::Result<()> {
        let words = match redwind_resp::split_words(line.as_bytes()) {
            Ok(words) => words,
            Err(error) => return console.line(Tone::Bad, &error.to_string()),
        };
        let argv: Vec<Bytes> = words.into_iter().map(Bytes::from).collect();
        if argv.is_empty() {
            return Ok(());
        }
        let mut out = Outputs::new();
        let asked = self.session;
        self.engine
            .execute(self.now, &mut self.luck, asked, &argv, &mut out);
        if self.engine.is_blocked(asked) {
            self.waiting.push((asked, line.to_owned()));
            self.session = self.engine.connect(self.now);
            let note = "(it waits; you go on from a new connection, and `@ +5s` lets time pass)";
            console.line(Tone::Faint, note)?;
        }
        self.show(out, console)
    }

    /// `+5s`, `now`
    fn time(&mut self, moment: &str, console: &mut Console) -> io::Result<()> {
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
                    if let Some(index) = waited {
                        let (_, command) = self.waiting.remove(index);
                        console.line(Tone::Faint, &format!("({command}, which waited:)"))?;
                    }
                    reply(&value, console)?;
                }
                Output::Push { value, .. } => reply(&value, console)?,
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
                    }
                }
                Output::KeyEvent { .. } | Output::Propagate { .. } => {}
            }
        }
        Ok(())
    }
}

fn reply(value: &Value, console: &mut Console) -> io::Result<()> {
    let tone = if value.is_error() {
        Tone::Bad
    } else {
        Tone::Plain
    };
    console.line(tone, &redwind_resp::render(value))
}

/// A seeded generator (SplitMix64): the same session gives the same replies.
struct Luck(u64);

impl Choose for Luck {
    fn below(&mut self, bound: NonZeroU32, _: Choice) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((z ^ (z >> 31)) % u64::from(bound.get())).unwrap_or(0)
    }
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
