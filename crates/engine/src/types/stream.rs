//! Streams: entries in order of id, in the nodes in which Redis would keep them, and consumer groups.

use std::collections::VecDeque;

use bytes::Bytes;
use redwind_resp::put_digits;
use triomphe::Arc;

use super::elements::{packed, packed_int};
use crate::blob::Blob;
use crate::sorted::Sorted;
use crate::{Config, GroupView, PendingView, order};

/// The id of an entry: milliseconds, and a number within the millisecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id {
    pub(crate) ms: u64,
    pub(crate) seq: u64,
}

impl Id {
    pub(crate) const ZERO: Id = Id { ms: 0, seq: 0 };
    pub(crate) const MAX: Id = Id {
        ms: u64::MAX,
        seq: u64::MAX,
    };

    /// As replies show it.
    pub(crate) fn to_bytes(self) -> Bytes {
        let mut text = [b'-'; 41];
        let seq = put_digits(&mut text, self.seq);
        let start = put_digits(&mut text[..seq - 1], self.ms);
        Bytes::copy_from_slice(&text[start..])
    }

    pub(crate) fn next(self) -> Option<Id> {
        match self.seq.checked_add(1) {
            Some(seq) => Some(Id { ms: self.ms, seq }),
            None => Some(Id {
                ms: self.ms.checked_add(1)?,
                seq: 0,
            }),
        }
    }

    pub(crate) fn previous(self) -> Option<Id> {
        match self.seq.checked_sub(1) {
            Some(seq) => Some(Id { ms: self.ms, seq }),
            None => Some(Id {
                ms: self.ms.checked_sub(1)?,
                seq: u64::MAX,
            }),
        }
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) id: Id,
    /// Fields and values alternate.
    pub(crate) fields: Arc<[Blob]>,
}

/// Entries that Redis keeps in one piece of memory. Approximate trimming removes whole nodes only.
#[derive(Clone)]
struct Node {
    entries: Vec<Entry>,
    /// How many entries it ever held.
    added: usize,
    /// What it takes, deleted entries included.
    bytes: usize,
    /// The id and the fields of its first entry, against which others are stored.
    master: Id,
    master_fields: Arc<[Blob]>,
}

/// The numbers at the head and the foot of a node.
const NODE_BYTES: usize = 7 + 2 + 2 + 2 + 2;

impl Node {
    fn new(first: &Entry) -> Node {
        let names = first.fields.iter().step_by(2);
        let bytes = NODE_BYTES + names.map(packed).sum::<usize>();
        Node {
            entries: Vec::new(),
            added: 0,
            bytes,
            master: first.id,
            master_fields: first.fields.clone(),
        }
    }

    fn push(&mut self, entry: Entry) {
        let count = entry.fields.len() / 2;
        let same = self.master_fields.len() == entry.fields.len()
            && self
                .master_fields
                .iter()
                .step_by(2)
                .eq(entry.fields.iter().step_by(2));
        let mut bytes = packed_int(i64::from(same) * 2)
            + packed_int(entry.id.ms.wrapping_sub(self.master.ms) as i64)
            + packed_int(entry.id.seq.wrapping_sub(self.master.seq) as i64);
        bytes += entry
            .fields
            .iter()
            .skip(1)
            .step_by(2)
            .map(packed)
            .sum::<usize>();
        if same {
            bytes += packed_int(count as i64 + 3);
        } else {
            bytes += entry.fields.iter().step_by(2).map(packed).sum::<usize>();
            bytes += packed_int(count as i64) + packed_int(2 * count as i64 + 4);
        }
        self.bytes += bytes;
        self.added += 1;
        self.entries.push(entry);
    }

    /// About what it takes in memory.
    fn footprint(&self) -> usize {
        self.bytes + 40
    }

    fn last_id(&self) -> Id {
        self.entries.last().map_or(self.master, |entry| entry.id)
    }
}

/// What a consumer was given and has not acknowledged.
#[derive(Clone)]
pub(crate) struct Pending {
    /// `None` once it was given back.
    pub(crate) consumer: Option<Blob>,
    /// When it was given out last, in milliseconds.
    pub(crate) delivered_ms: i64,
    pub(crate) deliveries: i64,
    /// What was given back is claimed in the order in which it was.
    turn: u64,
}

#[derive(Clone, Default)]
pub(crate) struct Consumer {
    /// When it last asked for something.
    pub(crate) seen_ms: i64,
    /// When it last got something.
    pub(crate) active_ms: Option<i64>,
    pub(crate) pending: Sorted<Id>,
}

