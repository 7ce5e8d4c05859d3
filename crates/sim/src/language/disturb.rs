//! Reads and writes faults that make machines and the network slow or lossy.

use std::fmt::{self, Formatter};

use super::parse::{group, moment};
use super::print;
use super::words::Words;
use super::{Mistake, percent};
use crate::{Fault, Intervention, Span};

/// Reads `slow-disk`, `slow-cpu`, `lose`, `slow-link` and `reset`; `None`: it is none of them.
pub(super) fn read(words: &mut Words) -> Result<Option<Intervention>, Mistake> {
    let fault = if words.skip("slow-disk") {
        let node = words.value("a node's name")?;
        words.need("by")?;
        let (by, lasts) = (words.span()?, None);
        Fault::SlowDisk { node, by, lasts }
    } else if words.skip("slow-cpu") {
        let place = words.value("a client's or a node's name")?;
        words.need("by")?;
        let (times, lasts) = (times(words)?, None);
        Fault::SlowCpu {
            place,
            times,
            lasts,
        }
    } else if words.skip("lose") {
        let (ppm, lasts) = (share(words)?, None);
        let (from, to, both_ways) = sides(words)?;
        Fault::Lose {
            from,
            to,
            both_ways,
            ppm,
            lasts,
        }
    } else if words.skip("slow-link") {
        let (from, to, both_ways) = sides(words)?;
        words.need("by")?;
        let (by, lasts) = (words.span()?, None);
        Fault::SlowLink {
            from,
            to,
            both_ways,
            by,
            lasts,
        }
    } else if words.skip("reset") {
        if !words.skip("between") {
            return Err(words.expected("\"between\", as in: reset between worker-a and n1 at 2s"));
        }
        let (from, to) = (group(words)?, and(words)?);
        let at = moment(words)?;
        let fault = Fault::Reset { from, to };
        return Ok(Some(Intervention::Fault { fault, at }));
    } else {
        return Ok(None);
    };
    let at = moment(words)?;
    let until = words.skip("for").then(|| words.span()).transpose()?;
    let mut fault = fault;
    if let Fault::SlowDisk { lasts, .. }
    | Fault::SlowCpu { lasts, .. }
    | Fault::Lose { lasts, .. }
    | Fault::SlowLink { lasts, .. } = &mut fault
    {
        *lasts = until;
    }
    Ok(Some(Intervention::Fault { fault, at }))
}

/// `between a and {b, c}`, or `from a towards b` for one direction.
fn sides(words: &mut Words) -> Result<(Vec<String>, Vec<String>, bool), Mistake> {
    if words.skip("between") {
        return Ok((group(words)?, and(words)?, true));
    }
    if words.skip("from") {
        let from = group(words)?;
        if !words.skip("towards") && !words.skip("to") {
            return Err(words.expected("\"towards\""));
        }
        return Ok((from, group(words)?, false));
    }
    Err(words.expected("\"between … and …\" (both directions) or \"from … towards …\" (one)"))
}

fn and(words: &mut Words) -> Result<Vec<String>, Mistake> {
    words.need("and")?;
    group(words)
}

/// `50x`.
fn times(words: &mut Words) -> Result<u32, Mistake> {
    let read = words
        .peek()
        .and_then(|word| word.strip_suffix(['x', '\u{d7}'])?.parse::<u32>().ok());
    match read.filter(|times| (1..=1_000_000).contains(times)) {
        Some(times) => {
            words.value("a factor")?;
            Ok(times)
        }
        None => Err(words.expected("how many times slower, such as 50x")),
    }
}

/// `20%` or `0.5%`, in millionths.
fn share(words: &mut Words) -> Result<u32, Mistake> {
    let read = words.peek().and_then(ppm);
    match read {
        Some(ppm) => {
            words.value("a share")?;
            Ok(ppm)
        }
        None => Err(words.expected("a share such as 20% or 0.5%, at most 100%")),
    }
}

/// Reads `20%` or `0.5%` in millionths: more than nothing, at most all.
#[must_use]
pub fn ppm(text: &str) -> Option<u32> {
    let number = text.trim().strip_suffix('%')?.trim();
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if fraction.len() > 4 || !digits(fraction) || !digits(whole) || whole.is_empty() {
        return None;
    }
    let whole: u32 = whole.parse().ok()?;
    let fraction: u32 = format!("{fraction:0<4}").parse().ok()?;
    let ppm = whole.checked_mul(10_000)?.checked_add(fraction)?;
    (1..=1_000_000).contains(&ppm).then_some(ppm)
}

/// Writes one of them with its moment.
pub(super) fn write(f: &mut Formatter<'_>, fault: &Fault, at: &impl fmt::Display) -> fmt::Result {
    let sides = |from: &[String], to: &[String], both_ways: bool| {
        let (from, to) = (print::group(from), print::group(to));
        match both_ways {
            true => format!("between {from} and {to}"),
            false => format!("from {from} towards {to}"),
        }
    };
    let lasts: Option<Span> = match fault {
        Fault::SlowDisk { node, by, lasts } => {
            write!(f, "slow-disk {node} by {by} {at}")?;
            *lasts
        }
        Fault::SlowCpu {
            place,
            times,
            lasts,
        } => {
            write!(f, "slow-cpu {place} by {times}x {at}")?;
            *lasts
        }
        Fault::Lose {
            from,
            to,
            both_ways,
            ppm,
            lasts,
        } => {
            let sides = sides(from, to, *both_ways);
            write!(f, "lose {} {sides} {at}", percent(*ppm))?;
            *lasts
        }
        Fault::SlowLink {
            from,
            to,
            both_ways,
            by,
            lasts,
        } => {
            write!(f, "slow-link {} by {by} {at}", sides(from, to, *both_ways))?;
            *lasts
        }
        Fault::Reset { from, to } => {
            write!(f, "reset {} {at}", sides(from, to, true))?;
            None
        }
        _ => None,
    };
    lasts.map_or(Ok(()), |lasts| write!(f, " for {lasts}"))
}
