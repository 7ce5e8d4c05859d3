//! What a process answers to a sentinel, and what the sentinel makes of it.

use std::sync::Arc;

use bytes::Bytes;
use redwind_engine::{FirstChoice, Output, Outputs};
use redwind_resp::Value;

use super::letters::{Hello, Letter, Says};
use super::{Other, Sentinel, Watched};
use crate::notice::{Finding, NODE_PORT, SENTINEL_PORT, sentinel_id};
use crate::world::World;
use crate::world::queue::Act;
use crate::world::replication::Why;
use crate::{Event, Message, Place};

/// The channel on which sentinels find each other.
pub(super) const HELLO: &str = "__sentinel__:hello";

impl World {
    /// A process that runs answers a sentinel.
    pub(super) fn answer_sentinel(&mut self, letter: Letter) {
        let (me, from) = (letter.to, letter.from);
        // Whoever talks to a node also listens there.
        let listening = &self.sentinels.listeners;
        if !listening.get(&me).is_some_and(|all| all.contains(&from)) {
            let listeners = &mut Arc::make_mut(&mut self.sentinels).listeners;
            listeners.entry(me).or_default().insert(from);
        }
        match &letter.says {
            Says::Ping => self.write_back(&letter, None, Says::Pong),
            Says::Info => {
                let report = self.info_of(me);
                self.write_back(&letter, None, Says::InfoIs(Box::new(report)));
            }
            Says::Publish(hello) => self.hello_published(&letter, hello.clone()),
            Says::Ask { .. } => self.asked(letter),
            Says::Reconfigure { primary, packet } => {
                let event = Event::Executed {
                    packet: *packet,
                    by: Place::Node(from),
                    argv: Arc::from(self.replicaof_words(*primary)),
                    reply: Some(Value::OK),
                    changes: Vec::new(),
                };
                let seq = self.emit(Place::Node(me), letter.sent, event);
                self.reconfigured(me, *primary, seq);
                let packet = *packet;
                self.write_back(&letter, Some(seq), Says::Reconfigured { packet });
            }
            _ => {}
        }
    }

    /// A sentinel's REPLICAOF takes effect, and all clients of the node are sent away to ask anew.
    fn reconfigured(&mut self, node: u16, primary: Option<u16>, cause: u32) {
        let was_primary = self.nodes[usize::from(node)].replication.primary.is_none();
        match primary {
            Some(primary) if primary == node => return,
            Some(primary) => self.follow(node, primary, Why::Told, Some(cause)),
            None => {
                self.promote(node, Some(cause));
            }
        }
        let closed_already = was_primary && primary.is_some();
        if closed_already {
            return;
        }
        for connection in self.nodes[usize::from(node)].connections() {
            self.tell_closed(connection, node, false);
            self.agenda.push_back(Act::HangUp { node, connection });
        }
    }

    /// A hello reaches a node, which passes it on to all who listen; a sentinel keeps it for itself.
    fn hello_published(&mut self, letter: &Letter, hello: Hello) {
        let me = letter.to;
        self.write_back(letter, None, Says::Published);
        if self.is_sentinel(me) {
            return self.hello_arrives(me, hello, letter.sent);
        }
        let listeners = self.sentinels.listeners.get(&me).cloned();
        for listener in listeners.unwrap_or_default() {
            if listener != hello.by {
                self.pass_hello(letter, listener, hello.clone());
            }
        }
        let text = self.hello_text(&hello);
        let cause = self.records.saturating_sub(1);
        self.publish_here(me, HELLO, &text, cause);
    }

    fn hello_text(&self, hello: &Hello) -> String {
        let scenario = &self.plan.scenario;
        let name = |node: u16| scenario.nodes[usize::from(node)].name.as_str();
        format!(
            "{},{SENTINEL_PORT},{},{},{},{},{NODE_PORT},{}",
            name(hello.by),
            sentinel_id(scenario, Place::Node(hello.by)),
            hello.epoch,
            hello.name,
            name(hello.primary),
            hello.config_epoch
        )
    }

    /// Sends a message to the clients that listen to a channel on this node, without telling replicas.
    pub(super) fn publish_here(&mut self, node: u16, channel: &str, text: &str, seq: u32) {
        let now = self.now;
        let place = &mut *self.nodes[usize::from(node)];
        let listens = place.by_id.keys().any(|id| place.engine.is_listening(*id));
        if !listens || !place.is_up() {
            return;
        }
        let local = place.now(now);
        let session = place.engine.connect(local);
        let argv = ["PUBLISH", channel, text].map(|word| Bytes::from(word.to_owned()));
        let mut out = Outputs::new();
        place
            .engine
            .execute(local, &mut FirstChoice, session, &argv, &mut out);
        place.engine.disconnect(local, session, &mut Outputs::new());
        let pushed = out.into_iter().filter_map(|output| match output {
            Output::Push { to, value } => Some((to, value)),
            _ => None,
        });
        let pushed = pushed.collect();
        self.push_all(node, pushed, seq);
    }

