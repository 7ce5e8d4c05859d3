//! A program that has been checked and compiled.

use std::sync::{Arc, Mutex, PoisonError};

use monty::MontyRun;
use monty_types::{CompileOptions, ExcType, MontyException};
use redwind_sim::{Program, Source, Start};

use crate::ProgramError;
use crate::program::PythonProgram;
use crate::rewrite::{
    Function, Origins, Rewritten, error_at, line_starts, position, rewrite, sentence,
};

/// The name under which a program appears in tracebacks.
pub(crate) const FILE: &str = "program.py";

/// A Python program, checked and compiled: what clients are started from.
#[derive(Clone)]
pub struct PythonSource {
    compiled: Arc<Compiled>,
}

/// What every run of a program shares.
pub(crate) struct Compiled {
    /// Behind a lock only because it can't be shared between threads as it is.
    run: Mutex<MontyRun>,
    /// As the learner wrote it.
    original: String,
    /// The same with wider indentation: what positions speak of.
    pub(crate) source: String,
    /// Where its lines start.
    pub(crate) lines: Vec<usize>,
    /// What the interpreter runs.
    pub(crate) code: String,
    /// From there back to the learner's source.
    pub(crate) origins: Origins,
    /// Its functions, in the order of their starts.
    pub(crate) functions: Vec<Function>,
    /// Whether it may have several threads.
    pub(crate) threaded: bool,
}

impl Compiled {
    /// The function around a line: its number, from 1, and 0 for the module.
    pub(crate) fn function(&self, line: u32) -> usize {
        let around = |function: &&Function| function.first <= line && line <= function.last;
        // The last one that starts before the line and still goes on is the innermost.
        let innermost = self
            .functions
            .iter()
            .rposition(|function| around(&function));
        innermost.map_or(0, |at| at + 1)
    }

    /// The name of a function by its number.
    pub(crate) fn function_name(&self, number: usize) -> &str {
        number
            .checked_sub(1)
            .and_then(|at| self.functions.get(at))
            .map_or("<module>", |function| &function.name)
    }

    /// The compiled program, for one run.
    pub(crate) fn run(&self) -> MontyRun {
        self.run
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The line of the learner's source, and the column, of a position in what is run.
    pub(crate) fn position(&self, line: u32, column: u32) -> Option<(u32, u32)> {
        let offset = self.origins.offset(&self.code, line, column);
        let original = self.origins.original(offset)?;
        Some(position(&self.source, &self.lines, original))
    }
}

impl PythonSource {
    /// Checks and compiles a program.
    ///
    /// # Errors
    /// Says where the program is not valid Python, or uses something that is not supported here, and then what
    /// to write instead.
    pub fn parse(source: &str) -> Result<Self, ProgramError> {
        let original = source;
        let Rewritten {
            code,
            source,
            origins,
            functions,
            threaded,
        } = rewrite(original)?;
        let options = CompileOptions {
            assert_message_annotations: false.into(),
            ..CompileOptions::default()
        };
        let lines = line_starts(&source);
        match MontyRun::new(code.clone(), FILE, Vec::new(), options) {
            Ok(run) => Ok(Self {
                compiled: Arc::new(Compiled {
                    run: Mutex::new(run),
                    original: original.to_owned(),
                    source,
                    lines,
                    code,
                    origins,
                    functions,
                    threaded,
                }),
            }),
            Err(refused) => Err(compile_error(&source, &lines, &code, &origins, &refused)),
        }
    }

    /// The program as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.compiled.original
    }
}

impl std::fmt::Debug for PythonSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PythonSource")
            .field(&self.compiled.original)
            .finish()
    }
}

impl Source for PythonSource {
    fn start(&self, start: &Start) -> Box<dyn Program> {
        let compiled = Arc::clone(&self.compiled);
        Box::new(PythonProgram::new(compiled, &start.client, start.seed))
    }
}

/// What the compiler refused, at the place where the learner wrote it.
fn compile_error(
    source: &str,
    lines: &[usize],
    code: &str,
    origins: &Origins,
    refused: &MontyException,
) -> ProgramError {
    let offset = refused
        .traceback()
        .last()
        .and_then(|frame| {
            let edited = origins.offset(code, frame.start.line, frame.start.column);
            origins.original(edited)
        })
        .unwrap_or(0);
    let message = refused.message().unwrap_or("This program can't be run.");
    let (message, remedy) =
        match message.strip_prefix("The monty syntax parser does not yet support ") {
            Some(what) => (
                format!("Not supported here: {}.", what.trim_end_matches('.')),
                Some("Write it in a plainer way.".to_owned()),
            ),
            None if refused.exc_type() == ExcType::NotImplementedError => (
                sentence(message),
                Some("Write it in a plainer way.".to_owned()),
            ),
            None => (sentence(message), None),
        };
    error_at(source, lines, offset, message, remedy)
}
