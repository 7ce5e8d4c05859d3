//! A server on the port that is named, or on 6379.

use redwind_server::{Options, ServeError, Server};

fn main() -> Result<(), ServeError> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok());
    let mut server = Server::bind(Options {
        port: port.unwrap_or(6379),
        ..Options::default()
    })?;
    server.run()
}
