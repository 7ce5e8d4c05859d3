//! From replies to Python values, by command, as redis-py converts them.

mod sentinel;

use monty_types::MontyObject;
use redwind_resp::Value;

use super::arg::{Arg, Call, Refusal};

/// How bulk replies reach the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decode {
    /// As `bytes`.
    Bytes,
    /// As `str`, with `decode_responses=True`.
    Text,
}

type Out = Result<MontyObject, Refusal>;

/// The reply of a command as a Python value, or the exception that it is.
pub(crate) fn convert(argv: &[bytes::Bytes], call: &Call, reply: &Value, decode: Decode) -> Out {
    if let Value::Error(text) = reply {
        return Err(refusal_of(text));
    }
    let word = |at: usize| {
        argv.get(at)
            .map(|word| String::from_utf8_lossy(word).to_ascii_uppercase())
            .unwrap_or_default()
    };
    let command = word(0);
    let reader = Reader { call, decode };
    match command.as_str() {
        "CLIENT" | "CONFIG" | "SCRIPT" | "XGROUP" | "XINFO" => {
            let sub = word(1);
            reader.container(&command, &sub, reply)
        }
        "SENTINEL" => reader.sentinel(&word(1), reply),
        _ => reader.command(&command, reply),
    }
}

/// The exception that redis-py makes of an error reply.
pub(crate) fn refusal_of(text: &[u8]) -> Refusal {
    let text = String::from_utf8_lossy(text).into_owned();
    let (code, rest) = text.split_once(' ').unwrap_or((&text, ""));
    let kind = match code {
        "ERR" => match rest {
            "max number of clients reached" => "ConnectionError",
            "invalid password" => "AuthenticationError",
            _ => "ResponseError",
        },
        "EXECABORT" => "ExecAbortError",
        "LOADING" => "BusyLoadingError",
        "NOSCRIPT" => "NoScriptError",
        "READONLY" => "ReadOnlyError",
        "NOAUTH" | "WRONGPASS" => "AuthenticationError",
        "NOPERM" => "NoPermissionError",
        "OOM" => "OutOfMemoryError",
        "ASK" => "AskError",
        "TRYAGAIN" => "TryAgainError",
        "MOVED" => "MovedError",
        "CLUSTERDOWN" => "ClusterDownError",
        "CROSSSLOT" => "ClusterCrossSlotError",
        "MASTERDOWN" => "MasterDownError",
        _ => return Refusal::new("ResponseError", text.clone()),
    };
    Refusal::new(kind, rest)
}

struct Reader<'a> {
    call: &'a Call,
    decode: Decode,
}

