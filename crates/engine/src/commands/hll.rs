//! HyperLogLog: estimates of how many different elements were seen, stored as strings in Redis's own
//! format, so that the estimates are the same.

use bytes::Bytes;
use redwind_resp::Value;
use triomphe::Arc;

use crate::Refusal;
use crate::args::Args;
use crate::cx::Cx;
use crate::db::Data;
use crate::table::{ALL, Answer, FIRST, NO_KEYS, SECOND, table};

table! { TABLE, "hyperloglog";
    "pfadd" => pfadd, AtLeast(1), [WRITE DENYOOM FAST], FIRST, "2.8.9", "key [element [element ...]]",
        "Adds elements to a HyperLogLog; tells whether the estimate may have changed.";
    "pfcount" => pfcount, AtLeast(1), [READ MAY_REPLICATE], ALL, "2.8.9", "key [key ...]",
        "Estimates how many different elements were added.";
    "pfmerge" => pfmerge, AtLeast(1), [WRITE DENYOOM], ALL, "2.8.9", "destkey [sourcekey [sourcekey ...]]",
        "Joins HyperLogLogs under a key.";
    "pfdebug" => pfdebug, Exactly(2), [WRITE DENYOOM ADMIN], SECOND, "2.8.9", "<GETREG | DECODE | ENCODING | TODENSE | SIMD> <key | ON | OFF>",
        "Shows how a HyperLogLog is stored, or makes it dense. For tests.";
    "pfselftest" => pfselftest, Exactly(0), [ADMIN], NO_KEYS, "2.8.9", "",
        "Checks that registers are kept as they were set. For tests.";
}

/// 2^14 registers of 6 bits.
const PRECISION: u32 = 14;
const REGISTERS: usize = 1 << PRECISION;
const HEADER: usize = 16;
/// Where the header keeps the last estimate.
const CACHE: usize = 8;
/// In the last byte of the estimate: elements came since.
const OUT_OF_DATE: u8 = 0x80;
const DENSE: usize = HEADER + (REGISTERS * 6).div_ceil(8);

/// The hash by which elements are counted: MurmurHash2, 64 bits, with Redis's seed.
fn murmur(text: &[u8]) -> u64 {
    const M: u64 = 0xc6a4_a793_5bd1_e995;
    const SEED: u64 = 0xadc8_3b19;
    let mut hash = SEED ^ (text.len() as u64).wrapping_mul(M);
    let (blocks, tail) = text.as_chunks::<8>();
    for block in blocks {
        let mut k = u64::from_le_bytes(*block).wrapping_mul(M);
        k = (k ^ (k >> 47)).wrapping_mul(M);
        hash = (hash ^ k).wrapping_mul(M);
    }
    if !tail.is_empty() {
        let mut last = [0; 8];
        last[..tail.len()].copy_from_slice(tail);
        hash = (hash ^ u64::from_le_bytes(last)).wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 47)).wrapping_mul(M);
    hash ^ (hash >> 47)
}

/// Which register an element belongs to, and the length of the run it shows.
fn place(element: &[u8]) -> (usize, u8) {
    let hash = murmur(element);
    let index = (hash as usize) & (REGISTERS - 1);
    let rest = hash >> PRECISION | 1 << (64 - PRECISION);
    (index, rest.trailing_zeros() as u8 + 1)
}

/// A HyperLogLog, unpacked.
struct Sketch {
    registers: Vec<u8>,
    dense: bool,
    /// The last estimate, little endian; the highest bit says that it is out of date.
    cache: [u8; 8],
    /// Bytes of the header that mean nothing.
    reserved: [u8; 3],
    /// How long the sparse form was that it was read from: only what grows is held to the limit.
    sparse_len: usize,
}

impl Default for Sketch {
    fn default() -> Sketch {
        Sketch {
            registers: vec![0; REGISTERS],
            dense: false,
            cache: [0; 8],
            reserved: [0; 3],
            sparse_len: HEADER + 2,
        }
    }
}

fn not_a_sketch() -> Refusal {
    Refusal::Text("WRONGTYPE Key is not a valid HyperLogLog string value.".into())
}

