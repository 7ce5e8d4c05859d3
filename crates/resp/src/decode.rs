//! Bytes to values and to commands, in pieces of any size.

use std::ops::Range;

use bytes::{Buf, Bytes, BytesMut};

use crate::{Unbalanced, Value, split_words};

/// How deep replies may nest; far beyond anything Redis sends.
const MAX_DEPTH: usize = 64;

/// A reply stream that is not RESP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError(pub &'static str);

impl std::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the reply is not valid RESP: {}", self.0)
    }
}

impl std::error::Error for DecodeError {}

/// Decodes replies, as a client does.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: BytesMut,
}

impl Decoder {
    /// Takes in what arrived.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next complete value, or `None` until more bytes arrive.
    pub fn next_value(&mut self) -> Result<Option<Value>, DecodeError> {
        let mut at = 0;
        match parse(&self.buffer, &mut at, 0) {
            Ok(value) => {
                self.buffer.advance(at);
                Ok(Some(value))
            }
            Err(Stop::Incomplete) => Ok(None),
            Err(Stop::Invalid(what)) => Err(DecodeError(what)),
        }
    }
}

enum Stop {
    Incomplete,
    Invalid(&'static str),
}

fn parse(input: &[u8], at: &mut usize, depth: usize) -> Result<Value, Stop> {
    if depth > MAX_DEPTH {
        return Err(Stop::Invalid("nested too deep"));
    }
    let line = take_line(input, at)?;
    let (kind, text) = line.split_first().ok_or(Stop::Invalid("an empty line"))?;
    Ok(match kind {
        b'+' => Value::Simple(Bytes::copy_from_slice(text)),
        b'-' => Value::Error(Bytes::copy_from_slice(text)),
        b':' => Value::Int(number(text)?),
        b'$' => match length(text)? {
            Some(count) => Value::Bulk(Bytes::copy_from_slice(take_bulk(input, at, count)?)),
            None => Value::Null,
        },
        b'*' => match length(text)? {
            Some(count) => Value::Array(parse_many(input, at, count, depth)?),
            None => Value::NullArray,
        },
        b'~' => Value::Set(parse_many(input, at, count_of(text)?, depth)?),
        b'>' => Value::Push(parse_many(input, at, count_of(text)?, depth)?),
        b'%' => {
            let count = count_of(text)?;
            let flat = parse_many(input, at, count.saturating_mul(2), depth)?;
            Value::Map(pair_up(flat))
        }
        b'|' => {
            // Attributes describe the value that follows; nothing here uses them.
            let count = count_of(text)?;
            parse_many(input, at, count.saturating_mul(2), depth)?;
            parse(input, at, depth + 1)?
        }
        b'_' => Value::Null,
        b'#' => match text {
            b"t" => Value::Bool(true),
            b"f" => Value::Bool(false),
            _ => return Err(Stop::Invalid("a boolean other than t or f")),
        },
        b',' => Value::Double(double(text)?),
        b'(' => Value::BigNumber(Bytes::copy_from_slice(text)),
        b'=' => {
            let body = take_bulk(input, at, count_of(text)?)?;
            match body {
                [a, b, c, b':', rest @ ..] => Value::Verbatim {
                    format: [*a, *b, *c],
                    text: Bytes::copy_from_slice(rest),
                },
                _ => return Err(Stop::Invalid("verbatim text without its format")),
            }
        }
        _ => return Err(Stop::Invalid("an unknown type byte")),
    })
}

fn pair_up(flat: Vec<Value>) -> Vec<(Value, Value)> {
    let mut pairs = Vec::with_capacity(flat.len() / 2);
    let mut items = flat.into_iter();
    while let (Some(key), Some(value)) = (items.next(), items.next()) {
        pairs.push((key, value));
    }
    pairs
}

fn parse_many(
    input: &[u8],
    at: &mut usize,
    count: usize,
    depth: usize,
) -> Result<Vec<Value>, Stop> {
    // Each element takes at least three bytes, so a huge announced count reserves nothing.
    let mut items = Vec::with_capacity(count.min((input.len() - *at) / 3 + 1));
    for _ in 0..count {
        items.push(parse(input, at, depth + 1)?);
    }
    Ok(items)
}

fn take_line<'a>(input: &'a [u8], at: &mut usize) -> Result<&'a [u8], Stop> {
    let rest = &input[*at..];
    let end = rest
        .windows(2)
        .position(|pair| pair == b"\r\n")
        .ok_or(Stop::Incomplete)?;
    *at += end + 2;
    Ok(&rest[..end])
}

