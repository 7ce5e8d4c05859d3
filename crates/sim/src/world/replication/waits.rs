//! `WAIT`: a client asks how many replicas have its writes.

use bytes::Bytes;
use redwind_resp::Value;

use super::{Says, Wait};
use crate::world::World;
use crate::world::network::Connection;
use crate::world::queue::{Act, Class};
use crate::{PacketId, Span};

impl World {
    /// A primary learns how far a replica has got.
    pub(super) fn acknowledged(&mut self, node: u16, replica: u16, offset: u64, sent: u32) {
        let replication = &mut self.nodes[usize::from(node)].replication;
        let Some(acked) = replication.followers.get_mut(&replica) else {
            return;
        };
        *acked = offset.max(*acked);
        let waits = std::mem::take(&mut replication.waits);
        let (done, still) = waits
            .into_iter()
            .partition(|wait| replication.reached(wait.offset) >= wait.replicas);
        replication.waits = still;
        let done: Vec<Wait> = done;
        for wait in done {
            self.end_wait(node, wait, Some(sent));
        }
    }

    pub(super) fn end_wait(&mut self, node: u16, wait: Wait, cause: Option<u32>) {
        let reached = self.nodes[usize::from(node)]
            .replication
            .reached(wait.offset);
        self.answer_wait(node, wait.connection, Value::from(reached), cause);
    }

    pub(crate) fn wait_over(&mut self, node: u16, connection: Connection, packet: PacketId) {
        let place = &mut self.nodes[usize::from(node)];
        if place.waits_at(connection) != Some(packet) {
            return;
        }
        let waits = &mut place.replication.waits;
        if let Some(index) = waits.iter().position(|wait| wait.connection == connection) {
            let wait = waits.remove(index);
            self.end_wait(node, wait, None);
        }
    }

    /// A client waits for replicas from now on: they are asked how far they have got.
    pub(crate) fn wait_begins(&mut self, node: u16, connection: Connection, argv: &[Bytes]) {
        let offset = self.wrote_until(node, connection);
        let number = |at: usize| {
            argv.get(at)
                .and_then(|arg| std::str::from_utf8(arg).ok()?.parse::<u64>().ok())
        };
        let wait = Wait {
            connection,
            replicas: usize::try_from(number(1).unwrap_or(0)).unwrap_or(usize::MAX),
            offset,
        };
        let sent = self.records.saturating_sub(1);
        let place = &mut self.nodes[usize::from(node)];
        place.replication.waits.push(wait);
        let packet = place.waits_at(connection);
        let followers: Vec<u16> = place.replication.followers.keys().copied().collect();
        for follower in followers {
            self.post(node, follower, sent, Says::GetAck);
        }
        if let (Some(ms), Some(packet)) = (number(2).filter(|ms| *ms > 0), packet) {
            let act = Act::WaitOver {
                node,
                connection,
                packet,
            };
            let over = self.now
                + self.nodes[usize::from(node)]
                    .clock
                    .lasts(self.now, Span::millis(ms));
            self.queue.push(over, Class::Timeout, act);
        }
    }
}
