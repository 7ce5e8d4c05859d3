//! `WAIT` and `WAITAOF`: a client asks how many replicas, or whose disks, have its writes.

use bytes::Bytes;
use redwind_resp::Value;

use super::{Says, Wait, Wanted};
use crate::world::World;
use crate::world::network::Connection;
use crate::world::queue::{Act, Class};
use crate::{PacketId, Span};

impl World {
    /// A primary learns how far a replica has got.
    pub(super) fn acknowledged(
        &mut self,
        node: u16,
        replica: u16,
        link: u32,
        (offset, safe): (u64, Option<u64>),
        sent: u32,
    ) {
        let heard = self.seconds(node);
        let replication = &mut self.nodes[usize::from(node)].replication;
        let Some(follower) = replication.followers.get_mut(&replica) else {
            return;
        };
        // What it said over an earlier link is void.
        if follower.link != link {
            return;
        }
        follower.acked = offset.max(follower.acked);
        follower.safe = safe.max(follower.safe);
        follower.heard = heard;
        let comes_online = !std::mem::replace(&mut follower.online, true);
        if comes_online {
            self.stand(node);
        }
        self.end_waits(node, Some(sent));
        self.failover_may_proceed(node, replica);
    }

    /// Answers those whose wait is over, in the order in which they came.
    fn end_waits(&mut self, node: u16, cause: Option<u32>) {
        let waits = std::mem::take(&mut self.nodes[usize::from(node)].replication.waits);
        for wait in waits {
            if self.has_all(node, &wait) {
                self.end_wait(node, wait, cause);
            } else {
                self.nodes[usize::from(node)].replication.waits.push(wait);
            }
        }
    }

    fn has_all(&mut self, node: u16, wait: &Wait) -> bool {
        let (local, reached) = self.count(node, wait.wants, wait.offset);
        (local || !wait.wants.local) && reached >= wait.wants.replicas
    }

    /// Whether the node's own disk has got so far, and how many replicas, or replicas' disks, have.
    fn count(&mut self, node: u16, wants: Wanted, offset: u64) -> (bool, usize) {
        let now = self.now;
        let place = &mut *self.nodes[usize::from(node)];
        if !wants.disks {
            return (false, place.replication.reached(offset));
        }
        let log = place.disk.has_log();
        let safe = place.disk.safe_until(now).unwrap_or(0);
        (log && safe >= offset, place.replication.safe_on(offset))
    }

    /// What a wait comes to now.
    fn outcome(&mut self, node: u16, wants: Wanted, offset: u64) -> Value {
        let (local, reached) = self.count(node, wants, offset);
        match wants.disks {
            true => Value::Array(vec![Value::Int(i64::from(local)), Value::from(reached)]),
            false => Value::from(reached),
        }
    }

    fn end_wait(&mut self, node: u16, wait: Wait, cause: Option<u32>) {
        let outcome = self.outcome(node, wait.wants, wait.offset);
        self.answer_wait(node, wait.connection, outcome, cause);
    }

    pub(crate) fn wait_over(&mut self, node: u16, connection: Connection, packet: PacketId) {
        let place = &mut *self.nodes[usize::from(node)];
        if place.waits_at(connection) != Some(packet) {
            return;
        }
        let waits = &mut place.replication.waits;
        if let Some(index) = waits.iter().position(|wait| wait.connection == connection) {
            let wait = waits.remove(index);
            self.end_wait(node, wait, None);
        }
    }

