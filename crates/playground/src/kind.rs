//! Which sort of thing a record is, for the page: what decides the shape that is drawn.

use bytes::Bytes;
use redwind_protocol::RecordKind;
use redwind_sim::{ClusterNews, Event, Exit, Finding, Message, RolledBackBecause, TransactionNews};

/// The sort of what happened.
pub(crate) fn kind(event: &Event) -> RecordKind {
    match event {
        Event::Started { .. } => RecordKind::Started,
        Event::Line { .. } => RecordKind::Line,
        Event::Sent { .. } => RecordKind::Sent,
        Event::Executed { reply: None, .. } => RecordKind::Blocked,
        Event::Executed { argv, .. } => command(argv).unwrap_or(RecordKind::Executed),
        Event::Unblocked { argv, .. } => command(argv).unwrap_or(RecordKind::Unblocked),
        Event::Expired { .. } => RecordKind::Expired,
        Event::Performed {
            outcome: Message::Refused { kind, .. },
            ..
        } => match kind.as_str() {
            "DeadlockDetected" => RecordKind::Deadlock,
            // What the simulator's resources raise when a fault befalls them.
            "Unavailable" | "OperationalError" => RecordKind::Unavailable,
            _ => RecordKind::Refused,
        },
        Event::Performed { .. } => RecordKind::Performed,
        Event::Transaction { news, .. } => match news {
            TransactionNews::Waits { .. } => RecordKind::Blocked,
            TransactionNews::RolledBack {
                because: RolledBackBecause::Deadlock,
                ..
            } => RecordKind::Deadlock,
            TransactionNews::RolledBack { .. } => RecordKind::Refused,
        },
        Event::Received { .. } | Event::Heard { .. } => RecordKind::Received,
        Event::Failed { .. } | Event::CutOff { .. } => RecordKind::Failed,
        Event::Lost { .. } => RecordKind::Lost,
        Event::Delayed { .. } => RecordKind::Delayed,
        Event::Slept { .. } | Event::Listens { .. } | Event::Parked { .. } => RecordKind::Slept,
        // A thread that comes or goes leaves the process as it is: awake.
        Event::Woke | Event::ThreadStarted { .. } | Event::ThreadEnded => RecordKind::Woke,
        Event::Printed { .. } => RecordKind::Printed,
        Event::Believes { .. } => RecordKind::Believes,
        Event::Paused { .. } => RecordKind::Paused,
        Event::Resumed => RecordKind::Resumed,
        Event::Crashed => RecordKind::Crashed,
        Event::PowerCut => RecordKind::PowerCut,
        Event::Loaded { .. } => RecordKind::Loaded,
        Event::Replicated { .. } => RecordKind::Replicated,
        Event::Synced { .. } => RecordKind::Synced,
        Event::ClockJumped { .. } | Event::ClockDrifts { .. } => RecordKind::Clock,
        Event::Role { .. } => RecordKind::Role,
        Event::Cluster { news, .. } => of_the_cluster(news),
        Event::Sentinel(notice) => of_a_sentinel(&notice.finding),
        Event::Partitioned { .. } => RecordKind::Partitioned,
        Event::Healed { .. } => RecordKind::Healed,
        Event::Disturbed { .. } => RecordKind::Slowed,
        Event::Mended { .. } => RecordKind::Mended,
        Event::Exited(Exit::Finished) => RecordKind::Finished,
        Event::Exited(_) => RecordKind::Raised,
    }
}

/// Commands that are not about data, but about where it is safe.
fn command(argv: &[Bytes]) -> Option<RecordKind> {
    let name = argv.first()?.to_ascii_uppercase();
    match &name[..] {
        b"WAIT" | b"WAITAOF" => Some(RecordKind::Confirmed),
        b"SAVE" | b"BGSAVE" | b"BGREWRITEAOF" => Some(RecordKind::Persisted),
        _ => None,
    }
}

fn of_the_cluster(news: &ClusterNews) -> RecordKind {
    match news {
        ClusterNews::Suspects { .. } => RecordKind::Suspected,
        ClusterNews::Fails { .. } => RecordKind::AgreedDown,
        ClusterNews::Reaches { .. } => RecordKind::Returned,
        ClusterNews::Stands { .. } => RecordKind::Stands,
        ClusterNews::Votes { .. } => RecordKind::Voted,
        ClusterNews::Wins { .. } => RecordKind::Elected,
        ClusterNews::Learns { .. } | ClusterNews::Takes { .. } | ClusterNews::Drops => {
            RecordKind::Moved
        }
        ClusterNews::Stops { .. } => RecordKind::StopsServing,
        ClusterNews::Serves => RecordKind::ServesAgain,
        ClusterNews::Waits { .. } | ClusterNews::HandsOver { .. } => RecordKind::Noticed,
    }
}

fn of_a_sentinel(finding: &Finding) -> RecordKind {
    match finding {
        Finding::Down(_) => RecordKind::Suspected,
        Finding::AgreedDown { .. } => RecordKind::AgreedDown,
        Finding::Up(_) | Finding::NotAgreed => RecordKind::Returned,
        Finding::Tries(_) => RecordKind::Stands,
        Finding::Votes(..) => RecordKind::Voted,
        Finding::Elected(_) => RecordKind::Elected,
        Finding::Switches { .. } | Finding::Update(_) => RecordKind::Moved,
        _ => RecordKind::Noticed,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use redwind_sim::{PacketId, Phase, Place, ResourceCall};

    use super::*;

    fn refused(exception: &str) -> RecordKind {
        let call = ResourceCall {
            resource: "db".to_owned(),
            method: "update".to_owned(),
            args: Vec::new(),
            named: Vec::new(),
            believing: Vec::new(),
        };
        kind(&Event::Performed {
            packet: PacketId(1),
            by: Place::Client(0),
            call: Arc::new(call),
            outcome: Message::Refused {
                kind: exception.to_owned(),
                message: "no".to_owned(),
            },
            effect: None,
            phase: Phase::Alone,
        })
    }

    #[test]
    fn only_a_call_that_a_fault_befell_is_drawn_as_a_failing_resource() {
        for (exception, drawn) in [
            ("OperationalError", RecordKind::Unavailable),
            ("Unavailable", RecordKind::Unavailable),
            ("DeadlockDetected", RecordKind::Deadlock),
            ("LockNotAvailable", RecordKind::Refused),
            ("ProgrammingError", RecordKind::Refused),
            ("IntegrityError", RecordKind::Refused),
            ("StaleToken", RecordKind::Refused),
        ] {
            assert_eq!(refused(exception), drawn, "{exception}");
        }
        let rolled_back = |because| {
            kind(&Event::Transaction {
                by: Place::Client(0),
                news: TransactionNews::RolledBack { writes: 1, because },
            })
        };
        assert_eq!(
            rolled_back(RolledBackBecause::Deadlock),
            RecordKind::Deadlock
        );
        assert_eq!(rolled_back(RolledBackBecause::Left), RecordKind::Refused);
    }
}
