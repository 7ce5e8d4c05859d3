//! The shapes of points: which stands for what, how it is drawn, and what it is called.

use std::fmt::Write;

use redwind_protocol::{Record, RecordKind, Role};
use yew::prelude::*;

/// The shapes of points: told apart without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A command was executed, or a resource did something that leaves no trace.
    Dot,
    /// A command now waits on the node.
    Blocked,
    /// A key's time ran out.
    Expired,
    /// A resource took a write.
    Accepted,
    /// A resource refused.
    Refused,
    /// A resource could not do what it was asked.
    Unavailable,
    /// Two would have waited for each other.
    Deadlock,
    /// A promise broke here.
    Broken,
    /// A process began.
    Started,
    /// A process died.
    Crashed,
    /// A machine lost power.
    PowerCut,
    /// A node loaded what its disk had kept.
    Loaded,
    /// A node was told to put its data on its disk.
    Persisted,
    /// A replica repeated a command.
    Replicated,
    /// A replica caught up with its primary.
    Synced,
    /// A node said how many others have what was written.
    Confirmed,
    /// A node became a primary.
    Primary,
    /// A node follows another from here on.
    Follows,
    /// One has not heard from another for too long.
    Suspected,
    /// Enough of them find so.
    AgreedDown,
    /// It answers again.
    Returned,
    /// One asks the others for their votes.
    Stands,
    /// One of them votes.
    Voted,
    /// One was elected.
    Elected,
    /// Somebody else is the primary, or has a slot.
    Moved,
    /// A node serves its clients no more.
    StopsServing,
    /// It serves them again.
    ServesAgain,
    /// Something else was announced.
    Noticed,
    /// A machine's clock was set or changed its speed.
    Clock,
    /// A machine or the network does worse from here on.
    Slowed,
    /// A program ended.
    Finished,
    /// A program ended with an exception.
    Raised,
    /// A client gave up waiting.
    Failed,
    /// A client printed.
    Printed,
}

impl Shape {
    /// Every shape, in groups as the legend tells them.
    pub const LEGEND: [(&'static str, &'static [Self]); 5] = [
        (
            "Commands and calls",
            &[
                Self::Dot,
                Self::Blocked,
                Self::Expired,
                Self::Accepted,
                Self::Refused,
                Self::Unavailable,
                Self::Deadlock,
                Self::Printed,
            ],
        ),
        (
            "Processes and machines",
            &[
                Self::Started,
                Self::Finished,
                Self::Raised,
                Self::Failed,
                Self::Crashed,
                Self::PowerCut,
                Self::Clock,
                Self::Slowed,
            ],
        ),
        (
            "Copies and disks",
            &[
                Self::Replicated,
                Self::Synced,
                Self::Confirmed,
                Self::Persisted,
                Self::Loaded,
            ],
        ),
        (
            "Sentinels and clusters",
            &[
                Self::Suspected,
                Self::AgreedDown,
                Self::Returned,
                Self::Stands,
                Self::Voted,
                Self::Elected,
                Self::Primary,
                Self::Follows,
                Self::Moved,
                Self::StopsServing,
                Self::ServesAgain,
                Self::Noticed,
            ],
        ),
        ("Promises", &[Self::Broken]),
    ];