fn corrupted() -> Refusal {
    Refusal::Text("INVALIDOBJ Corrupted HLL object detected".into())
}

/// As much as Redis looks at before it reads registers: whether this calls itself a HyperLogLog.
fn check(text: &[u8]) -> Result<(), Refusal> {
    let dense = || text[4] == 0 && text.len() == DENSE;
    let named = text.len() >= HEADER && &text[..4] == b"HYLL";
    if named && (text[4] == 1 || dense()) {
        Ok(())
    } else {
        Err(not_a_sketch())
    }
}

fn cache_of(text: &[u8]) -> [u8; 8] {
    let mut cache = [0; 8];
    cache.copy_from_slice(&text[CACHE..HEADER]);
    cache
}

impl Sketch {
    fn decode(text: &[u8]) -> Result<Sketch, Refusal> {
        check(text)?;
        if text[4] == 0 {
            return Ok(Sketch::decode_dense(text));
        }
        let mut sketch = Sketch {
            cache: cache_of(text),
            reserved: [text[5], text[6], text[7]],
            sparse_len: text.len(),
            ..Sketch::default()
        };
        let (mut index, mut at) = (0, HEADER);
        while let Some(code) = text.get(at).copied() {
            let (value, run) = match code {
                // Few zeros, many zeros, or a run of one value.
                0..0x40 => (0, usize::from(code) + 1),
                0x40..0x80 => {
                    at += 1;
                    let low = text.get(at).copied().ok_or_else(corrupted)?;
                    (0, (usize::from(code & 0x3f) << 8 | usize::from(low)) + 1)
                }
                0x80.. => ((code >> 2 & 0x1f) + 1, usize::from(code & 3) + 1),
            };
            let registers = sketch
                .registers
                .get_mut(index..index + run)
                .ok_or_else(corrupted)?;
            registers.fill(value);
            index += run;
            at += 1;
        }
        if index == REGISTERS {
            Ok(sketch)
        } else {
            Err(corrupted())
        }
    }

    fn decode_dense(text: &[u8]) -> Sketch {
        let bits = &text[HEADER..];
        let register = |index: usize| {
            let bit = index * 6;
            let low = u16::from(bits[bit / 8]);
            let high = u16::from(bits.get(bit / 8 + 1).copied().unwrap_or(0));
            ((low | high << 8) >> (bit % 8) & 0x3f) as u8
        };
        Sketch {
            registers: (0..REGISTERS).map(register).collect(),
            dense: true,
            cache: cache_of(text),
            reserved: [text[5], text[6], text[7]],
            ..Sketch::default()
        }
    }

    /// As Redis stores it; sparse as long as that is allowed and short enough.
    fn encode(&self, sparse_max: i64) -> Vec<u8> {
        let mut out = b"HYLL".to_vec();
        out.push(0);
        out.extend_from_slice(&self.reserved);
        out.resize(HEADER, 0);
        if !self.dense && self.registers.iter().all(|value| *value <= 32) {
            out[4] = 1;
            self.encode_sparse(&mut out);
            // The limit counts the header too.
            if out.len() <= self.sparse_len || out.len() as i64 <= sparse_max {
                out[CACHE..HEADER].copy_from_slice(&self.cache);
                return out;
            }
            out.truncate(HEADER);
            out[4] = 0;
        }
        out.resize(DENSE, 0);
        for (index, value) in self.registers.iter().enumerate() {
            let (byte, shift) = (HEADER + index * 6 / 8, index * 6 % 8);
            let wide = u16::from(*value) << shift;
            out[byte] |= wide as u8;
            if let Some(next) = out.get_mut(byte + 1) {
                *next |= (wide >> 8) as u8;
            }
        }
        out[CACHE..HEADER].copy_from_slice(&self.cache);
        out
    }

    fn encode_sparse(&self, out: &mut Vec<u8>) {
        let mut rest = &self.registers[..];
        while let Some(value) = rest.first().copied() {
            let run = rest.iter().take_while(|other| **other == value).count();
            let run = match value {
                0 if run > 64 => {
                    let run = run.min(REGISTERS);
                    out.push(0x40 | ((run - 1) >> 8) as u8);
                    out.push((run - 1) as u8);
                    run
                }
                0 => {
                    out.push((run - 1) as u8);
                    run
                }
                _ => {
                    let run = run.min(4);
                    out.push(0x80 | (value - 1) << 2 | (run - 1) as u8);
                    run
                }
            };
            rest = &rest[run..];
        }
    }

