//! `LCS`: the longest common subsequence of two strings.

use bytes::Bytes;
use redwind_resp::Value;

use crate::Refusal;
use crate::args::Args;
use crate::cx::Cx;
use crate::table::Answer;

/// `LCS key1 key2 [LEN] [IDX] [MINMATCHLEN n] [WITHMATCHLEN]`
pub(super) fn lcs(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    // Both are looked up before either is judged.
    let [a, b] = [0, 1].map(|at| cx.read_string(&args[at]));
    let text = |read: Result<Option<Bytes>, Refusal>| match read {
        Ok(text) => Ok(text.unwrap_or_default()),
        Err(_) => Err(Refusal::LcsTypes),
    };
    let (a, b) = (text(a)?, text(b)?);
    let (mut len_only, mut ranges_only, mut with_len, mut min_len) = (false, false, false, 0);
    let mut at = 2;
    while at < args.len() {
        if args.is(at, "IDX") {
            ranges_only = true;
        } else if args.is(at, "LEN") {
            len_only = true;
        } else if args.is(at, "WITHMATCHLEN") {
            with_len = true;
        } else if args.is(at, "MINMATCHLEN") && at + 1 < args.len() {
            min_len = args.int(at + 1)?.max(0);
            at += 1;
        } else {
            return Err(Refusal::Syntax);
        }
        at += 1;
    }
    if len_only && ranges_only {
        return Err(Refusal::LcsLenAndIdx);
    }
    let (a, b) = (&a[..], &b[..]);
    let cells = (a.len() as u64 + 1) * (b.len() as u64 + 1);
    if cells * 4 > cx.engine.config.proto_max_bulk_len.unsigned_abs() {
        return Err(Refusal::err(
            "Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
        ));
    }
    let table = Lengths::of(a, b);
    if len_only {
        return Ok(Value::Int(i64::from(table.at(a.len(), b.len()))));
    }
    let (common, matches) = table.walk(a, b);
    if !ranges_only {
        return Ok(Value::bulk(common));
    }
    let range = |start: usize, end: usize| Value::Array(vec![Value::from(start), Value::from(end)]);
    let matches = matches
        .into_iter()
        .filter(|(_, _, len)| *len as i64 >= min_len)
        .map(|(i, j, len)| {
            let mut parts = vec![range(i, i + len - 1), range(j, j + len - 1)];
            if with_len {
                parts.push(Value::from(len));
            }
            Value::Array(parts)
        })
        .collect();
    Ok(Value::Map(vec![
        (Value::text("matches"), Value::Array(matches)),
        (Value::text("len"), Value::from(common.len())),
    ]))
}

/// For each pair of prefixes, how long their longest common subsequence is.
struct Lengths {
    cells: Vec<u32>,
    width: usize,
}

impl Lengths {
    fn of(a: &[u8], b: &[u8]) -> Lengths {
        let width = b.len() + 1;
        let mut cells = vec![0u32; (a.len() + 1) * width];
        for i in 1..=a.len() {
            for j in 1..=b.len() {
                cells[i * width + j] = if a[i - 1] == b[j - 1] {
                    cells[(i - 1) * width + j - 1] + 1
                } else {
                    cells[(i - 1) * width + j].max(cells[i * width + j - 1])
                };
            }
        }
        Lengths { cells, width }
    }

    fn at(&self, i: usize, j: usize) -> u32 {
        self.cells[i * self.width + j]
    }

    /// The subsequence, and its contiguous matches from the last to the first, as Redis lists them.
    fn walk(&self, a: &[u8], b: &[u8]) -> (Vec<u8>, Vec<(usize, usize, usize)>) {
        let (mut i, mut j) = (a.len(), b.len());
        let mut common = Vec::new();
        let mut matches: Vec<(usize, usize, usize)> = Vec::new();
        while i > 0 && j > 0 {
            if a[i - 1] == b[j - 1] {
                i -= 1;
                j -= 1;
                common.push(a[i]);
                match matches.last_mut() {
                    Some((start_a, start_b, len)) if *start_a == i + 1 && *start_b == j + 1 => {
                        (*start_a, *start_b, *len) = (i, j, *len + 1);
                    }
                    _ => matches.push((i, j, 1)),
                }
            } else if self.at(i - 1, j) > self.at(i, j - 1) {
                i -= 1;
            } else {
                j -= 1;
            }
        }
        common.reverse();
        (common, matches)
    }
}
