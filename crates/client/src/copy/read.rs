//! Reading.

use serde::de::{self, DeserializeSeed, IntoDeserializer, Visitor};

use super::{SMALL, Tag, Unreadable};

/// The value written in `bytes`.
pub(crate) fn from_bytes<'de, T: de::Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Unreadable> {
    let mut reader = Reader { rest: bytes };
    T::deserialize(&mut reader)
}

struct Reader<'de> {
    rest: &'de [u8],
}

impl<'de> Reader<'de> {
    #[inline]
    fn take(&mut self, len: usize) -> Result<&'de [u8], Unreadable> {
        let Some((head, rest)) = self.rest.split_at_checked(len) else {
            return Err(Unreadable("the bytes end early".to_owned()));
        };
        self.rest = rest;
        Ok(head)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let bytes = self.take(N)?;
        let mut array = [0; N];
        array.copy_from_slice(bytes);
        Ok(array)
    }

    #[inline]
    fn byte(&mut self) -> Result<u8, Unreadable> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    #[inline]
    fn tag(&mut self) -> Result<Tag, Unreadable> {
        let byte = self.byte()?;
        Tag::from_byte(byte).ok_or_else(|| Unreadable(format!("{byte} is no tag")))
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Unreadable> {
        let mut n = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            n |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(n);
            }
        }
        Err(Unreadable("a number too long".to_owned()))
    }

    #[inline]
    fn len(&mut self) -> Result<usize, Unreadable> {
        let len = self.varint()?;
        usize::try_from(len).map_err(|_| Unreadable("a length too large".to_owned()))
    }

    /// The number of elements behind one of these tags.
    #[inline]
    fn count(&mut self, tags: &[Tag]) -> Result<usize, Unreadable> {
        let tag = self.tag()?;
        if !tags.contains(&tag) {
            return Err(Unreadable("something else was expected".to_owned()));
        }
        self.len()
    }

    #[inline]
    fn index(&mut self) -> Result<u32, Unreadable> {
        let index = self.varint()?;
        u32::try_from(index).map_err(|_| Unreadable(format!("{index} is no variant")))
    }

    fn letter(&mut self) -> Result<char, Unreadable> {
        let n = self.varint()?;
        let letter = u32::try_from(n).ok().and_then(char::from_u32);
        letter.ok_or_else(|| Unreadable(format!("{n} is no letter")))
    }

    fn raw(&mut self) -> Result<&'de [u8], Unreadable> {
        let len = self.len()?;
        self.take(len)
    }
}

macro_rules! scalars {
    ($($method:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
            self.deserialize_any(visitor)
        }
    )*};
}

impl<'de> de::Deserializer<'de> for &mut Reader<'de> {
    type Error = Unreadable;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        let first = self.byte()?;
        if first >= SMALL {
            return visitor.visit_u64(u64::from(first - SMALL));
        }
        match Tag::from_byte(first).ok_or_else(|| Unreadable(format!("{first} is no tag")))? {
            Tag::False => visitor.visit_bool(false),
            Tag::True => visitor.visit_bool(true),
            Tag::Unit => visitor.visit_unit(),
            Tag::Signed => {
                let n = self.varint()?;
                visitor.visit_i64(((n >> 1) as i64) ^ -((n & 1) as i64))
            }
            Tag::Unsigned => visitor.visit_u64(self.varint()?),
            Tag::Wide => visitor.visit_u128(u128::from_le_bytes(self.array()?)),
            Tag::WideSigned => visitor.visit_i128(i128::from_le_bytes(self.array()?)),
            Tag::Float => visitor.visit_f64(f64::from_le_bytes(self.array()?)),
            Tag::Text => {
                let text = std::str::from_utf8(self.raw()?)
                    .map_err(|_| Unreadable("text that is not UTF-8".to_owned()))?;
                visitor.visit_borrowed_str(text)
            }
            Tag::Bytes => visitor.visit_borrowed_bytes(self.raw()?),
            Tag::None => visitor.visit_none(),
            Tag::Some => visitor.visit_some(self),
            Tag::Letter => visitor.visit_char(self.letter()?),
            Tag::Sequence | Tag::Tuple => {
                let left = self.len()?;
                visitor.visit_seq(Elements { reader: self, left })
            }
            Tag::Map => {
                let left = self.len()?;
                visitor.visit_map(Elements { reader: self, left })
            }
            Tag::Record => {
                let count = self.len()?;
                visitor.visit_map(Numbered {
                    reader: self,
                    next: 0,
                    count,
                })
            }
            // Seen from outside, a variant is a map from its number to what it holds.
            tag @ (Tag::Bare | Tag::Holding | Tag::Fields) => visitor.visit_map(Pair {
                reader: self,
                tag,
                told: false,
            }),
        }
    }

    scalars!(
        deserialize_bool,
        deserialize_char,
        deserialize_i8,
        deserialize_i16,
        deserialize_i32,
        deserialize_i64,
        deserialize_i128,
        deserialize_u8,
        deserialize_u16,
        deserialize_u32,
        deserialize_u64,
        deserialize_u128,
        deserialize_f32,
        deserialize_f64,
        deserialize_str,
        deserialize_string,
        deserialize_bytes,
        deserialize_byte_buf,
        deserialize_option,
        deserialize_unit,
        deserialize_identifier,
        deserialize_ignored_any
    );

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        let left = self.count(&[Tag::Sequence, Tag::Tuple])?;
        visitor.visit_seq(Elements { reader: self, left })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        let left = self.count(&[Tag::Tuple, Tag::Sequence])?;
        visitor.visit_seq(Elements { reader: self, left })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        let left = self.count(&[Tag::Tuple])?;
        visitor.visit_seq(Elements { reader: self, left })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        let left = self.count(&[Tag::Map])?;
        visitor.visit_map(Elements { reader: self, left })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        let left = self.count(&[Tag::Record])?;
        visitor.visit_seq(Elements { reader: self, left })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_enum(Variant { reader: self })
    }
}

