//! The commands that make a key as it is, as an append-only file is rewritten: what travels when a key is moved.

use bytes::Bytes;
use redwind_engine::{Engine, FirstChoice, Micros, Output, Outputs, SessionId};
use redwind_resp::Value;

/// Reads keys from a copy of a server.
pub(super) struct Reader {
    engine: Engine,
    session: SessionId,
    now: Micros,
}

impl Reader {
    pub(super) fn new(engine: &Engine, now: Micros) -> Self {
        let mut engine = engine.clone();
        engine.join(None);
        let session = engine.connect(now);
        Self {
            engine,
            session,
            now,
        }
    }

    fn ask(&mut self, argv: &[Bytes]) -> Value {
        let mut out = Outputs::new();
        self.engine
            .execute(self.now, &mut FirstChoice, self.session, argv, &mut out);
        let reply = out.into_iter().find_map(|output| match output {
            Output::Reply { value, .. } => Some(value),
            _ => None,
        });
        reply.unwrap_or(Value::Null)
    }

    fn list(&mut self, words: &[&[u8]]) -> Vec<Value> {
        match self.ask(&words_of(words)) {
            Value::Array(items) | Value::Set(items) => items,
            _ => Vec::new(),
        }
    }

    fn bytes(&mut self, words: &[&[u8]]) -> Vec<Bytes> {
        self.list(words).iter().map(text).collect()
    }

    /// The commands that make a key as it is; `None`: there is no such key.
    pub(super) fn commands_for(&mut self, key: &Bytes) -> Option<Vec<Vec<Bytes>>> {
        let kind = text(&self.ask(&words_of(&[b"TYPE", key])));
        let one = |name: &'static [u8], items: Vec<Bytes>| {
            let mut argv = words_of(&[name, key]);
            argv.extend(items);
            vec![argv]
        };
        let mut commands = match kind.as_ref() {
            b"string" => {
                let value = text(&self.ask(&words_of(&[b"GET", key])));
                one(b"SET", vec![value])
            }
            b"list" => one(b"RPUSH", self.bytes(&[b"LRANGE", key, b"0", b"-1"])),
            b"set" => one(b"SADD", self.bytes(&[b"SMEMBERS", key])),
            b"hash" => {
                let mut commands = one(b"HSET", self.bytes(&[b"HGETALL", key]));
                commands.extend(self.field_deadlines(key));
                commands
            }
            b"zset" => {
                let mut scored = self.bytes(&[b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"]);
                let (pairs, _) = scored.as_chunks_mut::<2>();
                pairs.iter_mut().for_each(|pair| pair.swap(0, 1));
                one(b"ZADD", scored)
            }
            b"stream" => self.stream(key),
            _ => return None,
        };
        if let Value::Int(at @ 1..) = self.ask(&words_of(&[b"PEXPIRETIME", key])) {
            commands.push(words_of(&[b"PEXPIREAT", key, at.to_string().as_bytes()]));
        }
        Some(commands)
    }

    fn field_deadlines(&mut self, key: &Bytes) -> Vec<Vec<Bytes>> {
        let fields = self.bytes(&[b"HKEYS", key]);
        let mut commands = Vec::new();
        for field in fields {
            let when = self.list(&[b"HPEXPIRETIME", key, b"FIELDS", b"1", &field]);
            if let Some(Value::Int(at @ 1..)) = when.first() {
                let at = at.to_string();
                commands.push(words_of(&[
                    b"HPEXPIREAT",
                    key,
                    at.as_bytes(),
                    b"FIELDS",
                    b"1",
                    &field,
                ]));
            }
        }
        commands
    }

    /// A stream as an append-only file rewrites it: its entries, its counters, its groups and what they have pending.
    fn stream(&mut self, key: &Bytes) -> Vec<Vec<Bytes>> {
        let mut commands = Vec::new();
        for entry in self.list(&[b"XRANGE", key, b"-", b"+"]) {
            let Value::Array(parts) = entry else { continue };
            let mut argv = words_of(&[b"XADD", key]);
            argv.extend(parts.first().map(text));
            if let Some(Value::Array(fields)) = parts.get(1) {
                argv.extend(fields.iter().map(text));
            }
            commands.push(argv);
        }
        let info = self.bytes_of_info(&[b"XINFO", b"STREAM", key]);
        let field = |name: &str| {
            info.iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value)
        };
        let last = field("last-generated-id").map(text).unwrap_or_default();
        if commands.is_empty() {
            commands.push(words_of(&[
                b"XADD", key, b"MAXLEN", b"0", &last, b"x", b"y",
            ]));
        }
        let added = field("entries-added").map(text).unwrap_or_default();
        let deleted = field("max-deleted-entry-id").map(text).unwrap_or_default();
        commands.push(words_of(&[
            b"XSETID",
            key,
            &last,
            b"ENTRIESADDED",
            &added,
            b"MAXDELETEDID",
            &deleted,
        ]));
        for group in self.list(&[b"XINFO", b"GROUPS", key]) {
            commands.extend(self.group(key, &pairs(&group)));
        }
        commands
    }

