//! What became of a stream's entry, as its consumer groups have it.

use bytes::Bytes;
use redwind_engine::{GroupView, KeyView, Preview};

/// Where an entry rests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// In the stream, and not delivered to the group: a worker that reads `>` gets it.
    ToCome,
    /// Delivered to this consumer, and not acknowledged.
    Pending(Bytes),
    /// In the stream, and acknowledged.
    Acknowledged,
    /// Not in the stream.
    Gone,
    /// The view is too short to tell.
    Hidden,
}

/// Where the entry of this id rests, as the named group has it, or else any group.
///
/// Groups are apart: what one acknowledged, another may still have to read. The answer is the best of them.
pub(crate) fn rest(view: &KeyView, group: Option<&[u8]>, id: &[u8]) -> Rest {
    let Preview::Stream { entries, groups } = &view.preview else {
        return Rest::Gone;
    };
    if !entries.iter().any(|(known, _)| known == id) {
        let older = entries
            .last()
            .is_some_and(|(last, _)| order(id) < order(last));
        // The view shows the newest entries.
        let whole = entries.len() >= view.len;
        return if whole || !older {
            Rest::Gone
        } else {
            Rest::Hidden
        };
    }
    let mut best: Option<Rest> = None;
    for one in groups
        .iter()
        .filter(|one| group.is_none_or(|name| one.name == name))
    {
        let found = in_group(one, id);
        if best.as_ref().is_none_or(|best| found.rank() < best.rank()) {
            best = Some(found);
        }
    }
    best.unwrap_or(Rest::ToCome)
}

fn in_group(group: &GroupView, id: &[u8]) -> Rest {
    if order(id) > order(&group.delivered) {
        return Rest::ToCome;
    }
    if let Some(pending) = group.pending.iter().find(|pending| pending.id == id) {
        return Rest::Pending(pending.consumer.clone());
    }
    // The oldest pending entries are shown.
    let newer = group
        .pending
        .last()
        .is_some_and(|last| order(id) > order(&last.id));
    if group.pending_len > group.pending.len() && newer {
        return Rest::Hidden;
    }
    Rest::Acknowledged
}

impl Rest {
    /// The lower, the better for a job.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Rest::ToCome => 0,
            Rest::Hidden => 1,
            Rest::Pending(_) => 2,
            Rest::Acknowledged => 3,
            Rest::Gone => 4,
        }
    }
}

/// An id as its two numbers, which sort as the stream does.
fn order(id: &[u8]) -> (u64, u64) {
    let text = std::str::from_utf8(id).unwrap_or_default();
    let (ms, seq) = text.split_once('-').unwrap_or((text, "0"));
    (ms.parse().unwrap_or(0), seq.parse().unwrap_or(0))
}

/// How many entries are still to come for some group, and the groups that have not acknowledged all they were
/// given. `None` for a key that is no stream, or a stream without groups.
pub(crate) fn open(view: &KeyView) -> Option<(usize, Vec<&GroupView>)> {
    let Preview::Stream { entries, groups } = &view.preview else {
        return None;
    };
    let to_come = |group: &GroupView| {
        let newer = entries
            .iter()
            .filter(|(id, _)| order(id) > order(&group.delivered));
        newer.count()
    };
    let most = groups.iter().map(to_come).max()?;
    let waiting = groups.iter().filter(|group| group.pending_len > 0);
    Some((most, waiting.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::stream;

    #[test]
    fn an_entry_rests_where_its_group_has_it() {
        let view = stream(
            &[("1-0", "a"), ("2-0", "b"), ("10-0", "c")],
            "2-0",
            &[("1-0", "ann")],
        );
        assert_eq!(rest(&view, None, b"1-0"), Rest::Pending(Bytes::from("ann")));
        assert_eq!(rest(&view, None, b"2-0"), Rest::Acknowledged);
        assert_eq!(rest(&view, None, b"10-0"), Rest::ToCome);
        assert_eq!(rest(&view, None, b"9-0"), Rest::Gone);
        assert_eq!(rest(&view, Some(b"workers"), b"2-0"), Rest::Acknowledged);
        // A group that was never made has read nothing.
        assert_eq!(rest(&view, Some(b"others"), b"2-0"), Rest::ToCome);
    }

    #[test]
    fn what_a_short_view_does_not_show_is_hidden_and_not_gone() {
        let mut view = stream(&[("5-0", "e"), ("6-0", "f")], "6-0", &[]);
        view.len = 9;
        assert_eq!(rest(&view, None, b"1-0"), Rest::Hidden);
        assert_eq!(rest(&view, None, b"7-0"), Rest::Gone);
    }
}
