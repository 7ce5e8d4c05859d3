//! Typing on a terminal: editing, earlier lines, completion, and hints of what is missing.

use std::borrow::Cow;
use std::io;

use anyhow::Result;
use redwind_engine::{Topic, topics};
use redwind_resp::Line;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::{Hint, Hinter};
use rustyline::history::{History as _, MemHistory};
use rustyline::validate::Validator;
use rustyline::{ColorMode, CompletionType, Config, Context, Helper};

use super::history::File;
use crate::console::{Console, Tone};

/// What came of typing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// A line, or several that were pasted.
    Text(String),
    /// Ctrl-C.
    GivenUp,
    /// Ctrl-D.
    End,
}

/// A line editor with redis-cli's habits.
pub(super) struct Editor {
    editor: rustyline::Editor<Typing, MemHistory>,
    file: Option<File>,
    /// Without colours a hint would look like what was typed.
    coloured: bool,
}

impl Editor {
    /// With the lines of earlier sessions at hand; where they cannot be read, that is said.
    pub(super) fn open(console: &mut Console) -> Result<Self> {
        let colours = match console.is_coloured() {
            true => ColorMode::Enabled,
            false => ColorMode::Disabled,
        };
        let config = Config::builder()
            .completion_type(CompletionType::Circular)
            .color_mode(colours)
            .max_history_size(super::history::LONGEST)?
            .history_ignore_dups(true)?
            .build();
        let history = MemHistory::with_config(&config);
        let mut editor = rustyline::Editor::with_history(config, history)?;
        editor.set_helper(Some(Typing {
            topics: topics(),
            hints: true,
        }));
        let mut this = Self {
            editor,
            file: None,
            coloured: console.is_coloured(),
        };
        match File::open() {
            Ok(None) => {}
            Ok(Some((file, lines))) => {
                for line in &lines {
                    this.editor.history_mut().add(line)?;
                }
                this.file = Some(file);
            }
            Err(error) => not_kept(&error, console)?,
        }
        Ok(this)
    }

    /// Waits for a line.
    pub(super) fn read(&mut self, prompt: &str, hints: bool) -> Result<Typed> {
        if let Some(typing) = self.editor.helper_mut() {
            typing.hints = hints && self.coloured;
        }
        match self.editor.readline(prompt) {
            Ok(text) => Ok(Typed::Text(text)),
            Err(ReadlineError::Interrupted) => Ok(Typed::GivenUp),
            Err(ReadlineError::Eof) => Ok(Typed::End),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps a line for the arrow keys and for later sessions, unless it is empty or holds a password.
    pub(super) fn remember(&mut self, line: &str, console: &mut Console) -> Result<()> {
        let secret = Line::read(line.as_bytes()).is_ok_and(|line| line.is_secret());
        if line.trim().is_empty() || secret || !self.editor.history_mut().add(line)? {
            return Ok(());
        }
        if let Some(file) = &mut self.file
            && let Err(error) = file.append(line)
        {
            self.file = None;
            not_kept(&error, console)?;
        }
        Ok(())
    }
}

fn not_kept(error: &io::Error, console: &mut Console) -> io::Result<()> {
    let note = format!("(lines are not kept for the next time: {error})");
    console.line(Tone::Faint, &note)
}

/// What the line editor asks of us while a person types.
struct Typing {
    topics: Vec<Topic>,
    hints: bool,
}

impl Helper for Typing {}

impl Validator for Typing {}

impl Completer for Typing {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        // What stands behind the cursor stays there.
        let begun = line.get(..at).unwrap_or(line);
        Ok((0, redwind_engine::completions(&self.topics, begun)))
    }
}

/// What is missing: to be read, not to be taken over by the arrow key.
struct Missing(String);

impl Hint for Missing {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for Typing {
    type Hint = Missing;

    fn hint(&self, line: &str, at: usize, _: &Context<'_>) -> Option<Missing> {
        if !self.hints || at < line.len() || line.contains('\n') {
            return None;
        }
        let missing = redwind_engine::hint(&self.topics, line);
        (!missing.is_empty()).then_some(Missing(missing))
    }
}

impl Highlighter for Typing {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("\x1b[90m{hint}\x1b[0m"))
    }
}
