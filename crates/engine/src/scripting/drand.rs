//! What `math.random` draws.

use super::lua::{self, Failure, LuaValue, Outcome};

/// The generator behind `math.random`: POSIX's 48-bit one, so that scripts draw what they draw on a
/// real server.
#[derive(Clone, Copy)]
pub(crate) struct Drand(u64);

impl Default for Drand {
    fn default() -> Drand {
        Drand(0x1234_abcd_330e)
    }
}

impl Drand {
    pub(super) fn seeded(seed: u32) -> Drand {
        Drand(u64::from(seed) << 16 | 0x330e)
    }

    /// A number from 0 to 2^31 - 1.
    pub(super) fn draw(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(0x5_deec_e66d).wrapping_add(0xb) & 0xffff_ffff_ffff;
        (self.0 >> 17) as u32
    }
}

/// `math.random([m [, n]])`
pub(super) fn random(draw: u32, args: &[LuaValue]) -> Outcome<f64> {
    let max = i32::MAX as u32;
    let part = f64::from(draw % max) / f64::from(max);
    let number = |at: usize| lua::number(args.get(at)).map(f64::trunc);
    let (low, high) = match (args.len(), number(0), number(1)) {
        (0, _, _) => return Ok(part),
        (1, Some(high), _) => (1.0, high),
        (2, Some(low), Some(high)) => (low, high),
        (1 | 2, first, _) => {
            let at = 1 + usize::from(first.is_some());
            return Err(lua::bad_type(args, at, "number"));
        }
        _ => return Err("wrong number of arguments".into()),
    };
    if low > high {
        let at = args.len();
        return Err(Failure::Argument(at, "interval is empty".into()));
    }
    Ok((part * (high - low + 1.0)).floor() + low)
}