    fn add(&mut self, element: &[u8]) -> bool {
        let (index, run) = place(element);
        let grows = run > self.registers[index];
        if grows {
            self.registers[index] = run;
        }
        grows
    }

    fn join(&mut self, other: &Sketch) {
        for (mine, theirs) in self.registers.iter_mut().zip(&other.registers) {
            *mine = (*mine).max(*theirs);
        }
    }

    /// Ertl's improved estimator.
    fn count(&self) -> u64 {
        const Q: usize = 64 - PRECISION as usize;
        let mut histogram = [0u32; 64];
        for value in &self.registers {
            histogram[usize::from(*value)] += 1;
        }
        let m = REGISTERS as f64;
        let mut z = m * tau((m - f64::from(histogram[Q + 1])) / m);
        for count in histogram[1..=Q].iter().rev() {
            z = (z + f64::from(*count)) * 0.5;
        }
        z += m * sigma(f64::from(histogram[0]) / m);
        let alpha = 0.721_347_520_444_481_7;
        (alpha * m * m / z).round_ties_even() as u64
    }
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if before == z {
            return z / 3.0;
        }
    }
}

fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if before == z {
            return z;
        }
    }
}

fn read(cx: &mut Cx<'_>, key: &[u8]) -> Result<Option<Sketch>, Refusal> {
    let text = stored(cx, key)?;
    text.map(|text| Sketch::decode(&text)).transpose()
}

/// The text under a key, if it calls itself a HyperLogLog.
fn stored(cx: &mut Cx<'_>, key: &[u8]) -> Result<Option<Bytes>, Refusal> {
    let text = cx.read_string(key)?;
    text.as_deref().map(check).transpose()?;
    Ok(text)
}

fn write(cx: &mut Cx<'_>, key: &Bytes, mut sketch: Sketch, changes: u64) {
    sketch.cache[7] |= OUT_OF_DATE;
    let expires = cx.peek(key).and_then(|entry| entry.expires());
    let text = sketch.encode(cx.engine.config.hll_sparse_max_bytes);
    cx.revise(key, Data::Raw(Arc::new(text)), expires);
    cx.dirty += changes;
    cx.event("pfadd", key);
}

/// `PFADD key [element [element ...]]`
fn pfadd(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let key = args.key(0);
    cx.lookup_to_write(key);
    let old = cx.peek_string(key)?;
    old.as_deref().map(check).transpose()?;
    let new = old.is_none();
    if !new && args.len() == 1 {
        return Ok(Value::Int(0));
    }
    let old = old.map(|text| Sketch::decode(&text)).transpose()?;
    let mut sketch = old.unwrap_or_default();
    let grown = args
        .from(1)
        .iter()
        .filter(|element| sketch.add(element))
        .count() as u64
        + u64::from(new);
    if grown > 0 {
        write(cx, key, sketch, grown);
    }
    Ok(Value::from(grown > 0))
}

/// `PFCOUNT key [key ...]`
fn pfcount(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    if args.len() == 1 {
        return count_one(cx, args.key(0));
    }
    let mut all = Sketch::default();
    for key in args.rest() {
        if let Some(sketch) = read(cx, key)? {
            all.join(&sketch);
        }
    }
    Ok(Value::Int(i64::try_from(all.count()).unwrap_or(i64::MAX)))
}

/// The estimate of one key is kept in its header until elements are added.
fn count_one(cx: &mut Cx<'_>, key: &Bytes) -> Answer {
    let Some(text) = stored(cx, key)? else {
        return Ok(Value::Int(0));
    };
    let cache = cache_of(&text);
    if cache[7] & OUT_OF_DATE == 0 {
        return Ok(Value::Int(i64::from_le_bytes(cache)));
    }
    let sketch = Sketch::decode(&text)?;
    let count = i64::try_from(sketch.count()).unwrap_or(i64::MAX);
    if let Some(index) = cx.find(key) {
        cx.db_mut().edit_text(index, |text| {
            text[CACHE..HEADER].copy_from_slice(&count.to_le_bytes());
        });
        cx.touch(key);
        // Replicas keep the estimate too.
        cx.dirty += 1;
    }
    Ok(Value::Int(count))
}

