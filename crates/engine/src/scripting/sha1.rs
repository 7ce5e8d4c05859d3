//! SHA-1, by which scripts are known.

use std::cell::RefCell;

use crate::sorted::Sorted;

/// Digests that are remembered: programs send the same few scripts again and again, and finding one is
/// faster than its digest.
const KEPT: usize = 500;

thread_local! {
    static DIGESTS: RefCell<Sorted<Box<[u8]>, [u8; 40]>> = const { RefCell::new(Sorted::new()) };
}

/// The digest of a script as 40 lower-case hexadecimal digits.
pub(crate) fn of_script(source: &[u8]) -> [u8; 40] {
    DIGESTS.with_borrow_mut(|digests| {
        if let Some(digest) = digests.get(source) {
            return *digest;
        }
        if digests.len() >= KEPT {
            digests.clear();
        }
        let digest = hex(source);
        digests.insert(source.into(), digest);
        digest
    })
}

/// The digest as 40 lower-case hexadecimal digits.
pub(crate) fn hex(text: &[u8]) -> [u8; 40] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = [0; 40];
    for (at, byte) in bytes(text).into_iter().enumerate() {
        out[at * 2] = DIGITS[usize::from(byte >> 4)];
        out[at * 2 + 1] = DIGITS[usize::from(byte & 15)];
    }
    out
}

/// The digest.
pub(crate) fn bytes(text: &[u8]) -> [u8; 20] {
    let mut out = [0; 20];
    for (part, word) in out.as_chunks_mut::<4>().0.iter_mut().zip(digest(text)) {
        *part = word.to_be_bytes();
    }
    out
}

fn digest(text: &[u8]) -> [u32; 5] {
    let mut state = [
        0x6745_2301,
        0xefcd_ab89,
        0x98ba_dcfe,
        0x1032_5476,
        0xc3d2_e1f0,
    ];
    let (blocks, rest) = text.as_chunks::<64>();
    for block in blocks {
        compress(&mut state, block);
    }
    // The rest, a one bit, zeros, and the length in bits fill one or two more blocks.
    let mut tail = [0u8; 128];
    tail[..rest.len()].copy_from_slice(rest);
    tail[rest.len()] = 0x80;
    let end = if rest.len() < 56 { 64 } else { 128 };
    tail[end - 8..end].copy_from_slice(&(text.len() as u64 * 8).to_be_bytes());
    for block in tail[..end].as_chunks::<64>().0 {
        compress(&mut state, block);
    }
    state
}

fn compress(state: &mut [u32; 5], block: &[u8; 64]) {
    let mut words = [0u32; 80];
    for (word, bytes) in words.iter_mut().zip(block.as_chunks::<4>().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    for at in 16..80 {
        words[at] =
            (words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16]).rotate_left(1);
    }
    let [mut a, mut b, mut c, mut d, mut e] = *state;
    for (at, word) in words.iter().enumerate() {
        let (mix, constant) = match at / 20 {
            0 => ((b & c) | (!b & d), 0x5a82_7999u32),
            1 => (b ^ c ^ d, 0x6ed9_eba1),
            2 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6),
        };
        let next = a.rotate_left(5).wrapping_add(mix).wrapping_add(e);
        let next = next.wrapping_add(constant).wrapping_add(*word);
        (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
    }
    for (part, value) in state.iter_mut().zip([a, b, c, d, e]) {
        *part = part.wrapping_add(value);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn known_digests() {
        assert_eq!(
            &super::hex(b""),
            b"da39a3ee5e6b4b0d3255bfef95601890afd80709"
        );
        assert_eq!(
            &super::hex(b"return 1"),
            b"e0e1f9fabfc9d4800c877a703b823ac0578ff8db"
        );
        assert_eq!(
            &super::hex(&[b'a'; 119]),
            b"ee971065aaa017e0632a8ca6c77bb3bf8b1dfc56"
        );
    }
}
