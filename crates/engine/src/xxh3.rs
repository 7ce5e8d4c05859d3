//! The digest of a string that `DIGEST` and its conditions use.

/// XXH3 in 64 bits, as 16 hexadecimal digits.
pub(crate) fn hex(text: &[u8]) -> String {
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(text))
}
