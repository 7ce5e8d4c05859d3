//! What sentinels send to the processes that they watch and to each other, and how it travels.

use std::sync::Arc;

use bytes::Bytes;

use super::reports::Report;
use super::{INFO_PERIOD, PING_PERIOD, PUBLISH_PERIOD, Sentinel, Watched};
use crate::world::World;
use crate::world::disk::Fall;
use crate::world::network::{Connection, code};
use crate::world::partition::Passage;
use crate::world::queue::{Act, Class};
use crate::{Batch, Event, LostBecause, Message, PacketId, Place, Sides, Span};

/// Unanswered commands after which it sends no more.
const MOST_PENDING: u32 = 100;
/// A connection whose PING is not answered is given up, but not before it is so old.
pub(super) const MIN_RECONNECT: u64 = 15_000;

/// A message between a sentinel and a process that it watches.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(super) from: u16,
    pub(super) to: u16,
    /// Which of the sentinel's primaries it is about, by its number.
    pub(super) watched: usize,
    /// Which connection it came on, by the sentinel's count.
    pub(super) link: u32,
    /// Which life of the other process that was opened to.
    life: u32,
    /// Counts the sentinel's letters; an answer has its question's number.
    nth: u64,
    /// The record behind it.
    pub(super) sent: Option<u32>,
    pub(super) says: Says,
}

#[derive(Clone, Debug)]
pub(super) enum Says {
    Ping,
    Pong,
    Info,
    InfoIs(Box<Report>),
    /// A hello, on its way to a node or from there to those who listen.
    Publish(Hello),
    Published,
    Hello(Hello),
    /// `SENTINEL IS-MASTER-DOWN-BY-ADDR`
    Ask {
        primary: u16,
        epoch: u64,
        candidate: Option<u16>,
        packet: Option<PacketId>,
    },
    Tell {
        finds_down: bool,
        vote: Option<(u16, u64)>,
        packet: Option<PacketId>,
    },
    /// `REPLICAOF`, and that its clients shall ask anew.
    Reconfigure {
        primary: Option<u16>,
        packet: PacketId,
    },
    Reconfigured {
        packet: PacketId,
    },
    /// A machine: nobody listens there, or not on this connection.
    Gone,
}

/// `ip,port,runid,current_epoch,master_name,master_ip,master_port,master_config_epoch`
#[derive(Clone, Debug)]
pub(super) struct Hello {
    pub(super) by: u16,
    pub(super) epoch: u64,
    pub(super) name: Arc<str>,
    pub(super) primary: u16,
    pub(super) config_epoch: u64,
}

impl Says {
    /// Whether a sentinel says it to whom it watches; the rest are answers.
    fn asks(&self) -> bool {
        matches!(
            self,
            Self::Ping
                | Self::Info
                | Self::Publish(_)
                | Self::Ask { .. }
                | Self::Reconfigure { .. }
        )
    }

    fn packet(&self) -> Option<PacketId> {
        match self {
            Self::Ask { packet, .. } | Self::Tell { packet, .. } => *packet,
            Self::Reconfigure { packet, .. } | Self::Reconfigured { packet } => Some(*packet),
            _ => None,
        }
    }
}

impl World {
    /// A sentinel opens its connection to a process again, at most once a second, and pings at once.
    pub(super) fn reconnect_to(
        &mut self,
        sentinel: &mut Sentinel,
        number: usize,
        watched: &mut Watched,
        node: u16,
    ) {
        let now = sentinel.now;
        let life = self.nodes[usize::from(node)].life;
        let Some(peer) = watched.peer(node) else {
            return;
        };
        let link = &mut peer.link;
        if link.up || now.saturating_sub(link.tried) < PING_PERIOD {
            return;
        }
        link.tried = now;
        link.up = true;
        link.number += 1;
        link.life = life;
        link.opened = now;
        link.pending = 0;
        self.ping_peer(sentinel, number, watched, node);
    }

    pub(super) fn ping_peer(
        &mut self,
        sentinel: &mut Sentinel,
        number: usize,
        watched: &mut Watched,
        node: u16,
    ) {
        let now = sentinel.now;
        if let Some(peer) = watched.peer(node) {
            peer.link.pinged = now;
            if peer.link.pending_ping == 0 {
                peer.link.pending_ping = now;
            }
        }
        self.write_to(sentinel, number, watched, node, None, Says::Ping);
    }

