//! `prepare`: what the page needs before the simulator's wasm has arrived.
//!
//! A file is written only when its content has changed, so that a build that watches for changes sees none in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Where Trunk takes them from; not in the repository.
const PREPARED: &str = "web/prepared";

/// Writes the prepared lessons, and removes what an earlier run wrote that is no longer among them.
pub(crate) fn run() -> Result<()> {
    let folder = Path::new(PREPARED);
    fs::create_dir_all(folder).with_context(|| format!("cannot create {PREPARED}"))?;
    let files = files()?;
    for (name, content) in &files {
        let path = folder.join(name);
        if fs::read(&path).is_ok_and(|old| old == *content) {
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
    }
    for path in super::files::below(folder)? {
        if !files.contains_key(&super::files::name(folder, &path)) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// The files to write, by their path inside `web/prepared`.
fn files() -> Result<BTreeMap<String, Vec<u8>>> {
    Ok(BTreeMap::new())
}
