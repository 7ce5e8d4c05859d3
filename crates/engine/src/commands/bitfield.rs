//! `BITFIELD`: integers of any width at any bit of a string.

use redwind_resp::Value;

use crate::Refusal;
use crate::args::{Args, c_text, is};
use crate::commands::bitmaps::{bit, bit_offset, edit_string};
use crate::cx::Cx;
use crate::table::Answer;

/// `i8`, `u16` …
#[derive(Clone, Copy)]
struct Width {
    signed: bool,
    bits: u32,
}

impl Width {
    fn parse(text: &[u8]) -> Result<Width, Refusal> {
        let refuse = || {
            Refusal::err(
                "Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but \
                 i64 is.",
            )
        };
        let (signed, digits) = match c_text(text) {
            [b'i', rest @ ..] => (true, rest),
            [b'u', rest @ ..] => (false, rest),
            _ => return Err(refuse()),
        };
        let bits = crate::number::parse_int(digits).and_then(|n| u32::try_from(n).ok());
        let most = if signed { 64 } else { 63 };
        let bits = bits
            .filter(|bits| (1..=most).contains(bits))
            .ok_or_else(refuse)?;
        Ok(Width { signed, bits })
    }

    fn min(self) -> i128 {
        if self.signed {
            -(1i128 << (self.bits - 1))
        } else {
            0
        }
    }

    fn max(self) -> i128 {
        if self.signed {
            (1i128 << (self.bits - 1)) - 1
        } else {
            (1i128 << self.bits) - 1
        }
    }

    /// A number cut down to this many bits.
    fn wrap(self, number: i128) -> i64 {
        let cut = number & ((1i128 << self.bits) - 1);
        let negative = self.signed && cut >> (self.bits - 1) & 1 == 1;
        (if negative {
            cut - (1i128 << self.bits)
        } else {
            cut
        }) as i64
    }

    /// The number that `SET` takes this for: without a sign, a negative one is large; with one, the smallest are so far
    /// below that Redis takes them for too large.
    fn taken(self, number: i64) -> i128 {
        let plain = i128::from(number);
        if !self.signed {
            return i128::from(number as u64);
        }
        let far = self.bits < 64 && self.max() - plain > i128::from(i64::MAX);
        if far { plain + (1i128 << 64) } else { plain }
    }

    fn read(self, text: &[u8], offset: u64) -> i64 {
        let bits = (0..u64::from(self.bits)).map(|at| i128::from(bit(text, offset + at)));
        self.wrap(bits.fold(0, |number, bit| number << 1 | bit))
    }

    fn write(self, text: &mut [u8], offset: u64, number: i64) {
        for at in 0..self.bits {
            let place = offset + u64::from(at);
            let mask = 1u8 << (7 - place % 8);
            let byte = &mut text[(place / 8) as usize];
            if number >> (self.bits - 1 - at) & 1 == 1 {
                *byte |= mask;
            } else {
                *byte &= !mask;
            }
        }
    }
}

/// What happens to a number that does not fit.
#[derive(Clone, Copy)]
enum Overflow {
    Wrap,
    Saturate,
    Fail,
}

#[derive(Clone, Copy)]
enum Action {
    Get,
    Set(i64),
    Add(i64),
}

struct Step {
    action: Action,
    width: Width,
    offset: u64,
    overflow: Overflow,
}

fn parse(cx: &Cx<'_>, args: &Args<'_>, read_only: bool) -> Result<Vec<Step>, Refusal> {
    let mut steps = Vec::new();
    let mut overflow = Overflow::Wrap;
    let mut at = 1;
    while let Some(word) = args.get(at) {
        let left = args.len() - at - 1;
        let takes = if is(word, "GET") && left >= 2 {
            2
        } else if (is(word, "SET") || is(word, "INCRBY")) && left >= 3 {
            3
        } else if is(word, "OVERFLOW") && left >= 1 {
            overflow = match args.key(at + 1) {
                word if is(word, "WRAP") => Overflow::Wrap,
                word if is(word, "SAT") => Overflow::Saturate,
                word if is(word, "FAIL") => Overflow::Fail,
                _ => return Err(Refusal::err("Invalid OVERFLOW type specified")),
            };
            at += 2;
            continue;
        } else {
            return Err(Refusal::Syntax);
        };
        let width = Width::parse(&args[at + 1])?;
        let offset = bit_offset(cx, &args[at + 2], Some(width.bits))?;
        let action = if takes == 2 {
            Action::Get
        } else {
            let number = args.int(at + 3)?;
            if is(word, "SET") {
                Action::Set(number)
            } else {
                Action::Add(number)
            }
        };
        steps.push(Step {
            action,
            width,
            offset,
            overflow,
        });
        at += takes + 1;
    }
    let gets = |step: &Step| matches!(step.action, Action::Get);
    if read_only && !steps.iter().all(gets) {
        return Err(Refusal::err("BITFIELD_RO only supports the GET subcommand"));
    }
    Ok(steps)
}

/// `BITFIELD key [operation ...]`
pub(super) fn bitfield(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let steps = parse(cx, args, false)?;
    run(cx, args, &steps)
}

/// `BITFIELD_RO key [GET encoding offset ...]`
pub(super) fn bitfield_ro(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let steps = parse(cx, args, true)?;
    run(cx, args, &steps)
}

fn run(cx: &mut Cx<'_>, args: &Args<'_>, steps: &[Step]) -> Answer {
    let key = args.key(0);
    let writes = steps
        .iter()
        .filter(|step| !matches!(step.action, Action::Get));
    let end = writes
        .map(|step| (step.offset + u64::from(step.width.bits)).div_ceil(8))
        .max();
    let Some(end) = end else {
        let text = cx.read_string(key)?.unwrap_or_default();
        let read = |step: &Step| Value::Int(step.width.read(&text, step.offset));
        return Ok(Value::array(steps.iter().map(read)));
    };
    let end = usize::try_from(end).map_err(|_| Refusal::StringTooLong)?;
    let mut replies = Vec::with_capacity(steps.len());
    let mut changes = 0;
    edit_string(cx, key, |text| {
        let grows = text.len() < end;
        if grows {
            text.resize(end, 0);
        }
        for step in steps {
            let before = step.width.read(text, step.offset);
            let wanted = match step.action {
                Action::Get => {
                    replies.push(Value::Int(before));
                    continue;
                }
                Action::Set(number) => step.width.taken(number),
                Action::Add(by) => i128::from(before) + i128::from(by),
            };
            let fits = (step.width.min()..=step.width.max()).contains(&wanted);
            let after = match step.overflow {
                Overflow::Fail if !fits => {
                    replies.push(Value::Null);
                    continue;
                }
                Overflow::Saturate => wanted.clamp(step.width.min(), step.width.max()) as i64,
                _ => step.width.wrap(wanted),
            };
            step.width.write(text, step.offset, after);
            changes += u64::from(grows || after != before);
            replies.push(Value::Int(if matches!(step.action, Action::Set(_)) {
                before
            } else {
                after
            }));
        }
    })?;
    if changes > 0 {
        cx.touch(key);
        cx.dirty += changes;
        cx.event("setbit", key);
    }
    Ok(Value::Array(replies))
}
