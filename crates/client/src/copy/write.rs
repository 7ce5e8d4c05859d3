//! Writing.

use serde::{Serialize, ser};

use super::{SMALL, Tag, Unreadable};

/// The bytes of `value`.
pub(crate) fn to_bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, Unreadable> {
    let mut writer = Writer {
        bytes: Vec::with_capacity(4096),
    };
    value.serialize(&mut writer)?;
    Ok(writer.bytes)
}

struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    #[inline]
    fn tag(&mut self, tag: Tag) {
        self.bytes.push(tag as u8);
    }

    /// Seven bits a byte, the lowest first.
    #[inline]
    fn varint(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.bytes.push((n as u8) | 0x80);
            n >>= 7;
        }
        self.bytes.push(n as u8);
    }

    #[inline]
    fn unsigned(&mut self, n: u64) {
        if n < u64::from(SMALL) {
            self.bytes.push(SMALL | n as u8);
            return;
        }
        self.tag(Tag::Unsigned);
        self.varint(n);
    }

    /// Zigzag, so that small negative numbers stay short.
    fn signed(&mut self, n: i64) {
        self.tag(Tag::Signed);
        self.varint(((n << 1) ^ (n >> 63)) as u64);
    }

    #[inline]
    fn raw(&mut self, bytes: &[u8]) {
        self.varint(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    fn count(&mut self, tag: Tag, len: usize) {
        self.tag(tag);
        self.varint(len as u64);
    }

    #[inline]
    fn variant(&mut self, tag: Tag, index: u32) {
        self.tag(tag);
        self.varint(index.into());
    }

    fn fields(&mut self, index: u32, len: usize) {
        self.variant(Tag::Fields, index);
        self.varint(len as u64);
    }
}

impl<'a> ser::Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Unreadable;
    type SerializeSeq = Counted<'a>;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Counted<'a>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_bool(self, v: bool) -> Result<(), Unreadable> {
        self.tag(if v { Tag::True } else { Tag::False });
        Ok(())
    }
    fn serialize_i8(self, v: i8) -> Result<(), Unreadable> {
        self.signed(v.into());
        Ok(())
    }
    fn serialize_i16(self, v: i16) -> Result<(), Unreadable> {
        self.signed(v.into());
        Ok(())
    }
    fn serialize_i32(self, v: i32) -> Result<(), Unreadable> {
        self.signed(v.into());
        Ok(())
    }
    fn serialize_i64(self, v: i64) -> Result<(), Unreadable> {
        self.signed(v);
        Ok(())
    }
    fn serialize_i128(self, v: i128) -> Result<(), Unreadable> {
        self.tag(Tag::WideSigned);
        self.bytes.extend_from_slice(&v.to_le_bytes());
        Ok(())
    }
    fn serialize_u8(self, v: u8) -> Result<(), Unreadable> {
        self.unsigned(v.into());
        Ok(())
    }
    fn serialize_u16(self, v: u16) -> Result<(), Unreadable> {
        self.unsigned(v.into());
        Ok(())
    }
    fn serialize_u32(self, v: u32) -> Result<(), Unreadable> {
        self.unsigned(v.into());
        Ok(())
    }
    fn serialize_u64(self, v: u64) -> Result<(), Unreadable> {
        self.unsigned(v);
        Ok(())
    }
    fn serialize_u128(self, v: u128) -> Result<(), Unreadable> {
        self.tag(Tag::Wide);
        self.bytes.extend_from_slice(&v.to_le_bytes());
        Ok(())
    }
    fn serialize_f32(self, v: f32) -> Result<(), Unreadable> {
        self.serialize_f64(v.into())
    }
    fn serialize_f64(self, v: f64) -> Result<(), Unreadable> {
        self.tag(Tag::Float);
        self.bytes.extend_from_slice(&v.to_le_bytes());
        Ok(())
    }
    fn serialize_char(self, v: char) -> Result<(), Unreadable> {
        self.tag(Tag::Letter);
        self.varint(u32::from(v).into());
        Ok(())
    }
    fn serialize_str(self, v: &str) -> Result<(), Unreadable> {
        self.tag(Tag::Text);
        self.raw(v.as_bytes());
        Ok(())
    }
    fn serialize_bytes(self, v: &[u8]) -> Result<(), Unreadable> {
        self.tag(Tag::Bytes);
        self.raw(v);
        Ok(())
    }
    fn serialize_none(self) -> Result<(), Unreadable> {
        self.tag(Tag::None);
        Ok(())
    }
    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), Unreadable> {
        self.tag(Tag::Some);
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), Unreadable> {
        self.tag(Tag::Unit);
        Ok(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unreadable> {
        self.serialize_unit()
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
    ) -> Result<(), Unreadable> {
        self.variant(Tag::Bare, index);
        Ok(())
    }
    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unreadable> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unreadable> {
        self.variant(Tag::Holding, index);
        value.serialize(self)
    }
    fn serialize_seq(self, len: Option<usize>) -> Result<Counted<'a>, Unreadable> {
        Ok(Counted::new(self, Tag::Sequence, len))
    }
    fn serialize_tuple(self, len: usize) -> Result<Self, Unreadable> {
        self.count(Tag::Tuple, len);
        Ok(self)
    }
    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Self, Unreadable> {
        self.count(Tag::Tuple, len);
        Ok(self)
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        len: usize,
    ) -> Result<Self, Unreadable> {
        self.fields(index, len);
        Ok(self)
    }
    fn serialize_map(self, len: Option<usize>) -> Result<Counted<'a>, Unreadable> {
        Ok(Counted::new(self, Tag::Map, len))
    }
    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Self, Unreadable> {
        self.count(Tag::Record, len);
        Ok(self)
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        len: usize,
    ) -> Result<Self, Unreadable> {
        self.fields(index, len);
        Ok(self)
    }
}

