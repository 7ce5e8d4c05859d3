//! The engine behind RESP over TCP, on one thread, as Redis itself is.
//!
//! ```no_run
//! use redwind_server::{Options, Server};
//!
//! let mut server = Server::bind(Options { port: 0, ..Options::default() })?;
//! let (address, handle) = (server.local_addr(), server.handle());
//! let thread = std::thread::spawn(move || server.run());
//! // … clients talk to `address` …
//! handle.stop();
//! # drop(thread);
//! # Ok::<(), redwind_server::ServeError>(())
//! ```

mod clock;
mod connection;
mod host;
mod server;

pub use clock::ClockMode;
pub use server::{Handle, Server};

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use redwind_engine::Config;

/// How a server is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address to listen on; loopback unless told otherwise.
    pub bind: IpAddr,
    /// The port; 0 takes any free one.
    pub port: u16,
    /// Whose time it is.
    pub clock: ClockMode,
    /// What random picks begin from; `None` begins anew every time.
    pub seed: Option<u64>,
    /// The engine's settings; `CONFIG SET` changes most of them, the limits on clients too.
    pub config: Config,
}

impl Default for Options {
    fn default() -> Options {
        let mut config = Config::default();
        // Nobody repeats or draws what happens here; clients that ask for key events are published them.
        config.report_effects = false;
        config.report_events = false;
        Options {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 6379,
            clock: ClockMode::Wall,
            seed: None,
            config,
        }
    }
}

/// Why a server could not start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Somebody else listens there.
    #[error(
        "cannot listen on {0}: the address is already in use; stop what uses it or choose another port"
    )]
    Taken(SocketAddr),
    /// Listening failed in another way.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The system's event queue failed.
    #[error("the event queue failed: {0}")]
    Events(#[from] std::io::Error),
}
