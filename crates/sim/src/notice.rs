//! What a sentinel announces: Redis's events, with their names, their payloads and a plain sentence each.

use std::sync::Arc;

use crate::random::{Luck, Purpose};
use crate::{Place, Scenario, place_name};

/// The port that nodes listen on.
pub(crate) const NODE_PORT: u16 = 6379;

/// One announcement of a sentinel about a primary that it watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The name under which it watches the primary; empty when it is about the sentinel itself.
    pub watched: Arc<str>,
    /// The node that it takes for that primary at this moment.
    pub primary: Place,
    /// What it announces.
    pub finding: Finding,
}

/// What a sentinel finds or does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// `+sdown`: this one does not answer me.
    Down(Place),
    /// `-sdown`: it answers again.
    Up(Place),
    /// `+odown`: enough of us find the primary down.
    AgreedDown {
        /// How many find so, with itself.
        votes: u16,
        /// How many it takes.
        quorum: u16,
    },
    /// `-odown`: no longer enough.
    NotAgreed,
    /// `+new-epoch`
    Epoch(u64),
    /// `+try-failover`: it wants to be elected for this epoch.
    Tries(u64),
    /// `+vote-for-leader`: in this epoch its vote is for that sentinel.
    Votes(Place, u64),
    /// `+elected-leader`: a majority has voted for it.
    Elected(u64),
    /// `-failover-abort-not-elected`
    NotElected,
    /// `+failover-state-select-slave`
    Chooses,
    /// `+selected-slave`: this replica has the most.
    Selects(Place),
    /// `-failover-abort-no-good-slave`
    NoGoodReplica,
    /// `+failover-state-send-slaveof-noone`
    Promotes(Place),
    /// `+failover-state-wait-promotion`
    AwaitsPromotion(Place),
    /// `-failover-abort-slave-timeout`
    PromotionTimedOut,
    /// `+promoted-slave`: the replica says that it is a primary now.
    Promoted(Place),
    /// `+failover-state-reconf-slaves`
    Reconfigures,
    /// `+slave-reconf-sent`: told to follow the new primary.
    ReconfSent(Place),
    /// `+slave-reconf-inprog`: it does, and catches up.
    ReconfBegun(Place),
    /// `+slave-reconf-done`: it has caught up.
    ReconfDone(Place),
    /// `-slave-reconf-sent-timeout`
    ReconfTimedOut(Place),
    /// `+slave-reconf-sent-be`: told at the end, without waiting for it.
    ReconfLate(Place),
    /// `+failover-end-for-timeout`
    EndsForTimeout,
    /// `+failover-end`
    Ends,
    /// `+config-update-from`: that sentinel knows of a newer primary.
    Update(Place),
    /// `+switch-master`: the primary is another from now on.
    Switches {
        /// The old one.
        from: Place,
        /// The new one.
        to: Place,
    },
    /// `+sentinel`: it now knows of this other sentinel.
    Sentinel(Place),
    /// `+slave`: it now counts this node among the replicas.
    Replica(Place),
    /// `+convert-to-slave`: tells a returned primary to follow the new one.
    Converts(Place),
    /// `+fix-slave-config`: tells a replica that follows somebody else.
    Fixes(Place),
    /// `+reboot`: the process there is another one.
    Reboot(Place),
    /// `+role-change` (as it should be) or `-role-change` (not): the node reports another role.
    RoleChange {
        /// Which node.
        node: Place,
        /// Whether it says that it is a primary.
        primary: bool,
        /// Whether that is what the sentinel takes it for.
        expected: bool,
    },
    /// `+tilt`: its own clock or process can't be trusted for a while, so it only watches.
    Tilt,
    /// `-tilt`
    TiltOver,
    /// `+set`: an option was set by command.
    Set(String, String),
    /// `+reset-master`
    Reset,
    /// `+monitor`: it watches a primary from now on, with this quorum.
    Monitors(u16),
    /// `-monitor`: no longer.
    Unwatches,
}

/// Redis's names of everything that a sentinel announces here.
pub(crate) const CHANNELS: [&str; 39] = [
    "+config-update-from",
    "+convert-to-slave",
    "+elected-leader",
    "-failover-abort-no-good-slave",
    "-failover-abort-not-elected",
    "-failover-abort-slave-timeout",
    "+failover-end",
    "+failover-end-for-timeout",
    "+failover-state-reconf-slaves",
    "+failover-state-select-slave",
    "+failover-state-send-slaveof-noone",
    "+failover-state-wait-promotion",
    "+fix-slave-config",
    "+monitor",
    "-monitor",
    "+new-epoch",
    "+odown",
    "-odown",
    "+promoted-slave",
    "+reboot",
    "+reset-master",
    "+role-change",
    "-role-change",
    "+sdown",
    "-sdown",
    "+selected-slave",
    "+sentinel",
    "+set",
    "+slave",
    "+slave-reconf-done",
    "+slave-reconf-inprog",
    "+slave-reconf-sent",
    "+slave-reconf-sent-be",
    "-slave-reconf-sent-timeout",
    "+switch-master",
    "+tilt",
    "-tilt",
    "+try-failover",
    "+vote-for-leader",
];