impl Reader<'_> {
    fn command(&self, command: &str, reply: &Value) -> Out {
        match command {
            "COPY" | "EXPIRE" | "EXPIREAT" | "HEXISTS" | "HMSET" | "MOVE" | "MSETNX"
            | "PERSIST" | "PSETEX" | "PEXPIRE" | "PEXPIREAT" | "RENAMENX" | "SETEX" | "SETNX"
            | "SMOVE" => Ok(truth(reply)),
            "HINCRBYFLOAT" | "INCRBYFLOAT" | "ZINCRBY" | "ZSCORE" | "GEODIST" => {
                self.score_or_none(reply)
            }
            "FLUSHALL" | "FLUSHDB" | "LSET" | "LTRIM" | "MSET" | "PFMERGE" | "RENAME"
            | "SELECT" | "SWAPDB" | "WATCH" | "UNWATCH" | "QUIT" | "SAVE" => {
                Ok(is_text(reply, b"OK"))
            }
            "PING" => Ok(is_text(reply, b"PONG")),
            "SET" if !self.call.flag("get") => match reply {
                Value::Null | Value::NullArray => Ok(MontyObject::none()),
                other => Ok(is_text(other, b"OK")),
            },
            "SDIFF" | "SINTER" | "SMEMBERS" | "SUNION" => Ok(MontyObject::set(self.items(reply)?)),
            "HGETALL" => self.dict(reply),
            "BLPOP" | "BRPOP" => match items(reply) {
                Some(items) if !items.is_empty() => Ok(MontyObject::tuple(self.items(reply)?)),
                _ => Ok(MontyObject::none()),
            },
            "BZPOPMIN" | "BZPOPMAX" => match items(reply) {
                Some([key, member, score, ..]) => Ok(MontyObject::tuple([
                    self.plain(key)?,
                    self.plain(member)?,
                    self.score(score)?,
                ])),
                _ => Ok(MontyObject::none()),
            },
            "ZPOPMIN" | "ZPOPMAX" => self.scored(reply),
            "ZINTER" | "ZRANGE" | "ZRANGEBYSCORE" | "ZREVRANGE" | "ZREVRANGEBYSCORE" | "ZUNION"
                if self.call.flag("withscores") =>
            {
                self.scored(reply)
            }
            "ZRANK" | "ZREVRANK" if self.call.flag("withscore") => match items(reply) {
                Some([rank, score]) => {
                    Ok(MontyObject::list([self.plain(rank)?, self.score(score)?]))
                }
                _ => self.plain(reply),
            },
            "ZADD" => match reply {
                Value::Int(_) => self.plain(reply),
                other => self.score_or_none(other),
            },
            "ZMSCORE" => self.each(reply, |score| self.score_or_none(score)),
            "SCAN" | "SSCAN" => self.scan(reply, |found| self.plain(found)),
            "HSCAN" => self.scan(reply, |found| {
                if self.call.flag("no_values") {
                    self.plain(found)
                } else {
                    self.dict(found)
                }
            }),
            "ZSCAN" => self.scan(reply, |found| self.scored(found)),
            "TIME" => Ok(MontyObject::tuple(
                items(reply)
                    .unwrap_or_default()
                    .iter()
                    .map(|part| MontyObject::int(number(part))),
            )),
            "INFO" => Ok(info(reply)),
            "XRANGE" | "XREVRANGE" => self.entries(reply),
            "XREAD" | "XREADGROUP" => match items(reply) {
                None => Ok(MontyObject::list([])),
                Some(streams) => {
                    let streams: Result<Vec<_>, _> = streams
                        .iter()
                        .map(|stream| match items(stream) {
                            Some([name, entries]) => Ok(MontyObject::list([
                                self.plain(name)?,
                                self.entries(entries)?,
                            ])),
                            _ => self.plain(stream),
                        })
                        .collect();
                    Ok(MontyObject::list(streams?))
                }
            },
            "XCLAIM" if !self.call.flag("justid") => self.entries(reply),
            "XAUTOCLAIM" => self.autoclaim(reply),
            "XPENDING" => self.pending(reply),
            "SORT" => self.sorted(reply),
            _ => self.plain(reply),
        }
    }

    fn container(&self, command: &str, sub: &str, reply: &Value) -> Out {
        match (command, sub) {
            ("CLIENT", "SETNAME" | "PAUSE" | "SETINFO")
            | ("CONFIG", "SET" | "RESETSTAT")
            | ("SCRIPT", "FLUSH" | "KILL")
            | ("XGROUP", "CREATE" | "SETID") => Ok(is_text(reply, b"OK")),
            ("XGROUP", "DESTROY") | ("CLIENT", "UNBLOCK") => Ok(truth(reply)),
            ("CLIENT", "GETNAME") | ("SCRIPT", "LOAD") => Ok(text_or_none(reply)),
            ("SCRIPT", "EXISTS") => self.each(reply, |one| Ok(truth(one))),
            ("CONFIG", "GET") => {
                let pairs = pairs(reply);
                Ok(MontyObject::dict(pairs.into_iter().map(|(name, value)| {
                    (text_or_none(name), text_or_none(value))
                })))
            }
            ("XINFO", "STREAM") => self.stream_info(reply),
            ("XINFO", "GROUPS" | "CONSUMERS") => self.each(reply, |one| self.named(one)),
            _ => self.plain(reply),
        }
    }

    /// A reply without conversion.
    fn plain(&self, reply: &Value) -> Out {
        Ok(match reply {
            Value::Null | Value::NullArray => MontyObject::none(),
            Value::Int(n) => MontyObject::int(*n),
            Value::Bool(b) => MontyObject::bool(*b),
            Value::Double(x) => MontyObject::float(*x),
            Value::Simple(text) | Value::Bulk(text) | Value::BigNumber(text) => self.bytes(text)?,
            Value::Verbatim { text, .. } => self.bytes(text)?,
            Value::Array(items) | Value::Set(items) | Value::Push(items) => {
                let items: Result<Vec<_>, _> = items.iter().map(|item| self.plain(item)).collect();
                MontyObject::list(items?)
            }
            Value::Map(pairs) => {
                let pairs: Result<Vec<_>, Refusal> = pairs
                    .iter()
                    .map(|(name, value)| Ok((self.plain(name)?, self.plain(value)?)))
                    .collect();
                MontyObject::dict(pairs?)
            }
            Value::Error(text) => return Err(refusal_of(text)),
        })
    }

    fn bytes(&self, bytes: &[u8]) -> Out {
        match self.decode {
            Decode::Bytes => Ok(MontyObject::bytes(bytes)),
            Decode::Text => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(MontyObject::string(text)),
                Err(error) => {
                    let at = error.valid_up_to();
                    let byte = bytes.get(at).copied().unwrap_or_default();
                    Err(Refusal::new(
                        "UnicodeDecodeError",
                        format!(
                            "'utf-8' codec can't decode byte 0x{byte:02x} in position {at}: invalid start byte"
                        ),
                    ))
                }
            },
        }
    }

    fn items(&self, reply: &Value) -> Result<Vec<MontyObject>, Refusal> {
        items(reply)
            .unwrap_or_default()
            .iter()
            .map(|item| self.plain(item))
            .collect()
    }

    fn each(&self, reply: &Value, convert: impl Fn(&Value) -> Out) -> Out {
        match items(reply) {
            None => self.plain(reply),
            Some(items) => {
                let items: Result<Vec<_>, _> = items.iter().map(convert).collect();
                Ok(MontyObject::list(items?))
            }
        }
    }

    fn dict(&self, reply: &Value) -> Out {
        let pairs: Result<Vec<_>, Refusal> = pairs(reply)
            .into_iter()
            .map(|(name, value)| Ok((self.plain(name)?, self.plain(value)?)))
            .collect();
        Ok(MontyObject::dict(pairs?))
    }

    /// A dict whose names are always text.
    fn named(&self, reply: &Value) -> Out {
        let pairs: Result<Vec<_>, Refusal> = pairs(reply)
            .into_iter()
            .map(|(name, value)| Ok((text_or_none(name), self.plain(value)?)))
            .collect();
        Ok(MontyObject::dict(pairs?))
    }

    fn score(&self, reply: &Value) -> Out {
        let score = match reply {
            Value::Double(x) => *x,
            Value::Int(n) => *n as f64,
            other => bytes_of(other)
                .and_then(|bytes| std::str::from_utf8(bytes).ok())
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| Refusal::new("ValueError", "the reply is no number"))?,
        };
        // `score_cast_func=int`, the only one that programs use besides float.
        Ok(match self.call.get("score_cast_func") {
            Arg::Other(name, _) if name == "int" => MontyObject::int(score as i64),
            _ => MontyObject::float(score),
        })
    }

    fn score_or_none(&self, reply: &Value) -> Out {
        match reply {
            Value::Null | Value::NullArray => Ok(MontyObject::none()),
            other => self.score(other),
        }
    }

    fn scored(&self, reply: &Value) -> Out {
        let scored: Result<Vec<_>, Refusal> = pairs(reply)
            .into_iter()
            .map(|(member, score)| {
                Ok(MontyObject::tuple([
                    self.plain(member)?,
                    self.score(score)?,
                ]))
            })
            .collect();
        Ok(MontyObject::list(scored?))
    }

    fn scan(&self, reply: &Value, convert: impl Fn(&Value) -> Out) -> Out {
        match items(reply) {
            Some([cursor, found]) => Ok(MontyObject::tuple([
                MontyObject::int(number(cursor)),
                convert(found)?,
            ])),
            _ => self.plain(reply),
        }
    }

    /// A stream's entries: `(id, {field: value})`.
    fn entries(&self, reply: &Value) -> Out {
        match items(reply) {
            None => Ok(MontyObject::none()),
            Some(entries) => {
                let entries: Result<Vec<_>, _> =
                    entries.iter().map(|entry| self.entry(entry)).collect();
                Ok(MontyObject::list(entries?))
            }
        }
    }

    fn entry(&self, entry: &Value) -> Out {
        match items(entry) {
            Some([id, fields]) => {
                let fields = match fields {
                    Value::Null | Value::NullArray => MontyObject::none(),
                    fields => self.dict(fields)?,
                };
                Ok(MontyObject::tuple([self.plain(id)?, fields]))
            }
            // An entry that was deleted meanwhile.
            _ => Ok(MontyObject::tuple([
                MontyObject::none(),
                MontyObject::none(),
            ])),
        }
    }

    fn autoclaim(&self, reply: &Value) -> Out {
        match items(reply) {
            Some([_, claimed, ..]) if self.call.flag("justid") => self.plain(claimed),
            Some([next, claimed, rest @ ..]) => {
                let mut parts = vec![self.plain(next)?, self.entries(claimed)?];
                for part in rest {
                    parts.push(self.plain(part)?);
                }
                Ok(MontyObject::list(parts))
            }
            _ => self.plain(reply),
        }
    }

    fn pending(&self, reply: &Value) -> Out {
        // `xpending_range` has bounds; the summary has none.
        if self.call.has("min") {
            return self.each(reply, |one| match items(one) {
                Some([id, consumer, idle, times]) => Ok(MontyObject::dict([
                    (MontyObject::string("message_id"), self.plain(id)?),
                    (MontyObject::string("consumer"), self.plain(consumer)?),
                    (
                        MontyObject::string("time_since_delivered"),
                        self.plain(idle)?,
                    ),
                    (MontyObject::string("times_delivered"), self.plain(times)?),
                ])),
                _ => self.plain(one),
            });
        }
        match items(reply) {
            Some([count, least, most, consumers]) => {
                let consumers = match items(consumers) {
                    None => Vec::new(),
                    Some(consumers) => consumers
                        .iter()
                        .filter_map(items)
                        .filter_map(|one| match one {
                            [name, pending] => Some((name, pending)),
                            _ => None,
                        })
                        .map(|(name, pending)| {
                            Ok(MontyObject::dict([
                                (MontyObject::string("name"), self.plain(name)?),
                                (
                                    MontyObject::string("pending"),
                                    MontyObject::int(number(pending)),
                                ),
                            ]))
                        })
                        .collect::<Result<Vec<_>, Refusal>>()?,
                };
                Ok(MontyObject::dict([
                    (MontyObject::string("pending"), self.plain(count)?),
                    (MontyObject::string("min"), self.plain(least)?),
                    (MontyObject::string("max"), self.plain(most)?),
                    (
                        MontyObject::string("consumers"),
                        MontyObject::list(consumers),
                    ),
                ]))
            }
            _ => self.plain(reply),
        }
    }

    fn stream_info(&self, reply: &Value) -> Out {
        let pairs: Result<Vec<_>, Refusal> = pairs(reply)
            .into_iter()
            .map(|(name, value)| {
                let entry = matches!(bytes_of(name), Some(b"first-entry" | b"last-entry"));
                let value = match value {
                    Value::Null | Value::NullArray => MontyObject::none(),
                    value if entry => self.entry(value)?,
                    value => self.plain(value)?,
                };
                Ok((text_or_none(name), value))
            })
            .collect();
        Ok(MontyObject::dict(pairs?))
    }

    fn sorted(&self, reply: &Value) -> Out {
        let size = match self.call.get("get") {
            Arg::List(patterns) if self.call.flag("groups") => patterns.len(),
            _ => return self.plain(reply),
        };
        let items = self.items(reply)?;
        let groups = items
            .chunks_exact(size.max(1))
            .map(|group| MontyObject::tuple(group.iter().cloned()));
        Ok(MontyObject::list(groups))
    }
}