    /// What stands for a record; nothing for what is drawn otherwise or not at all.
    #[must_use]
    pub fn of(record: &Record) -> Option<Self> {
        Some(match record.kind {
            RecordKind::Executed | RecordKind::Unblocked => Self::Dot,
            RecordKind::Blocked => Self::Blocked,
            RecordKind::Expired => Self::Expired,
            RecordKind::Performed => match &record.effect {
                Some(effect) if effect.accepted => Self::Accepted,
                Some(_) => Self::Refused,
                None => Self::Dot,
            },
            RecordKind::Refused => Self::Refused,
            RecordKind::Unavailable => Self::Unavailable,
            RecordKind::Deadlock => Self::Deadlock,
            RecordKind::Started => Self::Started,
            RecordKind::Crashed => Self::Crashed,
            RecordKind::PowerCut => Self::PowerCut,
            RecordKind::Loaded => Self::Loaded,
            RecordKind::Persisted => Self::Persisted,
            RecordKind::Replicated => Self::Replicated,
            RecordKind::Synced => Self::Synced,
            RecordKind::Confirmed => Self::Confirmed,
            RecordKind::Role => match record.role {
                Some(Role::Replica(_)) => Self::Follows,
                _ => Self::Primary,
            },
            RecordKind::Suspected => Self::Suspected,
            RecordKind::AgreedDown => Self::AgreedDown,
            RecordKind::Returned => Self::Returned,
            RecordKind::Stands => Self::Stands,
            RecordKind::Voted => Self::Voted,
            RecordKind::Elected => Self::Elected,
            RecordKind::Moved => Self::Moved,
            RecordKind::StopsServing => Self::StopsServing,
            RecordKind::ServesAgain => Self::ServesAgain,
            RecordKind::Noticed => Self::Noticed,
            RecordKind::Clock => Self::Clock,
            RecordKind::Slowed => Self::Slowed,
            RecordKind::Finished => Self::Finished,
            RecordKind::Raised => Self::Raised,
            RecordKind::Failed => Self::Failed,
            RecordKind::Printed => Self::Printed,
            RecordKind::Line
            | RecordKind::Sent
            | RecordKind::Received
            | RecordKind::Lost
            | RecordKind::Delayed
            | RecordKind::Slept
            | RecordKind::Woke
            | RecordKind::Believes
            | RecordKind::Paused
            | RecordKind::Resumed
            | RecordKind::Partitioned
            | RecordKind::Healed
            | RecordKind::Mended => return None,
        })
    }

