//! From the learner's source to what the interpreter runs.
//!
//! The interpreter takes Python as it is, except that it can't be stepped, knows no exception classes beyond
//! its own, no inheritance, and no `redis`. So the source is edited before it is compiled: a call before each
//! statement tells the world the line and the variables; `try` asks the prelude which handler fits; imports of
//! the modules that live here become assignments. Everything added is named `_rw_…` and can be told from what
//! was written: [`edits::Origins`] leads every position back.

mod classes;
mod edits;
mod errors;
mod facts;
mod imports;
mod indent;
pub(crate) mod names;
mod refuse;
mod threads;
mod walk;

use std::borrow::Cow;

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{PythonVersion, Stmt};
use ruff_python_parser::{Mode, ParseOptions};
use ruff_text_size::Ranged;

pub(crate) use edits::{Origins, line_starts, position};
pub(crate) use facts::Facts;
pub(crate) use walk::Function;

use crate::{ProgramError, prelude};

/// A program ready to be compiled.
pub(crate) struct Rewritten {
    /// The prelude and the edited source.
    pub(crate) code: String,
    /// The source it was made from: the learner's, its indentation widened if need be.
    pub(crate) source: String,
    /// The way back to that source.
    pub(crate) origins: Origins,
    /// The functions of the program.
    pub(crate) functions: Vec<Function>,
    /// Whether it may have several threads.
    pub(crate) threaded: bool,
}

/// Rewrites a program.
pub(crate) fn rewrite(source: &str) -> Result<Rewritten, ProgramError> {
    let parsed = parse(source)?;
    let body: &[Stmt] = &parsed.syntax().body;
    let facts = facts::Facts::of(source, body);
    let lines = line_starts(source);
    if let Some(refused) = refuse::first(source, body, &facts) {
        let offset = refused.range.start().to_usize();
        return Err(error_at(
            source,
            &lines,
            offset,
            refused.message,
            Some(refused.remedy),
        ));
    }
    let prelude = prelude::for_program(&facts);
    let (code, source, origins, functions) = match indent::widened(source, &lines, parsed.tokens())
    {
        Cow::Borrowed(source) => {
            let (edits, functions) = walk::edits(source, &lines, parsed.tokens(), body, &facts);
            let (code, origins) = edits.apply(&prelude, source);
            (code, source.to_owned(), origins, functions)
        }
        Cow::Owned(wide) => {
            let parsed = parse(&wide)?;
            let lines = line_starts(&wide);
            let body: &[Stmt] = &parsed.syntax().body;
            let (edits, functions) = walk::edits(&wide, &lines, parsed.tokens(), body, &facts);
            let (code, origins) = edits.apply(&prelude, &wide);
            (code, wide, origins, functions)
        }
    };
    let (code, origins) = if facts.threaded {
        let parsed = parse(&code)?;
        let body: &[Stmt] = &parsed.syntax().body;
        let (code, second) = threads::edits(&code, prelude.len(), body, &facts).apply("", &code);
        (code, second.after(origins))
    } else {
        (code, origins)
    };
    Ok(Rewritten {
        code,
        source,
        origins,
        functions,
        threaded: facts.threaded,
    })
}

type Parsed = ruff_python_parser::Parsed<ruff_python_ast::ModModule>;

fn parse(source: &str) -> Result<Parsed, ProgramError> {
    let lines = line_starts(source);
    if u32::try_from(source.len()).is_err() || source.len() > MAX_SOURCE {
        return Err(error_at(
            source,
            &lines,
            0,
            "This program is too long.".to_owned(),
            None,
        ));
    }
    // Before the parser sees it: brackets nested without end would use up its stack.
    if !monty::source_within_nesting_bound(source, 0) {
        return Err(error_at(
            source,
            &lines,
            0,
            "This program nests too deeply.".to_owned(),
            Some("Move the inner parts into functions or variables.".to_owned()),
        ));
    }
    let options = ParseOptions::from(Mode::Module).with_target_version(PythonVersion::latest());
    let parsed = ruff_python_parser::parse(source, options);
    match parsed.map(ruff_python_parser::Parsed::try_into_module) {
        // A module is what was asked for.
        Ok(None) => Err(error_at(
            source,
            &lines,
            0,
            "This is no program.".to_owned(),
            None,
        )),
        Ok(Some(parsed)) => {
            if let Some(unsupported) = parsed.unsupported_syntax_errors().first() {
                let offset = unsupported.range.start().to_usize();
                return Err(error_at(
                    source,
                    &lines,
                    offset,
                    unsupported.to_string(),
                    None,
                ));
            }
            Ok(parsed)
        }
        Err(error) => {
            let offset = error.location.start().to_usize();
            let message = sentence(&error.error.to_string());
            Err(error_at(source, &lines, offset, message, None))
        }
    }
}

/// Half a megabyte: far beyond a program one reads, far below what would be slow.
const MAX_SOURCE: usize = 512 * 1024;

/// An error at an offset of the source.
pub(crate) fn error_at(
    source: &str,
    lines: &[usize],
    offset: usize,
    message: String,
    remedy: Option<String>,
) -> ProgramError {
    let (line, column) = position(source, lines, offset);
    ProgramError {
        line,
        column,
        text: source
            .lines()
            .nth(line as usize - 1)
            .unwrap_or_default()
            .to_owned(),
        message,
        remedy,
    }
}

/// A parser's message as a sentence.
pub(crate) fn sentence(message: &str) -> String {
    let message = message.trim();
    let mut letters = message.chars();
    let mut text: String = match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => return "This is not valid Python.".to_owned(),
    };
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

/// The end of the logical line that a statement ends in: where its comment, if any, is already over.
fn logical_end(tokens: &ruff_python_ast::token::Tokens, stmt: &Stmt, source: &str) -> usize {
    tokens
        .after(stmt.end())
        .iter()
        .find(|token| matches!(token.kind(), TokenKind::Newline | TokenKind::EndOfFile))
        .map_or(source.len(), |token| token.start().to_usize())
}