macro_rules! elements {
    ($($part:ident :: $method:ident),*) => {$(
        impl ser::$part for &mut Writer {
            type Ok = ();
            type Error = Unreadable;
            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Unreadable> {
                value.serialize(&mut **self)
            }
            fn end(self) -> Result<(), Unreadable> {
                Ok(())
            }
        }
    )*};
}

elements!(
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

macro_rules! fields {
    ($($part:ident),*) => {$(
        impl ser::$part for &mut Writer {
            type Ok = ();
            type Error = Unreadable;
            fn serialize_field<T: ?Sized + Serialize>(
                &mut self,
                _: &'static str,
                value: &T,
            ) -> Result<(), Unreadable> {
                value.serialize(&mut **self)
            }
            fn skip_field(&mut self, name: &'static str) -> Result<(), Unreadable> {
                Err(Unreadable(format!("field `{name}` is left out, and fields have no names here")))
            }
            fn end(self) -> Result<(), Unreadable> {
                Ok(())
            }
        }
    )*};
}

fields!(SerializeStruct, SerializeStructVariant);

/// A sequence or a map on its way: its count stands before it, and may only be known behind it.
struct Counted<'w> {
    writer: &'w mut Writer,
    tag: Tag,
    /// Where it begins and how many there were, when the count was not given.
    counting: Option<(usize, u64)>,
}

impl<'w> Counted<'w> {
    fn new(writer: &'w mut Writer, tag: Tag, len: Option<usize>) -> Self {
        let counting = match len {
            Some(len) => {
                writer.count(tag, len);
                None
            }
            None => Some((writer.bytes.len(), 0)),
        };
        Self {
            writer,
            tag,
            counting,
        }
    }

    fn one_more(&mut self) {
        if let Some((_, count)) = &mut self.counting {
            *count += 1;
        }
    }

    fn finish(self) {
        let Some((start, count)) = self.counting else {
            return;
        };
        let mut head = Writer { bytes: Vec::new() };
        head.tag(self.tag);
        head.varint(count);
        self.writer.bytes.splice(start..start, head.bytes);
    }
}

impl ser::SerializeSeq for Counted<'_> {
    type Ok = ();
    type Error = Unreadable;
    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Unreadable> {
        self.one_more();
        value.serialize(&mut *self.writer)
    }
    fn end(self) -> Result<(), Unreadable> {
        self.finish();
        Ok(())
    }
}

impl ser::SerializeMap for Counted<'_> {
    type Ok = ();
    type Error = Unreadable;
    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), Unreadable> {
        self.one_more();
        key.serialize(&mut *self.writer)
    }
    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Unreadable> {
        value.serialize(&mut *self.writer)
    }
    fn end(self) -> Result<(), Unreadable> {
        self.finish();
        Ok(())
    }
}
