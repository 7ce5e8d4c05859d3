//! Sets.

use triomphe::Arc;

use super::members::Members;
use crate::blob::Blob;
use crate::number::{int_bytes, parse_int};
use crate::packed::{Packed, Walk};
use crate::{Config, order};

/// Small sets are packed; others are searched.
#[derive(Clone)]
pub(crate) enum Set {
    /// In ascending order while all are integers; [marked](Packed::is_marked), and in order of insertion, since one
    /// was none.
    Few(Packed),
    Many(Arc<Members>),
}

impl Default for Set {
    fn default() -> Set {
        Set::Few(Packed::default())
    }
}

fn position(packed: &Packed, member: &[u8]) -> Option<usize> {
    packed.iter().position(|known| known == member)
}

impl Set {
    /// An empty set that starts in the compact form for any members.
    pub(crate) fn packed() -> Set {
        let mut packed = Packed::default();
        packed.set_mark(true);
        Set::Few(packed)
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Set::Few(packed) => packed.len(),
            Set::Many(members) => members.len(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn encoding(&self) -> &'static str {
        match self {
            Set::Few(packed) if packed.is_marked() => "listpack",
            Set::Few(_) => "intset",
            Set::Many(members) => members.encoding(),
        }
    }

    pub(crate) fn is_ints(&self) -> bool {
        match self {
            Set::Few(packed) => !packed.is_marked(),
            Set::Many(members) => members.is_ints(),
        }
    }

    pub(crate) fn is_large(&self) -> bool {
        match self {
            Set::Few(_) => false,
            Set::Many(members) => members.is_large(),
        }
    }

    /// About what it takes in memory.
    pub(crate) fn footprint(&self) -> usize {
        match self {
            Set::Few(packed) if packed.is_marked() => packed.bytes() + packed.len() * 3,
            Set::Few(packed) => packed.len() * 8,
            Set::Many(members) => members.footprint(),
        }
    }

    pub(crate) fn contains(&self, member: &[u8]) -> bool {
        match self {
            Set::Few(packed) => position(packed, member).is_some(),
            Set::Many(members) => members.contains(member),
        }
    }

    pub(crate) fn at(&self, index: usize) -> Option<Blob> {
        match self {
            Set::Few(packed) => packed.get(index).map(Blob::new),
            Set::Many(members) => members.at(index),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Blob> + '_ {
        match self {
            Set::Few(packed) => Walk::Few(packed.iter().map(Blob::new)),
            Set::Many(members) => Walk::Many(members.iter()),
        }
    }

    /// It in the form that can hold everything, to be changed.
    fn spread(&mut self) -> &mut Members {
        if let Set::Few(packed) = self {
            let members = Members::new(packed.iter(), !packed.is_marked());
            *self = Set::Many(Arc::new(members));
        }
        match self {
            Set::Many(members) => Arc::make_mut(members),
            Set::Few(_) => unreachable!("it has just been spread"),
        }
    }

    /// Prepares for so many members to come at once, of which this is the first.
    pub(crate) fn expect(&mut self, first: &[u8], count: usize, config: &Config) {
        let exceeds = |limit: i64| i64::try_from(count).is_ok_and(|count| count > limit);
        if let Set::Few(packed) = self {
            if packed.len() == 0 && parse_int(first).is_none() {
                packed.set_mark(true);
            }
            let ints = !packed.is_marked();
            if ints && !exceeds(config.set_max_intset_entries) {
                return;
            }
            // A new set may still be compact in the other form; one that has members spreads at once.
            if !exceeds(config.set_max_listpack_entries) && (!ints || packed.len() == 0) {
                packed.set_mark(true);
                return;
            }
        }
        self.spread().expect(count, config);
    }

    /// Adds a member; says whether it is new.
    pub(crate) fn add(&mut self, member: &[u8], config: &Config) -> bool {
        if let Set::Few(packed) = self {
            if position(packed, member).is_some() {
                return false;
            }
            let len = packed.len() as i64 + 1;
            let number = parse_int(member).filter(|_| !packed.is_marked());
            if let Some(number) = number {
                let smaller = |known: &[u8]| parse_int(known).is_some_and(|known| known < number);
                let at = packed.iter().take_while(|known| smaller(known)).count();
                if len <= config.set_max_intset_entries && packed.splice(at, 0, &[member]) {
                    return true;
                }
            } else if packed.is_marked()
                || packed
                    .iter()
                    .all(|known| known.len() as i64 <= config.set_max_listpack_value)
            {
                packed.set_mark(true);
                if len <= config.set_max_listpack_entries
                    && member.len() as i64 <= config.set_max_listpack_value
                    && packed.splice(packed.len(), 0, &[member])
                {
                    return true;
                }
            }
        }
        self.spread().add(member, config)
    }

    /// Removes a member; says whether it was there.
    pub(crate) fn remove(&mut self, member: &[u8]) -> bool {
        match self {
            Set::Few(packed) => {
                position(packed, member).is_some_and(|at| packed.splice(at, 1, &[]))
            }
            Set::Many(members) => Arc::make_mut(members).remove(member),
        }
    }

    /// Becomes an array of integers if all members are integers and it is small.
    pub(crate) fn try_ints(&mut self, config: &Config) {
        match self {
            Set::Few(packed) if packed.len() as i64 <= config.set_max_intset_entries => {
                let ints: Option<Vec<i64>> = packed.iter().map(parse_int).collect();
                if let Some(mut ints) = ints {
                    order::sort(&mut ints);
                    let ints: Vec<Vec<u8>> = ints.into_iter().map(int_bytes).collect();
                    let ints: Vec<&[u8]> = ints.iter().map(Vec::as_slice).collect();
                    *packed = Packed::default();
                    packed.splice(0, 0, &ints);
                }
            }
            Set::Few(_) => {}
            Set::Many(members) => Arc::make_mut(members).try_ints(config),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::draws;

    #[test]
    fn a_packed_set_is_a_spread_one_in_every_answer() {
        let (config, mut draw) = (Config::default(), draws());
        for _ in 0..300 {
            let (mut few, mut many) = (Set::default(), Set::default());
            many.spread();
            let (members, longest, words) = (1 + draw(300), 1 + draw(70), draw(30));
            for _ in 0..draw(200) {
                let number = draw(members) as i64 - 50;
                let member = match draw(100) {
                    at if at < words => format!("{}{number}", "m".repeat(draw(longest))),
                    _ => number.to_string(),
                };
                let member = member.as_bytes();
                match draw(12) {
                    0..=8 => assert_eq!(few.add(member, &config), many.add(member, &config)),
                    9 | 10 => assert_eq!(few.remove(member), many.remove(member)),
                    _ => {
                        let count = 1 + draw(20);
                        few.expect(b"1", count, &config);
                        many.expect(b"1", count, &config);
                    }
                }
                assert_eq!(few.contains(member), many.contains(member));
                assert_eq!(few.encoding(), many.encoding());
                assert_eq!(few.footprint(), many.footprint());
                assert_eq!((few.len(), few.is_large()), (many.len(), many.is_large()));
                assert_eq!(few.at(2), many.at(2));
            }
            few.try_ints(&config);
            many.try_ints(&config);
            assert_eq!(few.encoding(), many.encoding());
            assert!(few.iter().eq(many.iter()));
        }
    }
}
