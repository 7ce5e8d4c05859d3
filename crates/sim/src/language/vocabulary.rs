//! The whole language by example, for help texts: one line for each thing that can be done, and for each kind of moment.

/// What can be done to a run: how it is written, and what it does. A test reads each and prints it again, so that none goes stale.
pub const INTERVENTIONS: &[(&str, &str)] = &[
    (
        "pause worker-a at 31ms for 15s",
        "its process stops, the world goes on",
    ),
    (
        "crash worker-a at 2s, restart after 3s",
        "its memory and connections are gone; without the second half it stays down",
    ),
    (
        "restart worker-a at 5s",
        "a client from its first line, a node from its disk",
    ),
    (
        "restart redis at 5s with an empty disk",
        "what the old disk had kept is gone",
    ),
    (
        "cut-power redis at 2s, restart after 1s",
        "and what was not forced to the disk is gone too",
    ),
    (
        "jump-clock redis by +10s at 2s",
        "its wall clock is set forward, or (-10s) back",
    ),
    (
        "drift redis by 500ppm at 1s",
        "its clocks run too fast, or (-500ppm) too slow",
    ),
    (
        "partition {worker-a, n1} from {n2, n3} at 2s for 5s",
        "nothing gets through; without `for`, for good",
    ),
    (
        "partition n1 towards n2 at 2s",
        "the same, in one direction only",
    ),
    (
        "slow-disk n1 by 300ms at 2s for 5s",
        "each fsync takes so long",
    ),
    (
        "slow-cpu n1 by 100x at 2s for 5s",
        "each command or statement takes so many times longer",
    ),
    (
        "slow-link between worker-a and n1 by 200ms at 2s for 5s",
        "messages take so much longer; also `from … towards …`",
    ),
    (
        "lose 20% between worker-a and {n1, n2} at 2s for 5s",
        "packets get lost and are sent again: messages come late",
    ),
    (
        "reset between worker-a and n1 at 2s",
        "their connections break at once, on both ends",
    ),
    (
        "failover n2 at 5s",
        "a replica is made the primary, the others follow it",
    ),
    (
        "move-slot 866 to n2 at 3s for 500ms",
        "a slot of a cluster moves; its keys stay behind for so long",
    ),
    ("drop worker-a's 2nd SET", "the request never arrives"),
    (
        "drop the reply to worker-a's 2nd SET",
        "the command is executed, nobody learns of it",
    ),
    (
        "delay worker-a's 1st storage.write by 5s",
        "it arrives later; also `delay the reply to …`",
    ),
    (
        "fail worker-a's 1st db.update",
        "the resource does nothing, and says that it could not",
    ),
    (
        "type redis at 11.2s: DEL lock:report",
        "a person types a command on a node",
    ),
];

/// The moments at which it can be done.
pub const MOMENTS: &[(&str, &str)] = &[
    ("at 31ms", "after everything at that instant"),
    ("at the start", "the first record; also `at the end`"),
    (
        "at line 12 of worker-a, 3rd time",
        "it is about to run that line",
    ),
    ("before worker-a's 2nd SET", "it is about to send it"),
    (
        "after worker-a's 2nd SET",
        "it has the reply, or has given up",
    ),
    ("when lock:report expires", "the key's time has come"),
    (
        "when worker-a pauses",
        "also: starts, resumes, crashes, restarts, ends, wakes",
    ),
    (
        "when n2 becomes primary",
        "also: becomes replica, stops serving, serves again, votes, is declared failed",
    ),
    (
        "when worker-b believes it holds lock:report",
        "or: stops believing it holds",
    ),
    (
        "when worker-a prints \"done\"",
        "a printed line has this text in it",
    ),
    (
        "when worker-a's 2nd storage.write is refused",
        "also: is accepted, is executed, is lost, fails",
    ),
    (
        "when worker-b's 1st SET answers nil",
        "also: OK, 1, a text, an error's code",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fault, Intervention, Position};

    /// A number for each thing that the language can say; a new one does not compile before it has a number here.
    fn number(intervention: &Intervention) -> usize {
        match intervention {
            Intervention::Drop { .. } => 0,
            Intervention::Delay { .. } => 1,
            Intervention::Fail { .. } => 2,
            Intervention::Type { .. } => 3,
            Intervention::Fault { fault, .. } => match fault {
                Fault::Pause { .. } => 4,
                Fault::Crash { .. } => 5,
                Fault::Restart { .. } => 6,
                Fault::PowerCut { .. } => 7,
                Fault::JumpClock { .. } => 8,
                Fault::Drift { .. } => 9,
                Fault::Partition { .. } => 10,
                Fault::SlowDisk { .. } => 11,
                Fault::SlowCpu { .. } => 12,
                Fault::Lose { .. } => 13,
                Fault::SlowLink { .. } => 14,
                Fault::Reset { .. } => 15,
                Fault::Failover { .. } => 16,
                Fault::MoveSlot { .. } => 17,
            },
        }
    }

    #[test]
    fn every_example_is_read_and_printed_as_it_is_written_and_none_is_missing() {
        let mut told = [false; 18];
        for (example, _) in INTERVENTIONS {
            let read: Intervention = example
                .parse()
                .unwrap_or_else(|wrong| panic!("{example}: {wrong}"));
            assert_eq!(read.to_string(), *example);
            told[number(&read)] = true;
        }
        assert_eq!(told, [true; 18], "each intervention has an example");
        for (example, _) in MOMENTS {
            let read: Position = example
                .parse()
                .unwrap_or_else(|wrong| panic!("{example}: {wrong}"));
            assert_eq!(read.to_string(), *example);
        }
    }
}
