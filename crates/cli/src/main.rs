//! The redwind command: run a lesson with faults, prove lessons, type at an engine whose clock one moves, serve
//! it over TCP.

mod args;
mod console;
mod lessons;
mod library;
mod repl;
mod run;
mod serve;
mod timeline;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Command, LessonCommand};
use crate::console::Console;

/// What the command's exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// Every promise held; every lesson is as it says.
    Good,
    /// A promise was broken; a lesson is not as it says.
    Broken,
    /// No promise was broken, but one could not be decided.
    Undecided,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        Self::from(match ending {
            Ending::Good => 0,
            Ending::Broken => 1,
            Ending::Undecided => 3,
        })
    }
}

/// The exit code of bad input, as clap's own for bad arguments.
const BAD_INPUT: u8 = 2;

fn main() -> ExitCode {
    let args = Args::parse();
    let stdout = io::stdout();
    let colour =
        stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let mut console = Console::new(Box::new(io::BufWriter::new(stdout.lock())), colour);
    let done = command(args.command, &mut console).and_then(|ending| {
        console.flush()?;
        Ok(ending)
    });
    match done {
        Ok(ending) => ending.into(),
        // Whoever reads us has seen enough: `redwind run … | head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to be told to if even stderr is closed.
            let _ = writeln!(io::stderr(), "redwind: {error:#}");
            ExitCode::from(BAD_INPUT)
        }
    }
}

fn command(command: Command, console: &mut Console) -> anyhow::Result<Ending> {
    match command {
        Command::Run(args) => run::run(&args, console),
        Command::Lesson(LessonCommand::Check { paths }) => lessons::check(&paths, console),
        Command::Lesson(LessonCommand::List) => lessons::list(console),
        Command::Lesson(LessonCommand::Show { lesson }) => lessons::show(&lesson, console),
        Command::Repl => repl::repl(console),
        Command::Serve(args) => serve::serve(&args, console),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