    /// `WAIT numreplicas timeout`; `None`: there is no answer yet.
    pub(super) fn wait(
        &mut self,
        node: u16,
        connection: Connection,
        argv: &[Bytes],
    ) -> Result<Option<Value>, &'static str> {
        if argv.len() != 3 {
            return Err("wrong number of arguments for 'wait' command");
        }
        if self.nodes[usize::from(node)].replication.primary.is_some() {
            return Err(
                "WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be writable (which is not the default) writes to replicas are just local and are not propagated.",
            );
        }
        let replicas = number(argv, 1).ok_or("value is not an integer or out of range")?;
        timeout(argv, 2)?;
        let wants = Wanted {
            replicas: usize::try_from(replicas).unwrap_or(0),
            disks: false,
            local: false,
        };
        Ok(self.answer_now(node, connection, wants))
    }

    /// `WAITAOF numlocal numreplicas timeout`; `None`: there is no answer yet.
    pub(super) fn wait_for_disks(
        &mut self,
        node: u16,
        connection: Connection,
        argv: &[Bytes],
    ) -> Result<Option<Value>, &'static str> {
        if argv.len() != 4 {
            return Err("wrong number of arguments for 'waitaof' command");
        }
        let local = number(argv, 1).ok_or("value is not an integer or out of range")?;
        if !(0..=1).contains(&local) {
            return Err("value is out of range, value must between 0 and 1");
        }
        let replicas = number(argv, 2).and_then(|replicas| usize::try_from(replicas).ok());
        let replicas = replicas.ok_or("value is out of range, must be positive")?;
        timeout(argv, 3)?;
        let place = &self.nodes[usize::from(node)];
        if place.replication.primary.is_some() {
            return Err(
                "WAITAOF cannot be used with replica instances. Please also note that writes to replicas are just local and are not propagated.",
            );
        }
        if local == 1 && !place.disk.has_log() {
            return Err("WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
        }
        let wants = Wanted {
            replicas,
            disks: true,
            local: local == 1,
        };
        Ok(self.answer_now(node, connection, wants))
    }

    fn answer_now(&mut self, node: u16, connection: Connection, wants: Wanted) -> Option<Value> {
        let offset = self.wrote_until(node, connection);
        let wait = Wait {
            connection,
            wants,
            offset,
        };
        self.has_all(node, &wait)
            .then(|| self.outcome(node, wants, offset))
    }

    /// A client waits from now on: replicas are asked how far they have got.
    pub(crate) fn wait_begins(&mut self, node: u16, connection: Connection, argv: &[Bytes]) {
        let disks = argv.len() == 4;
        let first = usize::from(disks) + 1;
        let wants = Wanted {
            replicas: number(argv, first)
                .and_then(|replicas| usize::try_from(replicas).ok())
                .unwrap_or(0),
            disks,
            local: disks && number(argv, 1) == Some(1),
        };
        let wait = Wait {
            connection,
            wants,
            offset: self.wrote_until(node, connection),
        };
        let sent = self.records.saturating_sub(1);
        let place = &mut *self.nodes[usize::from(node)];
        place.replication.waits.push(wait);
        let packet = place.waits_at(connection);
        for follower in self.followers(node) {
            self.post(node, follower, sent, Says::GetAck);
        }
        if wants.disks {
            self.look_at_disk(node);
        }
        let ms = number(argv, first + 1).and_then(|ms| u64::try_from(ms).ok());
        if let (Some(ms), Some(packet)) = (ms.filter(|ms| *ms > 0), packet) {
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

    /// As long as somebody waits for it, a node looks whether its disk is done.
    fn look_at_disk(&mut self, node: u16) {
        let now = self.now;
        let place = &mut *self.nodes[usize::from(node)];
        let life = place.life;
        if let Some(at) = place.disk.next_safe(now) {
            self.queue
                .push(at.max(now), Class::Ordinary, Act::Safe { node, life });
        }
    }

    pub(crate) fn disk_is_safe(&mut self, node: u16, life: u32) {
        let place = &self.nodes[usize::from(node)];
        if place.life != life || !place.is_up() {
            return;
        }
        if let Some(until) = place.paused_until {
            let act = Act::Safe { node, life };
            return self.queue.push(until, Class::Timeout, act);
        }
        self.end_waits(node, None);
        let waits = &self.nodes[usize::from(node)].replication.waits;
        if waits.iter().any(|wait| wait.wants.local) {
            self.look_at_disk(node);
        }
    }
}

fn number(argv: &[Bytes], at: usize) -> Option<i64> {
    std::str::from_utf8(argv.get(at)?).ok()?.parse().ok()
}

fn timeout(argv: &[Bytes], at: usize) -> Result<(), &'static str> {
    match number(argv, at) {
        None => Err("timeout is not an integer or out of range"),
        Some(ms) if ms < 0 => Err("timeout is negative"),
        Some(_) => Ok(()),
    }
}
