//! A hash over records that is the same on every machine: of their content, byte by byte, never of memory.

mod parts;

use std::fmt;

use crate::{ClusterNews, Disturbance, Event, Failure, LostBecause, Notice, Place, Record};
use bytes::Bytes;

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
        if let Some(thread) = &record.thread {
            self.text(thread);
        }
        self.event(&record.event);
    }

    fn disturbance(&mut self, what: &Disturbance) {
        let (number, amount, between) = match what {
            Disturbance::SlowDisk { by } => (0, by.0, None),
            Disturbance::SlowCpu { times } => (1, u64::from(*times), None),
            Disturbance::Loss { between, ppm } => (2, u64::from(*ppm), Some(between)),
            Disturbance::SlowLink { between, by } => (3, by.0, Some(between)),
            Disturbance::Reset { between } => (4, 0, Some(between)),
        };
        self.u64(number);
        self.u64(amount);
        self.maybe(between, |canon, between| {
            canon.places(&between.from);
            canon.places(&between.to);
            canon.flag(between.both_ways);
        });
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
                phase,
            } => {
                self.u64(7);
                self.u64(u64::from(packet.0));
                self.place(*by);
                self.call(call);
                self.message(outcome);
                self.maybe(effect.as_ref(), Self::effect);
                self.phase(*phase);
            }
            Event::Transaction { by, news } => self.transaction(*by, news),
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
            Event::ThreadStarted { name } => {
                self.u64(100);
                self.text(name);
            }
            Event::ThreadEnded => self.u64(101),
            Event::Parked { most } => {
                self.u64(102);
                self.maybe(*most, |canon, most| canon.u64(most.0));
            }
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
            Event::Disturbed { what, until } => {
                self.u64(50);
                self.disturbance(what);
                self.maybe(*until, |canon, until| canon.u64(until.0));
            }
            Event::CutOff { client, owed } => {
                self.u64(52);
                self.place(*client);
                self.u64(*owed);
            }
            Event::Mended { what } => {
                self.u64(51);
                self.disturbance(what);
            }
            Event::Role { primary } => {
                self.u64(28);
                self.maybe(*primary, Self::place);
            }
            Event::Sentinel(notice) => {
                self.u64(50);
                self.notice(notice);
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

    fn notice(&mut self, notice: &Notice) {
        self.text(notice.channel());
        self.text(&notice.watched);
        self.place(notice.primary);
        let (places, numbers, texts) = notice.finding.parts();
        self.places(&places);
        numbers.into_iter().for_each(|number| self.u64(number));
        texts.into_iter().for_each(|text| self.text(text));
    }
}
