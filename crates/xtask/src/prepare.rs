//! `prepare`: what the page needs before the simulator's wasm has arrived.
//!
//! Every file is written only when its content changed, so that a watching build does not see a change in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

const PREPARED: &str = "web/prepared";

/// Writes the prepared traces, and removes what an earlier run wrote that is no longer among them.
pub(crate) fn run() -> Result<()> {
    let folder = Path::new(PREPARED);
    fs::create_dir_all(folder).with_context(|| format!("cannot create {PREPARED}"))?;
    let files = files()?;
    for (name, content) in &files {
        let path = folder.join(name);
        if fs::read(&path).is_ok_and(|old| old == *content) {
            continue;
        }
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !files.contains_key(entry.file_name().to_string_lossy().as_ref()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// The files to write, by name inside `web/prepared`.
fn files() -> Result<BTreeMap<String, Vec<u8>>> {
    Ok(BTreeMap::new())
}