    fn group(&mut self, key: &Bytes, info: &[(String, Value)]) -> Vec<Vec<Bytes>> {
        let field = |name: &str| {
            info.iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value)
        };
        let name = field("name").map(text).unwrap_or_default();
        let last = field("last-delivered-id").map(text).unwrap_or_default();
        let mut create = words_of(&[b"XGROUP", b"CREATE", key, &name, &last]);
        if let Some(Value::Int(read)) = field("entries-read") {
            create.extend(words_of(&[b"ENTRIESREAD", read.to_string().as_bytes()]));
        }
        let mut commands = vec![create];
        for consumer in self.list(&[b"XINFO", b"CONSUMERS", key, &name]) {
            let info = pairs(&consumer);
            let consumer = info.iter().find(|(known, _)| known == "name");
            let consumer = consumer.map(|(_, name)| text(name)).unwrap_or_default();
            commands.push(words_of(&[
                b"XGROUP",
                b"CREATECONSUMER",
                key,
                &name,
                &consumer,
            ]));
        }
        let now = self.now.0 / 1_000;
        for pending in self.list(&[b"XPENDING", key, &name, b"-", b"+", b"1000000"]) {
            let Value::Array(parts) = pending else {
                continue;
            };
            let part = |at: usize| parts.get(at).map(text).unwrap_or_default();
            let idle: u64 = String::from_utf8_lossy(&part(2)).parse().unwrap_or(0);
            let at = now.saturating_sub(idle).to_string();
            commands.push(words_of(&[
                b"XCLAIM",
                key,
                &name,
                &part(1),
                b"0",
                &part(0),
                b"TIME",
                at.as_bytes(),
                b"RETRYCOUNT",
                &part(3),
                b"JUSTID",
                b"FORCE",
            ]));
        }
        commands
    }

    fn bytes_of_info(&mut self, words: &[&[u8]]) -> Vec<(String, Value)> {
        let reply = self.ask(&words_of(words));
        pairs(&reply)
    }
}

fn words_of(words: &[&[u8]]) -> Vec<Bytes> {
    words
        .iter()
        .map(|word| Bytes::copy_from_slice(word))
        .collect()
}

/// A reply as the word that it is in a command.
fn text(value: &Value) -> Bytes {
    match value {
        Value::Bulk(bytes) | Value::Simple(bytes) => bytes.clone(),
        Value::Int(n) => Bytes::from(n.to_string()),
        _ => Bytes::new(),
    }
}

/// Names and values, whether they come as a map or one after the other.
fn pairs(value: &Value) -> Vec<(String, Value)> {
    let name = |name: &Value| String::from_utf8_lossy(&text(name)).into_owned();
    match value {
        Value::Map(pairs) => pairs
            .iter()
            .map(|(key, value)| (name(key), value.clone()))
            .collect(),
        Value::Array(items) => items
            .as_chunks::<2>()
            .0
            .iter()
            .map(|[key, value]| (name(key), value.clone()))
            .collect(),
        _ => Vec::new(),
    }
}
