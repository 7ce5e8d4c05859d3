//! Nodes' processes and machines: pauses, falls, restarts; and everybody's clocks.

use std::collections::BTreeSet;

use bytes::Bytes;
use redwind_engine::Engine;

use crate::world::World;
use crate::world::changes::{Known, PREVIEW};
use crate::world::disk::{Fall, Stall};
use crate::world::queue::{Act, Class};
use crate::{Changed, Event, KeyChange, Place, SimTime, Span};

/// How many databases an engine has.
const DATABASES: u32 = 16;

impl World {
    /// A node's process stops for a time: what arrives meanwhile waits, and so do its timers.
    pub(crate) fn pause_node(&mut self, node: u16, lasts: Span, cause: Option<u32>) {
        let until = self.now + lasts;
        let place = &mut *self.nodes[usize::from(node)];
        if place.fell.is_some() || place.paused_until.is_some_and(|end| end >= until) {
            return;
        }
        place.paused_until = Some(until);
        let act = Act::ResumeNode { node, until };
        self.queue.push(until, Class::Timeout, act);
        let seq = self.emit(Place::Node(node), cause, Event::Paused { until });
        self.nodes[usize::from(node)].state_since = Some(seq);
    }

    pub(crate) fn resume_node(&mut self, node: u16, until: SimTime) {
        let place = &mut *self.nodes[usize::from(node)];
        if place.paused_until != Some(until) {
            return;
        }
        place.paused_until = None;
        let cause = place.state_since;
        self.emit(Place::Node(node), cause, Event::Resumed);
        // Its timers are overdue, and a server looks at them before it reads.
        let due = self.nodes[usize::from(node)].deadline(self.now);
        if due.is_some_and(|due| due <= self.now) {
            self.node_wakes(node);
        }
        let place = &mut *self.nodes[usize::from(node)];
        let waiting = place.connections_with_work();
        let closing = place.connections_closing();
        for connection in closing.into_iter().rev() {
            self.agenda.push_front(Act::HangUp { node, connection });
        }
        for connection in waiting.into_iter().rev() {
            self.agenda.push_front(Act::Execute { node, connection });
        }
        self.links_resume(node);
        self.bus_resumes(node);
        self.sentinels_resume(node);
    }

    /// A node goes down.
    pub(crate) fn fell(
        &mut self,
        node: u16,
        how: Fall,
        restart_after: Option<Span>,
        cause: Option<u32>,
    ) {
        let now = self.now;
        let spec = &self.plan.scenario.nodes[usize::from(node)];
        let restart_after = restart_after.or(spec.restarts_after);
        let place = &mut *self.nodes[usize::from(node)];
        if place.fell.is_some() {
            return;
        }
        place.take_snapshot(now);
        place.fell = Some((now, how));
        if how == Fall::PowerCut {
            place.lost_power.push(now);
        }
        place.paused_until = None;
        place.life += 1;
        let life = place.life;
        let event = match how {
            Fall::Killed => Event::Crashed,
            Fall::PowerCut => Event::PowerCut,
        };
        let seq = self.emit(Place::Node(node), cause, event);
        self.nodes[usize::from(node)].state_since = Some(seq);
        let open = self.nodes[usize::from(node)].drop_sessions();
        for connection in open {
            // A kernel that lives closes the connections of a dead process; one without power does not.
            if how == Fall::Killed {
                self.tell_closed(connection, node, false);
            }
        }
        self.bus_down(node);
        self.links_down(node, how);
        self.sentinels_lose(node, how);
        if let Some(after) = restart_after {
            let act = Act::StartNode {
                node,
                life,
                cause: Some(seq),
            };
            self.queue.push(now + after, Class::Ordinary, act);
        }
    }

    /// A node's process will have to wait for its disk, or has to at once.
    pub(crate) fn disk_stalls(&mut self, node: u16, stall: Option<Stall>) {
        let Some(Stall { from, until }) = stall else {
            return;
        };
        let life = self.nodes[usize::from(node)].life;
        if from <= self.now {
            self.stalls(node, life, until);
        } else {
            let act = Act::Stall { node, life, until };
            self.queue.push(from, Class::Ordinary, act);
        }
    }

    pub(crate) fn stalls(&mut self, node: u16, life: u32, until: SimTime) {
        let place = &mut *self.nodes[usize::from(node)];
        if place.life == life && place.is_up() {
            place.busy_until = place.busy_until.max(until);
        }
    }

