//! A real redis-server on a port of its own, for as long as the value lives.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use redwind_engine::Value;
use redwind_resp::{Decoder, encode_request};

use crate::Subject;

/// Where a server of the right version may be.
pub fn find() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2)?;
    let named = std::env::var_os("REDWIND_REFERENCE").map(PathBuf::from);
    let path = named.unwrap_or_else(|| root.join("target/reference/redis-server"));
    path.is_file().then_some(path)
}

pub struct Reference {
    child: Child,
    port: u16,
    /// Where it may write; gone with it.
    folder: PathBuf,
    clients: BTreeMap<String, Client>,
    late: Vec<(String, Value)>,
}

struct Client {
    stream: TcpStream,
    decoder: Decoder,
    waiting: bool,
    listening: bool,
}

impl Client {
    /// The next value, or `None` when nothing came in time.
    fn read(&mut self, patience: Duration) -> Option<Value> {
        let end = Instant::now() + patience;
        loop {
            match self.decoder.next_value() {
                Ok(Some(value)) => return Some(value),
                Ok(None) => {}
                Err(e) => panic!("the reference server sent something odd: {e}"),
            }
            let left = end.checked_duration_since(Instant::now())?;
            self.stream
                .set_read_timeout(Some(left.max(Duration::from_millis(1))))
                .ok()?;
            let mut buffer = [0; 65536];
            match self.stream.read(&mut buffer) {
                Ok(0) => return None,
                Ok(count) => self.decoder.feed(&buffer[..count]),
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return None;
                }
                Err(e) => panic!("the connection to the reference server broke: {e}"),
            }
        }
    }
}

impl Reference {
    /// Starts the server, or says why it cannot be had.
    pub fn start() -> Result<Reference, String> {
        let path = find().ok_or(
            "no reference redis-server: run `cargo xtask record` once, which fetches it, \
             or set REDWIND_REFERENCE to a redis-server 8.2",
        )?;
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.map_err(|e| format!("no free port: {e}"))?.port();
        let folder = std::env::temp_dir().join(format!("redwind-reference-{port}"));
        std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let child = Command::new(&path)
            .args([
                "--port",
                &port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
            ])
            .args(["--appendonly", "no", "--enable-debug-command", "yes"])
            .args(["--dir", &folder.to_string_lossy()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("cannot start {}: {e}", path.display()))?;
        let reference = Reference {
            child,
            port,
            folder,
            clients: BTreeMap::new(),
            late: Vec::new(),
        };
        let end = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > end {
                return Err(format!("{} does not answer on port {port}", path.display()));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(reference)
    }

    /// An empty server and no clients.
    pub fn clear(&mut self) {
        self.clients.clear();
        for command in ["FLUSHALL", "SCRIPT FLUSH"] {
            let argv: Vec<Bytes> = command
                .split(' ')
                .map(|word| Bytes::copy_from_slice(word.as_bytes()))
                .collect();
            self.send("cleaner", &argv, false);
        }
        self.clients.clear();
        self.late.clear();
    }

    fn client(&mut self, name: &str) -> &mut Client {
        let port = self.port;
        self.clients.entry(name.to_owned()).or_insert_with(|| {
            let stream = match TcpStream::connect(("127.0.0.1", port)) {
                Ok(stream) => stream,
                Err(e) => panic!("cannot connect to the reference server: {e}"),
            };
            stream.set_nodelay(true).unwrap_or_default();
            Client {
                stream,
                decoder: Decoder::default(),
                waiting: false,
                listening: false,
            }
        })
    }

    /// Sends many commands at once and reads all replies.
    pub fn pipeline(&mut self, commands: &[Vec<Bytes>]) -> Vec<Value> {
        let client = self.client("pipeline");
        let mut wire = Vec::new();
        for argv in commands {
            encode_request(argv, &mut wire);
        }
        // The kernel's buffers hold what a few hundred short commands send and receive.
        client
            .stream
            .write_all(&wire)
            .unwrap_or_else(|e| panic!("cannot send: {e}"));
        commands
            .iter()
            .map(|argv| {
                let reply = client.read(Duration::from_secs(10));
                reply.unwrap_or_else(|| panic!("the reference server did not answer {argv:?}"))
            })
            .collect()
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        self.child.kill().unwrap_or_default();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Subject for Reference {
    fn send(&mut self, name: &str, argv: &[Bytes], may_block: bool) -> Option<Value> {
        let client = self.client(name);
        let mut wire = Vec::new();
        encode_request(argv, &mut wire);
        client
            .stream
            .write_all(&wire)
            .unwrap_or_else(|e| panic!("cannot send: {e}"));
        let patience = if may_block { 40 } else { 10_000 };
        let reply = client.read(Duration::from_millis(patience));
        client.waiting |= reply.is_none();
        let word = argv[0].to_ascii_lowercase();
        client.listening |= word.ends_with(b"subscribe");
        reply
    }

    fn pass(&mut self, millis: u64) {
        std::thread::sleep(Duration::from_millis(millis));
    }

    fn late(&mut self) -> Vec<(String, Value)> {
        let mut late = std::mem::take(&mut self.late);
        for (name, client) in &mut self.clients {
            if client.waiting || client.listening {
                while let Some(value) = client.read(Duration::from_millis(15)) {
                    late.push((name.clone(), value));
                    client.waiting = false;
                }
            }
        }
        late
    }
}
