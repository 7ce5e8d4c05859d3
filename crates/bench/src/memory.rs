//! What a small key takes.

use anyhow::{Context, Result};
use bytes::Bytes;

use crate::client::Client;
use crate::processor;
use crate::report::{Report, thousands};
use crate::servers::Running;

/// Makes the key of this number, or a part of it.
type Command<'c> = dyn Fn(u64) -> Vec<String> + 'c;

/// Bytes that a server's resident memory grows by for each key.
fn measure(server: &Running, keys: u64, commands: u64, command: &Command<'_>) -> Result<f64> {
    let mut client = Client::connect(server.address)?;
    let resident = || {
        processor::resident(server.pid())
            .context("this system does not tell what memory a process uses")
    };
    let before = resident()?;
    let argv = |key| command(key).into_iter().map(Bytes::from).collect();
    client.run((0..keys * commands).map(argv))?;
    Ok((resident()? - before) / keys as f64)
}

pub(crate) fn run(report: &mut Report) -> Result<()> {
    report.section(
        "Memory",
        "Bytes by which the resident memory of a new server grows for each key, over TCP on both sides.",
    );
    report.head(&["", "keys", "redis-server", "Redwind", "ratio"]);
    let string = |key: u64| {
        vec![
            "SET".to_owned(),
            format!("key:{key:012}"),
            format!("value:{key:012}"),
        ]
    };
    let number = |key: u64| vec!["SET".to_owned(), format!("key:{key:012}"), key.to_string()];
    let hash = |key: u64| {
        let name = format!("user:{key:012}");
        ["HSET", &name, "name", "Ada", "visits", "7"]
            .map(str::to_owned)
            .to_vec()
    };
    let with = |name: &'static str, rest: &'static [&'static str]| {
        move |key: u64| {
            let mut words = vec![name.to_owned(), format!("small:{key:012}")];
            words.extend(rest.iter().map(|word| (*word).to_owned()));
            words
        }
    };
    let list = with("RPUSH", &["job:1", "job:2", "job:3"]);
    let ints = with("SADD", &["7", "70", "700"]);
    let set = with("SADD", &["red", "green", "blue"]);
    let zset = with("ZADD", &["10", "ada", "20", "bo", "30", "cy"]);
    // Three commands make one key.
    let stream = |entry: u64| {
        let name = format!("small:{:012}", entry / 3);
        ["XADD", &name, &format!("{}-1", entry % 3 + 1), "job", "7"]
            .map(str::to_owned)
            .to_vec()
    };
    // One number of keys does for kinds of which Redis keeps each in a block of memory of its own, and of streams it
    // takes too much memory to have more.
    let (both, one) = (&[100_000, 1_000_000][..], &[100_000][..]);
    let kinds: [(&str, &[u64], u64, &Command<'_>); 8] = [
        ("A string of 18 bytes", both, 1, &string),
        ("A number", both, 1, &number),
        ("A hash of 2 fields", both, 1, &hash),
        ("A list of 3 elements", one, 1, &list),
        ("A set of 3 integers", one, 1, &ints),
        ("A set of 3 strings", one, 1, &set),
        ("A sorted set of 3 members", one, 1, &zset),
        ("A stream of 3 entries", one, 3, &stream),
    ];
    for (name, sizes, commands, command) in kinds {
        for keys in sizes.iter().copied() {
            let theirs = measure(&Running::redis()?, keys, commands, command)?;
            let ours = measure(&Running::redwind()?, keys, commands, command)?;
            report.row(&[
                name.to_owned(),
                thousands(keys as f64),
                thousands(theirs),
                thousands(ours),
                format!("{:.2}", ours / theirs),
            ]);
        }
    }
    Ok(())
}
