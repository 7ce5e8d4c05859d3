//! A real redis-server on a port of its own, for as long as the value lives.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use bytes::Bytes;
use redwind_engine::Value;
use redwind_reference::{Port, Process, find};
use redwind_resp::{Decoder, encode_request};

use crate::Subject;
use crate::sequence::{AFTER_FLUSH, ALONE, BEFORE_ID, Heard, Open, Step, attribute};
use crate::state::Witness;

/// Settings that rounds change, as a fresh server has them.
const SETTINGS: &str = "notify-keyspace-events \"\" hash-max-listpack-entries 512 hash-max-listpack-value 64 \
    list-max-listpack-size -2 list-compress-depth 0 set-max-intset-entries 512 set-max-listpack-entries 128 \
    set-max-listpack-value 64 zset-max-listpack-entries 128 zset-max-listpack-value 64 hll-sparse-max-bytes 3000 \
    stream-node-max-entries 100 stream-node-max-bytes 4096 maxmemory 0 maxmemory-policy noeviction \
    min-replicas-to-write 0 proto-max-bulk-len 536870912 maxmemory-samples 5 lfu-log-factor 10 lfu-decay-time 1 \
    lazyfree-lazy-expire no";

/// Who looks after the server.
const CLEANER: &str = "cleaner";

pub struct Reference {
    process: Process,
    port: Port,
    /// Where it may write; gone with it.
    folder: PathBuf,
    clients: BTreeMap<String, Client>,
    late: Vec<(String, Value)>,
    /// `rdb_changes_since_last_save` before the sequence.
    changes_before: i64,
}

struct Client {
    stream: TcpStream,
    decoder: Decoder,
    waiting: bool,
    listening: bool,
}

impl Client {
    fn new(stream: TcpStream) -> Client {
        stream.set_nodelay(true).unwrap_or_default();
        Client {
            stream,
            decoder: Decoder::default(),
            waiting: false,
            listening: false,
        }
    }

    fn write(&mut self, wire: &[u8]) {
        let sent = self.stream.write_all(wire);
        sent.unwrap_or_else(|e| panic!("cannot send: {e}"));
    }

