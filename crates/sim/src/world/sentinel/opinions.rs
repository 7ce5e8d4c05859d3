//! Who is down: one sentinel's own view, and what it takes for it to be the view of all.

use std::sync::Arc;

use bytes::Bytes;

use super::letters::Says;
use super::{ASK_PERIOD, INFO_PERIOD, Sentinel, Watched};
use crate::notice::{Finding, sentinel_id};
use crate::world::World;
use crate::{Batch, Event, Message, Place};

impl World {
    /// Subjectively: a process is down that has not answered a PING for so long, and so is a primary that has said for
    /// long that it is a replica.
    pub(super) fn find_down(&mut self, sentinel: &Sentinel, watched: &mut Watched, node: u16) {
        let (now, down_after) = (sentinel.now, watched.down_after);
        let is_primary = watched.primary.node == node;
        let Some(peer) = watched.peer(node) else {
            return;
        };
        let since = |then: u64| now.saturating_sub(then);
        let silent = if peer.link.pending_ping != 0 {
            since(peer.link.pending_ping)
        } else if peer.link.up {
            0
        } else {
            since(peer.link.available)
        };
        self.drop_silent_link(now, down_after, peer);
        let is_no_primary = is_primary
            && !peer.says_primary
            && since(peer.role_since) > down_after + INFO_PERIOD * 2;
        let down = silent > down_after || is_no_primary;
        if down == peer.down {
            return;
        }
        peer.down = down;
        let place = Place::Node(node);
        let found = if down {
            peer.down_since = now;
            let why = self.why_unheard(sentinel.node, node);
            self.announces(sentinel, watched, why, Finding::Down(place))
        } else {
            let why = peer.found;
            self.announces(sentinel, watched, why, Finding::Up(place))
        };
        if let Some(peer) = watched.peer(node) {
            peer.found = Some(found);
        }
    }

    /// The record of what keeps two processes from hearing each other, which they can't know, but we do.
    fn why_unheard(&self, me: u16, other: u16) -> Option<u32> {
        let place = &self.nodes[usize::from(other)];
        if !place.runs() {
            return place.state_since;
        }
        self.cut_between(Place::Node(me), Place::Node(other))
            .or(self.nodes[usize::from(me)].state_since)
    }

    /// Objectively: as many as the quorum find the primary down.
    pub(super) fn judge_together(&mut self, sentinel: &Sentinel, watched: &mut Watched) {
        let agreeing = watched.others.values().filter(|other| other.finds_down);
        let because = agreeing.clone().filter_map(|other| other.because).max();
        let votes = 1 + u16::try_from(agreeing.count()).unwrap_or(u16::MAX - 1);
        let agreed = watched.primary.down && votes >= watched.quorum;
        if agreed == watched.agreed {
            return;
        }
        watched.agreed = agreed;
        if agreed {
            watched.agreed_since = sentinel.now;
            let quorum = watched.quorum;
            let cause = watched.primary.found.max(because);
            self.announces(
                sentinel,
                watched,
                cause,
                Finding::AgreedDown { votes, quorum },
            );
        } else {
            let cause = watched.last;
            self.announces(sentinel, watched, cause, Finding::NotAgreed);
        }
    }

    /// Asks the others whether they find the primary down too, and, once this sentinel wants to be elected, for their votes.
    pub(super) fn ask_others(
        &mut self,
        sentinel: &mut Sentinel,
        number: usize,
        watched: &mut Watched,
        at_once: bool,
    ) {
        let now = sentinel.now;
        let (down, wants_votes) = (watched.primary.down, watched.in_failover());
        let nodes: Vec<u16> = watched.others.keys().copied().collect();
        for node in nodes {
            let Some(other) = watched.others.get_mut(&node) else {
                continue;
            };
            let since = now.saturating_sub(other.answered);
            if since > ASK_PERIOD * 5 {
                other.finds_down = false;
                other.vote = None;
            }
            if !down || !other.peer.link.up || !at_once && since < ASK_PERIOD {
                continue;
            }
            let told = wants_votes && other.asked != Some(sentinel.epoch);
            if told {
                other.asked = Some(sentinel.epoch);
            }
            let candidate = wants_votes.then_some(sentinel.node);
            let primary = watched.primary.node;
            let epoch = sentinel.epoch;
            let mut sent = None;
            let packet = told.then(|| self.next_packet());
            if let Some(packet) = packet {
                let event = Event::Sent {
                    packet,
                    to: Place::Node(node),
                    message: Message::Commands {
                        commands: Arc::from([self.question(primary, epoch, candidate)]),
                        batch: Batch::Single,
                    },
                };
                sent = Some(self.emit(Place::Node(sentinel.node), watched.last, event));
            }
            let says = Says::Ask {
                primary,
                epoch,
                candidate,
                packet,
            };
            self.write_to(sentinel, number, watched, node, sent, says);
        }
    }

    pub(super) fn question(&self, primary: u16, epoch: u64, candidate: Option<u16>) -> Vec<Bytes> {
        let scenario = &self.plan.scenario;
        let host = &scenario.nodes[usize::from(primary)].name;
        let id = candidate.map(|node| sentinel_id(scenario, Place::Node(node)));
        let words = [
            "SENTINEL",
            "IS-MASTER-DOWN-BY-ADDR",
            host,
            "6379",
            &epoch.to_string(),
            id.as_deref().unwrap_or("*"),
        ];
        words.map(|word| Bytes::from(word.to_owned())).to_vec()
    }
}

impl Watched {
    /// Another sentinel has answered a question about the primary.
    pub(super) fn told(
        &mut self,
        from: u16,
        now: u64,
        finds_down: bool,
        vote: Option<(u16, u64)>,
        because: Option<u32>,
    ) {
        let Some(other) = self.others.get_mut(&from) else {
            return;
        };
        other.answered = now;
        other.finds_down = finds_down;
        other.because = because;
        if vote.is_some() {
            other.vote = vote;
        }
    }
}
