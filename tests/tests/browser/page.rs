//! What the tests of a lesson's page have in common.

use anyhow::{Context, Result};
use redwind_tests::browser::{self, Browser, Site, View};

/// Opens a lesson and waits until it can be stepped.
pub(crate) fn open(view: View, fragment: &str) -> Result<Option<(Site, Browser)>> {
    let Some((site, browser)) = browser::open_site(view)? else {
        return Ok(None);
    };
    browser.open(&site.url(fragment))?;
    browser.wait("the transport", &exists("step-forward"))?;
    Ok(Some((site, browser)))
}

pub(crate) fn exists(id: &str) -> String {
    format!("document.querySelector('[data-testid=\"{id}\"]') !== null")
}

/// Where the slider stands.
pub(crate) fn position(browser: &Browser) -> Result<u32> {
    let now = browser
        .test_id("scrubber")?
        .attribute("aria-valuenow")?
        .context("no position")?;
    Ok(now.parse()?)
}

pub(crate) fn click(browser: &Browser, id: &str) -> Result<()> {
    browser.test_id(id)?.click()
}

/// Waits until a promise stands like this: `so-far`, `broken` or `held`.
pub(crate) fn stands(browser: &Browser, standing: &str) -> Result<()> {
    let condition = format!(
        "document.querySelector('[data-testid=\"verdict\"]')?.dataset.standing === '{standing}'"
    );
    browser.wait(&format!("a verdict that is {standing}"), &condition)?;
    Ok(())
}

/// What the button of the list of branches says; nothing while no branch was made.
pub(crate) const BRANCH: &str =
    "(document.querySelector('[data-testid=\"branch-list\"]')?.innerText ?? '')";

/// Does something that makes a branch, and waits until the page shows it.
pub(crate) fn branching(browser: &Browser, act: impl FnOnce() -> Result<()>) -> Result<()> {
    let before = browser.eval(&format!("return {BRANCH}"), serde_json::json!([]))?;
    act()?;
    browser.wait("a new branch", &format!("{BRANCH} !== {before}"))?;
    Ok(())
}
