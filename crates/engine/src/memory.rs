//! How much memory the data takes, by an estimate that moves like a real server's, and what gives way
//! when there is too little.

use bytes::Bytes;

use crate::cx::Cx;
use crate::db::Data;
use crate::{Choice, Engine, Micros, Output, Policy, Refusal};

/// What an empty server takes.
pub(crate) const SERVER: u64 = 850_000;

/// What a connection takes.
const CONNECTION: u64 = 1_900;

/// What a key takes beside its name and contents: its object, its place in the table, rounding.
const KEY: usize = 40;

impl Data {
    /// About what the contents take.
    pub(crate) fn footprint(&self) -> usize {
        match self {
            Data::Int(_) => 0,
            Data::Short(text) => text.len(),
            Data::Raw(text) => text.len() + 16,
            Data::List(list) => 48 + list.footprint(),
            Data::Hash(hash) => 48 + hash.footprint(),
            Data::Set(set) => 48 + set.footprint(),
            Data::Zset(zset) => 48 + zset.footprint(),
            Data::Stream(stream) => 300 + stream.footprint(),
        }
    }
}

/// About what a key takes with its contents.
pub(crate) fn of_entry(key: &[u8], data: &Data, expires: bool) -> usize {
    KEY + key.len() + data.footprint() + if expires { 24 } else { 0 }
}

/// Redis counts time since use in a small field: minutes for LFU, next to the counter.
fn minutes(now: Micros) -> u32 {
    (now.0 / 60_000_000) as u32 & 0xffff
}

/// New keys start above zero so that they are not evicted at once.
const LFU_START: u32 = 5;

/// The use field of a new key.
pub(crate) fn first_use(now: Micros, policy: Policy) -> u32 {
    if policy.counts_use() {
        minutes(now) << 8 | LFU_START
    } else {
        (now.0 / 1_000_000) as u32
    }
}

/// The counter of an LFU use field, after what it lost by not being used.
pub(crate) fn frequency(used: u32, now: Micros, decay_minutes: i64) -> u32 {
    let (then, counter) = (used >> 8 & 0xffff, used & 0xff);
    let elapsed = minutes(now).wrapping_sub(then) & 0xffff;
    match u32::try_from(decay_minutes) {
        Ok(decay) if decay > 0 => counter.saturating_sub(elapsed / decay),
        _ => counter,
    }
}

impl Engine {
    /// What the data of all databases takes.
    pub fn data_memory(&self) -> u64 {
        self.dbs.iter().map(|db| db.footprint() as u64).sum()
    }

    /// What the server takes.
    pub(crate) fn used_memory(&self) -> u64 {
        SERVER + self.sessions.len() as u64 * CONNECTION + self.data_memory()
    }
}

impl Cx<'_> {
    /// The use field of a key that is used now.
    pub(crate) fn use_again(&mut self, used: u32) -> u32 {
        if !self.touches {
            return used;
        }
        let config = &self.engine.config;
        if !config.maxmemory_policy.counts_use() {
            return (self.now.0 / 1_000_000) as u32;
        }
        let counter = frequency(used, self.now, config.lfu_decay_time);
        // The more often it was used, the less likely the counter grows.
        let above = u64::from(counter.saturating_sub(LFU_START));
        let odds = above * config.lfu_log_factor.unsigned_abs() + 1;
        let grows =
            counter < 255 && (odds == 1 || self.pick(odds as usize, Choice::Frequency) == 0);
        minutes(self.now) << 8 | (counter + u32::from(grows))
    }

    /// Makes room if the memory is used up; refuses what needs memory if there is none.
    pub(crate) fn check_memory(&mut self, needs_memory: bool) -> Result<(), Refusal> {
        let max = self.engine.config.maxmemory;
        // Nothing is evicted while clients are paused.
        if max <= 0 || self.engine.pause.is_some() {
            return Ok(());
        }
        while self.engine.used_memory() > max.unsigned_abs() {
            if !self.evict_one() {
                self.memory_is_full = true;
                return if needs_memory {
                    Err(Refusal::OutOfMemory)
                } else {
                    Ok(())
                };
            }
        }
        Ok(())
    }

    /// Deletes the best of a few sampled keys; `false` if no key may go.
    fn evict_one(&mut self) -> bool {
        let policy = self.engine.config.maxmemory_policy;
        let only_expiring = matches!(
            policy,
            Policy::VolatileLru
                | Policy::VolatileLfu
                | Policy::VolatileRandom
                | Policy::VolatileTtl
        );
        if policy == Policy::NoEviction {
            return false;
        }
        let here = self.db;
        let mut best: Option<(u64, u32, Bytes)> = None;
        for db in 0..self.engine.dbs.len() as u32 {
            self.db = db;
            if let Some((score, key)) = self.sample(policy, only_expiring)
                && best.as_ref().is_none_or(|(best, ..)| score > *best)
            {
                best = Some((score, db, key));
            }
        }
        let victim = best.map(|(_, db, key)| (db, key));
        if let Some((db, key)) = &victim {
            self.db = *db;
            self.db_mut().remove(key);
            self.touch(key);
            self.engine.counters.evicted_keys += 1;
            self.event("evicted", key);
            if self.engine.config.report_effects {
                let argv = vec![Bytes::from_static(b"DEL"), key.clone()];
                self.out.push(Output::Propagate { db: *db, argv });
            }
        }
        self.db = here;
        victim.is_some()
    }

    /// The key of this database that deserves most to go, among a few; with how much it does.
    fn sample(&mut self, policy: Policy, only_expiring: bool) -> Option<(u64, Bytes)> {
        let candidates = if only_expiring {
            self.db().due_count()
        } else {
            self.db().len()
        };
        if candidates == 0 {
            return None;
        }
        if policy == Policy::VolatileTtl {
            // The order of expiry is known, so no sampling is needed.
            let (at, key) = self.db().soonest()?;
            return Some((u64::MAX - at.unsigned_abs(), key.to_bytes()));
        }
        let samples = self.engine.config.maxmemory_samples.clamp(1, 64) as usize;
        let mut best: Option<(u64, Bytes)> = None;
        for _ in 0..samples.min(candidates) {
            let at = self.pick(candidates, Choice::Eviction);
            let (now, decay) = (self.now, self.engine.config.lfu_decay_time);
            let found = if only_expiring {
                self.db().nth_due(at)
            } else {
                self.db().entry(at)
            };
            let Some((key, entry)) = found else { continue };
            let score = match policy {
                Policy::AllKeysRandom | Policy::VolatileRandom => 0,
                _ if policy.counts_use() => u64::from(255 - frequency(entry.used, now, decay)),
                _ => (now.0 / 1_000_000).saturating_sub(u64::from(entry.used)),
            };
            if best.as_ref().is_none_or(|(best, _)| score > *best) {
                best = Some((score, key.to_bytes()));
            }
        }
        best
    }
}
