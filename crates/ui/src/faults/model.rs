//! A fault being filled in.

use redwind_protocol::LaneKind;

use crate::story::{Flight, Story};
use crate::time;

/// What can be done to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// A process stands still for a time.
    Pause,
    /// A process dies, or its machine loses power.
    Crash,
    /// A dead process is started again.
    Restart,
    /// The network is cut in two.
    Partition,
    /// A machine's clock is set, or runs wrong.
    Clock,
    /// A processor or a disk is slow.
    Slow,
    /// A replica becomes the primary.
    Failover,
    /// A message is lost.
    Drop,
    /// A message is held up.
    Delay,
    /// Anything, written in the fault language.
    Write,
}

impl Verb {
    /// All of them in the order they are offered.
    pub const ALL: [Self; 10] = [
        Self::Pause,
        Self::Crash,
        Self::Restart,
        Self::Partition,
        Self::Clock,
        Self::Slow,
        Self::Failover,
        Self::Drop,
        Self::Delay,
        Self::Write,
    ];

    /// Its word, which is also its icon's name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Crash => "crash",
            Self::Restart => "restart",
            Self::Partition => "partition",
            Self::Clock => "clock",
            Self::Slow => "slow",
            Self::Failover => "failover",
            Self::Drop => "drop",
            Self::Delay => "delay",
            Self::Write => "write",
        }
    }

    /// What it does, in one sentence.
    #[must_use]
    pub fn explained(self) -> &'static str {
        match self {
            Self::Pause => {
                "The process stands still, as in a long garbage collection. The world goes on without it."
            }
            Self::Crash => {
                "The process dies and forgets everything. Its connections break. A node keeps what is on its disk."
            }
            Self::Restart => {
                "A dead process starts again: a client from its first line, a node from its disk."
            }
            Self::Partition => {
                "Nothing gets through between the two sides. Senders wait until they give up."
            }
            Self::Clock => {
                "Write +10s or -500ms and the machine's clock is set; write 500ppm and it runs too fast."
            }
            Self::Slow => {
                "Write 100x and everything takes the machine longer; write 300ms and a node's disk takes so long for each fsync."
            }
            Self::Failover => "A replica becomes the primary; the other nodes follow it.",
            Self::Drop => "The message never arrives. Its sender waits until it gives up.",
            Self::Delay => "The message arrives later than it would have.",
            Self::Write => {
                "In words: lose 20% between a and b at 2s for 5s; reset between a and b at 2s; pause a after a's 2nd SET for 15s."
            }
        }
    }

    /// Whether it is done to a message rather than to a process.
    #[must_use]
    pub fn of_message(self) -> bool {
        matches!(self, Self::Drop | Self::Delay)
    }

    /// Whether it can be done to a lane at all.
    #[must_use]
    pub fn fits(self, story: &Story, lane: u16) -> bool {
        let Some(found) = story.lane(lane) else {
            return false;
        };
        match self {
            Self::Failover => story.replicates() && found.kind == LaneKind::Node,
            Self::Pause | Self::Crash | Self::Restart | Self::Clock | Self::Slow => {
                matches!(
                    found.kind,
                    LaneKind::Client | LaneKind::Node | LaneKind::Sentinel
                )
            }
            Self::Partition => found.kind != LaneKind::Terminal,
            Self::Drop | Self::Delay | Self::Write => false,
        }
    }

    /// Whether there is anything in this run that it can be done to.
    #[must_use]
    pub fn offered(self, story: &Story) -> bool {
        self.of_message() || self == Self::Write || places(story, self).next().is_some()
    }
}

/// The lanes that something can be done to.
pub fn places(story: &Story, verb: Verb) -> impl Iterator<Item = u16> {
    let lanes = u16::try_from(story.trace.lanes.len()).unwrap_or(u16::MAX);
    (0..lanes).filter(move |lane| verb.fits(story, *lane))
}

/// A fault being filled in; the texts are as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What to do.
    pub verb: Verb,
    /// To which client or node, by its lane.
    pub place: u16,
    /// Of a partition: the sides, by their lanes.
    pub sides: [Vec<u16>; 2],
    /// Of a partition: only what the first side sends is lost.
    pub one_way: bool,
    /// Of a crash: the whole machine loses power, not only the process.
    pub power: bool,
    /// Of a restart: a node gets an empty disk.
    pub empty: bool,
    /// When.
    pub at: String,
    /// Of what is slow: for how long; empty: for good.
    pub slow_for: String,
    /// For how long, or by how much.
    pub lasts: String,
    /// After how long a crashed process starts again; empty: not.
    pub restart_after: String,
    /// To which message: an index into [`Story::flights`].
    pub flight: Option<u32>,
    /// The whole fault, in the fault language.
    pub written: String,
}

