//! The one reply type.

use bytes::Bytes;

/// Which version of the protocol a connection speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// The classic protocol: strings, errors, integers, arrays and nulls.
    #[default]
    Resp2,
    /// What `HELLO 3` switches to: adds maps, sets, doubles, booleans, pushes and more.
    Resp3,
}

/// A reply (or any other value on the wire).
///
/// A value an engine hands out is already in the form that the session's protocol can carry: for a
/// RESP2 session a hash is a flat [`Value::Array`], for a RESP3 session it is a [`Value::Map`].
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `+OK`: a short status.
    Simple(Bytes),
    /// `-ERR …`: the text without the leading dash, starting with its code.
    Error(Bytes),
    /// `:1`
    Int(i64),
    /// `$1`: any bytes.
    Bulk(Bytes),
    /// "There is no such thing": `$-1` in RESP2, `_` in RESP3.
    Null,
    /// RESP2's other null, `*-1`, where an array was expected; `_` in RESP3.
    NullArray,
    /// `*n`
    Array(Vec<Value>),
    /// `%n` in RESP3; a flat array in RESP2.
    Map(Vec<(Value, Value)>),
    /// `~n` in RESP3; an array in RESP2.
    Set(Vec<Value>),
    /// `,1.5` in RESP3; a bulk string in RESP2.
    Double(f64),
    /// `#t` in RESP3; `:1` or `:0` in RESP2.
    Bool(bool),
    /// `(123…` in RESP3; a bulk string in RESP2.
    BigNumber(Bytes),
    /// `=n txt:…` in RESP3; a bulk string in RESP2.
    Verbatim {
        /// Three letters: `txt` or `mkd`.
        format: [u8; 3],
        /// The text itself.
        text: Bytes,
    },
    /// `>n` in RESP3: data nobody asked for at this moment; an array in RESP2.
    Push(Vec<Value>),
}

impl Value {
    /// `+OK`
    pub const OK: Value = Value::Simple(Bytes::from_static(b"OK"));

    /// A bulk string holding a copy of these bytes.
    pub fn bulk(bytes: impl AsRef<[u8]>) -> Value {
        Value::Bulk(Bytes::copy_from_slice(bytes.as_ref()))
    }

    /// An array of what an iterator gives.
    pub fn array(items: impl IntoIterator<Item = Value>) -> Value {
        let mut items = items.into_iter();
        let room = items.size_hint().0;
        Value::Array(gather(room, &mut || items.next()))
    }

    /// A bulk string of text known at compile time; nothing is copied.
    pub const fn text(text: &'static str) -> Value {
        Value::Bulk(Bytes::from_static(text.as_bytes()))
    }

    /// A status of text known at compile time; nothing is copied.
    pub const fn simple(text: &'static str) -> Value {
        Value::Simple(Bytes::from_static(text.as_bytes()))
    }

    /// An error; the text starts with its code (`ERR`, `WRONGTYPE` …).
    pub fn error(text: impl Into<String>) -> Value {
        Value::Error(Bytes::from(text.into()))
    }

    /// Whether this is an error reply.
    pub fn is_error(&self) -> bool {
        matches!(self, Value::Error(_))
    }

    /// Whether this is either of the nulls.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null | Value::NullArray)
    }

    /// The same value in the form that this protocol can carry, all the way down.
    pub fn for_protocol(self, protocol: Protocol) -> Value {
        match protocol {
            Protocol::Resp2 => self.into_resp2(),
            Protocol::Resp3 => self.into_resp3(),
        }
    }

    fn into_resp2(self) -> Value {
        match self {
            Value::Array(items) => Value::Array(each(items, Value::into_resp2)),
            Value::Set(items) | Value::Push(items) => Value::Array(each(items, Value::into_resp2)),
            Value::Map(pairs) => {
                let mut flat = Vec::with_capacity(pairs.len() * 2);
                for (key, value) in pairs {
                    flat.push(key.into_resp2());
                    flat.push(value.into_resp2());
                }
                Value::Array(flat)
            }
            Value::Double(number) => Value::Bulk(Bytes::from(crate::format_double(number))),
            Value::Bool(yes) => Value::Int(i64::from(yes)),
            Value::BigNumber(text) | Value::Verbatim { text, .. } => Value::Bulk(text),
            same => same,
        }
    }

    fn into_resp3(self) -> Value {
        match self {
            Value::NullArray => Value::Null,
            Value::Array(items) => Value::Array(each(items, Value::into_resp3)),
            Value::Set(items) => Value::Set(each(items, Value::into_resp3)),
            Value::Push(items) => Value::Push(each(items, Value::into_resp3)),
            Value::Map(pairs) => Value::Map(
                pairs
                    .into_iter()
                    .map(|(k, v)| (k.into_resp3(), v.into_resp3()))
                    .collect(),
            ),
            same => same,
        }
    }
}

/// Converts in place: most aggregates hold nothing to convert, and then this only looks at tags.
fn each(mut items: Vec<Value>, convert: fn(Value) -> Value) -> Vec<Value> {
    for item in &mut items {
        if !matches!(
            item,
            Value::Bulk(_) | Value::Int(_) | Value::Null | Value::Simple(_)
        ) {
            *item = convert(std::mem::replace(item, Value::Null));
        }
    }
    items
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Int(number)
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Value {
        Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Value {
    /// Redis's ordinary yes and no: `:1` and `:0`.
    fn from(yes: bool) -> Value {
        Value::Int(i64::from(yes))
    }
}

/// One for all iterators: there are scores of them, and code of its own for each is much for a browser to download.
fn gather(room: usize, next: &mut dyn FnMut() -> Option<Value>) -> Vec<Value> {
    let mut items = Vec::with_capacity(room);
    while let Some(item) = next() {
        items.push(item);
    }
    items
}
