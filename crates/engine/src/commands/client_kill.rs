//! `CLIENT KILL`, and how connections are told apart.

use bytes::Bytes;
use redwind_resp::Value;

use crate::args::{Args, is};
use crate::cx::Cx;
use crate::number::parse_int;
use crate::refusal::quoted;
use crate::session::Session;
use crate::table::Answer;
use crate::{Output, Outputs, Refusal, SessionId};

/// Where a connection comes from and where it arrived; without sockets both are made up, but different for each
/// connection and always the same.
pub(super) fn addresses(id: SessionId, session: &Session) -> (String, String) {
    let made_up = || {
        let from = format!("127.0.0.1:{}", 49_152 + id.0 % 16_384);
        (from, "127.0.0.1:6379".to_owned())
    };
    session
        .addresses
        .as_deref()
        .cloned()
        .unwrap_or_else(made_up)
}

/// What a connection is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Normal,
    PubSub,
    Master,
    Replica,
}

impl Type {
    pub(super) fn parse(name: &Bytes) -> Result<Type, Refusal> {
        const NAMES: &[(&str, Type)] = &[
            ("normal", Type::Normal),
            ("slave", Type::Replica),
            ("replica", Type::Replica),
            ("pubsub", Type::PubSub),
            ("master", Type::Master),
        ];
        let found = NAMES.iter().find(|(word, _)| is(name, word));
        found.map(|(_, kind)| *kind).ok_or_else(|| {
            let name = quoted(name);
            Refusal::err(format_args!("Unknown client type '{name}'"))
        })
    }

    pub(super) fn of(session: &Session) -> Type {
        if session.is_listening() {
            Type::PubSub
        } else {
            Type::Normal
        }
    }
}

/// Which connections are to go; all that is given must fit.
struct Filter<'a> {
    id: Option<i64>,
    kind: Option<Type>,
    address: Option<&'a Bytes>,
    local: Option<&'a Bytes>,
    min_age: Option<i64>,
    skip_me: bool,
}

impl<'a> Filter<'a> {
    /// The old form, an address alone, also closes the connection that asks.
    fn of_address(address: &'a Bytes) -> Filter<'a> {
        Filter {
            address: Some(address),
            skip_me: false,
            ..Filter::any()
        }
    }

    fn any() -> Filter<'a> {
        Filter {
            id: None,
            kind: None,
            address: None,
            local: None,
            min_age: None,
            skip_me: true,
        }
    }

    fn parse(words: &'a [Bytes]) -> Result<Filter<'a>, Refusal> {
        let mut filter = Filter::any();
        let (options, rest) = words.as_chunks::<2>();
        for [word, value] in options {
            if is(word, "ID") {
                let id = parse_int(value).filter(|id| *id > 0);
                let id = id.ok_or_else(|| Refusal::err("client-id should be greater than 0"))?;
                filter.id = Some(id);
            } else if is(word, "TYPE") {
                filter.kind = Some(Type::parse(value)?);
            } else if is(word, "ADDR") {
                filter.address = Some(value);
            } else if is(word, "LADDR") {
                filter.local = Some(value);
            } else if is(word, "USER") {
                // There is one user, so its name excludes nobody.
                if &value[..] != b"default" {
                    let name = quoted(value);
                    return Err(Refusal::err(format_args!("No such user '{name}'")));
                }
            } else if is(word, "SKIPME") && (is(value, "YES") || is(value, "NO")) {
                filter.skip_me = is(value, "YES");
            } else if is(word, "MAXAGE") {
                let age = parse_int(value)
                    .ok_or_else(|| Refusal::err("maxage is not an integer or out of range"))?;
                if age <= 0 {
                    return Err(Refusal::err("maxage should be greater than 0"));
                }
                filter.min_age = Some(age);
            } else {
                return Err(Refusal::Syntax);
            }
        }
        if rest.is_empty() {
            Ok(filter)
        } else {
            Err(Refusal::Syntax)
        }
    }

    fn fits(&self, cx: &Cx<'_>, id: SessionId, session: &Session) -> bool {
        let (from, to) = addresses(id, session);
        let age = cx.now.0.saturating_sub(session.created.0) / 1_000_000;
        self.id.is_none_or(|wanted| wanted.unsigned_abs() == id.0)
            && self.kind.is_none_or(|kind| kind == Type::of(session))
            && self.address.is_none_or(|wanted| wanted == from.as_bytes())
            && self.local.is_none_or(|wanted| wanted == to.as_bytes())
            && self.min_age.is_none_or(|least| age >= least.unsigned_abs())
            && !(self.skip_me && id == cx.session)
    }
}

/// `CLIENT KILL <ip:port | filter value [filter value ...]>`
pub(super) fn kill(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let filter = match args.rest() {
        [address] => Filter::of_address(address),
        words => Filter::parse(words)?,
    };
    let sessions = cx.engine.sessions.iter();
    let victims: Vec<SessionId> = sessions
        .filter(|(id, session)| filter.fits(cx, **id, session))
        .map(|(id, _)| *id)
        .collect();
    for who in &victims {
        if *who == cx.session {
            // It still gets the answer.
            cx.close = true;
            continue;
        }
        cx.engine.disconnect(cx.now, *who, &mut Outputs::new());
        cx.out.push(Output::Close { session: *who });
    }
    match (args.len(), victims.len()) {
        (1, 0) => Err(Refusal::err("No such client")),
        (1, _) => Ok(Value::OK),
        (_, count) => Ok(Value::from(count)),
    }
}
