//! `SCAN` and its relatives while others write: what is there from the beginning to the end is returned, and nothing
//! that never was.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use redwind_conformance::ours::Ours;

use super::{ask, cases, server};

#[derive(Clone, Copy, Debug)]
enum Scanned {
    Keys,
    Set,
    Hash,
    Sorted,
}

/// What happens between two calls: the count of the next one, and what is added and removed before it.
type Between = (usize, Vec<(bool, u16)>);

fn element(place: u16) -> String {
    format!("e{place}")
}

impl Scanned {
    fn add(self, element: &str) -> String {
        match self {
            Scanned::Keys => format!("SET {element} v"),
            Scanned::Set => format!("SADD c {element}"),
            Scanned::Hash => format!("HSET c {element} v"),
            Scanned::Sorted => format!("ZADD c 1 {element}"),
        }
    }

    fn remove(self, element: &str) -> String {
        match self {
            Scanned::Keys => format!("DEL {element}"),
            Scanned::Set => format!("SREM c {element}"),
            Scanned::Hash => format!("HDEL c {element}"),
            Scanned::Sorted => format!("ZREM c {element}"),
        }
    }

    fn call(self, cursor: &str, count: usize) -> String {
        match self {
            Scanned::Keys => format!("SCAN {cursor} COUNT {count}"),
            Scanned::Set => format!("SSCAN c {cursor} COUNT {count}"),
            Scanned::Hash => format!("HSCAN c {cursor} COUNT {count} NOVALUES"),
            Scanned::Sorted => format!("ZSCAN c {cursor} COUNT {count}"),
        }
    }

    /// Between an element and the next one in a reply.
    fn stride(self) -> usize {
        match self {
            Scanned::Sorted => 2,
            _ => 1,
        }
    }
}

/// What is there now, what was there all the time, and what was there at some time.
struct Watched {
    now: BTreeSet<String>,
    always: BTreeSet<String>,
    ever: BTreeSet<String>,
}

impl Watched {
    fn write(&mut self, server: &mut Ours, scanned: Scanned, (adds, place): (bool, u16)) {
        let element = element(place);
        if adds {
            ask(server, &scanned.add(&element));
            self.ever.insert(element.clone());
            self.now.insert(element);
        } else {
            ask(server, &scanned.remove(&element));
            self.now.remove(&element);
            self.always.remove(&element);
        }
    }
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn what_stays_is_scanned_and_what_never_was_is_not(
        scanned in prop_oneof![
            Just(Scanned::Keys), Just(Scanned::Set), Just(Scanned::Hash), Just(Scanned::Sorted),
        ],
        first in vec((prop::bool::weighted(0.8), 0..120u16), 0..150),
        between in vec((1..12usize, vec((any::<bool>(), 0..160u16), 0..8)), 0..60),
    ) {
        let mut server = server();
        let mut watched = Watched { now: BTreeSet::new(), always: BTreeSet::new(), ever: BTreeSet::new() };
        for write in first {
            watched.write(&mut server, scanned, write);
        }
        watched.always = watched.now.clone();
        watched.ever = watched.now.clone();
        let (mut found, mut cursor, mut calls) = (BTreeSet::new(), "0".to_owned(), 0);
        let mut between: std::vec::IntoIter<Between> = between.into_iter();
        loop {
            let (count, writes) = between.next().unwrap_or((10, Vec::new()));
            let reply = ask(&mut server, &scanned.call(&cursor, count));
            let mut words = reply.into_iter();
            cursor = words.next().unwrap_or_default();
            found.extend(words.step_by(scanned.stride()));
            if cursor == "0" {
                break;
            }
            for write in writes {
                watched.write(&mut server, scanned, write);
            }
            calls += 1;
            prop_assert!(calls < 1000, "it never ends");
        }
        let missed: Vec<_> = watched.always.difference(&found).collect();
        prop_assert!(missed.is_empty(), "{:?} were there all the time", missed);
        let made_up: Vec<_> = found.difference(&watched.ever).collect();
        prop_assert!(made_up.is_empty(), "{:?} never were there", made_up);
    }
}
