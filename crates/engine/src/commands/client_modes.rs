//! How a connection is treated: whether its commands wait, are answered, and count as use of keys.

use redwind_resp::Value;

use crate::args::{Args, is};
use crate::cx::Cx;
use crate::number::parse_int;
use crate::session::Replies;
use crate::table::Answer;
use crate::{Micros, Refusal};

fn switch(args: &Args<'_>) -> Result<bool, Refusal> {
    if args.is(0, "ON") {
        Ok(true)
    } else if args.is(0, "OFF") {
        Ok(false)
    } else {
        Err(Refusal::Syntax)
    }
}

/// `CLIENT NO-EVICT ON|OFF` — connections are never dropped for their memory here.
pub(super) fn no_evict(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let on = switch(args)?;
    if let Some(session) = cx.session_mut() {
        session.no_evict = on;
    }
    Ok(Value::OK)
}

/// `CLIENT NO-TOUCH ON|OFF`
pub(super) fn no_touch(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let on = switch(args)?;
    if let Some(session) = cx.session_mut() {
        session.no_touch = on;
    }
    Ok(Value::OK)
}

/// `CLIENT REPLY ON|OFF|SKIP`
pub(super) fn reply(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let before = cx.session().map(|session| session.replies);
    let replies = if args.is(0, "ON") {
        Replies::On
    } else if args.is(0, "OFF") || (args.is(0, "SKIP") && before == Some(Replies::Off)) {
        Replies::Off
    } else if args.is(0, "SKIP") {
        Replies::SkipNext
    } else {
        return Err(Refusal::Syntax);
    };
    cx.no_reply = replies != Replies::On;
    if let Some(session) = cx.session_mut() {
        session.replies = replies;
    }
    Ok(Value::OK)
}

/// `CLIENT PAUSE timeout [WRITE | ALL]`
pub(super) fn pause(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let all = match args.from(1) {
        [] => true,
        [mode] if is(mode, "ALL") => true,
        [mode] if is(mode, "WRITE") => false,
        [_] => return Err(Refusal::err("CLIENT PAUSE mode must be WRITE or ALL")),
        _ => return Err(super::bad_subcommand(args)),
    };
    let millis = parse_int(&args[0])
        .ok_or_else(|| Refusal::err("timeout is not an integer or out of range"))?;
    if millis < 0 {
        return Err(Refusal::TimeoutNegative);
    }
    let until = millis.checked_add(cx.now_ms());
    let until = until.ok_or(Refusal::TimeoutOutOfRange)?;
    cx.engine.begin_pause(Micros::from_millis(until), all);
    Ok(Value::OK)
}

/// `CLIENT UNPAUSE`
pub(super) fn unpause(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    let free = cx.engine.unpause();
    cx.freed.extend(free);
    Ok(Value::OK)
}
