//! Where output goes: plain in a pipe, coloured on a terminal.

use std::io::{self, Write};

/// What a piece of text is, to be coloured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    /// Secondary: numbers, times, what repeats.
    Faint,
    Heading,
    Good,
    Bad,
    Unsure,
    /// The how manieth client it is about.
    Client(u16),
    Node,
    Resource,
}

impl Tone {
    fn code(self) -> &'static str {
        const CLIENTS: [&str; 4] = ["34", "33", "36", "35"];
        match self {
            Self::Plain => "",
            Self::Faint => "2",
            Self::Heading => "1",
            Self::Good => "32",
            Self::Bad => "1;31",
            Self::Unsure => "33",
            Self::Client(index) => CLIENTS[usize::from(index) % CLIENTS.len()],
            Self::Node => "",
            Self::Resource => "35",
        }
    }
}

/// Standard output, or a test's stand-in for it.
pub(crate) struct Console {
    out: Box<dyn Write>,
    colour: bool,
}

impl Console {
    pub(crate) fn new(out: Box<dyn Write>, colour: bool) -> Self {
        Self { out, colour }
    }

    /// Whether colours are shown.
    pub(crate) fn is_coloured(&self) -> bool {
        self.colour
    }

    /// Writes without a line's end.
    pub(crate) fn put(&mut self, tone: Tone, text: &str) -> io::Result<()> {
        match tone.code() {
            code if self.colour && !code.is_empty() => {
                write!(self.out, "\x1b[{code}m{text}\x1b[0m")
            }
            _ => write!(self.out, "{text}"),
        }
    }

    pub(crate) fn line(&mut self, tone: Tone, text: &str) -> io::Result<()> {
        self.put(tone, text)?;
        writeln!(self.out)
    }

    pub(crate) fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
