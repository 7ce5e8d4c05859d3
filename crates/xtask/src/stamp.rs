//! `stamp`: writes the worker's version into the built page.

use std::fs;
use std::hash::Hasher;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

/// What `web/index.html` says before it is stamped.
const UNSTAMPED: &str = "./worker.js";
/// The files that together are the worker.
const PARTS: [&str; 3] = ["worker.js", "redwind-worker.js", "redwind-worker_bg.wasm"];

/// Appends `?v=<hash>` to the worker's URL in the page that Trunk has just built.
///
/// Trunk puts a hash into the names of all it builds but workers, which a page must find by a name it knows.
pub(crate) fn run() -> Result<()> {
    let staging = PathBuf::from(std::env::var_os("TRUNK_STAGING_DIR").context(
        "TRUNK_STAGING_DIR is not set: this task is Trunk's post_build hook; run `make build`",
    )?);
    // SipHash with its fixed keys: stable between builds, and the hash only has to differ when a file does.
    let mut hash = std::hash::DefaultHasher::new();
    for part in PARTS {
        let path = staging.join(part);
        hash.write(&fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
    }
    let page = staging.join("index.html");
    let html =
        fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
    ensure!(
        html.matches(UNSTAMPED).count() == 1,
        "web/index.html must name {UNSTAMPED} exactly once, in <meta name=\"redwind-worker\">"
    );
    let stamped = html.replace(UNSTAMPED, &format!("{UNSTAMPED}?v={:016x}", hash.finish()));
    fs::write(&page, stamped).with_context(|| format!("cannot write {}", page.display()))
}
