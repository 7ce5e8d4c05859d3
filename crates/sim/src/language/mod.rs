//! The fault language: interventions and positions as people write them, and read back in the same form.
//!
//! | intervention | what it does |
//! | --- | --- |
//! | `pause worker-a at 31ms for 15s` | a client's or node's process stops, the world goes on |
//! | `crash worker-a at 2s, restart after 3s` | its process dies (`kill` is the same word); without the second half it stays down, unless the scenario restarts it |
//! | `restart worker-a at 5s` | it is started again: a client from its first line, a node from its disk |
//! | `restart redis at 5s with an empty disk` | a node is started on another disk: what the old one had kept is gone |
//! | `cut-power redis at 2s, restart after 1s` | a node's machine loses power, and what it had not forced to its disk |
//! | `jump-clock redis by +10s at 2s` | a machine's wall clock is set forward, or (`-10s`) back |
//! | `drift redis by 500ppm at 1s` | a machine's clocks run too fast, or (`-500ppm`) too slow |
//! | `partition {worker-a, n1} from {n2, n3} at 2s for 5s` | the network between two groups is cut; without `for`, for good |
//! | `partition n1 towards n2 at 2s` | the same, in one direction only |
//! | `slow-disk n1 by 300ms at 2s for 5s` | each time data is forced to a node's disk it takes so long |
//! | `slow-cpu n1 by 100x at 2s for 5s` | a command, or a client's statement, takes so many times ten microseconds |
//! | `lose 20% between worker-a and {n1, n2} at 2s for 5s` | packets get lost and are sent again: messages come late |
//! | `slow-link from n1 towards n2 by 200ms at 2s for 5s` | messages take so much longer; also `between … and …` |
//! | `reset between worker-a and n1 at 2s` | their connections break at once, on both ends |
//! | `failover n2 at 5s` | a replica is made the primary, the others follow it |
//! | `move-slot 866 to n2 at 3s for 500ms` | a hash slot of a cluster moves; its keys stay behind for so long |
//! | `drop worker-a's 2nd SET` | a request never arrives; `drop the reply to …`: its reply |
//! | `fail worker-a's 1st db.update` | a resource does nothing, and says that it could not |
//! | `delay worker-a's 1st storage.write by 5s` | a request arrives later; `delay the reply to …`: its reply |
//! | `type redis at 11.2s: DEL lock:report` | a person types a command on a node |
//!
//! Every `at` may be any position:
//!
//! | position | the moment |
//! | --- | --- |
//! | `at 31ms` | after everything at that instant |
//! | `at the start`, `at the end` | the first record; the last one (which no fault can be at) |
//! | `at line 12 of worker-a, 3rd time` | the client is about to run that line |
//! | `before worker-a's 2nd SET` | the client is about to send it |
//! | `after worker-a's 2nd SET` | the client has its reply, or has given up |
//! | `when lock:report expires, 2nd time` | the key's time has come on its node |
//! | `when worker-a pauses` | also: starts, resumes, crashes, restarts, ends, wakes; nodes too |
//! | `when n2 becomes primary` | also: becomes replica; in a cluster: stops serving, serves again, votes, is declared failed |
//! | `when worker-b believes it holds lock:report` | or `stops believing it holds` |
//! | `when worker-a prints "done"` | a printed line has this text in it |
//! | `when worker-a's 2nd storage.write is refused` | also: `is accepted`, `is executed`, `is lost`, `fails` |
//! | `when worker-b's 1st SET answers nil` | the client receives this reply: `OK`, `1`, a text, an error's code |
//!
//! A call is a command (`SET`, whatever its case), a resource's method (`storage.write`), or any (`worker-a's 3rd
//! call`). Times are written `250us`, `31ms`, `1.5s`, `2m`; ordinals as `2nd`, `2` or `second`.
//!
//! ```
//! use redwind_sim::{Intervention, Position};
//!
//! let pause: Intervention = "pause worker-a for 15s after worker-a's second set".parse()?;
//! assert_eq!(pause.to_string(), "pause worker-a after worker-a's 2nd SET for 15s");
//!
//! let wrong = "at noon".parse::<Position>().unwrap_err();
//! assert_eq!(wrong.to_string(), "expected a time such as 31ms, 1.5s or 2m after \"at\", found \"noon\"");
//! # Ok::<(), redwind_sim::Mistake>(())
//! ```

mod check;
mod disturb;
mod parse;
mod print;
pub mod vocabulary;
mod words;

use thiserror::Error;

pub use disturb::ppm;
pub(crate) use print::{ordinal, percent};

/// What is wrong with something written in the fault language.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Mistake(pub(crate) String);
