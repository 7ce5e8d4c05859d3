//! A server on a port of its own, and clients that speak bytes.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use redwind_server::{ClockMode, Handle, Options, ServeError, Server};

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) handle: Handle,
    pub(crate) thread: Option<JoinHandle<Result<(), ServeError>>>,
}

impl Running {
    pub(crate) fn start(options: Options) -> Running {
        let mut server = Server::bind(Options { port: 0, ..options }).expect("a free port");
        Running {
            address: server.local_addr(),
            handle: server.handle(),
            thread: Some(std::thread::spawn(move || server.run())),
        }
    }

    pub(crate) fn wall() -> Running {
        Running::start(Options::default())
    }

    pub(crate) fn manual() -> Running {
        Running::start(Options {
            clock: ClockMode::MANUAL,
            ..Options::default()
        })
    }

    pub(crate) fn client(&self) -> Client {
        let stream = TcpStream::connect(self.address).expect("the server listens");
        stream.set_nodelay(true).expect("a socket");
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .expect("a socket");
        Client(stream)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.handle.stop();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(
                matches!(ended, Ok(Ok(()))),
                "the server ended badly: {ended:?}"
            );
        }
    }
}

pub(crate) struct Client(pub(crate) TcpStream);

impl Client {
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).expect("the server reads");
    }

    /// Reads as many bytes as are expected, and compares.
    #[track_caller]
    pub(crate) fn expect(&mut self, expected: &str) {
        let mut got = vec![0; expected.len()];
        let mut count = 0;
        while count < got.len() {
            match self.0.read(&mut got[count..]) {
                Ok(0) => break,
                Ok(more) => count += more,
                Err(error) => panic!(
                    "{error} after {:?}, expected {expected:?}",
                    String::from_utf8_lossy(&got[..count])
                ),
            }
        }
        assert_eq!(String::from_utf8_lossy(&got[..count]), expected);
    }

    /// Reads until a line that has a mark has ended; gives what follows the mark.
    #[track_caller]
    pub(crate) fn line_after(&mut self, mark: &str) -> String {
        let mut got = String::new();
        loop {
            let mut byte = [0];
            self.0.read_exact(&mut byte).expect("the line goes on");
            got.push(char::from(byte[0]));
            if let Some((_, line)) = got.split_once(mark)
                && let Some(line) = line.strip_suffix('\n')
            {
                return line.to_owned();
            }
        }
    }

    #[track_caller]
    pub(crate) fn expect_end(&mut self) {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Ok(_) => assert_eq!(String::from_utf8_lossy(&rest), ""),
            // What it did not read makes a server's system reset the connection.
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
    }

    #[track_caller]
    pub(crate) fn ask(&mut self, line: &str, expected: &str) {
        self.send(format!("{line}\r\n"));
        self.expect(expected);
    }
}
