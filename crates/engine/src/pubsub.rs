//! Who listens to which channel.

use bytes::Bytes;
use redwind_resp::Value;

use crate::sorted::Sorted;
use crate::{Engine, Output, Outputs, SessionId, glob};

/// The three kinds of subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Listen {
    Channel,
    Pattern,
    Shard,
}

/// Listeners by kind and name, in the order in which they came.
#[derive(Clone, Default)]
pub(crate) struct PubSub {
    listeners: Sorted<(Listen, Bytes), Vec<SessionId>>,
}

impl PubSub {
    pub(crate) fn is_empty(&self) -> bool {
        self.listeners.is_empty()
    }

    /// Says whether this is new.
    pub(crate) fn add(&mut self, kind: Listen, name: &Bytes, who: SessionId) -> bool {
        let listeners = self
            .listeners
            .or_default((kind, Bytes::copy_from_slice(name)));
        let new = !listeners.contains(&who);
        if new {
            listeners.push(who);
        }
        new
    }

    pub(crate) fn remove(&mut self, kind: Listen, name: &Bytes, who: SessionId) {
        let place = (kind, name.clone());
        if let Some(listeners) = self.listeners.get_mut(&place) {
            listeners.retain(|listener| *listener != who);
            if listeners.is_empty() {
                self.listeners.remove(&place);
            }
        }
    }

    /// The names of a kind with their listeners.
    pub(crate) fn of(&self, kind: Listen) -> impl Iterator<Item = (&Bytes, &[SessionId])> {
        let all = self.listeners.iter().filter(move |((k, _), _)| *k == kind);
        all.map(|((_, name), listeners)| (name, &listeners[..]))
    }

    pub(crate) fn listeners(&self, kind: Listen, name: &Bytes) -> &[SessionId] {
        self.listeners
            .get(&(kind, name.clone()))
            .map_or(&[], |listeners| listeners)
    }

    pub(crate) fn channel_count(&self) -> usize {
        self.of(Listen::Channel).count()
    }

    pub(crate) fn pattern_count(&self) -> usize {
        self.of(Listen::Pattern).count()
    }

    pub(crate) fn shard_count(&self) -> usize {
        self.of(Listen::Shard).count()
    }
}

impl Engine {
    /// Sends a message to everybody who listens; gives how many received it.
    pub(crate) fn publish(&self, channel: &Bytes, message: &Bytes, out: &mut Outputs) -> usize {
        let bulk = |bytes: &Bytes| Value::Bulk(bytes.clone());
        let mut count = self.send_to(
            self.pubsub.listeners(Listen::Channel, channel),
            vec![Value::text("message"), bulk(channel), bulk(message)],
            out,
        );
        for (pattern, listeners) in self.pubsub.of(Listen::Pattern) {
            if glob::matches(pattern, channel) {
                let parts = vec![
                    Value::text("pmessage"),
                    bulk(pattern),
                    bulk(channel),
                    bulk(message),
                ];
                count += self.send_to(listeners, parts, out);
            }
        }
        count
    }

    /// Sends a message to those who listen to a shard channel.
    pub(crate) fn publish_shard(
        &self,
        channel: &Bytes,
        message: &Bytes,
        out: &mut Outputs,
    ) -> usize {
        let bulk = |bytes: &Bytes| Value::Bulk(bytes.clone());
        let parts = vec![Value::text("smessage"), bulk(channel), bulk(message)];
        self.send_to(self.pubsub.listeners(Listen::Shard, channel), parts, out)
    }

    fn send_to(&self, listeners: &[SessionId], parts: Vec<Value>, out: &mut Outputs) -> usize {
        for to in listeners {
            self.push(*to, Value::Push(parts.clone()), out);
        }
        listeners.len()
    }

    pub(crate) fn push(&self, to: SessionId, value: Value, out: &mut Outputs) {
        if let Some(session) = self.sessions.get(&to) {
            out.push(Output::Push {
                to,
                value: value.for_protocol(session.protocol),
            });
        }
    }
}
