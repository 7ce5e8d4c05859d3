//! A hash over records that is the same on every machine: of their content, byte by byte, never of memory.

use std::fmt;

use bytes::Bytes;
use redwind_engine::{KeyView, Preview};
use redwind_resp::Value;

use crate::{
    Batch, Changed, ClusterNews, Data, Effect, Event, Exit, Failure, KeyChange, Local, LostBecause,
    Message, Place, Record, ResourceCall,
};

/// A hash of a run's records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceHash(pub u128);

impl fmt::Display for TraceHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl TraceHash {
    /// The hash of these records, in this order.
    #[must_use]
    pub fn of(records: &[Record]) -> Self {
        let mut canon = Canon::new();
        for record in records {
            canon.record(record);
        }
        Self(canon.finish())
    }
}

/// Takes in records in one unambiguous form: every list and text is led by its length, every choice by its number.
struct Canon {
    low: u64,
    high: u64,
    words: u64,
}

impl Canon {
    fn new() -> Self {
        Self {
            low: 0x243f_6a88_85a3_08d3,
            high: 0x1319_8a2e_0370_7344,
            words: 0,
        }
    }

    fn u64(&mut self, word: u64) {
        self.words += 1;
        self.low = (self.low ^ word)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29);
        self.high =
            (self.high.rotate_left(31) ^ word).wrapping_mul(0xc2b2_ae3d_27d4_eb4f) ^ self.low;
    }

    fn finish(mut self) -> u128 {
        let words = self.words;
        for _ in 0..3 {
            self.u64(words);
        }
        u128::from(self.high) << 64 | u128::from(self.low)
    }

    fn len(&mut self, len: usize) {
        self.u64(len as u64);
    }

    fn int(&mut self, n: i64) {
        self.u64(n.cast_unsigned());
    }

    fn flag(&mut self, yes: bool) {
        self.u64(u64::from(yes));
    }

    fn float(&mut self, x: f64) {
        // Every NaN is one NaN: their bits are not the same everywhere.
        self.u64(if x.is_nan() { u64::MAX } else { x.to_bits() });
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.len(bytes.len());
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.u64(u64::from_le_bytes(word));
        }
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn maybe<T>(&mut self, value: Option<T>, put: impl FnOnce(&mut Self, T)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            put(self, value);
        }
    }

    fn argv(&mut self, argv: &[Bytes]) {
        self.len(argv.len());
        for arg in argv {
            self.bytes(arg);
        }
    }

    fn place(&mut self, place: Place) {
        self.u64(crate::world::place_code(place));
    }

    fn places(&mut self, places: &[Place]) {
        self.len(places.len());
        for place in places {
            self.place(*place);
        }
    }

    fn record(&mut self, record: &Record) {
        self.u64(u64::from(record.seq));
        self.u64(record.at.0);
        self.maybe(record.cause, |canon, cause| canon.u64(u64::from(cause)));
        self.place(record.place);
        self.event(&record.event);
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::Started { restarts } => {
                self.u64(1);
                self.u64(u64::from(*restarts));
            }
            Event::Line { line, locals } => {
                self.u64(2);
                self.u64(u64::from(*line));
                self.locals(locals);
            }
            Event::Sent {
                packet,
                to,
                message,
            } => {
                self.u64(3);
                self.u64(u64::from(packet.0));
                self.place(*to);
                self.message(message);
            }
            Event::Executed {
                packet,
                by,
                argv,
                reply,
                changes,
            } => {
                self.u64(4);
                self.u64(u64::from(packet.0));
                self.place(*by);
                self.argv(argv);
                self.maybe(reply.as_ref(), Self::value);
                self.changes(changes);
            }
            Event::Unblocked {
                packet,
                by,
                argv,
                reply,
                changes,
            } => {
                self.u64(5);
                self.u64(u64::from(packet.0));
                self.place(*by);
                self.argv(argv);
                self.value(reply);
                self.changes(changes);
            }
            Event::Expired { changes } => {
                self.u64(6);
                self.changes(changes);
            }
            Event::Performed {
                packet,
                by,
                call,
                outcome,
                effect,
            } => {
                self.u64(7);
                self.u64(u64::from(packet.0));
                self.place(*by);
                self.call(call);
                self.message(outcome);
                self.maybe(effect.as_ref(), Self::effect);
            }
            Event::Received {
                packet,
                from,
                message,
            } => {
                self.u64(8);
                self.u64(u64::from(packet.0));
                self.place(*from);
                self.message(message);
            }
            Event::Failed { packet, failure } => {
                self.u64(9);
                self.u64(u64::from(packet.0));
                self.u64(match failure {
                    Failure::Timeout => 0,
                    Failure::Reset => 1,
                    Failure::Refused => 2,
                });
            }
            Event::Lost {
                packet,
                because,
                reply,
            } => {
                self.u64(10);
                self.u64(u64::from(packet.0));
                self.u64(match because {
                    LostBecause::Dropped => 0,
                    LostBecause::NobodyThere => 1,
                });
                self.flag(*reply);
            }
            Event::Delayed { packet, reply, by } => {
                self.u64(11);
                self.u64(u64::from(packet.0));
                self.flag(*reply);
                self.u64(by.0);
            }
            Event::Heard {
                packet,
                from,
                message,
            } => {
                self.u64(40);
                self.u64(u64::from(packet.0));
                self.place(*from);
                self.value(message);
            }
            Event::Listens { most } => {
                self.u64(41);
                self.maybe(*most, |canon, most| canon.u64(most.0));
            }
            Event::Slept { lasts } => {
                self.u64(12);
                self.u64(lasts.0);
            }
            Event::Woke => self.u64(13),
            Event::Printed { text } => {
                self.u64(14);
                self.text(text);
            }
            Event::Believes { lock, holds } => {
                self.u64(15);
                self.u64(u64::from(*lock));
                self.flag(*holds);
            }
            Event::Paused { until } => {
                self.u64(16);
                self.u64(until.0);
            }
            Event::Resumed => self.u64(17),
            Event::Crashed => self.u64(18),
            Event::Cluster { news, changes } => {
                self.u64(38);
                self.cluster(news);
                self.changes(changes);
            }
            Event::Exited(exit) => {
                self.u64(19);
                self.exit(exit);
            }
            Event::PowerCut => self.u64(20),
            Event::Loaded { changes } => {
                self.u64(21);
                self.changes(changes);
            }
            Event::ClockJumped { by_micros } => {
                self.u64(22);
                self.int(*by_micros);
            }
            Event::ClockDrifts { ppm } => {
                self.u64(23);
                self.int(i64::from(*ppm));
            }
            Event::Partitioned {
                from,
                to,
                both_ways,
                until,
            } => {
                self.u64(24);
                self.places(from);
                self.places(to);
                self.flag(*both_ways);
                self.maybe(*until, |canon, until| canon.u64(until.0));
            }
            Event::Healed { from, to } => {
                self.u64(25);
                self.places(from);
                self.places(to);
            }
            Event::Replicated {
                packet,
                from,
                argv,
                changes,
            } => {
                self.u64(26);
                self.u64(u64::from(packet.0));
                self.place(*from);
                self.argv(argv);
                self.changes(changes);
            }
            Event::Synced {
                from,
                full,
                changes,
            } => {
                self.u64(27);
                self.place(*from);
                self.flag(*full);
                self.changes(changes);
            }
            Event::Role { primary } => {
                self.u64(28);
                self.maybe(*primary, Self::place);
            }
        }
    }

    fn cluster(&mut self, news: &ClusterNews) {
        match news {
            ClusterNews::Suspects { member } => {
                self.u64(0);
                self.place(*member);
            }
            ClusterNews::Fails { member, reporters } => {
                self.u64(1);
                self.place(*member);
                self.places(reporters);
            }
            ClusterNews::Reaches { member } => {
                self.u64(2);
                self.place(*member);
            }
            ClusterNews::Waits {
                primary,
                lasts,
                rank,
            } => {
                self.u64(3);
                self.place(*primary);
                self.u64(lasts.0);
                self.u64(u64::from(*rank));
            }
            ClusterNews::Stands { primary, epoch } => {
                self.u64(4);
                self.place(*primary);
                self.u64(*epoch);
            }
            ClusterNews::Votes { candidate, epoch } => {
                self.u64(5);
                self.place(*candidate);
                self.u64(*epoch);
            }
            ClusterNews::Wins {
                primary,
                epoch,
                votes,
            } => {
                self.u64(6);
                self.place(*primary);
                self.u64(*epoch);
                self.u64(u64::from(*votes));
            }
            ClusterNews::Learns {
                owner,
                slots,
                epoch,
            } => {
                self.u64(7);
                self.place(*owner);
                self.len(slots.len());
                for (first, last) in slots.iter() {
                    self.u64(u64::from(*first) << 16 | u64::from(*last));
                }
                self.u64(*epoch);
            }
            ClusterNews::Stops { minority } => {
                self.u64(8);
                self.flag(*minority);
            }
            ClusterNews::Serves => self.u64(9),
            ClusterNews::HandsOver { replica } => {
                self.u64(10);
                self.place(*replica);
            }
            ClusterNews::Takes { from, keys } => {
                self.u64(11);
                self.place(*from);
                self.u64(u64::from(*keys));
            }
            ClusterNews::Drops => self.u64(12),
        }
    }

    fn locals(&mut self, locals: &[Local]) {
        self.len(locals.len());
        for local in locals {
            self.text(&local.name);
            self.text(&local.value);
        }
    }

    fn message(&mut self, message: &Message) {
        match message {
            Message::Commands { commands, batch } => {
                self.u64(1);
                self.u64(match batch {
                    Batch::Single => 0,
                    Batch::Pipeline => 1,
                    Batch::Transaction => 2,
                    Batch::Replication => 3,
                    Batch::Subscription => 4,
                });
                self.len(commands.len());
                for argv in commands.iter() {
                    self.argv(argv);
                }
            }
            Message::Call(call) => {
                self.u64(2);
                self.call(call);
            }
            Message::Replies(replies) => {
                self.u64(3);
                self.values(replies);
            }
            Message::Returned(data) => {
                self.u64(4);
                self.data(data);
            }
            Message::Push(value) => {
                self.u64(6);
                self.value(value);
            }
            Message::Refused { kind, message } => {
                self.u64(5);
                self.text(kind);
                self.text(message);
            }
        }
    }

    fn call(&mut self, call: &ResourceCall) {
        self.text(&call.resource);
        self.text(&call.method);
        self.len(call.args.len());
        for arg in &call.args {
            self.data(arg);
        }
        self.fields(&call.named);
    }

    fn fields(&mut self, fields: &[(String, Data)]) {
        self.len(fields.len());
        for (name, value) in fields {
            self.text(name);
            self.data(value);
        }
    }

    fn data(&mut self, data: &Data) {
        match data {
            Data::Null => self.u64(1),
            Data::Bool(yes) => {
                self.u64(2);
                self.flag(*yes);
            }
            Data::Int(n) => {
                self.u64(3);
                self.int(*n);
            }
            Data::Float(x) => {
                self.u64(4);
                self.float(*x);
            }
            Data::Text(text) => {
                self.u64(5);
                self.text(text);
            }
            Data::List(items) => {
                self.u64(6);
                self.len(items.len());
                for item in items {
                    self.data(item);
                }
            }
            Data::Map(fields) => {
                self.u64(7);
                self.fields(fields);
            }
        }
    }

    fn values(&mut self, values: &[Value]) {
        self.len(values.len());
        for value in values {
            self.value(value);
        }
    }

    fn value(&mut self, value: &Value) {
        let mut encoded = Vec::new();
        redwind_resp::encode(value, redwind_resp::Protocol::Resp3, &mut encoded);
        self.bytes(&encoded);
    }

    fn changes(&mut self, changes: &[KeyChange]) {
        self.len(changes.len());
        for change in changes {
            self.u64(u64::from(change.db));
            self.bytes(&change.key);
            self.text(change.what);
            self.u64(match change.changed {
                Changed::Created => 0,
                Changed::Updated => 1,
                Changed::Deleted => 2,
            });
            self.maybe(change.view.as_ref(), Self::view);
            self.maybe(change.expires_at, |canon, at| canon.u64(at.0));
        }
    }

    fn view(&mut self, view: &KeyView) {
        self.text(view.kind);
        self.text(view.encoding);
        self.len(view.len);
        self.maybe(view.expires_at, |canon, at| canon.u64(at.0));
        match &view.preview {
            Preview::Text(text) => {
                self.u64(1);
                self.bytes(text);
            }
            Preview::Items(items) => {
                self.u64(2);
                self.argv(items);
            }
            Preview::Fields(fields) => {
                self.u64(3);
                self.pairs(fields);
            }
            Preview::Scores(members) => {
                self.u64(4);
                self.len(members.len());
                for (member, score) in members {
                    self.bytes(member);
                    self.float(*score);
                }
            }
            Preview::Stream { entries, groups } => {
                self.u64(5);
                self.len(entries.len());
                for (id, fields) in entries {
                    self.bytes(id);
                    self.pairs(fields);
                }
                self.len(groups.len());
                for group in groups {
                    self.bytes(&group.name);
                    self.bytes(&group.delivered);
                    self.len(group.pending_len);
                    for pending in &group.pending {
                        self.bytes(&pending.id);
                        self.bytes(&pending.consumer);
                        self.int(pending.deliveries);
                    }
                }
            }
        }
    }

    fn pairs(&mut self, pairs: &[(Bytes, Bytes)]) {
        self.len(pairs.len());
        for (name, value) in pairs {
            self.bytes(name);
            self.bytes(value);
        }
    }

    fn effect(&mut self, effect: &Effect) {
        self.text(&effect.target);
        self.text(&effect.value);
        self.maybe(effect.token, Self::int);
        self.flag(effect.accepted);
    }

    fn exit(&mut self, exit: &Exit) {
        match exit {
            Exit::Finished => self.u64(1),
            Exit::Raised {
                kind,
                message,
                line,
                traceback,
            } => {
                self.u64(2);
                self.text(kind);
                self.text(message);
                self.maybe(*line, |canon, line| canon.u64(u64::from(line)));
                self.text(traceback);
            }
            Exit::Stopped { why, line } => {
                self.u64(3);
                self.text(why);
                self.maybe(*line, |canon, line| canon.u64(u64::from(line)));
            }
        }
    }
}
