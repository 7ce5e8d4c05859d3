//! `redwind repl`: commands on an empty server whose clock stands still until it is moved.

mod editor;
mod history;
mod server;

use std::io::{self, BufRead, IsTerminal};

use anyhow::Result;
use redwind_resp::Line;

use self::editor::{Editor, Typed};
use self::server::{Server, said};
use crate::Ending;
use crate::console::{Console, Tone};

/// Reads lines until there are no more, or one says that it is enough.
pub(crate) fn repl(console: &mut Console) -> Result<Ending> {
    let mut server = Server::new();
    let person = io::stdin().is_terminal();
    if person {
        console.line(Tone::Faint, "An empty server. Time stands still: `@ +5s` moves it. `help` says more, `quit` leaves.")?;
        console.flush()?;
    }
    if person && io::stdout().is_terminal() {
        at_a_terminal(&mut server, console)?;
    } else {
        from_a_file(&mut server, person, console)?;
    }
    Ok(Ending::Good)
}

/// What a line did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Line,
    Quit,
}

/// Lines with editing, history, completion and hints.
fn at_a_terminal(server: &mut Server, console: &mut Console) -> Result<()> {
    let mut editor = Editor::open(console)?;
    let mut given_up = false;
    loop {
        console.flush()?;
        match editor.read(&server.prompt(), server.hints())? {
            Typed::Text(text) => {
                given_up = false;
                // Pasted lines come together.
                for line in text.lines() {
                    editor.remember(line, console)?;
                    if one(server, line.as_bytes(), console)? == Next::Quit {
                        return Ok(());
                    }
                }
            }
            Typed::GivenUp if given_up => return Ok(()),
            Typed::GivenUp => {
                given_up = true;
                console.line(Tone::Faint, "(Ctrl-C again, Ctrl-D or `quit` leaves)")?;
            }
            Typed::End => return Ok(()),
        }
    }
}

/// Lines from a pipe or a file; a person's, where the terminal does not take the answers.
fn from_a_file(server: &mut Server, person: bool, console: &mut Console) -> Result<()> {
    let mut input = io::stdin().lock();
    let mut line = Vec::new();
    loop {
        if person {
            console.put(Tone::Plain, &server.prompt())?;
        }
        console.flush()?;
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if one(server, &line, console)? == Next::Quit {
            return Ok(());
        }
    }
    if person {
        console.blank()?;
    }
    Ok(())
}

fn one(server: &mut Server, line: &[u8], console: &mut Console) -> Result<Next> {
    if let Some(moment) = line.trim_ascii_start().strip_prefix(b"@") {
        let moment = String::from_utf8_lossy(moment);
        server.time(moment.trim(), console)?;
        return Ok(Next::Line);
    }
    match Line::read(line) {
        Err(bad) => console.line(Tone::Plain, &bad.to_string())?,
        Ok(typed) if said(&typed.argv, 0, &["quit", "exit"]) => return Ok(Next::Quit),
        Ok(typed) => server.line(typed, console)?,
    }
    Ok(Next::Line)
}