impl Notice {
    /// Redis's name of the event, which is also the channel that a sentinel publishes it on.
    #[must_use]
    pub fn channel(&self) -> &'static str {
        match &self.finding {
            Finding::Down(_) => "+sdown",
            Finding::Up(_) => "-sdown",
            Finding::AgreedDown { .. } => "+odown",
            Finding::NotAgreed => "-odown",
            Finding::Epoch(_) => "+new-epoch",
            Finding::Tries(_) => "+try-failover",
            Finding::Votes(..) => "+vote-for-leader",
            Finding::Elected(_) => "+elected-leader",
            Finding::NotElected => "-failover-abort-not-elected",
            Finding::Chooses => "+failover-state-select-slave",
            Finding::Selects(_) => "+selected-slave",
            Finding::NoGoodReplica => "-failover-abort-no-good-slave",
            Finding::Promotes(_) => "+failover-state-send-slaveof-noone",
            Finding::AwaitsPromotion(_) => "+failover-state-wait-promotion",
            Finding::PromotionTimedOut => "-failover-abort-slave-timeout",
            Finding::Promoted(_) => "+promoted-slave",
            Finding::Reconfigures => "+failover-state-reconf-slaves",
            Finding::ReconfSent(_) => "+slave-reconf-sent",
            Finding::ReconfBegun(_) => "+slave-reconf-inprog",
            Finding::ReconfDone(_) => "+slave-reconf-done",
            Finding::ReconfTimedOut(_) => "-slave-reconf-sent-timeout",
            Finding::ReconfLate(_) => "+slave-reconf-sent-be",
            Finding::EndsForTimeout => "+failover-end-for-timeout",
            Finding::Ends => "+failover-end",
            Finding::Update(_) => "+config-update-from",
            Finding::Switches { .. } => "+switch-master",
            Finding::Sentinel(_) => "+sentinel",
            Finding::Replica(_) => "+slave",
            Finding::Converts(_) => "+convert-to-slave",
            Finding::Fixes(_) => "+fix-slave-config",
            Finding::Reboot(_) => "+reboot",
            Finding::RoleChange { expected: true, .. } => "+role-change",
            Finding::RoleChange {
                expected: false, ..
            } => "-role-change",
            Finding::Tilt => "+tilt",
            Finding::TiltOver => "-tilt",
            Finding::Set(..) => "+set",
            Finding::Reset => "+reset-master",
            Finding::Monitors(_) => "+monitor",
            Finding::Unwatches => "-monitor",
        }
    }

    /// What Redis says on that channel.
    #[must_use]
    pub fn payload(&self, scenario: &Scenario) -> String {
        let name = |place| place_name(scenario, place);
        let about = |place| self.about(scenario, place);
        let primary = self.primary;
        match &self.finding {
            Finding::Epoch(epoch) => epoch.to_string(),
            Finding::Votes(whom, epoch) => format!("{} {epoch}", sentinel_id(scenario, *whom)),
            Finding::AgreedDown { votes, quorum } => {
                format!("{} #quorum {votes}/{quorum}", about(primary))
            }
            Finding::Switches { from, to } => format!(
                "{} {} {NODE_PORT} {} {NODE_PORT}",
                self.watched,
                name(*from),
                name(*to)
            ),
            Finding::RoleChange { node, primary, .. } => {
                let role = if *primary { "master" } else { "slave" };
                format!("{} new reported role is {role}", about(*node))
            }
            Finding::Tilt => "#tilt mode entered".to_owned(),
            Finding::TiltOver => "#tilt mode exited".to_owned(),
            Finding::Set(option, value) => format!("{} {option} {value}", about(primary)),
            Finding::Down(node)
            | Finding::Up(node)
            | Finding::Selects(node)
            | Finding::Promotes(node)
            | Finding::AwaitsPromotion(node)
            | Finding::Promoted(node)
            | Finding::ReconfSent(node)
            | Finding::ReconfBegun(node)
            | Finding::ReconfDone(node)
            | Finding::ReconfTimedOut(node)
            | Finding::ReconfLate(node)
            | Finding::Update(node)
            | Finding::Sentinel(node)
            | Finding::Replica(node)
            | Finding::Converts(node)
            | Finding::Fixes(node)
            | Finding::Reboot(node) => about(*node),
            Finding::NotAgreed
            | Finding::Tries(_)
            | Finding::Elected(_)
            | Finding::NotElected
            | Finding::Chooses
            | Finding::NoGoodReplica
            | Finding::PromotionTimedOut
            | Finding::Reconfigures
            | Finding::EndsForTimeout
            | Finding::Ends
            | Finding::Reset
            | Finding::Unwatches => about(primary),
            Finding::Monitors(quorum) => format!("{} quorum {quorum}", about(primary)),
        }
    }

    /// An instance as Redis names it: `slave n2:6379 n2 6379 @ mymaster n1 6379`.
    fn about(&self, scenario: &Scenario, place: Place) -> String {
        let primary = place_name(scenario, self.primary);
        if place == self.primary {
            return format!("master {} {primary} {NODE_PORT}", self.watched);
        }
        let host = place_name(scenario, place);
        let (kind, name, port) = if is_sentinel(scenario, place) {
            ("sentinel", sentinel_id(scenario, place), SENTINEL_PORT)
        } else {
            ("slave", format!("{host}:{NODE_PORT}"), NODE_PORT)
        };
        format!(
            "{kind} {name} {host} {port} @ {} {primary} {NODE_PORT}",
            self.watched
        )
    }

    /// One plain sentence about the sentinel `me`.
    pub(crate) fn sentence(&self, scenario: &Scenario, me: &str) -> String {
        let name = |place: &Place| place_name(scenario, *place);
        let (watched, primary) = (&self.watched, place_name(scenario, self.primary));
        match &self.finding {
            Finding::Down(node) => format!("{me} finds that {} does not answer", name(node)),
            Finding::Up(node) => format!("{me} hears from {} again", name(node)),
            Finding::AgreedDown { votes, quorum } => format!(
                "{me} holds {primary} for down: {votes} sentinels find so, {quorum} are enough"
            ),
            Finding::NotAgreed => format!("{me} no longer holds {primary} for down"),
            Finding::Epoch(epoch) => format!("{me} is in epoch {epoch}"),
            Finding::Tries(epoch) => {
                format!("{me} wants to lead the failover of {watched} in epoch {epoch}")
            }
            Finding::Votes(whom, epoch) if name(whom) == me => {
                format!("{me} votes for itself in epoch {epoch}")
            }
            Finding::Votes(whom, epoch) => {
                format!("{me} votes for {} in epoch {epoch}", name(whom))
            }
            Finding::Elected(epoch) => {
                format!("{me} is elected to lead the failover of {watched} in epoch {epoch}")
            }
            Finding::NotElected => format!("{me} was not elected in time and gives up"),
            Finding::Chooses => format!("{me} looks for the best replica of {primary}"),
            Finding::Selects(node) => {
                format!("{me} chooses {} to be the new primary", name(node))
            }
            Finding::NoGoodReplica => {
                format!("{me} gives up: no replica of {primary} is fit to take over")
            }
            Finding::Promotes(node) => {
                format!("{me} is going to make {} the primary", name(node))
            }
            Finding::AwaitsPromotion(node) => {
                format!("{me} waits for {} to become a primary", name(node))
            }
            Finding::PromotionTimedOut => {
                format!("{me} gives up: the replica did not become a primary in time")
            }
            Finding::Promoted(node) => format!("{me} sees that {} is a primary now", name(node)),
            Finding::Reconfigures => {
                format!("{me} turns to the other replicas of {watched}")
            }
            Finding::ReconfSent(node) => {
                format!("{me} has told {} to follow the new primary", name(node))
            }
            Finding::ReconfBegun(node) => {
                format!("{me} sees that {} follows the new primary", name(node))
            }
            Finding::ReconfDone(node) => format!(
                "{me} sees that {} is in line with the new primary",
                name(node)
            ),
            Finding::ReconfTimedOut(node) => {
                format!("{me} waits no longer for {} to follow", name(node))
            }
            Finding::ReconfLate(node) => format!(
                "{me} tells {} to follow the new primary, late and without waiting",
                name(node)
            ),
            Finding::EndsForTimeout => {
                format!("{me} ends the failover of {watched}, as its time is up")
            }
            Finding::Ends => format!("{me} has finished the failover of {watched}"),
            Finding::Update(node) => {
                format!("{me} learns from {} of a newer primary", name(node))
            }
            Finding::Switches { from, to } => format!(
                "{me} tells clients from now on that {watched} is {}, no longer {}",
                name(to),
                name(from)
            ),
            Finding::Sentinel(node) => {
                format!("{me} finds that {} watches {watched} too", name(node))
            }
            Finding::Replica(node) => {
                format!("{me} counts {} among the replicas of {primary}", name(node))
            }
            Finding::Converts(node) => {
                format!(
                    "{me} makes {} a replica: {primary} is the primary",
                    name(node)
                )
            }
            Finding::Fixes(node) => {
                format!("{me} makes {} follow the right primary", name(node))
            }
            Finding::Reboot(node) => {
                format!("{me} sees that {} was started again", name(node))
            }
            Finding::RoleChange { node, primary, .. } => {
                let role = if *primary { "primary" } else { "replica" };
                format!("{me} hears from {} that it is a {role}", name(node))
            }
            Finding::Tilt => {
                format!("{me} does not trust its clock: for 30 seconds it only watches")
            }
            Finding::TiltOver => format!("{me} trusts its clock again"),
            Finding::Set(option, value) => {
                format!("{me} has set {option} of {watched} to {value}")
            }
            Finding::Reset => format!("{me} forgets what it knew about {watched}"),
            Finding::Monitors(quorum) => format!(
                "{me} watches {primary} from now on, as {watched}: {quorum} sentinels are enough to hold it for down"
            ),
            Finding::Unwatches => format!("{me} no longer watches {watched}"),
        }
    }
}