    /// PING, INFO and hello, each when it is time.
    pub(super) fn send_periodic(
        &mut self,
        sentinel: &mut Sentinel,
        number: usize,
        watched: &mut Watched,
        node: u16,
    ) {
        let now = sentinel.now;
        let is_sentinel = watched.is_sentinel(node);
        let in_trouble = watched.agreed || watched.in_failover();
        let ping_period = watched.down_after.min(PING_PERIOD);
        let is_replica = watched.replicas.contains_key(&node);
        let Some(peer) = watched.peer(node) else {
            return;
        };
        if !peer.link.up || peer.link.pending >= MOST_PENDING {
            return;
        }
        let link_lost = peer
            .report
            .as_ref()
            .is_some_and(|report| report.link_down > 0);
        let info_period = if is_replica && (in_trouble || link_lost) {
            1_000
        } else {
            INFO_PERIOD
        };
        let since = |then: u64| now.saturating_sub(then);
        let info = !is_sentinel && (peer.info_at == 0 || since(peer.info_at) > info_period);
        let ping =
            since(peer.link.ponged) > ping_period && since(peer.link.pinged) > ping_period / 2;
        let hello = since(peer.greeted) > PUBLISH_PERIOD;
        if info {
            self.write_to(sentinel, number, watched, node, None, Says::Info);
        }
        if ping {
            self.ping_peer(sentinel, number, watched, node);
        }
        if hello {
            self.greet(sentinel, number, watched, node);
        }
    }

    /// Says hello: who I am, and whom I take for the primary.
    pub(super) fn greet(
        &mut self,
        sentinel: &mut Sentinel,
        number: usize,
        watched: &mut Watched,
        node: u16,
    ) {
        let hello = Hello {
            by: sentinel.node,
            epoch: sentinel.epoch,
            name: Arc::clone(&watched.name),
            primary: watched.current(),
            config_epoch: watched.config_epoch,
        };
        if let Some(peer) = watched.peer(node) {
            peer.greeted = sentinel.now;
        }
        let sent = watched.last;
        self.write_to(sentinel, number, watched, node, sent, Says::Publish(hello));
    }

    /// Tells a node whom to follow (`None`: nobody, be a primary), and to send its clients away.
    pub(super) fn reconfigure(
        &mut self,
        sentinel: &mut Sentinel,
        number: usize,
        watched: &mut Watched,
        node: u16,
        primary: Option<u16>,
    ) {
        let packet = self.next_packet();
        let event = Event::Sent {
            packet,
            to: Place::Node(node),
            message: Message::Commands {
                commands: Arc::from([self.replicaof_words(primary)]),
                batch: Batch::Single,
            },
        };
        let sent = self.emit(Place::Node(sentinel.node), watched.last, event);
        let says = Says::Reconfigure { primary, packet };
        self.write_to(sentinel, number, watched, node, Some(sent), says);
    }

    pub(super) fn replicaof_words(&self, primary: Option<u16>) -> Vec<Bytes> {
        let (host, port) = match primary {
            Some(primary) => (
                self.plan.scenario.nodes[usize::from(primary)].name.as_str(),
                "6379",
            ),
            None => ("NO", "ONE"),
        };
        ["REPLICAOF", host, port]
            .map(|word| Bytes::from(word.to_owned()))
            .to_vec()
    }

    /// Sends something to a process that it watches, if there is a connection.
    pub(super) fn write_to(
        &mut self,
        sentinel: &mut Sentinel,
        number: usize,
        watched: &mut Watched,
        node: u16,
        sent: Option<u32>,
        says: Says,
    ) {
        let Some(peer) = watched.peer(node).filter(|peer| peer.link.up) else {
            return;
        };
        peer.link.pending += 1;
        sentinel.letters += 1;
        let letter = Letter {
            from: sentinel.node,
            to: node,
            watched: number,
            link: peer.link.number,
            life: peer.link.life,
            nth: sentinel.letters,
            sent,
            says,
        };
        self.mail(letter);
    }

    /// Answers a letter.
    pub(super) fn write_back(&mut self, letter: &Letter, sent: Option<u32>, says: Says) {
        let answer = Letter {
            from: letter.to,
            to: letter.from,
            sent,
            says,
            ..*letter
        };
        self.mail(answer);
    }

    /// Passes a hello on to somebody who listens on a node.
    pub(super) fn pass_hello(&mut self, letter: &Letter, to: u16, hello: Hello) {
        let copy = Letter {
            from: letter.to,
            to,
            says: Says::Hello(hello),
            ..*letter
        };
        self.mail(copy);
    }

