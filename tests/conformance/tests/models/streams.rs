//! Streams: a map of entries, ordered by their ids.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use redwind_conformance::ours::Ours;

use super::{ask, cases, number, server};

#[derive(Clone, Debug)]
enum Op {
    /// So many entries, each so much after the last one.
    Add(u64, u64, usize),
    AddBefore(u64),
    Delete(Vec<Id>),
    TrimToLen(usize),
    TrimToId(Id),
    /// To the entry at this place: ids at the edges of nodes are seldom met by chance.
    TrimToEntry(usize),
    TrimAbout(usize),
    Range(Id, Id, Option<usize>),
    RangeAfter(Id),
    RevRange(Id, Id, Option<usize>),
    Read(Id, usize),
    SetLast(u64),
}

type Id = (u64, u64);

fn id() -> impl Strategy<Value = Id> {
    (0..40u64, 0..4u64)
}

fn op() -> impl Strategy<Value = Op> {
    let count = || prop_oneof![Just(None), (1..6usize).prop_map(Some)];
    prop_oneof![
        6 => (0..3u64, 1..3u64, 1..6usize).prop_map(|(ms, seq, count)| Op::Add(ms, seq, count)),
        1 => (0..40u64).prop_map(Op::AddBefore),
        4 => vec(id(), 1..5).prop_map(Op::Delete),
        1 => (0..20usize).prop_map(Op::TrimToLen),
        1 => id().prop_map(Op::TrimToId),
        2 => (0..12usize).prop_map(Op::TrimToEntry),
        1 => (0..20usize).prop_map(Op::TrimAbout),
        2 => (id(), id(), count()).prop_map(|(from, to, count)| Op::Range(from, to, count)),
        1 => id().prop_map(Op::RangeAfter),
        2 => (id(), id(), count()).prop_map(|(to, from, count)| Op::RevRange(to, from, count)),
        2 => (id(), 1..6usize).prop_map(|(after, count)| Op::Read(after, count)),
        1 => (0..2u64).prop_map(Op::SetLast),
    ]
}

#[derive(Default)]
struct Model {
    entries: BTreeMap<Id, String>,
    last: Id,
    added: usize,
    /// Once something was added the key is there, empty or not.
    exists: bool,
}

fn text((ms, seq): Id) -> String {
    format!("{ms}-{seq}")
}

fn show<'a>(entries: impl Iterator<Item = (&'a Id, &'a String)>) -> Vec<String> {
    let entry = |(id, value): (&Id, &String)| [text(*id), "f".to_owned(), value.clone()];
    entries.flat_map(entry).collect()
}

impl Model {
    fn between(&self, from: Id, to: Id) -> impl DoubleEndedIterator<Item = (&Id, &String)> {
        let inside = move |id: &Id| from <= *id && *id <= to;
        self.entries.iter().filter(move |(id, _)| inside(id))
    }

    /// Forgets so many of the oldest.
    fn forget(&mut self, count: usize) -> Vec<String> {
        for _ in 0..count {
            self.entries.pop_first();
        }
        number(count)
    }
}

fn limit(count: Option<usize>) -> String {
    count.map_or_else(String::new, |count| format!("COUNT {count}"))
}

