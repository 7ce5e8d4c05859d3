//! Real redis-server processes for tests and benches, each on a port that nobody else takes.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

/// How long a server may take until it listens, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a redis-server of the right version is: the one that `REDWIND_REFERENCE` names, else the one that
/// `cargo xtask reference` fetched.
#[must_use]
pub fn find() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2)?;
    let named = std::env::var_os("REDWIND_REFERENCE").map(PathBuf::from);
    let path = named.unwrap_or_else(|| root.join("target/reference/redis-server"));
    path.is_file().then_some(path)
}

/// A TCP port of the loopback that a server may listen on, and listen on again, for as long as this value lives.
#[derive(Debug)]
pub struct Port {
    number: u16,
    /// Bound without listening, it keeps the system from giving the port to somebody else, between a server's end and
    /// its next start too. Linux lets a socket with SO_REUSEADDR, as every server's is, listen there nevertheless.
    _held: Option<Socket>,
}

impl Port {
    /// A port that is free.
    ///
    /// # Errors
    ///
    /// When the system has none.
    pub fn reserve() -> io::Result<Port> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        let address = socket.local_addr()?.as_socket();
        let address = address.ok_or_else(|| io::Error::other("a socket without an address"))?;
        Ok(Port {
            number: address.port(),
            _held: cfg!(target_os = "linux").then_some(socket),
        })
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.number
    }

    /// Where a server listens that was given this port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.number))
    }
}

/// A redis-server process; it is killed when this value is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts a redis-server without snapshots, and returns when it listens.
    ///
    /// `command` runs it; it may have arguments already. `settings` are those of its command line.
    ///
    /// # Errors
    ///
    /// When it cannot be run, ends or does not come to listen: the reason, for people.
    pub fn start(mut command: Command, port: &Port, settings: &[&str]) -> Result<Process, String> {
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command
            .args(["--port", &port.number.to_string()])
            .args(["--bind", "127.0.0.1", "--save", ""])
            .args(settings)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot start {program}: {error}"))?;
        let mut process = Process { child };
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(port.address()).is_err() {
            if let Ok(Some(status)) = process.child.try_wait() {
                return Err(format!("{program} has ended: {status}"));
            }
            if Instant::now() > end {
                return Err(format!("{program} does not listen on {}", port.address()));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(process)
    }

    /// The number of its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has not ended.
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends it at once (`SIGKILL`), and returns when it is gone.
    pub fn kill(&mut self) {
        // It may have ended by itself, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
