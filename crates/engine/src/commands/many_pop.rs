//! What `LMPOP`, `BLMPOP`, `ZMPOP` and `BZMPOP` are told, all in the same form.

use bytes::Bytes;

use crate::Refusal;
use crate::args::Args;
use crate::number::parse_int;

/// From which keys, from which end, how many.
pub(super) struct ManyPop<'a, E> {
    pub(super) keys: &'a [Bytes],
    pub(super) end: E,
    pub(super) count: usize,
}

impl<'a, E> ManyPop<'a, E> {
    /// Reads `numkeys key [key ...] end [COUNT count]`, which begin at an argument.
    pub(super) fn parse(
        args: &Args<'a>,
        at: usize,
        end: impl Fn(&[u8]) -> Result<E, Refusal>,
    ) -> Result<Self, Refusal> {
        let numkeys = parse_int(&args[at])
            .filter(|n| *n > 0)
            .ok_or(Refusal::NumkeysNotPositive)?;
        let after = usize::try_from(numkeys)
            .ok()
            .and_then(|n| n.checked_add(at + 1));
        let after = after
            .filter(|after| *after < args.len())
            .ok_or(Refusal::Syntax)?;
        let end = end(&args[after])?;
        let (mut count, mut next) = (None, after + 1);
        while next < args.len() {
            if count.is_some() || !args.is(next, "COUNT") || next + 1 >= args.len() {
                return Err(Refusal::Syntax);
            }
            let number = parse_int(&args[next + 1]).filter(|n| *n > 0);
            count = Some(number.ok_or(Refusal::CountNotPositive)?);
            next += 2;
        }
        Ok(ManyPop {
            keys: &args.rest()[at + 1..after],
            end,
            count: usize::try_from(count.unwrap_or(1)).unwrap_or(usize::MAX),
        })
    }
}