#[derive(Clone, Default)]
pub(crate) struct Group {
    pub(crate) last_id: Id,
    /// How many entries it has read of all that ever were; not always known.
    pub(crate) read: Option<u64>,
    pub(crate) pending: Sorted<Id, Pending>,
    pub(crate) consumers: Sorted<Blob, Consumer>,
    /// How many entries were ever given back.
    pub(crate) turns: u64,
}

impl Pending {
    /// The name of its consumer, empty once it was given back.
    pub(crate) fn owner(&self) -> Bytes {
        self.consumer
            .as_ref()
            .map(Blob::to_bytes)
            .unwrap_or_default()
    }

    /// For how long it has been pending; -1 once it was given back.
    pub(crate) fn idle_ms(&self, now_ms: i64) -> i64 {
        match self.consumer {
            Some(_) => (now_ms - self.delivered_ms).max(0),
            None => -1,
        }
    }
}

impl Group {
    /// The consumer of this name, who is seen now; says whether it is new.
    pub(crate) fn consumer(&mut self, name: &[u8], now_ms: i64) -> bool {
        let new = !self.consumers.contains_key(name);
        let consumer = self.consumers.or_default(Blob::new(name));
        consumer.seen_ms = now_ms;
        new
    }

    /// Gives an entry to a consumer, taking it from another if need be.
    pub(crate) fn assign(&mut self, id: Id, to: &[u8], delivered_ms: i64, deliveries: i64) {
        let pending = Pending {
            consumer: Some(Blob::new(to)),
            delivered_ms,
            deliveries,
            turn: 0,
        };
        let old = self.pending.insert(id, pending);
        self.take_from(old, id);
        if let Some(consumer) = self.consumers.get_mut(to) {
            consumer.pending.insert(id, ());
        }
    }

    /// An entry is done with; says whether it was pending.
    pub(crate) fn acknowledge(&mut self, id: Id) -> bool {
        let old = self.pending.remove(&id);
        let was_pending = old.is_some();
        self.take_from(old, id);
        was_pending
    }

    /// An entry stays pending, but is nobody's: anybody may claim it at once.
    pub(crate) fn give_back(&mut self, id: Id, deliveries: i64) {
        self.turns += 1;
        let pending = Pending {
            consumer: None,
            delivered_ms: 0,
            deliveries,
            turn: self.turns,
        };
        let old = self.pending.insert(id, pending);
        self.take_from(old, id);
    }

    fn take_from(&mut self, old: Option<Pending>, id: Id) {
        if let Some(owner) = old.and_then(|old| old.consumer)
            && let Some(consumer) = self.consumers.get_mut(&*owner)
        {
            consumer.pending.remove(&id);
        }
    }

    /// What has been pending for so long, the longest first.
    pub(crate) fn idle_for(&self, min_idle: i64, now_ms: i64) -> Vec<Id> {
        let idle = self
            .pending
            .iter()
            .filter(|(_, pending)| now_ms - pending.delivered_ms >= min_idle);
        let mut ids: Vec<_> = idle.map(|(id, p)| (p.delivered_ms, p.turn, *id)).collect();
        order::sort(&mut ids);
        ids.into_iter().map(|(_, _, id)| id).collect()
    }
}

/// What becomes of the groups' references to an entry that is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Refs {
    /// They stay.
    #[default]
    Keep,
    /// They go too.
    Delete,
    /// The entry is only deleted once every group has acknowledged it.
    Acked,
}

/// Up to where a stream is cut.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cut {
    MaxLen(u64),
    MinId(Id),
}

#[derive(Clone, Default)]
pub(crate) struct Stream {
    nodes: VecDeque<Arc<Node>>,
    len: usize,
    /// What the nodes take.
    node_bytes: usize,
    pub(crate) last_id: Id,
    /// How many entries were ever added.
    pub(crate) added: u64,
    pub(crate) max_deleted: Id,
    pub(crate) groups: Sorted<Blob, Group>,
}

