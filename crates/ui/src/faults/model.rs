//! A fault being filled in.

use redwind_protocol::LaneKind;

use crate::story::{Flight, Story};
use crate::time;

/// What can be done to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// A process stands still for a time.
    Pause,
    /// A process dies.
    Crash,
    /// A dead process is started again.
    Restart,
    /// A message is lost.
    Drop,
    /// A message is held up.
    Delay,
}

impl Verb {
    /// All of them in the order they are offered.
    pub const ALL: [Self; 5] = [
        Self::Pause,
        Self::Crash,
        Self::Restart,
        Self::Drop,
        Self::Delay,
    ];

    /// Its word, which is also its icon's name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Crash => "crash",
            Self::Restart => "restart",
            Self::Drop => "drop",
            Self::Delay => "delay",
        }
    }

    /// What it does, in one sentence.
    #[must_use]
    pub fn explained(self) -> &'static str {
        match self {
            Self::Pause => {
                "The process stands still, as in a long garbage collection. The world goes on without it."
            }
            Self::Crash => "The process dies and forgets everything. Its connections break.",
            Self::Restart => "A dead process starts again from its first line.",
            Self::Drop => "The message never arrives. Its sender waits until it gives up.",
            Self::Delay => "The message arrives later than it would have.",
        }
    }

    /// Whether it is done to a message rather than to a process.
    #[must_use]
    pub fn of_message(self) -> bool {
        matches!(self, Self::Drop | Self::Delay)
    }
}

/// A fault being filled in; the texts are as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What to do.
    pub verb: Verb,
    /// To which client.
    pub client: String,
    /// When.
    pub at: String,
    /// For how long, or by how much.
    pub lasts: String,
    /// After how long a crashed process starts again; empty: not.
    pub restart_after: String,
    /// To which message: an index into [`Story::flights`].
    pub flight: Option<u32>,
}

impl Draft {
    /// A draft with what is most likely wanted at a moment.
    #[must_use]
    pub fn new(story: &Story, verb: Verb, lane: u16, at: u64, position: u32) -> Self {
        let is_client = story
            .lane(lane)
            .is_some_and(|lane| lane.kind == LaneKind::Client);
        let lane = if is_client {
            lane
        } else {
            story.first_client()
        };
        let ahead = messages(story, position).first().copied();
        Self {
            verb,
            client: story.name(lane).to_owned(),
            at: time::span(at),
            lasts: if verb == Verb::Delay { "5s" } else { "15s" }.to_owned(),
            restart_after: "3s".to_owned(),
            flight: ahead,
        }
    }

    /// The fault in the fault language.
    ///
    /// # Errors
    /// Which field is wrong, and what it wants.
    pub fn intervention(&self, story: &Story) -> Result<String, String> {
        let length = |field: &str, text: &str| {
            let micros = time::read_span(text).filter(|micros| *micros > 0);
            micros
                .map(time::span)
                .ok_or_else(|| format!("{field}: write a length of time such as 15s, 200ms or 2m."))
        };
        let at = || {
            let micros = time::read_span(&self.at);
            micros
                .map(time::span)
                .ok_or_else(|| "When: write a moment such as 31ms or 2.5s.".to_owned())
        };
        let call = || {
            let flight = self
                .flight
                .and_then(|index| story.flights.get(index as usize));
            let flight = flight.filter(|flight| !flight.call.is_empty());
            let flight = flight.ok_or_else(|| {
                "Message: choose one; there is none ahead of this moment.".to_owned()
            })?;
            Ok::<_, String>(leg(flight))
        };
        let client = &self.client;
        Ok(match self.verb {
            Verb::Pause => format!(
                "pause {client} at {} for {}",
                at()?,
                length("For", &self.lasts)?
            ),
            Verb::Crash if self.restart_after.trim().is_empty() => {
                format!("crash {client} at {}", at()?)
            }
            Verb::Crash => {
                format!(
                    "crash {client} at {}, restart after {}",
                    at()?,
                    length("Restart after", &self.restart_after)?
                )
            }
            Verb::Restart => format!("restart {client} at {}", at()?),
            Verb::Drop => format!("drop {}", call()?),
            Verb::Delay => format!("delay {} by {}", call()?, length("By", &self.lasts)?),
        })
    }
}

/// A message as the fault language names it.
#[must_use]
pub fn leg(flight: &Flight) -> String {
    if flight.reply {
        format!("the reply to {}", flight.call)
    } else {
        flight.call.clone()
    }
}

/// The messages that a fault at `position` can still concern: those under way, then those to come.
#[must_use]
pub fn messages(story: &Story, position: u32) -> Vec<u32> {
    let clients = |flight: &Flight| {
        story
            .lane(flight.client)
            .is_some_and(|lane| lane.kind == LaneKind::Client)
            && !flight.call.is_empty()
    };
    (0_u32..)
        .zip(&story.flights)
        .filter(|(_, flight)| clients(flight) && flight.ends().is_none_or(|end| end > position))
        .map(|(index, _)| index)
        .take(24)
        .collect()
}
