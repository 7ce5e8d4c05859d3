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

/// For how many seconds a key was not used. Redis has 24 bits for that, and reads in them what was counted under another policy.
pub(crate) fn idle(used: u32, now: Micros) -> u32 {
    const BITS: u32 = 0x00ff_ffff;
    let (clock, then) = ((now.0 / 1_000_000) as u32 & BITS, used & BITS);
    clock
        .checked_sub(then)
        .unwrap_or_else(|| clock + BITS - then)
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

    /// Looks whether it takes more than ever before. Redis does so ten times a second and when it is asked; this is asked
    /// every few dozen commands.
    pub(crate) fn note_peak(&mut self, now: Micros) {
        let used = self.used_memory();
        if used > self.peak_memory.0 {
            self.peak_memory = (used, now);
        }
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
        if max <= 0 {
            return Ok(());
        }
        self.engine.memory_was_full = false;
        // Nothing is evicted while clients are paused.
        if self.engine.pause.is_some() {
            return Ok(());
        }
        while self.engine.used_memory() > max.unsigned_abs() {
            if !self.evict_one() {
                self.engine.memory_was_full = true;
                return if needs_memory {
                    Err(Refusal::OutOfMemory)
                } else {
                    Ok(())
                };
            }
        }
        Ok(())
    }

    /// Deletes the key that deserves most to go of those that were sampled; `false` if no key may go.
    fn evict_one(&mut self) -> bool {
        let policy = self.engine.config.maxmemory_policy;
        let victim = match policy {
            Policy::NoEviction => None,
            Policy::AllKeysRandom | Policy::VolatileRandom => self.any_victim(policy),
            _ => self.best_victim(policy),
        };
        let Some((db, key)) = victim else {
            return false;
        };
        let here = std::mem::replace(&mut self.db, db);
        self.db_mut().remove(&key);
        self.touch(&key);
        self.engine.counters.evicted_keys += 1;
        self.event("evicted", &key);
        if self.engine.config.report_effects {
            let argv = vec![Bytes::from_static(b"DEL"), key];
            self.out.push(Output::Propagate { db, argv });
        }
        self.db = here;
        true
    }

    /// How many keys of a database may go.
    fn candidates(&self, db: u32, policy: Policy) -> usize {
        let db = &self.engine.dbs[db as usize];
        if policy.spares_lasting() {
            db.due_count()
        } else {
            db.len()
        }
    }

    /// Any key; the databases take turns.
    fn any_victim(&mut self, policy: Policy) -> Option<(u32, Bytes)> {
        let count = self.engine.dbs.len() as u32;
        for _ in 0..count {
            let db = self.engine.pool.turn % count;
            self.engine.pool.turn = (db + 1) % count;
            let candidates = self.candidates(db, policy);
            if candidates > 0 {
                let at = self.pick(candidates, Choice::Eviction);
                let (key, _) = self.candidate(db, at, policy)?;
                return Some((db, key));
            }
        }
        None
    }

    /// The best of the pool, to which a few keys of each database are added first.
    fn best_victim(&mut self, policy: Policy) -> Option<(u32, Bytes)> {
        loop {
            let mut any = false;
            for db in 0..self.engine.dbs.len() as u32 {
                any |= self.sample(db, policy);
            }
            if !any {
                return None;
            }
            while let Some((_, db, key)) = self.engine.pool.candidates.pop() {
                // What was sampled earlier may be gone, or last for ever now.
                let entry = self.engine.dbs[db as usize].get(&key);
                if entry.is_some_and(|e| !policy.spares_lasting() || e.expires().is_some()) {
                    return Some((db, key));
                }
            }
        }
    }

    /// The key at a place among those that may go.
    fn candidate(&self, db: u32, at: usize, policy: Policy) -> Option<(Bytes, u64)> {
        let keys = &self.engine.dbs[db as usize];
        let (key, entry) = if policy.spares_lasting() {
            keys.nth_due(at)?
        } else {
            keys.entry(at)?
        };
        let score = match policy {
            Policy::VolatileTtl => u64::MAX - entry.expires().map_or(0, i64::unsigned_abs),
            _ if policy.counts_use() => {
                let decay = self.engine.config.lfu_decay_time;
                u64::from(255 - frequency(entry.used, self.now, decay))
            }
            _ => u64::from(idle(entry.used, self.now)),
        };
        Some((key.to_bytes(), score))
    }

    /// Adds a few keys of a database to the pool; `false` if none may go.
    fn sample(&mut self, db: u32, policy: Policy) -> bool {
        let candidates = self.candidates(db, policy);
        let samples = self.engine.config.maxmemory_samples.clamp(1, 64) as usize;
        for _ in 0..samples.min(candidates) {
            let at = self.pick(candidates, Choice::Eviction);
            if let Some((key, score)) = self.candidate(db, at, policy) {
                self.engine.pool.offer(score, db, key);
            }
        }
        candidates > 0
    }
}

/// How many candidates are remembered.
const POOL: usize = 16;

/// Keys that were sampled before and did not have to go yet: as in Redis, what deserves most to go is chosen among these
/// and new ones, which is much nearer to the best of all keys than a single sample.
#[derive(Clone, Default)]
pub(crate) struct Pool {
    /// How much each deserves to go, the least first.
    candidates: Vec<(u64, u32, Bytes)>,
    /// The database from which the next key is taken when any will do.
    turn: u32,
}

impl Pool {
    fn offer(&mut self, score: u64, db: u32, key: Bytes) {
        let same = |(_, of, known): &(u64, u32, Bytes)| *of == db && *known == key;
        if self.candidates.iter().any(same) {
            return;
        }
        let at = self
            .candidates
            .partition_point(|(known, ..)| *known < score);
        if self.candidates.len() < POOL {
            self.candidates.insert(at, (score, db, key));
        } else if at > 0 {
            self.candidates.remove(0);
            self.candidates.insert(at - 1, (score, db, key));
        }
    }
}