    /// A node that is down starts again, now.
    pub(crate) fn restart_node(&mut self, node: u16, empty: bool, cause: Option<u32>) {
        if self.nodes[usize::from(node)].fell.is_none() {
            self.fell(node, Fall::Killed, None, cause);
        }
        if empty {
            self.nodes[usize::from(node)].disk.wipe();
        }
        // A start that was arranged before is void: this one comes first.
        self.nodes[usize::from(node)].life += 1;
        let life = self.nodes[usize::from(node)].life;
        self.agenda.push_front(Act::StartNode { node, life, cause });
    }

    pub(crate) fn start_node(&mut self, node: u16, life: u32, cause: Option<u32>) {
        let now = self.now;
        let place = &mut *self.nodes[usize::from(node)];
        let Some((fell, how)) = place.fell.filter(|_| place.life == life) else {
            return;
        };
        place.fell = None;
        place.restarts += 1;
        let restarts = place.restarts;
        let seq = self.emit(Place::Node(node), cause, Event::Started { restarts });
        let place = &mut *self.nodes[usize::from(node)];
        let local = place.now(now);
        place.busy_until = now;
        let mut engine = place.disk.load(fell, how, local);
        engine.join(place.engine.cluster().cloned());
        let changes = place.replace_data(engine, now, "lost", self.records);
        let place = &mut *self.nodes[usize::from(node)];
        place.restart_disk(now);
        place.play_role(now);
        self.emit(Place::Node(node), Some(seq), Event::Loaded { changes });
        self.bus_up(node);
        self.links_up(node);
        self.sentinel_starts(node);
    }

    /// Sets a machine's wall clock.
    pub(crate) fn jump_clock(&mut self, place: Place, by_micros: i64, cause: Option<u32>) {
        let now = self.now;
        let Some(clock) = self.clock_mut(place) else {
            return;
        };
        clock.jump(now, by_micros);
        self.emit_elsewhere(place, cause, Event::ClockJumped { by_micros });
    }

    /// Lets a machine's clocks run at another speed. What already sleeps keeps to the old one.
    pub(crate) fn drift(&mut self, place: Place, ppm: i32, cause: Option<u32>) {
        let now = self.now;
        let Some(clock) = self.clock_mut(place) else {
            return;
        };
        clock.set_drift(now, ppm);
        self.emit_elsewhere(place, cause, Event::ClockDrifts { ppm });
    }

    fn clock_mut(&mut self, place: Place) -> Option<&mut crate::Clock> {
        match place {
            Place::Client(client) => Some(&mut self.clients.get_mut(usize::from(client))?.clock),
            Place::Node(node) => Some(&mut self.nodes.get_mut(usize::from(node))?.clock),
            Place::Resource(_) | Place::Terminal => None,
        }
    }
}

impl Known {
    /// What is different in another engine's data; from then on its keys are the known ones.
    pub(crate) fn replaced(
        &mut self,
        (old, new): (&Engine, &Engine),
        now: redwind_engine::Micros,
        what: &'static str,
        record: u32,
    ) -> Vec<KeyChange> {
        let mut all: BTreeSet<(u32, Bytes)> = self.keys().cloned().collect();
        let fresh: BTreeSet<(u32, Bytes)> = (0..DATABASES)
            .flat_map(|db| {
                new.keys(db)
                    .map(move |key| (db, Bytes::copy_from_slice(key)))
            })
            .collect();
        all.extend(fresh.iter().cloned());
        let mut changes = Vec::new();
        for (db, key) in all {
            let (before, after) = (
                old.view(now, db, &key, PREVIEW),
                new.view(now, db, &key, PREVIEW),
            );
            let had = self.has(db, &key);
            // What had gone before and comes back too old to be seen goes without another word.
            let there = fresh.contains(&(db, key.clone())) && (had || after.is_some());
            self.set(db, &key, there, record, before != after);
            let changed = match (had && before.is_some(), &after) {
                _ if before == after => continue,
                (true, None) => Changed::Deleted,
                (true, Some(_)) => Changed::Updated,
                (false, _) => Changed::Created,
            };
            changes.push(KeyChange {
                db,
                what,
                changed,
                expires_at: after.as_ref().and_then(|view| view.expires_at),
                view: after,
                key,
            });
        }
        changes
    }
}