impl Draft {
    /// A draft with what is most likely wanted at a moment.
    #[must_use]
    pub fn new(story: &Story, verb: Verb, lane: u16, at: u64, position: u32) -> Self {
        let follows = |lane: &u16| story.lane(*lane).is_some_and(|lane| lane.follows.is_some());
        let place = if verb == Verb::Failover {
            let replica = places(story, verb).find(follows);
            Some(lane).filter(follows).or(replica)
        } else {
            Some(lane)
        };
        let place = place
            .filter(|lane| verb.fits(story, *lane))
            .or_else(|| places(story, verb).next())
            .unwrap_or_default();
        // One client loses the first node; a node loses everything else.
        let is_client = story
            .lane(place)
            .is_some_and(|lane| lane.kind == LaneKind::Client);
        let others = places(story, Verb::Partition).filter(|other| *other != place);
        let nodes = story.lanes(LaneKind::Node).map(|(lane, _)| lane);
        let sides = if is_client {
            [vec![place], nodes.take(1).collect()]
        } else {
            [vec![place], others.collect()]
        };
        let lasts = match verb {
            Verb::Delay | Verb::Partition => "5s",
            Verb::Clock => "+10s",
            Verb::Slow => "100x",
            _ => "15s",
        };
        Self {
            verb,
            place,
            sides,
            one_way: false,
            power: false,
            empty: false,
            slow_for: "5s".to_owned(),
            at: time::span(at),
            lasts: lasts.to_owned(),
            restart_after: "3s".to_owned(),
            flight: messages(story, position).first().copied(),
            written: format!(
                "slow-cpu {} by 100x at {} for 5s",
                story.name(place),
                time::span(at)
            ),
        }
    }

    /// Puts a lane on one side of a partition (and off the other), or takes it off.
    pub fn toggle(&mut self, side: usize, lane: u16) {
        for (index, members) in self.sides.iter_mut().enumerate() {
            let there = members.contains(&lane);
            members.retain(|member| *member != lane);
            if index == side && !there {
                members.push(lane);
                members.sort_unstable();
            }
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
        let name = story.name(self.place);
        let is_node = story
            .lane(self.place)
            .is_some_and(|lane| lane.kind == LaneKind::Node);
        Ok(match self.verb {
            Verb::Pause => format!(
                "pause {name} at {} for {}",
                at()?,
                length("For", &self.lasts)?
            ),
            Verb::Crash => {
                let word = if self.power && is_node {
                    "cut-power"
                } else {
                    "crash"
                };
                if self.restart_after.trim().is_empty() {
                    format!("{word} {name} at {}", at()?)
                } else {
                    format!(
                        "{word} {name} at {}, restart after {}",
                        at()?,
                        length("Restart after", &self.restart_after)?
                    )
                }
            }
            Verb::Restart if self.empty && is_node => {
                format!("restart {name} at {} with an empty disk", at()?)
            }
            Verb::Restart => format!("restart {name} at {}", at()?),
            Verb::Partition => {
                let [one, other] = self.sides.each_ref().map(|side| group(story, side));
                let (Some(one), Some(other)) = (one, other) else {
                    return Err("Choose at least one lane for each side.".to_owned());
                };
                let word = if self.one_way { "towards" } else { "from" };
                let cut = format!("partition {one} {word} {other} at {}", at()?);
                if self.lasts.trim().is_empty() {
                    cut
                } else {
                    format!("{cut} for {}", length("For", &self.lasts)?)
                }
            }
            Verb::Clock => {
                let change = self.lasts.trim();
                let wrong =
                    || "By: write +10s or -500ms to set the clock, or 500ppm to let it run wrong.";
                if let Some(ppm) = change.strip_suffix("ppm") {
                    let ppm: i32 = ppm.trim().parse().map_err(|_| wrong())?;
                    format!("drift {name} by {ppm}ppm at {}", at()?)
                } else {
                    let sign = if change.starts_with('-') { '-' } else { '+' };
                    let by = time::read_span(change.trim_start_matches(['+', '-']))
                        .filter(|micros| *micros > 0)
                        .ok_or_else(wrong)?;
                    format!("jump-clock {name} by {sign}{} at {}", time::span(by), at()?)
                }
            }
            Verb::Slow => {
                let by = self.lasts.trim();
                let times = by
                    .strip_suffix('x')
                    .and_then(|x| x.trim().parse::<u32>().ok());
                let slow = match (times.filter(|times| *times > 0), is_node) {
                    (Some(times), _) => format!("slow-cpu {name} by {times}x at {}", at()?),
                    (None, true) => {
                        format!("slow-disk {name} by {} at {}", length("By", by)?, at()?)
                    }
                    (None, false) => {
                        return Err("By: write how many times slower, such as 100x.".to_owned());
                    }
                };
                if self.slow_for.trim().is_empty() {
                    slow
                } else {
                    format!("{slow} for {}", length("For", &self.slow_for)?)
                }
            }
            Verb::Failover => format!("failover {name} at {}", at()?),
            Verb::Write if self.written.trim().is_empty() => {
                return Err("Write what is to happen, and when.".to_owned());
            }
            Verb::Write => self.written.trim().to_owned(),
            Verb::Drop => format!("drop {}", call()?),
            Verb::Delay => format!("delay {} by {}", call()?, length("By", &self.lasts)?),
        })
    }
}

/// A side of a partition as the fault language names it.
fn group(story: &Story, side: &[u16]) -> Option<String> {
    let names: Vec<&str> = side.iter().map(|lane| story.name(*lane)).collect();
    match names[..] {
        [] => None,
        [one] => Some(one.to_owned()),
        _ => Some(format!("{{{}}}", names.join(", "))),
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
