//! The Redis wire protocol without any I/O: reply values, their RESP2 and RESP3 encodings, an
//! incremental decoder for both directions, and the text that `redis-cli` shows for a value.
//!
//! Nothing here knows what a command means; that is the engine's business.

mod cli;
mod decode;
mod encode;
mod grisu;
mod line;
mod number;
mod value;
mod words;

pub use cli::{render, render_quoted, render_reply};
pub use decode::{DecodeError, Decoder, Limits, RequestDecoder, RequestError};
pub use encode::{encode, encode_request};
pub use line::{BadLine, Line, Prompt};
pub use number::{format_double, push_int, put_digits, shortest};
pub use value::{Protocol, Value};
pub use words::{Unbalanced, split_words};
