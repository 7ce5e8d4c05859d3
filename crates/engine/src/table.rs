//! How a command is declared. Each type's file has a table of these; they feed dispatch, `COMMAND`,
//! the help of the terminal and the command reference.

use redwind_resp::Value;

use crate::Refusal;
use crate::args::Args;
use crate::cx::Cx;

/// What a handler gives back; while it blocks, the value is ignored.
pub(crate) type Answer = Result<Value, Refusal>;

pub(crate) type Handler = fn(&mut Cx<'_>, &Args<'_>) -> Answer;

/// How many arguments a command takes, its own name (or both names of a subcommand) not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// This many.
    Exactly(u8),
    /// This many or more.
    AtLeast(u8),
}

impl Arity {
    pub(crate) fn allows(self, count: usize) -> bool {
        match self {
            Arity::Exactly(wanted) => count == usize::from(wanted),
            Arity::AtLeast(wanted) => count >= usize::from(wanted),
        }
    }
}

/// What a command does, as a set of bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Flags(pub u32);

impl Flags {
    /// May change data.
    pub const WRITE: Flags = Flags(1);
    /// Only reads data.
    pub const READ: Flags = Flags(1 << 1);
    /// May need more memory, so it is refused when there is none.
    pub const DENYOOM: Flags = Flags(1 << 2);
    /// Takes constant or logarithmic time.
    pub const FAST: Flags = Flags(1 << 3);
    /// May wait.
    pub const BLOCKING: Flags = Flags(1 << 4);
    /// Not for ordinary programs.
    pub const ADMIN: Flags = Flags(1 << 5);
    /// Not inside a script.
    pub const NOSCRIPT: Flags = Flags(1 << 6);
    /// About published messages.
    pub const PUBSUB: Flags = Flags(1 << 7);
    /// Allowed while data is loaded.
    pub const LOADING: Flags = Flags(1 << 8);
    /// Allowed on a replica with stale data.
    pub const STALE: Flags = Flags(1 << 9);
    /// Not inside `MULTI`.
    pub const NO_MULTI: Flags = Flags(1 << 10);
    /// Allowed before authentication.
    pub const NO_AUTH: Flags = Flags(1 << 11);
    /// Its keys depend on its options.
    pub const MOVABLE_KEYS: Flags = Flags(1 << 12);
    /// Not shown by `MONITOR`.
    pub const SKIP_MONITOR: Flags = Flags(1 << 13);
    /// Not logged when slow.
    pub const SKIP_SLOWLOG: Flags = Flags(1 << 14);
    /// A name of a group of subcommands.
    pub const CONTAINER: Flags = Flags(1 << 15);
    /// Runs even when a script was stopped for taking too long.
    pub const ALLOW_BUSY: Flags = Flags(1 << 16);
    /// `-K` in `COMMAND`: no keys are mandatory.
    pub const NO_MANDATORY_KEYS: Flags = Flags(1 << 17);
    /// May have effects on replicas even though it only reads.
    pub const MAY_REPLICATE: Flags = Flags(1 << 18);
    /// Could endanger a production server; only its category in `COMMAND` follows from this.
    pub const DANGEROUS: Flags = Flags(1 << 19);
    /// Not repeated asynchronously on an unblocked client.
    pub const NO_ASYNC_LOADING: Flags = Flags(1 << 20);

    /// No flags.
    pub const NONE: Flags = Flags(0);

    /// Both sets together.
    pub const fn and(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    /// Whether any of these bits is set.
    pub const fn has(self, other: Flags) -> bool {
        self.0 & other.0 != 0
    }
}

/// Where a command's keys are. Positions count from the command's name, which is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// It has none.
    None,
    /// From `first` to `last` (negative: counted from the end) in steps.
    Range {
        /// The first key's position.
        first: u8,
        /// The last key's position; -1 is the last argument.
        last: i8,
        /// Every how many arguments a key follows.
        step: u8,
    },
    /// At this position stands the number of keys, and they follow it.
    Counted {
        /// The position of the number.
        at: u8,
    },
    /// A key at position 1, and more after a number at this position.
    FirstAndCounted {
        /// The position of the number.
        at: u8,
    },
    /// After this word, the first half of what is left.
    HalfAfter {
        /// `STREAMS`
        word: &'static str,
        /// Where it stands at the earliest.
        from: u8,
    },
    /// One key at 1, and another after the last time that this word stands as an option.
    FirstAndLastAfter {
        /// `STORE`
        word: &'static str,
        /// Other options, and how many arguments each takes.
        skipping: &'static [(&'static str, u8)],
    },
    /// One key at 1, and another after each of these words.
    FirstAndAfter {
        /// `STORE`, `STOREDIST`
        words: &'static [&'static str],
        /// The position from which on they count as such.
        from: u8,
    },
}

