//! A real browser, driven as a user would drive it.
//!
//! ```no_run
//! use redwind_tests::browser::{self, View};
//!
//! # fn main() -> anyhow::Result<()> {
//! let Some((site, browser)) = browser::open_site(View::DESKTOP)? else { return Ok(()) };
//! browser.open(&site.url("#/locks/gc-pause"))?;
//! browser.role("button", "Step")?.click()?;
//! browser.wait_text("1204 ms")?;
//! assert!(browser.problems()?.is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! Nothing here sleeps: whatever takes time is waited for in the page, frame by frame, up to [`PATIENCE`].

mod driver;
mod element;
mod find;
mod input;
mod look;
mod session;
mod site;

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Result, bail};

pub use element::Element;
pub use find::Selector;
pub use look::View;
pub use session::Browser;
pub use site::Site;

/// How long anything on a page may take before a test gives up: generous, since CI has two slow cores.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The built site on a loopback port, and a fresh browser to look at it.
///
/// `None`, and a line that says so, where the site was not built or no browser is installed. That is an error
/// instead where a browser is promised: under `CI` or `REDWIND_REQUIRE_BROWSER`, which `make test` sets.
pub fn open_site(view: View) -> Result<Option<(Site, Browser)>> {
    open(Site::dist(), view)
}

/// As [`open_site`], with the npm package's files in place of the site.
pub fn open_package(view: View) -> Result<Option<(Site, Browser)>> {
    open(Site::package(), view)
}

fn open(site: Result<Site>, view: View) -> Result<Option<(Site, Browser)>> {
    let opened = site.and_then(|site| Ok((site, Browser::start(view)?)));
    match opened {
        Ok(pair) => Ok(Some(pair)),
        Err(missing) if promised() => Err(missing.context("a browser test could not start")),
        Err(missing) => {
            // Not eprintln!, which the test harness hides when a test passes.
            let mut loud = std::io::stderr().lock();
            writeln!(loud, "\n*** SKIPPED a browser test: {missing:#}\n")?;
            Ok(None)
        }
    }
}

fn promised() -> bool {
    ["CI", "REDWIND_REQUIRE_BROWSER"].iter().any(|name| {
        std::env::var(name).is_ok_and(|value| !value.is_empty() && value != "0" && value != "false")
    })
}

/// The program to run: the one that `variable` names, else the first of `names` that the PATH has.
fn program(variable: &str, names: &[&str]) -> Result<std::path::PathBuf> {
    if let Some(named) = std::env::var_os(variable) {
        return Ok(named.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    for name in names {
        if let Some(found) = std::env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|file| file.is_file())
        {
            return Ok(found);
        }
    }
    bail!(
        "there is no {} on this machine: install it (on Debian: `apt-get install chromium chromium-driver`) \
         or set {variable} to its path",
        names[0]
    )
}
