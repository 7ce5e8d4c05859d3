//! A server to talk to: Redwind's, or a real one.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

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
    port: u16,
    life: Option<Life>,
}

enum Life {
    Redwind(Handle, JoinHandle<Result<(), ServeError>>),
    Reference(Child),
}

impl Running {
    /// Starts an empty server.
    pub fn start(kind: Kind) -> Running {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let port = free
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
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
        self.port
    }

    /// What a scenario asks for: `start`, `stop` or `restart`.
    pub fn obey(&mut self, order: &str) {
        if matches!(order, "stop" | "restart")
            && let Some(life) = self.life.take()
        {
            life.end();
        }
        if matches!(order, "start" | "restart") {
            self.life = Some(Life::begin(self.kind, self.port));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.obey("stop");
    }
}

impl Life {
    fn begin(kind: Kind, port: u16) -> Life {
        match kind {
            Kind::Redwind => {
                let mut server = Server::bind(Options {
                    port,
                    ..Options::default()
                })
                .expect("the port is free");
                let handle = server.handle();
                Life::Redwind(handle, std::thread::spawn(move || server.run()))
            }
            Kind::Reference => {
                let path = redwind_conformance::reference::find().expect("it was found before");
                let child = Command::new(path)
                    .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
                    .args(["--save", "", "--appendonly", "no"])
                    .args(["--enable-debug-command", "yes"])
                    .args(["--dir".as_ref(), std::env::temp_dir().as_os_str()])
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .spawn()
                    .expect("the reference server starts");
                let end = Instant::now() + Duration::from_secs(10);
                let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                while TcpStream::connect(address).is_err() {
                    assert!(Instant::now() < end, "the reference server does not answer");
                    std::thread::sleep(Duration::from_millis(5));
                }
                Life::Reference(child)
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
            Life::Reference(mut child) => {
                // It may have ended by itself.
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    }
}
