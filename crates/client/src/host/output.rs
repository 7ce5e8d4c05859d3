//! What a program prints, and the steps that can only be told by printing.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use monty_types::{ExcType, MontyException, PrintWriterCallback};

use crate::bounds::{INSTRUCTIONS_A_TICK, LONGEST_STATEMENT, MOST_STATEMENTS};
use crate::source::Compiled;
use crate::values::{SIGN, signed};

/// Something to tell the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Noted {
    /// A line was printed.
    Print(String),
    /// A statement ran where the interpreter could not stop.
    Line(u32),
}

/// What a program prints.
#[derive(Clone)]
pub(crate) struct Output {
    compiled: Arc<Compiled>,
    noted: Vec<Noted>,
    /// The line that is not yet ended.
    open: String,
    /// What came on the other stream: marks.
    mark: String,
    marked: u32,
    line: u32,
    /// The line that each function is at, or was at last.
    lines: BTreeMap<usize, u32>,
    caught: Option<Caught>,
    ticks: u32,
    stopped: Option<String>,
}

/// Where an exception was raised, noted when a handler was first asked about it. The interpreter forgets that
/// when an exception is raised again.
#[derive(Clone, Debug)]
pub(crate) struct Caught {
    /// The line that raised it.
    pub(crate) line: u32,
    /// The line that each function was at.
    pub(crate) lines: BTreeMap<usize, u32>,
    /// Whether it was raised again.
    pub(crate) again: bool,
}

/// A line of this length is cut: nobody reads further.
const LONGEST_LINE: usize = 10_000;

impl Output {
    pub(crate) fn new(compiled: Arc<Compiled>) -> Self {
        Self {
            compiled,
            noted: Vec::new(),
            open: String::new(),
            mark: String::new(),
            marked: 0,
            line: 1,
            lines: BTreeMap::new(),
            caught: None,
            ticks: 0,
            stopped: None,
        }
    }

    /// Whether the program may have several threads.
    pub(crate) fn is_threaded(&self) -> bool {
        self.compiled.threaded
    }

    /// What was printed since the last time; at the `last` time also a line that was not ended.
    pub(crate) fn take(&mut self, last: bool) -> Vec<Noted> {
        if last && !self.open.is_empty() {
            let line = std::mem::take(&mut self.open);
            self.noted.push(Noted::Print(line));
        }
        std::mem::take(&mut self.noted)
    }

    /// A statement begins: its instructions are counted from here.
    pub(crate) fn begin_statement(&mut self, line: u32) {
        self.ticks = 0;
        self.line = line;
        self.lines.insert(self.compiled.function(line), line);
    }

    /// Where the exception that is on its way was raised first, when it was caught and raised again.
    pub(crate) fn caught(&self) -> Option<&Caught> {
        self.caught.as_ref().filter(|caught| caught.again)
    }

    /// How many statements were told by printing.
    pub(crate) fn marked(&self) -> u32 {
        self.marked
    }

    /// The line of the last statement.
    pub(crate) fn line(&self) -> u32 {
        self.line
    }

    /// Stops the program: from now on everything it does raises.
    pub(crate) fn stop(&mut self, why: &str) {
        if self.stopped.is_none() {
            self.stopped = Some(why.to_owned());
        }
    }

    /// Why the program was stopped.
    pub(crate) fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    fn refusal(&self) -> Result<(), MontyException> {
        match &self.stopped {
            // The prelude lets no handler have this one.
            Some(why) => Err(signed("stop", "stop", why)),
            None => Ok(()),
        }
    }

    fn write(&mut self, text: &str) -> Result<(), MontyException> {
        let mut lines = text.split('\n');
        self.push(lines.next().unwrap_or_default());
        for line in lines {
            let ended = std::mem::take(&mut self.open);
            self.noted.push(Noted::Print(ended));
            self.push(line);
        }
        if self.noted.len() > MOST_STATEMENTS as usize {
            self.stop("it printed too much within one statement");
        }
        self.refusal()
    }

    fn push(&mut self, text: &str) {
        let left = LONGEST_LINE.saturating_sub(self.open.len());
        let mut cut = text.len().min(left);
        while !text.is_char_boundary(cut) {
            cut -= 1;
        }
        self.open.push_str(&text[..cut]);
    }

    fn end_mark(&mut self) -> Result<(), MontyException> {
        let mark = std::mem::take(&mut self.mark);
        match mark.as_str() {
            "\u{2}" => {
                self.caught = Some(Caught {
                    line: self.line,
                    lines: self.lines.clone(),
                    again: false,
                });
                return self.refusal();
            }
            "\u{3}" => {
                if let Some(caught) = &mut self.caught {
                    caught.again = true;
                }
                return self.refusal();
            }
            _ => {}
        }
        match mark.strip_prefix(SIGN).and_then(|line| line.parse().ok()) {
            Some(line) => {
                self.noted.push(Noted::Line(line));
                self.marked += 1;
                self.begin_statement(line);
                if self.marked > MOST_STATEMENTS {
                    self.stop(&format!(
                        "it ran {MOST_STATEMENTS} statements without coming to an end; does a loop never finish?"
                    ));
                }
                self.refusal()
            }
            // The program's own words on the other stream.
            None => self.write(&format!("{mark}\n")),
        }
    }
}

impl PrintWriterCallback for Output {
    fn stdout_write(&mut self, output: Cow<'_, str>) -> Result<(), MontyException> {
        self.write(&output)
    }

    fn stdout_push(&mut self, end: char) -> Result<(), MontyException> {
        self.write(end.encode_utf8(&mut [0; 4]))
    }

    fn stderr_write(&mut self, output: Cow<'_, str>) -> Result<(), MontyException> {
        match output.strip_suffix('\n') {
            Some(line) => {
                self.mark.push_str(line);
                self.end_mark()
            }
            None => {
                self.mark.push_str(&output);
                Ok(())
            }
        }
    }

    fn stderr_push(&mut self, end: char) -> Result<(), MontyException> {
        if end == '\n' {
            return self.end_mark();
        }
        self.mark.push(end);
        Ok(())
    }

    fn poll_flush(&mut self) -> Result<(), MontyException> {
        self.ticks += 1;
        if self.ticks > LONGEST_STATEMENT / INSTRUCTIONS_A_TICK {
            self.stop("one statement ran for millions of instructions without coming to an end");
        }
        match &self.stopped {
            Some(why) => Err(MontyException::new(
                ExcType::KeyboardInterrupt,
                Some(why.clone()),
            )),
            None => Ok(()),
        }
    }
}
