//! A server to talk to: Redwind's, or a real one.

use std::process::Command;
use std::thread::JoinHandle;

use redwind_reference::{Port, Process};
use redwind_server::{Handle, Options, ServeError, Server};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Redwind, in this process.
    Redwind,
    /// A real redis-server.
    Reference,
}

/// A server on a port of its own, which it keeps when it is restarted.
pub struct Running {
    kind: Kind,
    port: Port,
    life: Option<Life>,
}

enum Life {
    Redwind(Handle, JoinHandle<Result<(), ServeError>>),
    Reference(Process),
}

impl Running {
    /// Starts an empty server.
    pub fn start(kind: Kind) -> Running {
        let port = Port::reserve().expect("a free port");
        let mut server = Running {
            kind,
            port,
            life: None,
        };
        server.obey("start");
        server
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// What a scenario asks for: `start`, `stop` or `restart`.
    pub fn obey(&mut self, order: &str) {
        if matches!(order, "stop" | "restart")
            && let Some(life) = self.life.take()
        {
            life.end();
        }
        if matches!(order, "start" | "restart") {
            self.life = Some(Life::begin(self.kind, &self.port));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.obey("stop");
    }
}

impl Life {
    fn begin(kind: Kind, port: &Port) -> Life {
        match kind {
            Kind::Redwind => {
                let mut server = Server::bind(Options {
                    port: port.number(),
                    ..Options::default()
                })
                .expect("the port is free");
                let handle = server.handle();
                Life::Redwind(handle, std::thread::spawn(move || server.run()))
            }
            Kind::Reference => {
                let path = redwind_reference::find().expect("it was found before");
                let mut command = Command::new(path);
                command.current_dir(std::env::temp_dir());
                let settings = ["--appendonly", "no", "--enable-debug-command", "yes"];
                let process = Process::start(command, port, &settings);
                Life::Reference(process.unwrap_or_else(|why| panic!("{why}")))
            }
        }
    }

    fn end(self) {
        match self {
            Life::Redwind(handle, thread) => {
                handle.stop();
                let ended = thread.join();
                assert!(matches!(ended, Ok(Ok(()))), "it ended badly: {ended:?}");
            }
            Life::Reference(process) => drop(process),
        }
    }
}