fn items(reply: &Value) -> Option<&[Value]> {
    match reply {
        Value::Array(items) | Value::Set(items) | Value::Push(items) => Some(items),
        _ => None,
    }
}

fn pairs(reply: &Value) -> Vec<(&Value, &Value)> {
    match reply {
        Value::Map(pairs) => pairs.iter().map(|(name, value)| (name, value)).collect(),
        other => items(other)
            .unwrap_or_default()
            .as_chunks()
            .0
            .iter()
            .map(|[name, value]| (name, value))
            .collect(),
    }
}

fn bytes_of(reply: &Value) -> Option<&[u8]> {
    match reply {
        Value::Simple(text) | Value::Bulk(text) | Value::BigNumber(text) => Some(text),
        Value::Verbatim { text, .. } => Some(text),
        _ => None,
    }
}

fn number(reply: &Value) -> i64 {
    match reply {
        Value::Int(n) => *n,
        other => bytes_of(other)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .and_then(|text| text.parse().ok())
            .unwrap_or_default(),
    }
}

/// Python's `bool(reply)`.
fn truth(reply: &Value) -> MontyObject {
    MontyObject::bool(match reply {
        Value::Null | Value::NullArray => false,
        Value::Int(n) => *n != 0,
        Value::Bool(b) => *b,
        other => bytes_of(other).is_none_or(|bytes| !bytes.is_empty()),
    })
}

