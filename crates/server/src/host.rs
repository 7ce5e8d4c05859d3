//! The commands that are about the process and its sockets rather than about data: the engine has
//! neither, so they are answered here.

use bytes::Bytes;

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
    /// `REDWIND CLOCK NOW`
    Now,
    /// `REDWIND CLOCK ADVANCE`, in milliseconds
    Advance(u64),
}

/// A command that is the host's.
pub(crate) struct Asked {
    /// As errors name it.
    pub(crate) name: &'static str,
    pub(crate) request: Result<Request, Mistake>,
}

/// What is wrong with a command that is the host's.
pub(crate) enum Mistake {
    /// It has too few or too many arguments.
    Arity,
    /// Something that is only seen when it runs; the error to answer.
    Other(&'static str),
}

/// `RESET` is the engine's, but also makes a silenced connection talk again.
pub(crate) fn resets(argv: &[Bytes]) -> bool {
    matches!(argv, [name] if name.eq_ignore_ascii_case(b"reset"))
}

/// The first lines of a request on HTTP. A page that makes a browser send one shall not reach the commands in its body.
pub(crate) fn is_http(argv: &[Bytes]) -> bool {
    let is = |word: &[u8]| {
        argv.first()
            .is_some_and(|sent| sent.eq_ignore_ascii_case(word))
    };
    is(b"post") || is(b"host:")
}

/// What the command asks of the host, if anything.
pub(crate) fn request(argv: &[Bytes], clock: ClockMode) -> Option<Asked> {
    // Nearly every command is none of these, and its first letter says so.
    let first = argv.first()?.first()?.to_ascii_lowercase();
    if !matches!(first, b's' | b'c' | b'r') {
        return None;
    }
    let is = |at: usize, word: &str| {
        argv.get(at)
            .is_some_and(|sent| sent.eq_ignore_ascii_case(word.as_bytes()))
    };
    let asked = |name, request| Some(Asked { name, request });
    if is(0, "shutdown") {
        return asked("shutdown", shutdown(argv));
    }
    if is(0, "client") && is(1, "reply") {
        let request = match argv.len() {
            3 if is(2, "on") => Ok(Request::RepliesOn),
            3 if is(2, "off") => Ok(Request::RepliesOff),
            3 if is(2, "skip") => Ok(Request::SkipReply),
            3 => Err(Mistake::Other("ERR syntax error")),
            _ => Err(Mistake::Arity),
        };
        return asked("client|reply", request);
    }
    if matches!(clock, ClockMode::Manual(_)) && is(0, "redwind") {
        let request = match argv.len() {
            3 if is(1, "clock") && is(2, "now") => Ok(Request::Now),
            4 if is(1, "clock") && is(2, "advance") => {
                number(&argv[3]).map(Request::Advance).ok_or(Mistake::Other(
                    "ERR value is not an integer or out of range",
                ))
            }
            _ => Err(Mistake::Other(
                "ERR unknown subcommand or wrong number of arguments for 'redwind'. \
                 Try REDWIND CLOCK NOW or REDWIND CLOCK ADVANCE milliseconds.",
            )),
        };
        return asked("redwind", request);
    }
    None
}

/// `SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]`; there is nothing to save and nobody to wait for.
fn shutdown(argv: &[Bytes]) -> Result<Request, Mistake> {
    let words: Vec<String> = argv[1..]
        .iter()
        .map(|word| String::from_utf8_lossy(word).to_ascii_lowercase())
        .collect();
    let has = |word: &str| words.iter().any(|sent| sent == word);
    let known = |word: &String| matches!(&**word, "nosave" | "save" | "now" | "force" | "abort");
    let contradicts = (has("save") && has("nosave")) || (has("abort") && words.len() > 1);
    if !words.iter().all(known) || contradicts {
        return Err(Mistake::Other("ERR syntax error"));
    }
    if has("abort") {
        return Err(Mistake::Other("ERR No shutdown in progress."));
    }
    Ok(Request::Shutdown)
}

fn number<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