fn take_bulk<'a>(input: &'a [u8], at: &mut usize, count: usize) -> Result<&'a [u8], Stop> {
    let rest = &input[*at..];
    let whole = count
        .checked_add(2)
        .ok_or(Stop::Invalid("a length beyond any memory"))?;
    if rest.len() < whole {
        return Err(Stop::Incomplete);
    }
    if &rest[count..whole] != b"\r\n" {
        return Err(Stop::Invalid("a bulk string without its line break"));
    }
    *at += whole;
    Ok(&rest[..count])
}

fn number(text: &[u8]) -> Result<i64, Stop> {
    let text = std::str::from_utf8(text).map_err(|_| Stop::Invalid("a number"))?;
    text.parse()
        .map_err(|_| Stop::Invalid("a number that is none"))
}

fn length(text: &[u8]) -> Result<Option<usize>, Stop> {
    match number(text)? {
        -1 => Ok(None),
        count => usize::try_from(count)
            .map(Some)
            .map_err(|_| Stop::Invalid("a negative length")),
    }
}

fn count_of(text: &[u8]) -> Result<usize, Stop> {
    length(text)?.ok_or(Stop::Invalid("a negative length"))
}

fn double(text: &[u8]) -> Result<f64, Stop> {
    let text = std::str::from_utf8(text).map_err(|_| Stop::Invalid("a double"))?;
    text.parse()
        .map_err(|_| Stop::Invalid("a double that is none"))
}

/// How large a request may be, as Redis limits it.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `proto-max-bulk-len`: the longest single argument.
    pub bulk_len: usize,
    /// The longest inline command, and the longest line announcing a length.
    pub inline_len: usize,
    /// The most arguments of one command.
    pub argument_count: i64,
    /// A connection that has not authenticated may not send much: 10 arguments of 16 KB.
    pub authenticated: bool,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            bulk_len: 512 * 1024 * 1024,
            inline_len: 64 * 1024,
            argument_count: i64::from(i32::MAX),
            authenticated: true,
        }
    }
}

/// Room for so many arguments is kept from one command to the next.
const KEPT: usize = 1024;

/// A request that breaks the protocol: Redis sends this error and closes the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestError(pub String);

impl RequestError {
    fn new(what: impl std::fmt::Display) -> RequestError {
        RequestError(format!("ERR Protocol error: {what}"))
    }
}

impl std::fmt::Display for RequestError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RequestError {}

/// Decodes commands, as a server does: arrays of bulk strings, or inline commands.
#[derive(Debug, Default)]
pub struct RequestDecoder {
    buffer: BytesMut,
    /// How much of the buffer belongs to the part of a command that was read.
    read: usize,
    /// How many arguments of it are missing.
    missing: usize,
    /// The announced length of the argument being read.
    bulk: Option<usize>,
    /// Where its arguments are in the buffer. The buffer is cut once for a whole command: a cut counts references.
    arguments: Vec<Range<usize>>,
    /// The limits in force.
    pub limits: Limits,
}

impl RequestDecoder {
    /// Takes in what arrived.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// How many bytes were not yet read as part of a command.
    pub fn buffered(&self) -> usize {
        self.buffer.len() - self.read
    }

    /// Puts the next complete command into `argv`, which is emptied before; says whether there is one, or more bytes
    /// must arrive. Empty commands (an empty line, `*0`) are skipped, as Redis skips them. After an error the connection
    /// is lost.
    pub fn next_command(&mut self, argv: &mut Vec<Bytes>) -> Result<bool, RequestError> {
        argv.clear();
        loop {
            let complete = if self.missing > 0 {
                self.read_arguments()?
            } else {
                match self.buffer.first() {
                    None => return Ok(false),
                    Some(b'*') => self.header()? && self.read_arguments()?,
                    Some(_) => self.inline(argv)?,
                }
            };
            if !complete {
                return Ok(false);
            }
            let command = self
                .buffer
                .split_to(std::mem::take(&mut self.read))
                .freeze();
            for place in self.arguments.drain(..) {
                argv.push(command.slice(place));
            }
            // The next command is likely to be a short one.
            self.arguments.shrink_to(KEPT);
            if !argv.is_empty() {
                return Ok(true);
            }
        }
    }