/// `PFMERGE destkey [sourcekey [sourcekey ...]]`
fn pfmerge(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let mut all = Sketch::default();
    for (at, key) in args.rest().iter().enumerate() {
        if let Some(sketch) = read(cx, key)? {
            if at == 0 {
                all.cache = sketch.cache;
                all.reserved = sketch.reserved;
                all.sparse_len = sketch.sparse_len;
            }
            all.dense |= sketch.dense;
            all.join(&sketch);
        }
    }
    cx.lookup_to_write(args.key(0));
    write(cx, args.key(0), all, 1);
    Ok(Value::OK)
}

/// `PFDEBUG GETREG | DECODE | ENCODING | TODENSE key`, `PFDEBUG SIMD ON | OFF`
fn pfdebug(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let key = args.key(1);
    if args.is(0, "SIMD") {
        // Which instructions count registers is nothing that shows.
        return match (args.is(1, "ON"), args.is(1, "OFF")) {
            (true, _) => Ok(Value::simple("enabled")),
            (_, true) => Ok(Value::simple("disabled")),
            _ => Err(Refusal::err("Argument must be ON or OFF")),
        };
    }
    let Some(text) = stored(cx, key)? else {
        return Err(Refusal::err("The specified key does not exist"));
    };
    let dense = text[4] == 0;
    if args.is(0, "ENCODING") {
        return Ok(Value::simple(if dense { "dense" } else { "sparse" }));
    }
    if args.is(0, "DECODE") {
        return if dense {
            Err(Refusal::err("HLL encoding is not sparse"))
        } else {
            Ok(Value::bulk(runs(&text[HEADER..])))
        };
    }
    if args.is(0, "GETREG") || args.is(0, "TODENSE") {
        let mut sketch = Sketch::decode(&text)?;
        let registers = args.is(0, "GETREG").then(|| sketch.registers.clone());
        if !dense {
            sketch.dense = true;
            let expires = cx.peek(key).and_then(|entry| entry.expires());
            let text = sketch.encode(cx.engine.config.hll_sparse_max_bytes);
            cx.revise(key, Data::Raw(Arc::new(text)), expires);
            cx.dirty += 1;
        }
        return Ok(match registers {
            Some(all) => Value::array(all.into_iter().map(|value| Value::Int(i64::from(value)))),
            None => Value::from(!dense),
        });
    }
    let sent = String::from_utf8_lossy(&args[0]).into_owned();
    Err(Refusal::err(format_args!(
        "Unknown PFDEBUG subcommand '{sent}'"
    )))
}

/// The runs of a sparse HyperLogLog, as `PFDEBUG DECODE` shows them.
fn runs(codes: &[u8]) -> String {
    let mut shown = Vec::new();
    let mut at = 0;
    while let Some(code) = codes.get(at).copied() {
        at += 1;
        shown.push(match code {
            0..0x40 => format!("z:{}", code + 1),
            0x40..0x80 => {
                let low = codes.get(at).copied().unwrap_or(0);
                at += 1;
                format!("Z:{}", (u16::from(code & 0x3f) << 8 | u16::from(low)) + 1)
            }
            0x80.. => format!("v:{},{}", (code >> 2 & 0x1f) + 1, (code & 3) + 1),
        });
    }
    shown.join(" ")
}

/// `PFSELFTEST`
fn pfselftest(_cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    let mut sketch = Sketch {
        dense: true,
        ..Sketch::default()
    };
    for round in 0..64 {
        for (index, register) in sketch.registers.iter_mut().enumerate() {
            *register = ((index * 7 + round) % 64) as u8;
        }
        if Sketch::decode(&sketch.encode(0))?.registers != sketch.registers {
            return Err(Refusal::err(format_args!(
                "TESTFAILED Register set in round {round} was not kept"
            )));
        }
    }
    Ok(Value::OK)
}
