//! `redwind serve`: the engine for other people's clients.

use anyhow::Context;
use redwind_server::{ClockMode, Options, Server};

use crate::Ending;
use crate::args::{Clock, ServeArgs};
use crate::console::{Console, Tone};

pub(crate) fn serve(args: &ServeArgs, console: &mut Console) -> anyhow::Result<Ending> {
    let mut server = Server::bind(Options {
        bind: args.bind,
        port: args.port,
        seed: args.seed,
        clock: match args.clock {
            Clock::Wall => ClockMode::Wall,
            Clock::Manual => ClockMode::MANUAL,
        },
        ..Options::default()
    })?;
    let handle = server.handle();
    ctrlc::set_handler(move || handle.stop()).context("cannot listen for Ctrl-C")?;
    console.line(
        Tone::Plain,
        &format!(
            "Redwind listens on {}; Ctrl-C ends it.",
            server.local_addr()
        ),
    )?;
    if !args.bind.is_loopback() {
        console.line(
            Tone::Unsure,
            "Everybody who reaches this address can read and change everything.",
        )?;
    }
    console.flush()?;
    server.run()?;
    Ok(Ending::Good)
}
