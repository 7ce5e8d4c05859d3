//! The format in which a suspended interpreter is copied: compact, private, never stored.
//!
//! Worlds fork by copying their programs, and an interpreter can only be copied by writing it out and reading
//! it back. Values are written in the order the types say, without names, as postcard does; unlike postcard
//! every value carries a tag, because the interpreter keeps a few untagged ones whose reader has to look.

mod read;
mod write;

use std::fmt;

pub(crate) use read::from_bytes;
pub(crate) use write::to_bytes;

/// From here on a first byte is a small whole number itself: most of what is copied is code, byte by byte.
const SMALL: u8 = 0x80;

/// What a value starts with, when it is no small number.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Tag {
    False,
    True,
    Unit,
    Signed,
    Unsigned,
    Wide,
    WideSigned,
    Float,
    Text,
    Bytes,
    None,
    Some,
    Letter,
    /// A count and so many values.
    Sequence,
    /// A count and so many keys and values.
    Map,
    /// A tuple: a count and so many values.
    Tuple,
    /// A struct: a count and so many values; seen from outside, a map from the fields' numbers.
    Record,
    /// A variant by its number, with nothing in it.
    Bare,
    /// A variant by its number, and its one value.
    Holding,
    /// A variant by its number, and a record without its tag.
    Fields,
}

impl Tag {
    fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0 => Self::False,
            1 => Self::True,
            2 => Self::Unit,
            3 => Self::Signed,
            4 => Self::Unsigned,
            5 => Self::Wide,
            6 => Self::WideSigned,
            7 => Self::Float,
            8 => Self::Text,
            9 => Self::Bytes,
            10 => Self::None,
            11 => Self::Some,
            12 => Self::Letter,
            13 => Self::Sequence,
            14 => Self::Map,
            15 => Self::Tuple,
            16 => Self::Record,
            17 => Self::Bare,
            18 => Self::Holding,
            19 => Self::Fields,
            _ => return None,
        })
    }
}

/// A value this format cannot carry, or bytes it did not write.
#[derive(Debug)]
pub(crate) struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

impl serde::ser::Error for Unreadable {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl serde::de::Error for Unreadable {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Serialize};

    use super::{from_bytes, to_bytes};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Name {
        Number(u32),
        Text(String),
        Shaped(Inner),
        Both { inner: Inner, other: Vec<Inner> },
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Inner {
        Nothing,
        One(char),
        Two(i8, Option<String>),
        Three {
            a: (u8, f64),
            b: BTreeMap<String, bool>,
        },
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Shape {
        Unit,
        One(i64),
        Two(f64, bool),
        Named { name: Name, list: Vec<Option<u8>> },
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct All {
        shapes: Vec<Shape>,
        map: BTreeMap<String, (u128, i128)>,
        letter: char,
        nothing: (),
        maybe: Option<Box<All>>,
    }

    #[test]
    fn what_is_written_is_read_back_the_same() {
        let named = |name| Shape::Named {
            name,
            list: vec![Some(1), None, Some(255)],
        };
        let inner = All {
            shapes: vec![],
            map: BTreeMap::new(),
            letter: 'é',
            nothing: (),
            maybe: None,
        };
        let value = All {
            shapes: vec![
                Shape::Unit,
                Shape::One(i64::MIN),
                Shape::Two(-0.5, true),
                named(Name::Number(7)),
                named(Name::Text("seven".to_owned())),
                named(Name::Shaped(Inner::Nothing)),
                named(Name::Shaped(Inner::One('é'))),
                named(Name::Shaped(Inner::Two(-3, Some("x".to_owned())))),
                named(Name::Both {
                    inner: Inner::Three {
                        a: (1, 2.5),
                        b: BTreeMap::from([("k".to_owned(), true)]),
                    },
                    other: vec![Inner::Nothing, Inner::Two(1, None)],
                }),
            ],
            map: BTreeMap::from([("k".to_owned(), (u128::MAX, i128::MIN))]),
            letter: 'x',
            nothing: (),
            maybe: Some(Box::new(inner)),
        };
        let bytes = to_bytes(&value).expect("written");
        assert_eq!(from_bytes::<All>(&bytes).expect("read"), value);
    }

    #[test]
    fn bytes_that_end_early_are_refused() {
        let bytes = to_bytes(&vec!["one".to_owned(), "two".to_owned()]).expect("written");
        for end in 0..bytes.len() {
            assert!(from_bytes::<Vec<String>>(&bytes[..end]).is_err());
        }
    }
}