    /// A sentinel takes an answer, or a hello that a node has passed on.
    pub(super) fn take_answer(&mut self, letter: Letter) {
        let (me, from) = (letter.to, letter.from);
        if let Says::Hello(hello) = letter.says {
            return self.hello_arrives(me, hello, letter.sent);
        }
        self.with_sentinel(me, |world, sentinel| {
            let number = letter.watched;
            let mut all = sentinel.watched.iter();
            let Some(index) = all.position(|watched| watched.number == number) else {
                return;
            };
            let mut watched = sentinel.watched[index].clone();
            let now = sentinel.now;
            let known = watched
                .peer(from)
                .filter(|peer| peer.link.number == letter.link);
            let Some(peer) = known else {
                return;
            };
            peer.link.pending = peer.link.pending.saturating_sub(1);
            match letter.says {
                Says::Pong => {
                    peer.link.available = now;
                    peer.link.ponged = now;
                    peer.link.pending_ping = 0;
                }
                Says::Gone => {
                    peer.link.up = false;
                    peer.link.pending = 0;
                }
                Says::InfoIs(report) => {
                    world.refresh(sentinel, number, &mut watched, from, *report);
                }
                Says::Tell {
                    finds_down,
                    vote,
                    packet,
                } => {
                    let mut because = letter.sent;
                    if let Some(packet) = packet {
                        let event = Event::Received {
                            packet,
                            from: Place::Node(from),
                            message: Message::Replies(Arc::from([world.told(finds_down, vote)])),
                        };
                        because = Some(world.emit(Place::Node(me), letter.sent, event));
                    }
                    watched.told(from, now, finds_down, vote, because);
                }
                Says::Reconfigured { packet } => {
                    let event = Event::Received {
                        packet,
                        from: Place::Node(from),
                        message: Message::Replies(Arc::from([Value::OK])),
                    };
                    watched.last = Some(world.emit(Place::Node(me), letter.sent, event));
                }
                _ => {}
            }
            if let Some(slot) = sentinel.watched.get_mut(index) {
                *slot = watched;
            }
        });
    }

    /// A sentinel hears another one's hello.
    fn hello_arrives(&mut self, me: u16, hello: Hello, sent: Option<u32>) {
        self.with_sentinel(me, |world, sentinel| {
            let mut all = sentinel.watched.iter();
            let Some(index) = all.position(|watched| watched.name == hello.name) else {
                return;
            };
            let Some(mut watched) = sentinel.watched.get(index).cloned() else {
                return;
            };
            world.take_hello(sentinel, &mut watched, &hello, sent);
            if let Some(slot) = sentinel.watched.get_mut(index) {
                *slot = watched;
            }
        });
    }

    /// What `SENTINEL IS-MASTER-DOWN-BY-ADDR` answers.
    pub(super) fn told(&self, finds_down: bool, vote: Option<(u16, u64)>) -> Value {
        let scenario = &self.plan.scenario;
        let (leader, epoch) = match vote {
            Some((node, epoch)) => (sentinel_id(scenario, Place::Node(node)), epoch),
            None => ("*".to_owned(), 0),
        };
        Value::Array(vec![
            Value::Int(i64::from(finds_down)),
            Value::bulk(leader),
            Value::Int(i64::try_from(epoch).unwrap_or(i64::MAX)),
        ])
    }

    fn take_hello(
        &mut self,
        sentinel: &mut Sentinel,
        watched: &mut Watched,
        hello: &Hello,
        sent: Option<u32>,
    ) {
        if hello.by == sentinel.node {
            return;
        }
        let known = watched.others.get_mut(&hello.by);
        if let Some(other) = known {
            other.heard = sentinel.now;
        } else {
            let other = Other::new(hello.by, sentinel.now);
            watched.others.insert(hello.by, other);
            let finding = Finding::Sentinel(Place::Node(hello.by));
            self.announces(sentinel, watched, sent, finding);
        }
        self.note_epoch(sentinel, watched, hello.epoch, sent);
        if watched.config_epoch >= hello.config_epoch {
            return;
        }
        watched.config_epoch = hello.config_epoch;
        if watched.primary.node == hello.primary {
            return;
        }
        let finding = Finding::Update(Place::Node(hello.by));
        self.announces(sentinel, watched, sent, finding);
        self.switch_to(sentinel, watched, hello.primary);
    }
}
