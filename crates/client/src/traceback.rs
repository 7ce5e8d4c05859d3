//! An exception that nobody caught, as Python prints it, with the learner's own lines.

use monty_types::{ExcType, MontyException, StackFrame};
use redwind_sim::Exit;

use crate::host::Caught;
use crate::source::{Compiled, FILE};
use crate::values::named;

/// How a program ended that raised `exception`.
pub(crate) fn exit(
    compiled: &Compiled,
    exception: &MontyException,
    caught: Option<&Caught>,
) -> Exit {
    let (kind, message) = named(exception);
    if exception.exc_type() == ExcType::SystemExit && matches!(message.as_str(), "" | "0" | "None")
    {
        return Exit::Finished;
    }
    let message = clearer(&kind, message);
    let mut frames: Vec<Frame> = exception
        .traceback()
        .iter()
        .filter_map(|frame| Frame::of(compiled, frame))
        .collect();
    if let Some(caught) = caught {
        raised_first(&mut frames, compiled, caught);
    }
    let line = frames.last().map(|frame| frame.line);
    let traceback = printed(&frames, compiled, &kind, &message);
    Exit::Raised {
        kind,
        message,
        line,
        traceback,
    }
}

/// Some messages speak of the machinery; these speak of the program.
fn clearer(kind: &str, message: String) -> String {
    if message.contains("cannot suspend in this synchronous context") {
        return "nothing that waits (Redis, a clock, db, storage, mailer) can be called here: inside sorted(), \
                map(), a key function or a special method; call it in a loop first and keep the results"
            .to_owned();
    }
    if kind == "AttributeError" {
        for module in [
            "redis",
            "redis.exceptions",
            "uuid",
            "secrets",
            "logging",
            "db",
            "storage",
            "mailer",
            "objects",
        ] {
            let machinery = format!("type object '{module}' has no attribute");
            if let Some(rest) = message.strip_prefix(&machinery) {
                return format!("module '{module}' has no attribute{rest}");
            }
        }
    }
    message
}

/// An exception that was raised again is at the place of its handler; Python shows where it came from.
fn raised_first(frames: &mut Vec<Frame>, compiled: &Compiled, caught: &Caught) {
    let Some(handler) = frames.last_mut() else {
        return;
    };
    let function = compiled.function(handler.line);
    if let Some(line) = caught.lines.get(&function) {
        handler.line = *line;
        handler.marks = None;
    }
    let origin = compiled.function(caught.line);
    if origin != function {
        frames.push(Frame {
            line: caught.line,
            name: compiled.function_name(origin).to_owned(),
            marks: None,
        });
    }
}

struct Frame {
    line: u32,
    name: String,
    /// Where the marks go: from and to which column, from 1.
    marks: Option<(u32, u32)>,
}

impl Frame {
    /// The frame in the learner's source; `None` when it lies in the prelude.
    fn of(compiled: &Compiled, frame: &StackFrame) -> Option<Self> {
        let (line, column) = compiled.position(frame.start.line, frame.start.column)?;
        let end = compiled.position(frame.end.line, frame.end.column);
        let marks = end
            .filter(|(end_line, end_column)| *end_line == line && *end_column > column)
            .filter(|_| !frame.hide_caret)
            .map(|(_, end_column)| (column, end_column));
        Some(Self {
            line,
            name: frame
                .frame_name
                .clone()
                .unwrap_or_else(|| "<module>".to_owned()),
            marks,
        })
    }
}

/// How many equal frames of a recursion are printed.
const SHOWN: usize = 3;

fn printed(frames: &[Frame], compiled: &Compiled, kind: &str, message: &str) -> String {
    let mut text = "Traceback (most recent call last):\n".to_owned();
    let mut repeated = 0;
    for (i, frame) in frames.iter().enumerate() {
        let same = |other: &Frame| other.line == frame.line && other.name == frame.name;
        let again = i > 0 && same(&frames[i - 1]);
        repeated = if again { repeated + 1 } else { 0 };
        if repeated < SHOWN {
            push_frame(&mut text, frame, compiled);
        }
        let last = frames.get(i + 1).is_none_or(|next| !same(next));
        if last && repeated >= SHOWN {
            let more = repeated + 1 - SHOWN;
            let times = if more == 1 { "time" } else { "times" };
            text.push_str(&format!("  [Previous line repeated {more} more {times}]\n"));
        }
    }
    text.push_str(kind);
    if !message.is_empty() {
        text.push_str(": ");
        text.push_str(message);
    }
    text
}

fn push_frame(text: &mut String, frame: &Frame, compiled: &Compiled) {
    text.push_str(&format!(
        "  File \"{FILE}\", line {}, in {}\n",
        frame.line, frame.name
    ));
    let Some(line) = compiled.source.lines().nth(frame.line as usize - 1) else {
        return;
    };
    let shown = line.trim();
    if shown.is_empty() {
        return;
    }
    text.push_str("    ");
    text.push_str(shown);
    text.push('\n');
    let indent = (line.chars().count() - line.trim_start().chars().count()) as u32;
    if let Some((start, end)) = frame.marks
        && start > indent
    {
        let width = shown.chars().count() as u32;
        let (start, end) = (start - 1 - indent, (end - 1 - indent).min(width));
        // As Python: no marks when they would underline everything.
        if end > start && (start > 0 || end < width) {
            text.push_str(&" ".repeat(4 + start as usize));
            text.push_str(&"^".repeat((end - start) as usize));
            text.push('\n');
        }
    }
}