    /// Puts a letter on its way: in order with the others from there to there.
    fn mail(&mut self, letter: Letter) {
        let (sender, receiver) = (Place::Node(letter.from), Place::Node(letter.to));
        let wait = match self.passage(sender, receiver) {
            Passage::Open => Span(0),
            Passage::Held(wait) => wait,
            Passage::Never => return self.letter_is_lost(&letter, LostBecause::Dropped),
        };
        let circumstances = [
            code(sender),
            u64::from(letter.to),
            letter.nth,
            u64::from(letter.says.asks()),
            2,
        ];
        let travel = self.travel(sender, receiver, &circumstances);
        let Some(latency) = travel.whole() else {
            return self.letter_is_lost(&letter, LostBecause::Dropped);
        };
        let arrives = self.now + wait + latency;
        let connection = Connection {
            from: sender,
            number: 1 << 16 | u32::from(letter.to),
        };
        let last = self.arrivals.entry((connection, false)).or_default();
        let arrives = arrives.max(*last);
        *last = arrives;
        if let (Some(packet), Some(sent), true) =
            (letter.says.packet(), letter.sent, wait > Span(0))
        {
            let event = Event::Delayed {
                packet,
                reply: !letter.says.asks(),
                by: wait,
            };
            self.emit(sender, Some(sent), event);
        }
        self.queue
            .push(arrives, Class::Ordinary, Act::Sentinel(Arc::new(letter)));
    }

    fn letter_is_lost(&mut self, letter: &Letter, because: LostBecause) {
        let Some(packet) = letter.says.packet() else {
            return;
        };
        let event = Event::Lost {
            packet,
            because,
            reply: !letter.says.asks(),
        };
        self.emit(Place::Node(letter.to), letter.sent, event);
    }

    /// A letter arrives.
    pub(crate) fn sentinel_letter(&mut self, letter: Letter) {
        let place = &self.nodes[usize::from(letter.to)];
        if letter.says.asks() && (!place.is_up() || place.life != letter.life) {
            self.letter_is_lost(&letter, LostBecause::NobodyThere);
            // A machine that runs says that nobody is there; one without power says nothing.
            if !matches!(place_fall(self, letter.to), Some(Fall::PowerCut)) {
                self.write_back(&letter, None, Says::Gone);
            }
            return;
        }
        if !place.is_up() {
            return self.letter_is_lost(&letter, LostBecause::NobodyThere);
        }
        if place.paused_until.is_some() {
            Arc::make_mut(&mut self.sentinels)
                .inbox
                .entry(letter.to)
                .or_default()
                .push(letter);
            return;
        }
        if place.busy_until > self.now {
            // It waits for its disk, and does nothing else meanwhile.
            let act = Act::Sentinel(Arc::new(letter));
            return self.queue.push(place.busy_until, Class::Ordinary, act);
        }
        if letter.says.asks() {
            self.answer_sentinel(letter);
        } else {
            self.take_answer(letter);
        }
    }

    /// A node has fallen: those who watch it notice if its machine lives to tell them.
    pub(crate) fn sentinels_lose(&mut self, node: u16, how: Fall) {
        if self.sentinels.all.is_empty() {
            return;
        }
        let sentinels = Arc::make_mut(&mut self.sentinels);
        sentinels.inbox.remove(&node);
        sentinels.listeners.remove(&node);
        if how != Fall::Killed {
            return;
        }
        let mut open = Vec::new();
        for sentinel in sentinels
            .all
            .values_mut()
            .filter(|other| other.node != node)
        {
            for watched in &mut sentinel.watched {
                let number = watched.number;
                let Some(peer) = watched.peer(node).filter(|peer| peer.link.up) else {
                    continue;
                };
                let (link, life) = (peer.link.number, peer.link.life);
                sentinel.letters += 1;
                open.push(Letter {
                    from: node,
                    to: sentinel.node,
                    watched: number,
                    link,
                    life,
                    nth: sentinel.letters,
                    sent: None,
                    says: Says::Gone,
                });
            }
        }
        for letter in open {
            self.mail(letter);
        }
    }

    /// Resets the connections of sentinels between two sides.
    pub(crate) fn reset_sentinels(&mut self, sides: &Sides) {
        if self.sentinels.all.is_empty() {
            return;
        }
        for sentinel in Arc::make_mut(&mut self.sentinels).all.values_mut() {
            let me = Place::Node(sentinel.node);
            for watched in &mut sentinel.watched {
                for node in watched.peers() {
                    let Some(peer) = watched.peer(node) else {
                        continue;
                    };
                    if sides.concern(me, Place::Node(node)) && peer.link.up {
                        peer.link.up = false;
                        peer.link.number += 1;
                        peer.link.pending = 0;
                    }
                }
            }
        }
    }

    /// Gives up a connection whose PING has not been answered for too long.
    pub(super) fn drop_silent_link(&self, now: u64, down_after: u64, peer: &mut super::Peer) {
        let link = &mut peer.link;
        let half = down_after / 2;
        let old = link.up && now.saturating_sub(link.opened) > MIN_RECONNECT;
        let silent = link.pending_ping != 0
            && now.saturating_sub(link.pending_ping) > half
            && now.saturating_sub(link.ponged) > half;
        if old && silent {
            link.up = false;
            link.pending = 0;
        }
    }
}

fn place_fall(world: &World, node: u16) -> Option<Fall> {
    world.nodes[usize::from(node)].fell.map(|(_, how)| how)
}
