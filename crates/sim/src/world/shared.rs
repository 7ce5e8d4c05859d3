//! What copies of a world have in common until one of them changes it.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A part of a world. A copy shares it; whoever writes first gets one of its own.
#[derive(Debug, Default)]
pub(crate) struct Shared<T>(Arc<T>);

impl<T> Shared<T> {
    pub(crate) fn new(part: T) -> Self {
        Self(Arc::new(part))
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

/// How many entries of a log lie together.
const CHUNK: usize = 128;

/// What is only written at its end and given up from its beginning: a copy that is written to copies the last few
/// entries, however many there are.
#[derive(Clone, Debug)]
pub(crate) struct Log<T> {
    /// All but the last one are full.
    chunks: Shared<Vec<Shared<Vec<T>>>>,
}

impl<T> Default for Log<T> {
    fn default() -> Self {
        Self {
            chunks: Shared::new(Vec::new()),
        }
    }
}

impl<T: Clone> Log<T> {
    pub(crate) fn push(&mut self, entry: T) {
        let chunks = &mut *self.chunks;
        match chunks.last_mut().filter(|last| last.len() < CHUNK) {
            Some(last) => last.push(entry),
            None => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(entry);
                chunks.push(Shared::new(chunk));
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self.chunks.last() {
            Some(last) => (self.chunks.len() - 1) * CHUNK + last.len(),
            None => 0,
        }
    }

    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        self.chunks.get(at / CHUNK)?.get(at % CHUNK)
    }

    /// The entries from this one on.
    pub(crate) fn from(&self, first: usize) -> impl Iterator<Item = &T> {
        let (chunk, within) = (first / CHUNK, first % CHUNK);
        self.chunks
            .iter()
            .skip(chunk)
            .flat_map(|chunk| chunk.iter())
            .skip(within)
    }

    /// How many entries at the beginning are so; all of them come before all others.
    pub(crate) fn partition_point(&self, so: impl Fn(&T) -> bool) -> usize {
        let full = self
            .chunks
            .partition_point(|chunk| chunk.last().is_some_and(&so));
        let within = self
            .chunks
            .get(full)
            .map_or(0, |chunk| chunk.partition_point(&so));
        // The last chunk may be so as a whole without being full.
        (full * CHUNK + within).min(self.len())
    }

    /// Gives up entries at the beginning that are no longer needed, at most so many.
    pub(crate) fn give_up(&mut self, most: usize) {
        let chunks = (most / CHUNK).min(self.chunks.len());
        if chunks > 0 {
            self.chunks.drain(..chunks);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_a_log_goes_its_own_way() {
        let mut log = Log::default();
        for n in 0..300 {
            log.push(n);
        }
        let mut copy = log.clone();
        copy.push(1_000);
        log.push(300);
        assert_eq!((log.len(), copy.len()), (301, 301));
        assert_eq!((log.get(300), copy.get(300)), (Some(&300), Some(&1_000)));
        assert!(log.from(127).copied().eq(127..301));
    }

    #[test]
    fn a_log_finds_its_entries_wherever_its_chunks_end() {
        let mut log = Log::default();
        for n in 0..3 * CHUNK {
            assert_eq!(log.partition_point(|_| true), n);
            log.push(n);
        }
        for n in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK] {
            assert_eq!(log.partition_point(|entry| *entry < n), n);
        }
        log.give_up(CHUNK - 1);
        assert_eq!(log.len(), 3 * CHUNK);
        log.give_up(2 * CHUNK + 5);
        assert_eq!((log.len(), log.get(0)), (CHUNK, Some(&(2 * CHUNK))));
    }
}