impl Finding {
    /// What it is made of besides its kind: places, numbers, texts.
    pub(crate) fn parts(&self) -> (Vec<Place>, Vec<u64>, Vec<&str>) {
        let (mut places, mut numbers, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        match self {
            Self::Down(place)
            | Self::Up(place)
            | Self::Selects(place)
            | Self::Promotes(place)
            | Self::AwaitsPromotion(place)
            | Self::Promoted(place)
            | Self::ReconfSent(place)
            | Self::ReconfBegun(place)
            | Self::ReconfDone(place)
            | Self::ReconfTimedOut(place)
            | Self::ReconfLate(place)
            | Self::Update(place)
            | Self::Sentinel(place)
            | Self::Replica(place)
            | Self::Converts(place)
            | Self::Fixes(place)
            | Self::Reboot(place) => places.push(*place),
            Self::AgreedDown { votes, quorum } => {
                numbers.extend([u64::from(*votes), u64::from(*quorum)]);
            }
            Self::Epoch(epoch) | Self::Tries(epoch) | Self::Elected(epoch) => numbers.push(*epoch),
            Self::Votes(place, epoch) => {
                places.push(*place);
                numbers.push(*epoch);
            }
            Self::Switches { from, to } => places.extend([*from, *to]),
            Self::RoleChange {
                node,
                primary,
                expected,
            } => {
                places.push(*node);
                numbers.extend([u64::from(*primary), u64::from(*expected)]);
            }
            Self::Set(option, value) => texts.extend([option.as_str(), value]),
            Self::NotAgreed
            | Self::NotElected
            | Self::Chooses
            | Self::NoGoodReplica
            | Self::PromotionTimedOut
            | Self::Reconfigures
            | Self::EndsForTimeout
            | Self::Ends
            | Self::Tilt
            | Self::TiltOver
            | Self::Reset
            | Self::Unwatches => {}
            Self::Monitors(quorum) => numbers.push(u64::from(*quorum)),
        }
        (places, numbers, texts)
    }
}

/// The port that sentinels listen on.
pub(crate) const SENTINEL_PORT: u16 = 26379;

/// Whether a place is a sentinel.
pub(crate) fn is_sentinel(scenario: &Scenario, place: Place) -> bool {
    match place {
        Place::Node(node) => scenario
            .nodes
            .get(usize::from(node))
            .is_some_and(|spec| !spec.watches.is_empty()),
        _ => false,
    }
}

/// A sentinel's identity in forty digits, which it keeps through restarts.
#[must_use]
pub fn sentinel_id(scenario: &Scenario, place: Place) -> String {
    let Place::Node(node) = place else {
        return "*".to_owned();
    };
    run_id(scenario.seed, node, u64::MAX)
}

/// Names one life of a process in forty digits.
pub(crate) fn run_id(seed: u64, node: u16, life: u64) -> String {
    let mut luck = Luck::new(seed, Purpose::Sentinel, &[u64::from(node), life, 1]);
    let digits: String = (0..3).map(|_| format!("{:016x}", luck.next())).collect();
    digits[..40].to_owned()
}