fn is_text(reply: &Value, text: &[u8]) -> MontyObject {
    MontyObject::bool(bytes_of(reply) == Some(text))
}

fn text_or_none(reply: &Value) -> MontyObject {
    match reply {
        Value::Null | Value::NullArray => MontyObject::none(),
        Value::Int(n) => MontyObject::int(*n),
        other => MontyObject::string(String::from_utf8_lossy(bytes_of(other).unwrap_or_default())),
    }
}

/// `INFO` as a dict: numbers as numbers, `a=1,b=2` as a dict.
fn info(reply: &Value) -> MontyObject {
    let text = bytes_of(reply)
        .map(String::from_utf8_lossy)
        .unwrap_or_default();
    let pairs = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (MontyObject::string(name), info_value(value.trim_end())));
    MontyObject::dict(pairs.collect::<Vec<_>>())
}

fn info_value(value: &str) -> MontyObject {
    if !value.contains(',') || !value.contains('=') {
        return match (
            value.parse::<i64>(),
            value.contains('.'),
            value.parse::<f64>(),
        ) {
            (Ok(n), _, _) => MontyObject::int(n),
            (_, true, Ok(x)) => MontyObject::float(x),
            _ => MontyObject::string(value),
        };
    }
    let parts = value
        .split(',')
        .filter_map(|part| part.split_once('='))
        .map(|(name, value)| (MontyObject::string(name), info_value(value)));
    MontyObject::dict(parts.collect::<Vec<_>>())
}
