//! The commands that are about the process and its sockets rather than about data: the engine has
//! neither, so they are answered here.

use std::time::Duration;

use bytes::Bytes;
use redwind_engine::Value;

use crate::ClockMode;

/// What a command asks of the host.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// `SHUTDOWN`
    Shutdown,
    /// `CLIENT REPLY ON`
    RepliesOn,
    /// `CLIENT REPLY OFF`
    RepliesOff,
    /// `CLIENT REPLY SKIP`
    SkipReply,
    /// `DEBUG SLEEP`: everybody waits.
    Sleep(Duration),
    /// `REDWIND CLOCK NOW`
    Now,
    /// `REDWIND CLOCK ADVANCE`, in milliseconds
    Advance(u64),
}

/// What the command asks of the host, if anything; `Err` is the error to answer.
pub(crate) fn request(argv: &[Bytes], clock: ClockMode) -> Option<Result<Request, Value>> {
    // Nearly every command is none of these, and its first letter says so.
    let first = argv.first()?.first()?.to_ascii_lowercase();
    if !matches!(first, b's' | b'c' | b'd' | b'r') {
        return None;
    }
    let is = |at: usize, word: &str| {
        argv.get(at)
            .is_some_and(|sent| sent.eq_ignore_ascii_case(word.as_bytes()))
    };
    if is(0, "shutdown") {
        return Some(shutdown(argv));
    }
    if is(0, "client") && is(1, "reply") && argv.len() == 3 {
        return Some(match argv {
            _ if is(2, "on") => Ok(Request::RepliesOn),
            _ if is(2, "off") => Ok(Request::RepliesOff),
            _ if is(2, "skip") => Ok(Request::SkipReply),
            _ => Err(Value::error("ERR syntax error")),
        });
    }
    if is(0, "debug") && is(1, "sleep") && argv.len() == 3 {
        let seconds = number::<f64>(&argv[2]).unwrap_or(0.0);
        let pause = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        return Some(Ok(Request::Sleep(pause)));
    }
    if matches!(clock, ClockMode::Manual(_)) && is(0, "redwind") {
        return Some(match argv.len() {
            3 if is(1, "clock") && is(2, "now") => Ok(Request::Now),
            4 if is(1, "clock") && is(2, "advance") => number(&argv[3])
                .map(Request::Advance)
                .ok_or_else(|| Value::error("ERR value is not an integer or out of range")),
            _ => Err(Value::error(
                "ERR unknown subcommand or wrong number of arguments for 'redwind'. \
                 Try REDWIND CLOCK NOW or REDWIND CLOCK ADVANCE milliseconds.",
            )),
        });
    }
    None
}

/// `SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]`; there is nothing to save and nobody to wait for.
fn shutdown(argv: &[Bytes]) -> Result<Request, Value> {
    let words: Vec<String> = argv[1..]
        .iter()
        .map(|word| String::from_utf8_lossy(word).to_ascii_lowercase())
        .collect();
    let has = |word: &str| words.iter().any(|sent| sent == word);
    let known = |word: &String| matches!(&**word, "nosave" | "save" | "now" | "force" | "abort");
    let contradicts = (has("save") && has("nosave")) || (has("abort") && words.len() > 1);
    if !words.iter().all(known) || contradicts {
        return Err(Value::error("ERR syntax error"));
    }
    if has("abort") {
        return Err(Value::error("ERR No shutdown in progress."));
    }
    Ok(Request::Shutdown)
}

fn number<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
