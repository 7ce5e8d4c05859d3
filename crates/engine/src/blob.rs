//! Short byte strings without an allocation.

use bytes::Bytes;
use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use triomphe::Arc;

const INLINE: usize = 22;

/// Above this, a reply shares the memory instead of copying it.
pub(crate) const SHARE: usize = 512;

/// An immutable byte string: up to 22 bytes live in place, longer ones behind a shared pointer.
/// Keys, fields, members and elements are blobs, so cloning a database costs no allocation per item.
#[derive(Clone)]
pub(crate) enum Blob {
    Inline { len: u8, bytes: [u8; INLINE] },
    Heap(Arc<[u8]>),
}

impl Blob {
    pub(crate) fn new(source: &[u8]) -> Blob {
        if source.len() <= INLINE {
            let mut bytes = [0; INLINE];
            bytes[..source.len()].copy_from_slice(source);
            Blob::Inline {
                len: source.len() as u8,
                bytes,
            }
        } else {
            Blob::Heap(Arc::from(source))
        }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Blob::Inline { len, bytes } => &bytes[..usize::from(*len)],
            Blob::Heap(bytes) => bytes,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.as_slice().len()
    }

    pub(crate) fn to_bytes(&self) -> Bytes {
        match self {
            Blob::Heap(bytes) if bytes.len() >= SHARE => Bytes::from_owner(bytes.clone()),
            _ => Bytes::copy_from_slice(self.as_slice()),
        }
    }
}

impl Default for Blob {
    fn default() -> Blob {
        Blob::Inline {
            len: 0,
            bytes: [0; INLINE],
        }
    }
}

impl From<&[u8]> for Blob {
    fn from(source: &[u8]) -> Blob {
        Blob::new(source)
    }
}

impl From<&Bytes> for Blob {
    fn from(source: &Bytes) -> Blob {
        Blob::new(source)
    }
}

impl std::ops::Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl Borrow<[u8]> for Blob {
    fn borrow(&self) -> &[u8] {
        self.as_slice()
    }
}

impl AsRef<[u8]> for Blob {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl PartialEq for Blob {
    fn eq(&self, other: &Blob) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for Blob {}

impl PartialOrd for Blob {
    fn partial_cmp(&self, other: &Blob) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Blob {
    fn cmp(&self, other: &Blob) -> std::cmp::Ordering {
        self.as_slice().cmp(other.as_slice())
    }
}

impl Hash for Blob {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Must equal the hash of the slice, by which maps are searched.
        self.as_slice().hash(state);
    }
}

impl std::fmt::Debug for Blob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\"{}\"", self.as_slice().escape_ascii())
    }
}