impl Stream {
    /// Its groups for people, each with at most `limit` pending entries.
    pub(crate) fn view_groups(&self, limit: usize) -> Vec<GroupView> {
        let pending = |(id, pending): (&Id, &Pending)| PendingView {
            id: id.to_bytes(),
            consumer: pending.owner(),
            deliveries: pending.deliveries,
        };
        let view = |(name, group): (&Blob, &Group)| GroupView {
            name: name.to_bytes(),
            delivered: group.last_id.to_bytes(),
            pending_len: group.pending.len(),
            pending: group.pending.iter().take(limit).map(pending).collect(),
        };
        self.groups.iter().map(view).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The ids under which its nodes are found.
    pub(crate) fn masters(&self) -> impl ExactSizeIterator<Item = Id> {
        self.nodes.iter().map(|node| node.master)
    }

    /// About what it takes in memory.
    pub(crate) fn footprint(&self) -> usize {
        let groups: usize = self
            .groups
            .values()
            .map(|g| 100 + g.pending.len() * 80)
            .sum();
        self.node_bytes + groups
    }

    pub(crate) fn first(&self) -> Option<&Entry> {
        self.nodes.front()?.entries.first()
    }

    pub(crate) fn last(&self) -> Option<&Entry> {
        self.nodes.back()?.entries.last()
    }

    pub(crate) fn first_id(&self) -> Id {
        self.first().map_or(Id::ZERO, |entry| entry.id)
    }

    /// Appends an entry; its id must be above the last one.
    pub(crate) fn append(&mut self, id: Id, fields: Arc<[Blob]>, config: &Config) {
        let entry = Entry { id, fields };
        let size: usize = entry.fields.iter().map(|part| part.len()).sum();
        let (max_bytes, max_entries) =
            (config.stream_node_max_bytes, config.stream_node_max_entries);
        let full = self.nodes.back().is_none_or(|node| {
            (max_bytes > 0 && (node.bytes + size) as i64 >= max_bytes)
                || (max_entries > 0 && node.added as i64 >= max_entries)
        });
        if full {
            let node = Node::new(&entry);
            self.node_bytes += node.footprint();
            self.nodes.push_back(Arc::new(node));
        }
        if let Some(node) = self.nodes.back_mut() {
            let before = node.footprint();
            Arc::make_mut(node).push(entry);
            self.node_bytes += node.footprint() - before;
        }
        self.last_id = id;
        self.added += 1;
        self.len += 1;
    }

    /// The node that may hold an id.
    fn node_of(&self, id: Id) -> usize {
        self.nodes.partition_point(|node| node.last_id() < id)
    }

    pub(crate) fn get(&self, id: Id) -> Option<&Entry> {
        let node = self.nodes.get(self.node_of(id))?;
        let at = node
            .entries
            .binary_search_by_key(&id, |entry| entry.id)
            .ok()?;
        node.entries.get(at)
    }

    /// The entries between two ids, both included.
    pub(crate) fn range(&self, start: Id, end: Id) -> impl Iterator<Item = &Entry> {
        let nodes = self
            .nodes
            .range(self.node_of(start).min(self.nodes.len())..);
        let entries = nodes.flat_map(|node| node.entries.iter());
        entries
            .skip_while(move |entry| entry.id < start)
            .take_while(move |entry| entry.id <= end)
    }

    /// The entries between two ids, both included, the last first.
    pub(crate) fn range_back(&self, start: Id, end: Id) -> impl Iterator<Item = &Entry> {
        let last = (self.node_of(end) + 1).min(self.nodes.len());
        let nodes = self.nodes.range(..last).rev();
        let entries = nodes.flat_map(|node| node.entries.iter().rev());
        entries
            .skip_while(move |entry| entry.id > end)
            .take_while(move |entry| entry.id >= start)
    }

    /// Deletes one entry; says whether it was there.
    pub(crate) fn delete(&mut self, id: Id) -> bool {
        let place = self.node_of(id);
        let Some(node) = self.nodes.get_mut(place) else {
            return false;
        };
        let Ok(at) = node.entries.binary_search_by_key(&id, |entry| entry.id) else {
            return false;
        };
        if node.entries.len() == 1 {
            self.remove_node(place);
        } else {
            Arc::make_mut(node).entries.remove(at);
        }
        self.len -= 1;
        true
    }

    fn remove_node(&mut self, place: usize) {
        if let Some(node) = self.nodes.remove(place) {
            self.node_bytes -= node.footprint();
        }
    }

    /// Whether some group still waits for an entry to be read or acknowledged.
    pub(crate) fn is_referenced(&self, id: Id) -> bool {
        self.groups
            .values()
            .any(|group| group.last_id < id || group.pending.contains_key(&id))
    }

    /// Removes an entry from what consumers have pending.
    pub(crate) fn drop_refs(&mut self, id: Id) {
        for group in self.groups.values_mut() {
            group.acknowledge(id);
        }
    }

    /// Cuts the stream at its beginning; gives how many entries went.
    pub(crate) fn trim(
        &mut self,
        cut: Cut,
        approximately: bool,
        limit: usize,
        refs: Refs,
    ) -> usize {
        let mut deleted = 0;
        // Entries that must stay because they are not acknowledged are stepped over.
        let mut at = 0;
        while let Some(node) = self.nodes.get(at) {
            let count = node.entries.len();
            let over = match cut {
                Cut::MaxLen(max) => self.len as u64 > max,
                Cut::MinId(min) => node.entries.first().is_some_and(|entry| entry.id < min),
            };
            if !over || (limit > 0 && deleted + count > limit) {
                break;
            }
            let whole = match cut {
                Cut::MaxLen(max) => (self.len - count) as u64 >= max,
                Cut::MinId(min) => node.last_id() < min,
            };
            if whole && refs == Refs::Keep {
                self.remove_node(at);
                self.len -= count;
                deleted += count;
                continue;
            }
            // Where references matter Redis looks at entries, which an approximate cut never does.
            if approximately {
                break;
            }
            let ids: Vec<Id> = node.entries.iter().map(|entry| entry.id).collect();
            let nodes_before = self.nodes.len();
            for id in ids {
                let done = match cut {
                    Cut::MaxLen(max) => self.len as u64 <= max,
                    Cut::MinId(min) => id >= min,
                };
                if done {
                    break;
                }
                match refs {
                    Refs::Acked if self.is_referenced(id) => continue,
                    Refs::Delete => self.drop_refs(id),
                    _ => {}
                }
                deleted += usize::from(self.delete(id));
            }
            // The node is gone if nothing of it stayed.
            at += usize::from(self.nodes.len() == nodes_before);
        }
        deleted
    }

    /// Whether entries were deleted (other than at the beginning) from this id on.
    pub(crate) fn has_gaps_after(&self, id: Id) -> bool {
        self.len > 0 && self.max_deleted != Id::ZERO && self.max_deleted >= id
    }

    /// How many entries there ever were up to this id, if that can be known.
    pub(crate) fn position(&self, id: Id) -> Option<u64> {
        if self.added == 0 {
            return Some(0);
        }
        if self.len == 0 && id <= self.last_id {
            return Some(self.added);
        }
        if id == self.last_id {
            return Some(self.added);
        }
        if id > self.last_id {
            return None;
        }
        let first = self.first_id();
        if self.max_deleted == Id::ZERO || self.max_deleted < first {
            let before = self.added - self.len as u64;
            if id < first {
                return Some(before);
            }
            if id == first {
                return Some(before + 1);
            }
        }
        None
    }

    /// How many entries a group has yet to read, if that can be known; negative, as Redis counts, if it was told to have read more.
    pub(crate) fn lag(&self, group: &Group) -> Option<u64> {
        if self.added == 0 || self.len == 0 {
            return Some(0);
        }
        let first = self.first_id();
        if group.last_id < first && self.max_deleted < first {
            // All that is left is yet to be read, whatever was said of how much was.
            return Some(self.len as u64);
        }
        match group.read {
            Some(read) if !self.has_gaps_after(group.last_id) => {
                Some(self.added.wrapping_sub(read))
            }
            _ => self
                .position(group.last_id)
                .map(|read| self.added.wrapping_sub(read)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_nodes_take_is_counted_while_entries_come_and_go() {
        let config = Config {
            stream_node_max_entries: 4,
            ..Config::default()
        };
        let mut stream = Stream::default();
        let counted = |stream: &Stream| stream.nodes.iter().map(|n| n.footprint()).sum::<usize>();
        for ms in 1..=50 {
            let fields = [Blob::new(b"job"), Blob::new(&vec![b'x'; ms as usize])];
            stream.append(Id { ms, seq: 0 }, Arc::from(Vec::from(fields)), &config);
            assert_eq!(stream.node_bytes, counted(&stream));
        }
        for ms in (1..=50).filter(|ms| ms % 9 < 6) {
            assert!(stream.delete(Id { ms, seq: 0 }));
            assert_eq!(stream.node_bytes, counted(&stream));
        }
        stream.trim(Cut::MaxLen(5), true, 0, Refs::Keep);
        assert_eq!(stream.node_bytes, counted(&stream));
        stream.trim(Cut::MaxLen(0), false, 0, Refs::Keep);
        assert_eq!((stream.node_bytes, stream.len()), (0, 0));
    }
}
