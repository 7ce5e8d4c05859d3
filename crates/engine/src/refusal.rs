//! Every refusal that Redis words, with its exact text.

use bytes::Bytes;
use redwind_resp::Value;

use crate::args::c_text;

/// Declares the refusals without parameters: the variant, then the text.
macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// Why a command was refused. `Display` gives Redis's text, starting with its code.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Refusal {
            $(#[doc = $text] $name,)*
            /// The arguments are too few or too many for this command.
            Arity(&'static str),
            /// No such command: the name and the arguments, as they were sent.
            UnknownCommand(String),
            /// No such subcommand: what was sent, and the command's name.
            UnknownSubcommand(String, &'static str),
            /// An expiry that is not positive or that overflows, in this command.
            InvalidExpire(&'static str),
            /// Any other text, built where it is known.
            Text(String),
        }

        impl std::fmt::Display for Refusal {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let text = match self {
                    $(Refusal::$name => $text,)*
                    Refusal::Arity(name) => {
                        f.write_str("ERR wrong number of arguments for '")?;
                        f.write_str(name)?;
                        "' command"
                    }
                    Refusal::UnknownCommand(rest) => {
                        f.write_str("ERR unknown command ")?;
                        rest.as_str()
                    }
                    Refusal::UnknownSubcommand(sub, command) => {
                        f.write_str("ERR unknown subcommand '")?;
                        f.write_str(sub)?;
                        f.write_str("'. Try ")?;
                        f.write_str(&command.to_ascii_uppercase())?;
                        " HELP."
                    }
                    Refusal::InvalidExpire(name) => {
                        f.write_str("ERR invalid expire time in '")?;
                        f.write_str(name)?;
                        "' command"
                    }
                    Refusal::Text(text) => text.as_str(),
                };
                f.write_str(text)
            }
        }
    };
}

refusals! {
    WrongType = "WRONGTYPE Operation against a key holding the wrong kind of value",
    NotAnInteger = "ERR value is not an integer or out of range",
    NotAFloat = "ERR value is not a valid float",
    NotPositive = "ERR value is out of range, must be positive",
    OutOfRange = "ERR value is out of range",
    Syntax = "ERR syntax error",
    NoSuchKey = "ERR no such key",
    IndexOutOfRange = "ERR index out of range",
    Overflow = "ERR increment or decrement would overflow",
    DecrementOverflow = "ERR decrement would overflow",
    NanOrInfinity = "ERR increment would produce NaN or Infinity",
    StringTooLong = "ERR string exceeds maximum allowed size (proto-max-bulk-len)",
    OffsetOutOfRange = "ERR offset is out of range",
    HashValueNotInteger = "ERR hash value is not an integer",
    HashValueNotFloat = "ERR hash value is not a float",
    TimeoutNotFloat = "ERR timeout is not a float or out of range",
    TimeoutNotInteger = "ERR timeout is not an integer or out of range",
    TimeoutNegative = "ERR timeout is negative",
    TimeoutOutOfRange = "ERR timeout is out of range",
    DbIndexOutOfRange = "ERR DB index is out of range",
    InvalidDbIndex = "ERR invalid DB index",
    InvalidFirstDbIndex = "ERR invalid first DB index",
    InvalidSecondDbIndex = "ERR invalid second DB index",
    SameObject = "ERR source and destination objects are the same",
    InvalidCursor = "ERR invalid cursor",
    NxAndOthers = "ERR NX and XX, GT or LT options at the same time are not compatible",
    GtAndLt = "ERR GT and LT options at the same time are not compatible",
    FieldsMissing = "ERR Mandatory argument FIELDS is missing or not at the right position",
    FieldsMismatch = "ERR The `numfields` parameter must match the number of arguments",
    ExpireNegative = "ERR invalid expire time, must be >= 0",
    LcsTypes = "ERR The specified keys must contain string values",
    LcsLenAndIdx = "ERR If you want both the length and indexes, please just use IDX.",
    NestedMulti = "ERR MULTI calls can not be nested",
    ExecWithoutMulti = "ERR EXEC without MULTI",
    DiscardWithoutMulti = "ERR DISCARD without MULTI",
    WatchInsideMulti = "ERR WATCH inside MULTI is not allowed",
    ExecAborted = "EXECABORT Transaction discarded because of previous errors.",
    NoScript = "NOSCRIPT No matching script. Please use EVAL.",
    NoAuth = "NOAUTH Authentication required.",
    OutOfMemory = "OOM command not allowed when used memory > 'maxmemory'.",
    NumkeysNotPositive = "ERR numkeys should be greater than 0",
    CountNotPositive = "ERR count should be greater than 0",
    CrossSlot = "CROSSSLOT Keys in request don't hash to the same slot",
    TryAgain = "TRYAGAIN Multiple keys request during rehashing of slot",
    ClusterDown = "CLUSTERDOWN The cluster is down",
    ClusterDownForWrites = "CLUSTERDOWN The cluster is down and only accepts read commands",
    SlotNotServed = "CLUSTERDOWN Hash slot not served",
    NoCluster = "ERR This instance has cluster support disabled",
    TooFewReplicas = "NOREPLICAS Not enough good replicas to write.",
    PrimaryDown = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    ReadOnlyReplica = "READONLY You can't write against a read only replica.",
}

/// Bytes that are no UTF-8 stand in a text as the characters from here.
const RAW: u32 = 0xf700;

fn is_raw(character: char) -> bool {
    (RAW..RAW + 0x100).contains(&u32::from(character))
}

/// What a client sent, for the text of a refusal: up to the first NUL, as C prints it. The reply has the very bytes.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    let bytes = c_text(bytes);
    let mut text = String::new();
    let raw = |text: &mut String, bytes: &[u8]| {
        text.extend(
            bytes
                .iter()
                .filter_map(|b| char::from_u32(RAW + u32::from(*b))),
        );
    };
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match is_raw(character) {
                true => raw(&mut text, character.encode_utf8(&mut [0; 4]).as_bytes()),
                false => text.push(character),
            }
        }
        raw(&mut text, chunk.invalid());
    }
    text
}

/// The error reply with this text, in which quoted bytes are bytes again.
pub(crate) fn error_reply(text: &str) -> Value {
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match is_raw(character) {
            true => bytes.push((u32::from(character) - RAW) as u8),
            false => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Value::Error(Bytes::from(bytes))
}

impl Refusal {
    /// The reply that tells it.
    pub(crate) fn reply(&self) -> Value {
        error_reply(&self.to_string())
    }

    /// Whether it sends a client to another node of the cluster, now or later.
    pub(crate) fn redirects(&self) -> bool {
        match self {
            Refusal::CrossSlot
            | Refusal::TryAgain
            | Refusal::ClusterDown
            | Refusal::SlotNotServed => true,
            Refusal::Text(text) => text.starts_with("MOVED ") || text.starts_with("ASK "),
            _ => false,
        }
    }

    /// As a transaction that it ends names it: without the code that says nothing.
    pub(crate) fn reason(&self) -> String {
        let text = self.to_string();
        text.strip_prefix("ERR ").unwrap_or(&text).to_owned()
    }

    /// An `ERR` with this text.
    pub(crate) fn err(text: impl std::fmt::Display) -> Refusal {
        Refusal::Text(format!("ERR {text}"))
    }
}

impl std::error::Error for Refusal {}
