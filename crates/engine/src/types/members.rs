//! The members of a set that is not small: an ordered array of integers while they are few enough and all integers,
//! else members by hash.

use crate::blob::Blob;
use crate::map::Map;
use crate::number::{int_bytes, parse_int};
use crate::{Config, order};

#[derive(Clone)]
enum Form {
    /// In ascending order.
    Ints(Vec<i64>),
    /// In order of insertion while small.
    ByHash(Map<()>),
}

#[derive(Clone)]
pub(crate) struct Members {
    form: Form,
    /// It has outgrown the compact form, and never gets back.
    large: bool,
    bytes: usize,
}

impl Members {
    /// A set of members in their order, which are all integers in ascending order or none of which has to be one.
    pub(crate) fn new<'m>(members: impl Iterator<Item = &'m [u8]>, ints: bool) -> Members {
        let mut bytes = 0;
        let form = if ints {
            Form::Ints(members.filter_map(parse_int).collect())
        } else {
            let member = |member: &[u8]| {
                bytes += member.len();
                (Blob::new(member), ())
            };
            Form::ByHash(members.map(member).collect())
        };
        Members {
            form,
            large: false,
            bytes,
        }
    }

    pub(crate) fn len(&self) -> usize {
        match &self.form {
            Form::Ints(ints) => ints.len(),
            Form::ByHash(members) => members.len(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn encoding(&self) -> &'static str {
        match (&self.form, self.large) {
            (Form::Ints(_), _) => "intset",
            (Form::ByHash(_), false) => "listpack",
            (Form::ByHash(_), true) => "hashtable",
        }
    }

    pub(crate) fn is_ints(&self) -> bool {
        matches!(self.form, Form::Ints(_))
    }

    pub(crate) fn is_large(&self) -> bool {
        self.large
    }

    /// About what it takes in memory.
    pub(crate) fn footprint(&self) -> usize {
        match &self.form {
            Form::Ints(ints) => ints.len() * 8,
            Form::ByHash(members) => self.bytes + members.len() * if self.large { 40 } else { 3 },
        }
    }

    pub(crate) fn contains(&self, member: &[u8]) -> bool {
        match &self.form {
            Form::Ints(ints) => parse_int(member).is_some_and(|n| ints.binary_search(&n).is_ok()),
            Form::ByHash(members) => members.contains(member),
        }
    }

    pub(crate) fn at(&self, index: usize) -> Option<Blob> {
        match &self.form {
            Form::Ints(ints) => ints.get(index).map(|number| Blob::new(&int_bytes(*number))),
            Form::ByHash(members) => members.at(index).map(|(member, ())| member.clone()),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Blob> + '_ {
        (0..self.len()).filter_map(|index| self.at(index))
    }

    /// Prepares for so many members to come at once.
    pub(crate) fn expect(&mut self, count: usize, config: &Config) {
        let exceeds = |limit: i64| i64::try_from(count).is_ok_and(|count| count > limit);
        let was_ints = self.is_ints();
        if was_ints && !exceeds(config.set_max_intset_entries) {
            return;
        }
        // A new set may still be compact in the other form; one that has members spreads at once.
        let new = self.is_empty();
        self.spread();
        self.large |= exceeds(config.set_max_listpack_entries) || (was_ints && !new);
    }

    /// Gives up the array of integers.
    fn spread(&mut self) {
        if let Form::Ints(ints) = &self.form {
            let mut members = Map::default();
            for number in ints {
                let member = Blob::new(&int_bytes(*number));
                self.bytes += member.len();
                members.insert(member, ());
            }
            self.form = Form::ByHash(members);
        }
    }

    /// Adds a member; says whether it is new.
    pub(crate) fn add(&mut self, member: &[u8], config: &Config) -> bool {
        if let Form::Ints(ints) = &mut self.form {
            if let Some(number) = parse_int(member) {
                let Err(at) = ints.binary_search(&number) else {
                    return false;
                };
                ints.insert(at, number);
                if ints.len() as i64 > config.set_max_intset_entries {
                    self.spread();
                    self.large = true;
                }
                return true;
            }
            let longest = [ints.first(), ints.last()].into_iter().flatten();
            let longest = longest.map(|number| int_bytes(*number).len()).max();
            self.large |= longest.is_some_and(|len| len as i64 > config.set_max_listpack_value);
            self.spread();
        }
        let Form::ByHash(members) = &mut self.form else {
            return false;
        };
        let new = members.insert(Blob::new(member), ()).1.is_none();
        if new {
            self.bytes += member.len();
            self.large |= members.len() as i64 > config.set_max_listpack_entries
                || member.len() as i64 > config.set_max_listpack_value;
        }
        new
    }

    /// Removes a member; says whether it was there.
    pub(crate) fn remove(&mut self, member: &[u8]) -> bool {
        let gone = match &mut self.form {
            Form::Ints(ints) => match parse_int(member).and_then(|n| ints.binary_search(&n).ok()) {
                Some(at) => {
                    ints.remove(at);
                    return true;
                }
                None => return false,
            },
            Form::ByHash(members) if self.large => members.swap_remove(member),
            Form::ByHash(members) => members.shift_remove(member),
        };
        if gone.is_some() {
            self.bytes -= member.len();
        }
        gone.is_some()
    }

    /// Becomes an array of integers if all members are integers and it is small.
    pub(crate) fn try_ints(&mut self, config: &Config) {
        let Form::ByHash(members) = &self.form else {
            return;
        };
        if members.len() as i64 > config.set_max_intset_entries {
            return;
        }
        let ints: Option<Vec<i64>> = members
            .iter()
            .map(|(member, ())| parse_int(member))
            .collect();
        if let Some(mut ints) = ints {
            order::sort(&mut ints);
            *self = Members {
                form: Form::Ints(ints),
                large: false,
                bytes: 0,
            };
        }
    }
}
