//! A replica repeats what its primary does.

use std::sync::Arc;

use redwind_engine::{Output, Outputs, SessionId};
use redwind_resp::Value;

use crate::world::World;
use crate::world::disk::Effective;
use crate::{Event, KeyChange, PacketId, Place};

/// What came of one write: the keys that it changed, and what it pushes to listeners.
pub(super) type Repeated = (Vec<KeyChange>, Vec<(SessionId, Value)>);

impl World {
    /// A replica repeats its primary's writes.
    pub(super) fn repeat(
        &mut self,
        node: u16,
        from: u16,
        packet: PacketId,
        effects: &Arc<[Effective]>,
        offset: u64,
        sent: u32,
    ) {
        let mut reached = self.nodes[usize::from(node)].replication.offset;
        // What came before the copy that it has taken since is in the copy.
        if offset <= reached {
            return;
        }
        for effect in effects.iter() {
            let (changes, pushed) = self.repeat_one(node, effect, reached);
            reached += effect.size();
            let event = Event::Replicated {
                packet,
                from: Place::Node(from),
                argv: Arc::clone(&effect.argv),
                changes,
            };
            let seq = self.emit(Place::Node(node), Some(sent), event);
            // Its own listeners hear what was published on its primary.
            self.push_all(node, pushed, seq);
        }
        let seq = self.records.saturating_sub(1);
        self.pass_on(node, effects, seq);
    }

    /// Repeats one write that stands behind `offset` of the stream.
    pub(super) fn repeat_one(&mut self, node: u16, effect: &Effective, offset: u64) -> Repeated {
        let (now, record) = (self.now, self.records);
        let place = &mut *self.nodes[usize::from(node)];
        place.take_snapshot(now);
        let local = place.now(now);
        let mut out = Outputs::new();
        if let Some(repeat) = &mut place.replication.repeat {
            repeat.one(&mut place.engine, local, effect, &mut out);
        }
        let stall = place.disk.append(now, std::slice::from_ref(effect), offset);
        let changes = place
            .known
            .changes(&place.engine, local, out.iter(), Some(record));
        self.disk_stalls(node, stall);
        let pushed = out.into_iter().filter_map(|output| match output {
            Output::Push { to, value } => Some((to, value)),
            _ => None,
        });
        (changes, pushed.collect())
    }

    /// A replica learns that its primary lives: that too is a command of the stream.
    pub(super) fn pinged(&mut self, node: u16, effect: Effective, offset: u64) {
        if offset <= self.nodes[usize::from(node)].replication.offset {
            return;
        }
        self.remember(node, std::slice::from_ref(&effect));
        self.ping_followers(node, effect);
    }
}