struct Elements<'r, 'de> {
    reader: &'r mut Reader<'de>,
    left: usize,
}

impl<'de> de::SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Unreadable;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Unreadable> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        // A damaged length must not reserve memory: no element is shorter than a byte, except units.
        Some(self.left.min(self.reader.rest.len()))
    }
}

impl<'de> de::MapAccess<'de> for Elements<'_, 'de> {
    type Error = Unreadable;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unreadable> {
        de::SeqAccess::next_element_seed(self, seed)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, Unreadable> {
        seed.deserialize(&mut *self.reader)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.min(self.reader.rest.len()))
    }
}

/// A struct as a map from the numbers of its fields.
struct Numbered<'r, 'de> {
    reader: &'r mut Reader<'de>,
    next: usize,
    count: usize,
}

impl<'de> de::MapAccess<'de> for Numbered<'_, 'de> {
    type Error = Unreadable;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unreadable> {
        if self.next == self.count {
            return Ok(None);
        }
        let number = self.next as u64;
        self.next += 1;
        seed.deserialize(IntoDeserializer::<Unreadable>::into_deserializer(number))
            .map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, Unreadable> {
        seed.deserialize(&mut *self.reader)
    }
}

/// A variant as a map of one entry.
struct Pair<'r, 'de> {
    reader: &'r mut Reader<'de>,
    tag: Tag,
    told: bool,
}

impl<'de> de::MapAccess<'de> for Pair<'_, 'de> {
    type Error = Unreadable;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unreadable> {
        if std::mem::replace(&mut self.told, true) {
            return Ok(None);
        }
        let index = u64::from(self.reader.index()?);
        seed.deserialize(IntoDeserializer::<Unreadable>::into_deserializer(index))
            .map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, Unreadable> {
        match self.tag {
            Tag::Bare => seed.deserialize(IntoDeserializer::<Unreadable>::into_deserializer(())),
            Tag::Holding => seed.deserialize(&mut *self.reader),
            _ => {
                let left = self.reader.len()?;
                let fields = Elements {
                    reader: self.reader,
                    left,
                };
                seed.deserialize(de::value::SeqAccessDeserializer::new(fields))
            }
        }
    }
}

struct Variant<'r, 'de> {
    reader: &'r mut Reader<'de>,
}

impl<'de> de::EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Unreadable;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self), Unreadable> {
        match self.reader.tag()? {
            Tag::Bare | Tag::Holding | Tag::Fields => {}
            _ => return Err(Unreadable("a variant was expected".to_owned())),
        }
        let index = self.reader.index()?;
        let value = seed.deserialize(IntoDeserializer::<Unreadable>::into_deserializer(index))?;
        Ok((value, self))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Unreadable;

    fn unit_variant(self) -> Result<(), Unreadable> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, Unreadable> {
        seed.deserialize(self.reader)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unreadable> {
        let left = self.reader.len()?;
        visitor.visit_seq(Elements {
            reader: self.reader,
            left,
        })
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        let left = self.reader.len()?;
        visitor.visit_seq(Elements {
            reader: self.reader,
            left,
        })
    }
}
