//! What is done with the bytes.

use bytes::Bytes;
use redwind_engine::{
    Config, Engine, FirstChoice, Micros, Output, Outputs, Protocol, SessionId, Value,
};
use redwind_resp::{Decoder, RequestDecoder, encode, split_words};

const START: Micros = Micros(1_700_000_000_000_000);

/// What arrives from a client or a server, in pieces: the same values must come out however it is cut.
pub fn decoder(bytes: &[u8]) {
    let (cut, bytes) = bytes.split_first().unwrap_or((&0, bytes));
    // Looking at every byte again for each that arrives would only take long.
    let piece = usize::from(*cut).max(1 + bytes.len() / 256);
    let whole = values(&[bytes]);
    let pieces: Vec<&[u8]> = bytes.chunks(piece).collect();
    assert_eq!(whole, values(&pieces), "cut into pieces of {piece}");
    assert_eq!(
        requests(&[bytes]),
        requests(&pieces),
        "cut into pieces of {piece}"
    );
}

fn values(pieces: &[&[u8]]) -> Vec<String> {
    let mut decoder = Decoder::default();
    let mut all = Vec::new();
    for piece in pieces {
        decoder.feed(piece);
        loop {
            match decoder.next_value() {
                Ok(Some(value)) => {
                    for protocol in [Protocol::Resp2, Protocol::Resp3] {
                        encode(&value, protocol, &mut Vec::new());
                    }
                    all.push(format!("{value:?}"));
                }
                Ok(None) => break,
                Err(error) => {
                    all.push(error.to_string());
                    return all;
                }
            }
        }
    }
    all
}

fn requests(pieces: &[&[u8]]) -> Vec<String> {
    let mut decoder = RequestDecoder::default();
    let (mut all, mut argv) = (Vec::new(), Vec::new());
    for piece in pieces {
        decoder.feed(piece);
        loop {
            match decoder.next_command(&mut argv) {
                Ok(true) => all.push(format!("{argv:?}")),
                Ok(false) => break,
                Err(error) => {
                    all.push(error.to_string());
                    return all;
                }
            }
        }
    }
    all
}

/// A server with a few clients.
struct World {
    engine: Engine,
    now: Micros,
    clients: Vec<SessionId>,
}

impl World {
    fn new() -> World {
        // What is asked for may be large, but not so large that filling it takes longer than finding what is wrong.
        let mut config = Config::default();
        config.proto_max_bulk_len = 1 << 20;
        let mut engine = Engine::new(config);
        let clients = (0..3).map(|_| engine.connect(START)).collect();
        World {
            engine,
            now: START,
            clients,
        }
    }

    /// Gives the last reply.
    fn send(&mut self, client: usize, argv: &[Bytes]) -> Option<Value> {
        let mut out = Outputs::new();
        let from = self.clients[client];
        self.engine
            .execute(self.now, &mut FirstChoice, from, argv, &mut out);
        let reply = out.iter().rev().find_map(|output| match output {
            Output::Reply { to, value } if *to == from => Some(value.clone()),
            _ => None,
        });
        self.deliver(out);
        reply
    }

    fn pass(&mut self, millis: u64) {
        let end = self.now + millis * 1000;
        while let Some(next) = self.engine.next_deadline().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            let mut out = Outputs::new();
            self.engine.wake(self.now, &mut FirstChoice, &mut out);
            let rest = self.engine.next_deadline();
            assert!(
                !out.is_empty() || rest != Some(next),
                "woken at {next:?} for nothing"
            );
            self.deliver(out);
        }
        self.now = end;
    }

    fn deliver(&mut self, out: Outputs) {
        let mut wire = Vec::new();
        for output in out {
            match output {
                Output::Reply { to, value } | Output::Push { to, value } => {
                    encode(&value, self.engine.protocol(to), &mut wire);
                }
                Output::Close { session } => {
                    self.engine
                        .disconnect(self.now, session, &mut Outputs::new());
                    if let Some(place) = self.clients.iter_mut().find(|id| **id == session) {
                        *place = self.engine.connect(self.now);
                    }
                }
                Output::Sleep { .. } | Output::Propagate { .. } | Output::KeyEvent { .. } => {}
            }
        }
    }
}

/// Commands as one types them, one a line; after `b>` by another client, after `@ +` so many milliseconds pass.
pub fn dispatcher(bytes: &[u8]) {
    let mut world = World::new();
    // Long inputs only take longer.
    for line in bytes.split(|b| *b == b'\n').take(100) {
        let (client, line) = match line {
            [b'a', b'>', rest @ ..] => (0, rest),
            [b'b', b'>', rest @ ..] => (1, rest),
            [b'c', b'>', rest @ ..] => (2, rest),
            [b'@', b' ', b'+', rest @ ..] => {
                let text = std::str::from_utf8(rest).unwrap_or_default();
                let millis = text.trim().trim_end_matches("ms").parse::<u32>();
                world.pass(u64::from(millis.unwrap_or(1)));
                continue;
            }
            line => (0, line),
        };
        let words = match split_words(line) {
            Ok(words) => words,
            Err(_) => line.split(|b| *b == b' ').map(<[u8]>::to_vec).collect(),
        };
        let argv: Vec<Bytes> = words.into_iter().map(Bytes::from).collect();
        if !argv.is_empty() {
            world.send(client, &argv);
        }
    }
    copies_are_independent(&mut world);
}

/// What is done to a copy leaves the original as it was.
fn copies_are_independent(world: &mut World) {
    let keys = |engine: &Engine| -> Vec<Vec<u8>> { engine.keys(0).map(<[u8]>::to_vec).collect() };
    let before = keys(&world.engine);
    let mut copy = World {
        engine: world.engine.clone(),
        now: world.now,
        clients: Vec::new(),
    };
    copy.clients.push(copy.engine.connect(copy.now));
    copy.send(0, &[Bytes::from_static(b"FLUSHALL")]);
    assert_eq!(before, keys(&world.engine));
}

/// Lua, run with a few keys and arguments.
pub fn scripts(bytes: &[u8]) {
    let mut world = World::new();
    let words = ["EVAL", "", "2", "k", "l", "1", "x", "[1,{\"a\":null}]"];
    let mut argv = words.map(Bytes::from);
    argv[1] = Bytes::copy_from_slice(bytes);
    world.send(0, &argv);
    // The server still works, and so does the next script.
    let reply = world.send(0, &["EVAL", "return 1", "0"].map(Bytes::from));
    assert_eq!(reply, Some(Value::Int(1)), "the next script");
}
