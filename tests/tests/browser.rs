//! The built site in a real browser. `make test` builds the site and runs this last.

use anyhow::Result;
use redwind_tests::browser::{self, View};

#[test]
fn the_built_page_opens_under_any_path_and_complains_of_nothing() -> Result<()> {
    for view in [View::DESKTOP, View::PHONE.dark()] {
        let Some((site, browser)) = browser::open_site(view)? else {
            return Ok(());
        };
        browser.open(&site.url(""))?;
        browser.role("heading", "Redwind")?;
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