    /// What it means, in a few words.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Dot => "executed",
            Self::Blocked => "waits on the node",
            Self::Expired => "a key expires",
            Self::Accepted => "written",
            Self::Refused => "refused",
            Self::Unavailable => "the resource fails",
            Self::Deadlock => "a deadlock is broken",
            Self::Broken => "a promise breaks",
            Self::Started => "starts",
            Self::Crashed => "the process dies",
            Self::PowerCut => "the power fails",
            Self::Loaded => "loads what its disk kept",
            Self::Persisted => "data brought to the disk",
            Self::Replicated => "repeats its primary",
            Self::Synced => "caught up with its primary",
            Self::Confirmed => "copies confirmed (WAIT)",
            Self::Primary => "becomes primary",
            Self::Follows => "becomes a replica",
            Self::Suspected => "suspects another to be down",
            Self::AgreedDown => "agreed: it is down",
            Self::Returned => "not down after all",
            Self::Stands => "asks for votes",
            Self::Voted => "votes",
            Self::Elected => "elected",
            Self::Moved => "primary or slots are elsewhere",
            Self::StopsServing => "serves no clients",
            Self::ServesAgain => "serves clients again",
            Self::Noticed => "another announcement",
            Self::Clock => "clock set, or wrong",
            Self::Slowed => "does worse from here on",
            Self::Finished => "the program ends",
            Self::Raised => "ends with an exception",
            Self::Failed => "gives up waiting",
            Self::Printed => "prints",
        }
    }

    /// The name of its style.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Dot => "dot",
            Self::Blocked => "blocked",
            Self::Expired => "expired",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Deadlock => "deadlock",
            Self::Broken => "broken",
            Self::Started => "started",
            Self::Crashed => "crashed",
            Self::PowerCut => "power-cut",
            Self::Loaded => "loaded",
            Self::Persisted => "persisted",
            Self::Replicated => "replicated",
            Self::Synced => "synced",
            Self::Confirmed => "confirmed",
            Self::Primary => "primary",
            Self::Follows => "follows",
            Self::Suspected => "suspected",
            Self::AgreedDown => "agreed-down",
            Self::Returned => "returned",
            Self::Stands => "stands",
            Self::Voted => "voted",
            Self::Elected => "elected",
            Self::Moved => "moved",
            Self::StopsServing => "stops",
            Self::ServesAgain => "serves",
            Self::Noticed => "noticed",
            Self::Clock => "clock",
            Self::Slowed => "slowed",
            Self::Finished => "finished",
            Self::Raised => "raised",
            Self::Failed => "failed",
            Self::Printed => "printed",
        }
    }

    /// Whether it is about its lane alone, whoever caused it.
    #[must_use]
    pub fn is_of_its_lane(self) -> bool {
        matches!(
            self,
            Self::Dot
                | Self::Blocked
                | Self::Accepted
                | Self::Refused
                | Self::Unavailable
                | Self::Deadlock
                | Self::Persisted
                | Self::Confirmed
        ) || self.is_news()
    }

    /// Whether nodes or sentinels came to it among themselves.
    #[must_use]
    pub fn is_news(self) -> bool {
        matches!(
            self,
            Self::Primary
                | Self::Follows
                | Self::Suspected
                | Self::AgreedDown
                | Self::Returned
                | Self::Stands
                | Self::Voted
                | Self::Elected
                | Self::Moved
                | Self::StopsServing
                | Self::ServesAgain
                | Self::Noticed
        )
    }

    /// Whether its few words are worth room in the diagram: 2, more than messages; 1, where there is some.
    #[must_use]
    pub fn weight(self) -> u8 {
        match self {
            Self::AgreedDown
            | Self::Elected
            | Self::Primary
            | Self::StopsServing
            | Self::Loaded => 2,
            Self::Moved
            | Self::Deadlock
            | Self::Suspected
            | Self::Stands
            | Self::Voted
            | Self::Confirmed
            | Self::Persisted
            | Self::Synced
            | Self::Slowed
            | Self::Clock
            | Self::ServesAgain => 1,
            _ => 0,
        }
    }

    /// Adds it at a place to path data.
    pub(super) fn outline(self, d: &mut String, at: (f64, f64)) {
        match self {
            Self::Dot => circle(d, at, 3.8),
            Self::Blocked => circle(d, at, 4.2),
            Self::Expired => add(d, at, "m-4.5 -5.5h9l-9 11h9Z"),
            Self::Accepted => square(d, at, 4.6),
            Self::Refused => {
                circle(d, at, 6.5);
                add(d, at, "m-4.6 4.6l9.2 -9.2");
            }
            Self::Unavailable => {
                square(d, at, 5.2);
                cross(d, at, 2.4);
            }
            // Two links of a chain, each in the other.
            Self::Deadlock => {
                circle(d, (at.0 - 2.8, at.1), 4.4);
                circle(d, (at.0 + 2.8, at.1), 4.4);
            }
            Self::Broken => circle(d, at, 8.5),
            Self::Started => add(d, at, "m-3 -5l8 5l-8 5Z"),
            Self::Crashed => cross(d, at, 6.0),
            Self::PowerCut => add(d, at, "m1 -7l-6 8h4l-2 6l7 -9h-4l2 -5Z"),
            Self::Loaded => square(d, at, 4.0),
            Self::Persisted => {
                add(d, at, "m-5 -3.6a5 2.2 0 0 1 10 0v7.2a5 2.2 0 0 1 -10 0Z");
                add(d, at, "m-5 -3.6a5 2.2 0 0 0 10 0");
            }
            Self::Replicated => circle(d, at, 3.0),
            Self::Synced => {
                circle(d, at, 6.0);
                circle(d, at, 3.0);
            }
            Self::Confirmed => add(d, at, "m-7 .4l3.4 3.6l5.6 -7.6m-1.8 7.4l.6 .6l5.8 -7.8"),
            Self::Primary => add(d, at, "m-6.5 5v-9l3.5 4l3 -5l3 5l3.5 -4v9Z"),
            Self::Follows => {
                circle(d, at, 5.8);
                add(d, at, "m-2.8 -1.2l2.8 3l2.8 -3");
            }
            Self::Suspected | Self::AgreedDown => add(d, at, "m-6 4.6l6 -10.4l6 10.4Z"),
            Self::Returned => add(d, at, "m-6 -4.6l6 10.4l6 -10.4Z"),
            Self::Stands => {
                circle(d, at, 5.8);
                add(d, at, "m-2.8 1.2l2.8 -3l2.8 3");
            }
            Self::Voted => {
                circle(d, at, 5.8);
                add(d, at, "m-2.8 .2l2 2.2l3.4 -4.4");
            }
            Self::Elected => add(
                d,
                at,
                "m0 -7l2 4.6l5 .4l-3.8 3.3l1.2 4.9l-4.4 -2.6l-4.4 2.6l1.2 -4.9l-3.8 -3.3l5 -.4Z",
            ),
            // The hole is cut out by the rule for filling.
            Self::Moved => add(d, at, "m-5.4 -5.4h10.8v10.8h-10.8Zm1.8 1.8v7.2h3.4v-7.2Z"),
            Self::StopsServing => {
                circle(d, at, 6.4);
                add(d, at, "m-4 -1.5h8v3h-8Z");
            }
            Self::ServesAgain => add(d, at, "m-3.4 -5.4l8.6 5.4l-8.6 5.4Z"),
            Self::Noticed => circle(d, at, 3.2),
            Self::Clock => {
                circle(d, at, 6.0);
                add(d, at, "m0 -4v4h3");
            }
            Self::Slowed => add(
                d,
                at,
                "m-7 1.6c1.6 -4.6 3 -4.6 4.7 -1.6s3 3 4.6 0s3 -3 4.7 -1.6",
            ),
            Self::Finished => add(d, at, "m-1.5 -6h3v12h-3Z"),
            Self::Raised => add(d, at, "m-6 0l6 -6l6 6l-6 6Z"),
            Self::Failed => cross(d, at, 4.0),
            Self::Printed => square(d, at, 3.0),
        }
    }

    /// It alone, as in a legend.
    pub fn drawn(self) -> Html {
        let (mut d, at) = (String::new(), (10.0, 10.0));
        self.outline(&mut d, at);
        let mut inner = String::new();
        if self == Self::Broken {
            cross(&mut inner, at, 3.4);
        }
        html! {
            <svg class="sample cn" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
                <path class={format!("mark {}", self.class())} {d} />
                if !inner.is_empty() { <path class="mark broken-cross" d={inner} /> }
            </svg>
        }
    }
}

/// Path data that begins relative to a place: `M10 10` and then `m-3 -5l…`.
fn add(d: &mut String, (x, y): (f64, f64), path: &str) {
    let _ = write!(d, "M{x:.1} {y:.1}{path}");
}

pub(super) fn circle(d: &mut String, (x, y): (f64, f64), r: f64) {
    let _ = write!(
        d,
        "M{:.1} {y:.1}a{r} {r} 0 1 0 {} 0a{r} {r} 0 1 0 -{} 0Z",
        x - r,
        2.0 * r,
        2.0 * r
    );
}

fn square(d: &mut String, (x, y): (f64, f64), r: f64) {
    let _ = write!(
        d,
        "M{:.1} {:.1}h{}v{}h-{}Z",
        x - r,
        y - r,
        2.0 * r,
        2.0 * r,
        2.0 * r
    );
}

pub(super) fn cross(d: &mut String, (x, y): (f64, f64), r: f64) {
    let _ = write!(
        d,
        "M{:.1} {:.1}l{} {}m0 -{}l-{} {}",
        x - r,
        y - r,
        2.0 * r,
        2.0 * r,
        2.0 * r,
        2.0 * r,
        2.0 * r
    );
}
