//! Keyspace notifications: which events are wanted, and what is published about them.

use std::fmt;

use bytes::Bytes;

use crate::{Engine, Outputs};

/// The letters of `notify-keyspace-events`, in the order in which Redis names them back.
const LETTERS: &[u8] = b"g$lshzxetdnocKEm";

/// How many of them `A` stands for.
const ALL: u32 = 10;

/// Which changes are published as keyspace notifications: a set of Redis's letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyEvents(u32);

impl KeyEvents {
    /// Reads letters such as `KEA`; `None` if there is one that Redis does not know.
    pub fn parse(text: &str) -> Option<KeyEvents> {
        let bit = |letter: u8| match letter {
            b'A' => Some((1 << ALL) - 1),
            _ => {
                let known = LETTERS.iter().position(|known| *known == letter);
                known.map(|at| 1 << at)
            }
        };
        text.bytes()
            .try_fold(0, |set, letter| Some(set | bit(letter)?))
            .map(KeyEvents)
    }

    /// Whether this letter is in it.
    pub(crate) const fn has(self, letter: u8) -> bool {
        let mut at = 0;
        while at < LETTERS.len() {
            if LETTERS[at] == letter {
                return self.0 >> at & 1 == 1;
            }
            at += 1;
        }
        false
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// As Redis names them back, which leaves out some letters beside `A`.
impl fmt::Display for KeyEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = (1 << ALL) - 1;
        let all = self.0 & all == all;
        if all {
            f.write_str("A")?;
        }
        for letter in LETTERS {
            if self.has(*letter) && (!all || b"KEm".contains(letter)) {
                write!(f, "{}", char::from(*letter))?;
            }
        }
        Ok(())
    }
}

impl Engine {
    /// Publishes a change of a key to those who asked for notifications of its class.
    pub(crate) fn notify(&self, db: u32, class: u8, event: &str, key: &[u8], out: &mut Outputs) {
        let wanted = self.config.notify_keyspace_events;
        if !wanted.has(class) || self.pubsub.is_empty() {
            return;
        }
        if wanted.has(b'K') {
            let mut channel = format!("__keyspace@{db}__:").into_bytes();
            channel.extend_from_slice(key);
            let event = Bytes::copy_from_slice(event.as_bytes());
            self.publish(&Bytes::from(channel), &event, out);
        }
        if wanted.has(b'E') {
            let channel = Bytes::from(format!("__keyevent@{db}__:{event}"));
            self.publish(&channel, &Bytes::copy_from_slice(key), out);
        }
    }
}

/// The class of an event, as `notify-keyspace-events` names it.
pub(crate) fn class_of(event: &str) -> u8 {
    match event {
        "set" | "setrange" | "append" | "incrby" | "incrbyfloat" | "setbit" | "pfadd" => b'$',
        "del" | "expire" | "persist" | "rename_from" | "rename_to" | "copy_to" | "move_from"
        | "move_to" => b'g',
        "expired" => b'x',
        "evicted" => b'e',
        "new" => b'n',
        "keymiss" => b'm',
        "overwritten" => b'o',
        "type_changed" => b'c',
        "sortstore" => b'l',
        _ => match event.as_bytes().first() {
            Some(b'l' | b'r') => b'l',
            Some(b'h') => b'h',
            Some(b's') => b's',
            Some(b'z' | b'g') => b'z',
            Some(b'x') => b't',
            _ => b'g',
        },
    }
}