    /// What has arrived by now.
    fn read_all(&mut self) -> Vec<Value> {
        let mut values = Vec::new();
        let mut buffer = [0; 65536];
        self.stream.set_nonblocking(true).unwrap_or_default();
        while let Ok(count @ 1..) = self.stream.read(&mut buffer) {
            self.decoder.feed(&buffer[..count]);
        }
        self.stream.set_nonblocking(false).unwrap_or_default();
        while let Ok(Some(value)) = self.decoder.next_value() {
            values.push(value);
        }
        values
    }

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
        Reference::start_with(&["--appendonly", "no"])
    }

    /// Starts the server with these settings, too.
    pub fn start_with(settings: &[&str]) -> Result<Reference, String> {
        let path = find().ok_or(
            "no reference redis-server: run `cargo xtask record` once, which fetches it, \
             or set REDWIND_REFERENCE to a redis-server 8.2",
        )?;
        let port = Port::reserve().map_err(|e| format!("no free port: {e}"))?;
        let folder = std::env::temp_dir().join(format!("redwind-reference-{}", port.number()));
        std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let mut command = Command::new(path);
        command.current_dir(&folder);
        // With this frequency, who waits is told soon after its time is up.
        let mut all = vec!["--enable-debug-command", "yes", "--hz", "500"];
        all.extend(settings);
        Ok(Reference {
            process: Process::start(command, &port, &all)?,
            port,
            folder,
            clients: BTreeMap::new(),
            late: Vec::new(),
            changes_before: 0,
        })
    }

    /// Whether it still runs and answers a new client.
    pub fn answers(&mut self) -> bool {
        self.clients.clear();
        let runs = self.process.runs();
        let Ok(stream) = TcpStream::connect(self.port.address()) else {
            return false;
        };
        let mut client = Client::new(stream);
        client.write(b"PING\r\n");
        runs && client.read(Duration::from_secs(10)).is_some()
    }

    /// Where it writes.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// An empty server and no clients.
    pub fn clear(&mut self) {
        self.clients.clear();
        let settings = format!("CONFIG SET {SETTINGS}");
        let commands = [
            "CLIENT UNPAUSE",
            // It remembers whether memory sufficed when there last was a limit.
            "CONFIG SET maxmemory 100gb",
            "PING",
            // It may want replicas, and then takes no write.
            &settings,
            "FLUSHALL",
            "SCRIPT FLUSH",
        ];
        for command in commands {
            let step = Step::of(CLEANER, command);
            self.send(CLEANER, step.argv(), false);
        }
        self.settle();
        // Counted are only those of the sequence that comes.
        let asked =
            ["INFO persistence", "CONFIG RESETSTAT"].map(|line| Step::line(line).argv().to_vec());
        let replies = self.pipeline(CLEANER, &asked);
        if let Some(Value::Bulk(text)) = replies.first() {
            let text = String::from_utf8_lossy(text);
            let changes = text
                .lines()
                .find_map(|line| line.strip_prefix("rdb_changes_since_last_save:"));
            self.changes_before = changes.and_then(|count| count.parse().ok()).unwrap_or(0);
        }
        self.late.clear();
    }

    /// Returns when the server has done all that it was asked, and everybody has been told. It serves one connection after the
    /// other, in rounds in which it looks at all of them; what it woke in one round is served in the next.
    fn settle(&mut self) {
        for _ in 0..3 {
            self.send(CLEANER, &[Bytes::from_static(b"PING")], false);
        }
    }

    /// Plays a sequence of one client: sends all of it at once.
    pub fn play_alone(&mut self, steps: &[Step]) -> Vec<Heard> {
        self.clear();
        let mut wire = Vec::new();
        let mut open = Open::default();
        for step in steps {
            encode_request(step.argv(), &mut wire);
            open.sent(step.argv());
        }
        // The kernel's buffers hold what a few hundred short commands send and receive.
        let client = self.client(ALONE);
        client.write(&wire);
        let mut values = Vec::new();
        while open.unanswered() > 0 {
            let Some(value) = client.read(Duration::from_secs(10)) else {
                panic!("the reference server did not answer all of {steps:?}, but {values:?}");
            };
            open.hears(&value);
            values.push(value);
        }
        self.settle();
        values.extend(self.client(ALONE).read_all());
        attribute(steps, values)
    }

    /// Plays a sequence of several clients: each step has all its effects before the next.
    pub fn play_several(&mut self, steps: &[Step]) -> Vec<Heard> {
        self.clear();
        let names = ["a", "b", "c", "d", "e"];
        let ids = names.map(|name| {
            let argv = Step::line("CLIENT ID");
            match self.send(name, argv.argv(), false) {
                Some(Value::Int(id)) => (name, id),
                other => panic!("no id: {other:?}"),
            }
        });
        let mut heard = Vec::new();
        let mut flushes = false;
        for (at, step) in steps.iter().enumerate() {
            match step {
                Step::Send { client, argv } => {
                    if step.takes_id_of_clock() {
                        std::thread::sleep(Duration::from_millis(BEFORE_ID));
                    }
                    let mut wire = Vec::new();
                    encode_request(&with_ids(argv, &ids), &mut wire);
                    self.client(client).write(&wire);
                }
                Step::Pass(millis) => {
                    std::thread::sleep(Duration::from_millis(*millis));
                    // Looking at a key whose time has come deletes it.
                    for db in [0, 1, 2, 15, 0] {
                        for line in [format!("SELECT {db}"), "EXISTS a b c d e".to_owned()] {
                            self.send(CLEANER, Step::line(&line).argv(), false);
                        }
                    }
                }
            }
            // Redis empties databases in another thread, and answers when that is done; who waited may have asked for it long ago.
            flushes |= step.flushes();
            if flushes {
                std::thread::sleep(Duration::from_millis(AFTER_FLUSH));
            }
            self.settle();
            for name in names {
                let mut values = self.client(name).read_all();
                // On a busy machine the other thread takes its time. Who waits for something else gets no answer at all.
                let flusher = matches!(step, Step::Send { client, .. } if *client == name);
                let mut patience = if flusher && step.flushes() { 10 } else { 0 };
                while values.is_empty() && patience > 0 {
                    std::thread::sleep(Duration::from_millis(AFTER_FLUSH));
                    values = self.client(name).read_all();
                    patience -= 1;
                }
                heard.extend(values.into_iter().map(|value| Heard {
                    step: at,
                    client: name.to_owned(),
                    value,
                }));
            }
        }
        heard
    }

    fn client(&mut self, name: &str) -> &mut Client {
        let address = self.port.address();
        self.clients.entry(name.to_owned()).or_insert_with(|| {
            let stream = match TcpStream::connect(address) {
                Ok(stream) => stream,
                Err(e) => panic!("cannot connect to the reference server: {e}"),
            };
            Client::new(stream)
        })
    }

    /// Sends many commands at once and reads all replies.
    pub fn pipeline(&mut self, client: &str, commands: &[Vec<Bytes>]) -> Vec<Value> {
        let client = self.client(client);
        let mut wire = Vec::new();
        for argv in commands {
            encode_request(argv, &mut wire);
        }
        client.write(&wire);
        commands
            .iter()
            .map(|argv| {
                let reply = client.read(Duration::from_secs(10));
                reply.unwrap_or_else(|| panic!("the reference server did not answer {argv:?}"))
            })
            .collect()
    }
}

/// `CLIENT UNBLOCK @b` with the number of client b.
pub fn with_ids<T: std::fmt::Display>(argv: &[Bytes], ids: &[(&str, T)]) -> Vec<Bytes> {
    let mut argv = argv.to_vec();
    let unblocks = argv
        .get(1)
        .is_some_and(|word| word.eq_ignore_ascii_case(b"UNBLOCK"));
    if let Some(word) = argv.get_mut(2).filter(|_| unblocks)
        && let Some(name) = word.strip_prefix(b"@")
        && let Some((_, id)) = ids.iter().find(|(client, _)| client.as_bytes() == name)
    {
        *word = Bytes::from(id.to_string());
    }
    argv
}

impl Witness for Reference {
    fn ask(&mut self, commands: &[Vec<Bytes>]) -> Vec<Value> {
        self.pipeline(CLEANER, commands)
    }

    fn is_player(&self, id: i64, asks: i64) -> bool {
        // Of the last sequence some may not have gone yet.
        id > asks
    }

    fn changes_before(&self) -> i64 {
        self.changes_before
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        self.process.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Subject for Reference {
    fn send(&mut self, name: &str, argv: &[Bytes], may_block: bool) -> Option<Value> {
        let client = self.client(name);
        let mut wire = Vec::new();
        encode_request(argv, &mut wire);
        client.write(&wire);
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