    /// The line that comes next, which is then read.
    fn line(&mut self, too_long: &str) -> Result<Option<Range<usize>>, RequestError> {
        let rest = &self.buffer[self.read..];
        // The search is bounded by the limit, so a flood without line breaks stays cheap.
        let window = &rest[..rest.len().min(self.limits.inline_len + 2)];
        match find(window, b'\r') {
            Some(end) if end + 1 < rest.len() => {
                let line = self.read..self.read + end;
                self.read = line.end + 2;
                Ok(Some(line))
            }
            Some(_) => Ok(None),
            None if rest.len() > self.limits.inline_len => Err(RequestError::new(too_long)),
            None => Ok(None),
        }
    }

    fn header(&mut self) -> Result<bool, RequestError> {
        let Some(line) = self.line("too big mbulk count string")? else {
            return Ok(false);
        };
        let count = strict_int(&self.buffer[line][1..])
            .filter(|count| *count <= self.limits.argument_count)
            .ok_or_else(|| RequestError::new("invalid multibulk length"))?;
        if count > 10 && !self.limits.authenticated {
            return Err(RequestError::new("unauthenticated multibulk length"));
        }
        self.missing = usize::try_from(count).unwrap_or(0);
        Ok(true)
    }

    fn read_arguments(&mut self) -> Result<bool, RequestError> {
        while self.missing > 0 {
            let length = match self.bulk {
                Some(length) => length,
                None => match self.bulk_header()? {
                    Some(length) => length,
                    None => return Ok(false),
                },
            };
            if self.buffered() < length + 2 {
                self.bulk = Some(length);
                return Ok(false);
            }
            self.arguments.push(self.read..self.read + length);
            self.read += length + 2;
            self.bulk = None;
            self.missing -= 1;
        }
        Ok(true)
    }

    fn bulk_header(&mut self) -> Result<Option<usize>, RequestError> {
        let Some(line) = self.line("too big bulk count string")? else {
            return Ok(None);
        };
        match self.buffer[line].split_first() {
            Some((b'$', text)) => {
                let length = strict_int(text)
                    .and_then(|length| usize::try_from(length).ok())
                    .filter(|length| *length <= self.limits.bulk_len)
                    .ok_or_else(|| RequestError::new("invalid bulk length"))?;
                if length > 16384 && !self.limits.authenticated {
                    return Err(RequestError::new("unauthenticated bulk length"));
                }
                Ok(Some(length))
            }
            other => {
                let got = other.map_or('\r', |(first, _)| char::from(*first));
                Err(RequestError::new(format_args!("expected '$', got '{got}'")))
            }
        }
    }

    fn inline(&mut self, argv: &mut Vec<Bytes>) -> Result<bool, RequestError> {
        let Some(end) = find(&self.buffer, b'\n') else {
            if self.buffer.len() > self.limits.inline_len {
                return Err(RequestError::new("too big inline request"));
            }
            return Ok(false);
        };
        let line = &self.buffer[..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let words = split_words(line)
            .map_err(|Unbalanced| RequestError::new("unbalanced quotes in request"))?;
        argv.extend(words.into_iter().map(Bytes::from));
        self.read = end + 1;
        Ok(true)
    }
}

/// Where a line ends. Redis looks for it as C looks through a text: a NUL hides what follows.
fn find(bytes: &[u8], end: u8) -> Option<usize> {
    let found = bytes.iter().position(|byte| *byte == end || *byte == 0)?;
    (bytes[found] == end).then_some(found)
}

/// Redis's strict integers: no leading zeros, no plus sign, no spaces.
fn strict_int(text: &[u8]) -> Option<i64> {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        digits => (1, digits),
    };
    match digits {
        [b'0'] => return (sign == 1).then_some(0),
        [b'1'..=b'9', ..] => {}
        _ => return None,
    }
    digits.iter().try_fold(0_i64, |value, digit| {
        let digit = digit.is_ascii_digit().then(|| i64::from(digit - b'0'))?;
        value.checked_mul(10)?.checked_add(sign * digit)
    })
}
