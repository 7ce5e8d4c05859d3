//! A lesson with the keyboard alone, from the list of lessons to a shared link.

use anyhow::{Result, bail, ensure};
use redwind_tests::browser::{self, Browser, View};
use serde_json::json;

use crate::page::{branching, exists, position, stands};

/// More stops than any page has.
const MOST: usize = 160;

/// What has the focus: whether anything has, whether that can be seen, and whether it is what is looked for.
const LOOK: &str = "
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const area = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const around = element.closest('.editing');
    const marked = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
    return {
        wanted: element.matches(arguments[0]),
        seen: area.width > 0 && area.height > 0 && area.right > 0 && area.left < innerWidth && area.bottom > 0 && area.top < innerHeight,
        marked: element.matches(':focus-visible') && (marked || around !== null),
        told: element.outerHTML.slice(0, 160),
    };";

/// Goes on by Tab until `selector` has the focus. Every stop on the way must be seen to have it, and have a name.
fn tab_to(browser: &Browser, selector: &str) -> Result<()> {
    for _ in 0..MOST {
        browser.press(&["Tab"])?;
        let at = browser.eval(LOOK, json!([selector]))?;
        // Past the last control lies the browser's own window, then the first.
        if at.is_null() {
            continue;
        }
        ensure!(
            at["seen"] == true,
            "the focus is out of sight: {}",
            at["told"]
        );
        ensure!(
            at["marked"] == true,
            "the focus can't be seen: {}",
            at["told"]
        );
        ensure!(
            !browser.focused()?.label()?.is_empty(),
            "a screen reader has no name for {}",
            at["told"]
        );
        if at["wanted"] == true {
            return Ok(());
        }
    }
    bail!("Tab never gets to {selector}")
}

/// Waits until the focus is on what `selector` names.
fn on(browser: &Browser, selector: &str) -> Result<()> {
    let condition = format!("document.activeElement?.matches({selector:?})");
    browser.wait(&format!("the focus on {selector}"), &condition)?;
    Ok(())
}

/// Waits until the focus is on something.
fn somewhere(browser: &Browser) -> Result<()> {
    browser.wait(
        "a focus",
        "document.activeElement && document.activeElement !== document.body",
    )?;
    Ok(())
}

fn id(name: &str) -> String {
    format!("[data-testid='{name}']")
}

#[test]
fn a_whole_lesson_goes_by_keyboard_alone() -> Result<()> {
    let Some((site, browser)) = browser::open_site(View::DESKTOP)? else {
        return Ok(());
    };
    browser.open(&site.url(""))?;
    browser.wait("the list of lessons", &exists("lesson-link"))?;
    tab_to(&browser, "[data-lesson='locks/gc-pause']")?;
    browser.press(&["Enter"])?;
    browser.wait("the lesson", &exists("step-forward"))?;

    // Stepping and playing.
    tab_to(&browser, ".scroller")?;
    browser.press(&["ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"])?;
    ensure!(position(&browser)? >= 2);
    let before = position(&browser)?;
    browser.press(&["]", "Space"])?;
    let moved = format!(
        "Number(document.querySelector('[data-testid=\"scrubber\"]').getAttribute('aria-valuenow')) > {before}"
    );
    browser.wait("the run to play", &moved)?;
    browser.press(&["Home"])?;
    browser.wait(
        "the run to stop",
        "document.querySelector('[data-testid=\"play\"]').getAttribute('aria-label') === 'Play'",
    )?;
    ensure!(position(&browser)? == 0);

    // Help.
    browser.press(&["?"])?;
    on(&browser, ".help button")?;
    browser.wait("the marks", &exists("legend"))?;
    browser.press(&["Tab", "Tab", "Escape"])?;
    on(&browser, ".scroller")?;

    // Another variant, and back.
    let variant = "document.querySelector('[data-testid=\"variant\"]').selectedIndex";
    tab_to(&browser, &id("variant"))?;
    browser.press(&["ArrowDown"])?;
    browser.wait("the second variant", &format!("{variant} === 1"))?;
    browser.press(&["ArrowUp"])?;
    browser.wait("the first variant", &format!("{variant} === 0"))?;
    on(&browser, &id("variant"))?;

    // A fault: the form opens, closes without a trace, opens again and is run.
    tab_to(&browser, &id("inject-crash"))?;
    browser.press(&["Enter"])?;
    on(&browser, &id("fault-client"))?;
    browser.press(&["Escape"])?;
    on(&browser, &id("inject-crash"))?;
    browser.press(&["Enter"])?;
    on(&browser, &id("fault-client"))?;
    tab_to(&browser, &id("fault-at"))?;
    browser.press(&["Control+a", "2", "0", "m", "s"])?;
    tab_to(&browser, &id("fault-apply"))?;
    branching(&browser, || browser.press(&["Enter"]))?;
    somewhere(&browser)?;

    // To where it departs, by its button.
    tab_to(&browser, &id("departs"))?;
    browser.press(&["Enter"])?;
    let departs = position(&browser)?;
    ensure!(departs > 0);

    // Undone: the chip is gone, the focus is not.
    tab_to(&browser, &id("undo"))?;
    branching(&browser, || browser.press(&["Enter"]))?;
    somewhere(&browser)?;

    // Back to the first branch by the list.
    tab_to(&browser, &id("branch-list"))?;
    browser.press(&["Enter"])?;
    on(&browser, &format!("{}[aria-current]", id("branch")))?;
    browser.press(&["Escape"])?;
    on(&browser, &id("branch-list"))?;
    browser.press(&["Enter"])?;
    on(&browser, &format!("{}[aria-current]", id("branch")))?;
    tab_to(&browser, &format!("{}:not([aria-current])", id("branch")))?;
    branching(&browser, || browser.press(&["Enter"]))?;
    browser.press(&["Escape"])?;
    on(&browser, &id("branch-list"))?;

    // Why the lesson's promise breaks.
    tab_to(&browser, ".scrubber")?;
    browser.press(&["g", "End"])?;
    stands(&browser, "broken")?;
    tab_to(&browser, &id("why"))?;
    browser.press(&["Enter"])?;
    tab_to(&browser, ".evidence-list .link")?;
    let end = position(&browser)?;
    browser.press(&["Enter"])?;
    ensure!(position(&browser)? < end, "the first piece of evidence");
    somewhere(&browser)?;

    // The terminal, and sharing.
    tab_to(&browser, &id("terminal-input"))?;
    browser.press(&["K", "E", "Y", "S", " ", "*", "Enter"])?;
    browser.wait(
        "an answer in the terminal",
        "document.querySelector('[data-testid=\"terminal-output\"] pre') !== null",
    )?;
    on(&browser, &id("terminal-input"))?;
    tab_to(&browser, &id("share"))?;
    browser.press(&["Enter"])?;
    on(&browser, &id("share-link"))?;
    tab_to(&browser, &id("embed-code"))?;
    browser.press(&["Escape"])?;
    on(&browser, &id("share"))?;
    assert_eq!(browser.problems()?, [""; 0]);
    Ok(())
}