impl Keys {
    /// One key, right after the name.
    pub const FIRST: Keys = Keys::Range {
        first: 1,
        last: 1,
        step: 1,
    };
    /// Two keys, right after the name.
    pub const TWO: Keys = Keys::Range {
        first: 1,
        last: 2,
        step: 1,
    };
    /// Every argument is a key.
    pub const ALL: Keys = Keys::Range {
        first: 1,
        last: -1,
        step: 1,
    };
}

/// One command: what is known about it, and what runs it.
pub struct Command {
    /// In lower case; a subcommand is `client|setname`.
    pub name: &'static str,
    /// How many arguments it takes.
    pub arity: Arity,
    /// What it does.
    pub flags: Flags,
    /// Where its keys are.
    pub keys: Keys,
    /// The group of the command reference: `string`, `list`, `generic` …
    pub group: &'static str,
    /// The version of Redis that introduced it.
    pub since: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// The arguments, as the command reference writes them; the name not included.
    pub syntax: &'static str,
    /// The subcommands, for a container.
    pub subcommands: &'static [Command],
    pub(crate) run: Handler,
}

impl Command {
    /// Redis's signed arity: the name counts, and negative means "or more".
    pub fn signed_arity(&self) -> i64 {
        let named = if self.name.contains('|') { 2 } else { 1 };
        match self.arity {
            Arity::Exactly(count) => i64::from(count) + named,
            Arity::AtLeast(count) => -(i64::from(count) + named),
        }
    }

    /// How many words name it.
    pub(crate) fn words(&self) -> usize {
        if self.name.contains('|') { 2 } else { 1 }
    }
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Command")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Declares a part of the command table, one entry a command:
/// `"name" => handler, Arity(n), [FLAGS], KEYS, "since", "syntax", "summary";`, where a container puts
/// its subcommands in braces after the handler.
macro_rules! table {
    ($table:ident, $group:literal; $(
        $name:literal => $run:path $({$subs:expr})?, $arity:ident($count:literal), [$($flag:ident)*],
        $keys:expr, $since:literal, $syntax:literal, $summary:literal;
    )*) => {
        pub(crate) static $table: &[$crate::table::Command] = &[$(
            $crate::table::Command {
                name: $name,
                arity: $crate::table::Arity::$arity($count),
                flags: $crate::table::Flags(0 $(| $crate::table::Flags::$flag.0)*),
                keys: $keys,
                group: $group,
                since: $since,
                syntax: $syntax,
                summary: $summary,
                subcommands: $crate::table::table!(@subs $($subs)?),
                run: $run,
            },
        )*];
    };
    (@subs) => { &[] };
    (@subs $subs:expr) => { $subs };
}
pub(crate) use table;

pub(crate) const NO_KEYS: Keys = Keys::None;
pub(crate) const FIRST: Keys = Keys::FIRST;
pub(crate) const TWO: Keys = Keys::TWO;
pub(crate) const ALL: Keys = Keys::ALL;
/// Every argument but the last, which is a timeout.
pub(crate) const ALL_BUT_LAST: Keys = Keys::Range {
    first: 1,
    last: -2,
    step: 1,
};
/// Keys and values alternate.
pub(crate) const ALTERNATE: Keys = Keys::Range {
    first: 1,
    last: -1,
    step: 2,
};
/// The key of a subcommand.
pub(crate) const SECOND: Keys = Keys::Range {
    first: 2,
    last: 2,
    step: 1,
};

/// What runs when a container is called without a subcommand it knows.
pub(crate) fn needs_subcommand(_cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Err(Refusal::Syntax)
}