/// What the server replies, and what the model says.
fn play(server: &mut Ours, model: &mut Model, op: &Op) -> (Vec<String>, Vec<String>) {
    match op {
        Op::Add(ms, seq, count) => {
            let (mut replies, mut expected) = (Vec::new(), Vec::new());
            for _ in 0..*count {
                let (last_ms, last_seq) = model.last;
                let same = *ms == 0;
                model.last = (last_ms + ms, if same { last_seq + seq } else { *seq });
                let value = format!("v{}", model.added);
                replies.extend(ask(
                    server,
                    &format!("XADD s {} f {value}", text(model.last)),
                ));
                expected.push(text(model.last));
                model.entries.insert(model.last, value);
                model.added += 1;
                model.exists = true;
            }
            (replies, expected)
        }
        Op::AddBefore(back) => {
            let id = (model.last.0.saturating_sub(*back), 0);
            let error = match id {
                (0, 0) => "error: ERR The ID specified in XADD must be greater than 0-0",
                _ => {
                    "error: ERR The ID specified in XADD is equal or smaller than the target stream top item"
                }
            };
            let reply = ask(server, &format!("XADD s {} f v", text(id)));
            if id > model.last {
                unreachable!("{id:?} is not before {:?}", model.last);
            }
            (reply, vec![error.into()])
        }
        Op::Delete(ids) => {
            let gone = ids.iter().filter(|id| model.entries.remove(*id).is_some());
            let gone = gone.count();
            let ids: Vec<String> = ids.iter().map(|id| text(*id)).collect();
            (
                ask(server, &format!("XDEL s {}", ids.join(" "))),
                number(gone),
            )
        }
        Op::TrimToLen(len) => {
            let reply = ask(server, &format!("XTRIM s MAXLEN {len}"));
            let excess = model.entries.len().saturating_sub(*len);
            (reply, model.forget(excess))
        }
        Op::TrimToId(id) => {
            let reply = ask(server, &format!("XTRIM s MINID {}", text(*id)));
            let older = model.entries.range(..*id).count();
            (reply, model.forget(older))
        }
        Op::TrimToEntry(place) => {
            let id = model.entries.keys().nth(*place).copied();
            let id = id.unwrap_or_default();
            play(server, model, &Op::TrimToId(id))
        }
        Op::TrimAbout(len) => {
            // How much of the excess goes depends on the nodes: whole ones only, so less than one is left over.
            let reply = ask(server, &format!("XTRIM s MAXLEN ~ {len}"));
            let excess = model.entries.len().saturating_sub(*len);
            let gone = reply.concat().parse().unwrap_or(usize::MAX);
            assert!(gone <= excess, "{gone} of {excess} too many are gone");
            (reply, model.forget(gone))
        }
        Op::Range(from, to, count) => {
            let line = format!("XRANGE s {} {} {}", text(*from), text(*to), limit(*count));
            let found = model.between(*from, *to).take(count.unwrap_or(usize::MAX));
            (ask(server, &line), show(found))
        }
        Op::RangeAfter(from) => {
            let found = model.entries.iter().filter(|(id, _)| *id > from);
            (
                ask(server, &format!("XRANGE s ({} +", text(*from))),
                show(found),
            )
        }
        Op::RevRange(to, from, count) => {
            let line = format!(
                "XREVRANGE s {} {} {}",
                text(*to),
                text(*from),
                limit(*count)
            );
            let found = model.between(*from, *to).rev();
            let found = found.take(count.unwrap_or(usize::MAX));
            (ask(server, &line), show(found))
        }
        Op::Read(after, count) => {
            let reply = ask(
                server,
                &format!("XREAD COUNT {count} STREAMS s {}", text(*after)),
            );
            let found = model.entries.iter().filter(|(id, _)| *id > after);
            let found = show(found.take(*count));
            let expected = match found.is_empty() {
                true => vec!["nil".into()],
                false => ["s".to_owned()].into_iter().chain(found).collect(),
            };
            (reply, expected)
        }
        Op::SetLast(more) => {
            let last = (model.last.0 + more, model.last.1);
            let reply = ask(server, &format!("XSETID s {}", text(last)));
            if !model.exists {
                return (reply, vec!["error: ERR no such key".into()]);
            }
            model.last = last;
            (reply, vec!["OK".into()])
        }
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn a_stream_is_a_map_ordered_by_ids_from_which_the_oldest_are_trimmed(ops in vec(op(), 1..80)) {
        let (mut server, mut model) = (server(), Model::default());
        for op in &ops {
            let (reply, expected) = play(&mut server, &mut model, op);
            prop_assert_eq!(reply, expected, "{:?}", op);
            prop_assert_eq!(ask(&mut server, "XLEN s"), number(model.entries.len()), "{:?}", op);
        }
        prop_assert_eq!(ask(&mut server, "XRANGE s - +"), show(model.entries.iter()));
        prop_assert_eq!(ask(&mut server, "XREVRANGE s + -"), show(model.entries.iter().rev()));
        if model.exists {
            let info = ask(&mut server, "XINFO STREAM s");
            let of = |name: &str| {
                let at = info.iter().position(|word| word == name);
                at.and_then(|at| info.get(at + 1)).cloned()
            };
            prop_assert_eq!(of("last-generated-id"), Some(text(model.last)));
            prop_assert_eq!(of("entries-added"), Some(model.added.to_string()));
        }
    }
}
