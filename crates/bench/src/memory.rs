//! What a small key takes.

use anyhow::{Context, Result};
use bytes::Bytes;

use crate::client::Client;
use crate::processor;
use crate::report::{Report, thousands};
use crate::servers::Running;

/// Makes the key of this number.
type Command = fn(u64) -> Vec<String>;

/// Bytes that a server's resident memory grows by for each key.
fn measure(server: &Running, keys: u64, command: Command) -> Result<f64> {
    let mut client = Client::connect(server.address)?;
    let resident = || {
        processor::resident(server.pid())
            .context("this system does not tell what memory a process uses")
    };
    let before = resident()?;
    let argv = |key| command(key).into_iter().map(Bytes::from).collect();
    client.run((0..keys).map(argv))?;
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
    let kinds: [(&str, Command); 3] = [
        ("A string of 18 bytes", string),
        ("A number", number),
        ("A hash of 2 fields", hash),
    ];
    for (name, command) in kinds {
        for keys in [100_000, 1_000_000] {
            let theirs = measure(&Running::redis()?, keys, command)?;
            let ours = measure(&Running::redwind()?, keys, command)?;
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
