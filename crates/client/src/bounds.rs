//! What a program may use. Every bound counts something of the program itself, so that a run which reaches one
//! reaches it at the same place every time.

/// How many statements a program may run. Variables with thousands of values count too: telling them at every
/// step takes time.
pub const MOST_STATEMENTS: u32 = 100_000;

/// How many instructions of the interpreter one statement may take: a comprehension over tens of thousands of
/// values passes, one over billions does not.
pub const LONGEST_STATEMENT: u32 = 20_000_000;

/// How many bytes one string, list or number may take.
pub const LARGEST_OBJECT: usize = 64 * 1024 * 1024;

/// How deep functions may call each other: Python's own bound.
pub(crate) const DEEPEST_CALL: usize = 1_000;

/// The interpreter looks in once in so many instructions.
pub(crate) const INSTRUCTIONS_A_TICK: u32 = 256;
