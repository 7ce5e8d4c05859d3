//! `FAILOVER`: a primary hands over to one of its replicas without losing anything, if that is possible in time.
//!
//! It lets nobody write, waits until the replica has everything, becomes its replica and asks it to take over.

use bytes::Bytes;
use redwind_engine::{FirstChoice, Outputs};
use redwind_resp::Value;

use super::Says;
use crate::world::World;
use crate::world::queue::{Act, Class};
use crate::{SimTime, Span};

/// A failover that a primary was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failover {
    /// To which replica; `None`: to whichever has everything first.
    target: Option<u16>,
    /// Whether it hands over when the time is up, even if something is then lost.
    force: bool,
    /// When it was asked for, which names it.
    began: SimTime,
}

impl World {
    /// `FAILOVER [TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]`
    pub(super) fn failover_asked(&mut self, node: u16, argv: &[Bytes]) -> Value {
        match self.try_failover(node, argv) {
            Ok(()) => Value::OK,
            Err(text) => Value::error(format!("ERR {text}")),
        }
    }

    fn try_failover(&mut self, node: u16, argv: &[Bytes]) -> Result<(), &'static str> {
        let is = |at: usize, word: &str| {
            argv.get(at)
                .is_some_and(|arg| arg.eq_ignore_ascii_case(word.as_bytes()))
        };
        let under_way = self.nodes[usize::from(node)].replication.failover.is_some();
        if argv.len() == 2 && is(1, "abort") {
            if !under_way {
                return Err("No failover in progress.");
            }
            self.end_failover(node);
            return Ok(());
        }
        let (mut to, mut force, mut timeout) = (None, false, None);
        let mut at = 1;
        while at < argv.len() {
            if is(at, "timeout") && at + 1 < argv.len() && timeout.is_none() {
                let text = std::str::from_utf8(&argv[at + 1]).unwrap_or_default();
                let ms: i64 = text
                    .parse()
                    .map_err(|_| "value is not an integer or out of range")?;
                let ms = u64::try_from(ms).ok().filter(|ms| *ms > 0);
                timeout = Some(ms.ok_or("FAILOVER timeout must be greater than 0")?);
                at += 2;
            } else if is(at, "to") && at + 2 < argv.len() && to.is_none() {
                let port = std::str::from_utf8(&argv[at + 2]).unwrap_or_default();
                let _: u16 = port
                    .parse()
                    .map_err(|_| "value is not an integer or out of range")?;
                to = Some(String::from_utf8_lossy(&argv[at + 1]).into_owned());
                at += 3;
            } else if is(at, "force") && !force {
                force = true;
                at += 1;
            } else {
                return Err("syntax error");
            }
        }
        let replication = &self.nodes[usize::from(node)].replication;
        if under_way {
            return Err("FAILOVER already in progress.");
        }
        if replication.primary.is_some() {
            return Err("FAILOVER is not valid when server is a replica.");
        }
        if replication.followers.is_empty() {
            return Err("FAILOVER requires connected replicas.");
        }
        if force && (timeout.is_none() || to.is_none()) {
            return Err(
                "FAILOVER with force option requires both a timeout and target HOST and IP.",
            );
        }
        let target = match to {
            None => None,
            Some(name) => {
                let target = self.plan.node(Some(&name));
                let follower = target.and_then(|node| replication.followers.get(&node));
                match follower {
                    None => return Err("FAILOVER target HOST and PORT is not a replica."),
                    Some(follower) if !follower.online => {
                        return Err("FAILOVER target replica is not online.");
                    }
                    Some(_) => target,
                }
            }
        };
        self.begin_failover(node, target, force, timeout);
        Ok(())
    }

    fn begin_failover(
        &mut self,
        node: u16,
        target: Option<u16>,
        force: bool,
        timeout: Option<u64>,
    ) {
        let now = self.now;
        let place = &mut *self.nodes[usize::from(node)];
        place.replication.failover = Some(Failover {
            target,
            force,
            began: now,
        });
        let followers: Vec<u16> = place.replication.followers.keys().copied().collect();
        let over = timeout.map(|ms| now + place.clock.lasts(now, Span::millis(ms)));
        self.pause_writes(node, true);
        let sent = self.records.saturating_sub(1);
        for follower in followers {
            self.post(node, follower, sent, Says::GetAck);
        }
        if let Some(over) = over {
            let act = Act::FailoverOver { node, began: now };
            self.queue.push(over, Class::Timeout, act);
        }
    }

    /// The time for a failover is up.
    pub(crate) fn failover_over(&mut self, node: u16, began: SimTime) {
        let place = &self.nodes[usize::from(node)];
        let Some(failover) = place.replication.failover.filter(|it| it.began == began) else {
            return;
        };
        if !place.runs() {
            return;
        }
        match failover.target.filter(|_| failover.force) {
            Some(target) => self.hand_over(node, target),
            None => self.end_failover(node),
        }
    }

    /// A replica has told how far it has got: perhaps that is all that a failover waits for.
    pub(super) fn failover_may_proceed(&mut self, node: u16, replica: u16) {
        let replication = &self.nodes[usize::from(node)].replication;
        let Some(failover) = replication.failover else {
            return;
        };
        let wanted = failover.target.is_none_or(|target| target == replica);
        let has_all = replication
            .followers
            .get(&replica)
            .is_some_and(|it| it.online && it.acked == replication.offset);
        if wanted && has_all {
            self.hand_over(node, replica);
        }
    }

    fn hand_over(&mut self, node: u16, target: u16) {
        let cause = self.records.checked_sub(1);
        self.nodes[usize::from(node)].replication.failover = None;
        self.follow(node, target, super::roles::Why::HandsOver, cause);
        self.pause_writes(node, false);
    }

    /// A failover is given up: everybody may write again.
    pub(super) fn end_failover(&mut self, node: u16) {
        let replication = &mut self.nodes[usize::from(node)].replication;
        if replication.failover.take().is_some() {
            self.pause_writes(node, false);
        }
    }

    /// A replica is asked by its primary to take its place.
    pub(super) fn take_over(&mut self, node: u16, from: u16, sent: u32) {
        if self.nodes[usize::from(node)].replication.primary == Some(from) {
            self.reign(node);
            self.promote(node, Some(sent));
        }
    }

    /// Lets nobody write, or everybody again, as `CLIENT PAUSE` does.
    fn pause_writes(&mut self, node: u16, pause: bool) {
        let words: &[&str] = if pause {
            &["CLIENT", "PAUSE", "4000000000", "WRITE"]
        } else {
            &["CLIENT", "UNPAUSE"]
        };
        let argv: Vec<Bytes> = words
            .iter()
            .map(|word| Bytes::from((*word).to_owned()))
            .collect();
        let record = self.records;
        let place = &mut *self.nodes[usize::from(node)];
        let local = place.now(self.now);
        let session = place.engine.connect(local);
        let mut out = Outputs::new();
        place
            .engine
            .execute(local, &mut FirstChoice, session, &argv, &mut out);
        place.engine.disconnect(local, session, &mut Outputs::new());
        out.retain(
            |output| !matches!(output, redwind_engine::Output::Reply { to, .. } if *to == session),
        );
        let sorted = place.sort(local, out, record);
        self.settle(node, sorted, None);
    }
}
