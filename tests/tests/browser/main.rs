//! The built site, and the npm package, in a real browser. `make test` builds both and runs this last.

mod embed;
mod keyboard;
mod lesson;
mod package;
mod page;
mod terminal;
mod trouble;

use std::path::Path;

use anyhow::Result;
use redwind_tests::browser::{self, Selector, Site, View};

#[test]
fn the_built_page_opens_under_any_path_and_complains_of_nothing() -> Result<()> {
    for view in [View::DESKTOP, View::PHONE.dark()] {
        let Some((site, browser)) = browser::open_site(view)? else {
            return Ok(());
        };
        browser.open(&site.url(""))?;
        browser.role("heading", "A Redis you can rewind")?;
        assert_eq!(browser.problems()?, [""; 0]);
        assert_eq!(
            browser.overflow()?,
            0,
            "the page is wider than a window of {} px",
            view.width
        );
    }
    Ok(())
}

#[test]
fn the_harness_sees_and_does_what_a_user_sees_and_does() -> Result<()> {
    let Some((_, browser)) = browser::open_site(View::PHONE.dark())? else {
        return Ok(());
    };
    let site = Site::serve(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/harness"),
        0,
    )?;
    browser.open(&site.url(""))?;

    let theme =
        "getComputedStyle(document.getElementById('theme'), '::after').content === '\"dark\"'";
    browser.wait("the dark theme", theme)?;
    assert_eq!(
        browser.eval("return innerWidth", serde_json::json!([]))?,
        360
    );

    assert_eq!(
        browser.find_all(Selector::Role("button", "Step"))?.len(),
        2,
        "hidden ones do not count"
    );
    browser.role("button", "Step")?.click()?;
    browser.wait_text("Step;")?;
    browser.role("button", "Step back")?.click()?;
    browser.wait_text("Step; Step back;")?;

    browser.role("textbox", "Key")?.type_text("lock")?;
    browser.wait_text("l; o; c; k;")?;
    assert_eq!(browser.focused()?.property("value")?, "lock");
    browser.press(&["ArrowLeft", "Control+Enter"])?;
    browser.wait_text("ArrowLeft; Ctrl Control; Ctrl Enter;")?;

    browser.drag(&browser.test_id("box")?, 120, 0)?;
    browser.wait_text("dragged 120;")?;
    assert_eq!(browser.problems()?, [""; 0]);

    browser.eval(
        "console.error('lost'); fetch('./nowhere')",
        serde_json::json!([]),
    )?;
    let mut told = String::new();
    browser.wait_until("two complaints", || {
        told.extend(browser.problems().unwrap_or_default());
        (told.contains("lost") && told.contains("404")).then_some(())
    })
}
