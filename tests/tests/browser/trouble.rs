//! What goes wrong on the way to a lesson or in it, and how the page takes it.

use anyhow::{Result, ensure};
use redwind_tests::browser::{self, Selector, View};
use serde_json::json;

use crate::page::{branching, click, exists, open, position};

const NAIVE: &str = "#/locks/gc-pause";

#[test]
fn a_link_to_no_lesson_says_so_within_the_window_and_leads_to_the_list() -> Result<()> {
    let Some((site, browser)) = browser::open_site(View::PHONE)? else {
        return Ok(());
    };
    for id in ["nope/x".to_owned(), "a".repeat(4000)] {
        browser.open("about:blank")?;
        browser.open(&site.url(&format!("#/{id}")))?;
        browser.wait_text("There is no lesson")?;
        assert_eq!(browser.overflow()?, 0);
        browser.role("link", "All lessons")?.click()?;
        browser.wait("the list of lessons", &exists("lesson-link"))?;
    }
    Ok(())
}

#[test]
fn a_link_that_was_escaped_on_its_way_opens_all_the_same() -> Result<()> {
    let Some((site, browser)) = browser::open_site(View::DESKTOP)? else {
        return Ok(());
    };
    browser.open(&site.url("#%2Flocks%2Fgc-pause"))?;
    browser.wait("the lesson", &exists("step-forward"))?;
    assert_eq!(browser.problems()?, [""; 0]);
    Ok(())
}

#[test]
fn who_comes_back_from_a_lesson_finds_the_list_where_it_was_left() -> Result<()> {
    let Some((site, browser)) = browser::open_site(View::PHONE)? else {
        return Ok(());
    };
    browser.open(&site.url(""))?;
    browser.wait("the list of lessons", &exists("lesson-link"))?;
    browser.css("[data-lesson='streams/groups']")?.click()?;
    browser.wait("the lesson", &exists("step-forward"))?;
    browser.eval("history.back()", json!([]))?;
    browser.wait(
        "the lesson's card in sight",
        "(() => {
            const card = document.querySelector(\"[data-lesson='streams/groups']\")?.getBoundingClientRect();
            return card && scrollY > 0 && card.top >= 0 && card.top < innerHeight;
        })()",
    )?;
    Ok(())
}

#[test]
fn every_lesson_fits_the_window_from_its_beginning_to_its_end() -> Result<()> {
    let Some((site, browser)) = browser::open_site(View::DESKTOP)? else {
        return Ok(());
    };
    browser.open(&site.url(""))?;
    browser.wait("the list of lessons", &exists("lesson-link"))?;
    let mut lessons = Vec::new();
    for link in browser.find_all(Selector::TestId("lesson-link"))? {
        lessons.extend(link.attribute("data-lesson")?);
    }
    ensure!(lessons.len() > 20, "{lessons:?}");
    for lesson in lessons {
        browser.open(&site.url(&format!("#/{lesson}")))?;
        browser.wait(
            "the lesson",
            &format!(
                "{} && document.querySelector('[data-testid=\"share\"]').dataset.address.includes({lesson:?})",
                exists("step-forward")
            ),
        )?;
        click(&browser, "to-end")?;
        browser.next_frame()?;
        assert_eq!(browser.overflow()?, 0, "{lesson} is wider than the window");
    }
    assert_eq!(browser.problems()?, [""; 0]);
    Ok(())
}

#[test]
fn a_phone_opens_a_lesson_at_its_text_and_a_link_to_a_moment_at_the_moment() -> Result<()> {
    let Some((site, browser)) = open(View::PHONE, NAIVE)? else {
        return Ok(());
    };
    let shown = "document.querySelector('.app').dataset.tab";
    assert_eq!(
        browser.eval(&format!("return {shown}"), json!([]))?,
        "lesson"
    );
    click(&browser, "tab-trace")?;
    for _ in 0..5 {
        click(&browser, "step-forward")?;
    }
    let link = browser.test_id("share")?.attribute("data-address")?;
    browser.open("about:blank")?;
    browser.open(link.as_deref().unwrap_or(&site.url("")))?;
    browser.wait("the moment", &format!("{shown} === 'trace'"))?;
    ensure!(position(&browser)? > 0);
    Ok(())
}

#[test]
fn the_form_of_a_fault_stops_time_so_that_what_is_typed_into_it_stays() -> Result<()> {
    let Some((_site, browser)) = open(View::DESKTOP, NAIVE)? else {
        return Ok(());
    };
    click(&browser, "play")?;
    browser.wait(
        "time that runs",
        "document.querySelector('[data-testid=\"play\"]').ariaLabel === 'Stop'",
    )?;
    click(&browser, "inject-pause")?;
    browser.wait(
        "time that stands",
        "document.querySelector('[data-testid=\"play\"]').ariaLabel === 'Play'",
    )?;
    Ok(())
}

#[test]
fn a_run_that_takes_for_ever_is_stopped_and_the_page_goes_on() -> Result<()> {
    let Some((_site, browser)) = open(View::DESKTOP, NAIVE)? else {
        return Ok(());
    };
    // Each of the thousands of strings stays, and so does each moment of the run: that takes its time.
    let hungry = "x = []\nwhile True:\n    x.append('a' * 100000)\n";
    click(&browser, "code-edit")?;
    browser.test_id("editor")?.fill(hungry)?;
    click(&browser, "code-run")?;
    browser.wait("the button that stops it", &exists("stop-run"))?;
    click(&browser, "stop-run")?;
    browser.wait("nothing that runs", &format!("!({})", exists("stop-run")))?;
    // The draft is still there, and the next simulator answers.
    branching(&browser, || {
        browser
            .test_id("editor")?
            .fill("import redis\nredis.Redis().set('greeting', 'hello')\n")?;
        click(&browser, "code-run")
    })?;
    click(&browser, "to-end")?;
    browser.wait_text("greeting")?;
    assert_eq!(browser.problems()?, [""; 0]);
    Ok(())
}

/// How much of an element lies outside of the window, to the left or to the right.
const OUTSIDE: &str = "
    const area = document.querySelector(arguments[0]).getBoundingClientRect();
    return Math.max(0, Math.round(-area.left), Math.round(area.right - innerWidth));";

#[test]
fn whatever_opens_on_a_phone_stays_within_its_window() -> Result<()> {
    let Some((_site, browser)) = open(View::PHONE, NAIVE)? else {
        return Ok(());
    };
    for (button, opened) in [("share", ".share-popover"), ("help", ".help")] {
        click(&browser, button)?;
        browser.css(opened)?;
        assert_eq!(browser.eval(OUTSIDE, json!([opened]))?, 0, "{opened}");
        browser.press(&["Escape"])?;
    }
    click(&browser, "faults-unfold")?;
    click(&browser, "inject-partition")?;
    browser.css(".fault-popover")?;
    assert_eq!(browser.eval(OUTSIDE, json!([".fault-popover"]))?, 0);
    browser.press(&["Escape"])?;
    click(&browser, "tab-trace")?;
    branching(&browser, || click(&browser, "undo"))?;
    click(&browser, "branch-list")?;
    browser.css(".branch-popover")?;
    assert_eq!(browser.eval(OUTSIDE, json!([".branch-popover"]))?, 0);
    Ok(())
}

#[test]
fn a_phone_shows_the_line_that_a_client_is_at_when_its_code_is_opened() -> Result<()> {
    let Some((_site, browser)) = open(View::PHONE, "#/locks/redlock")? else {
        return Ok(());
    };
    click(&browser, "next-violation")?;
    click(&browser, "tab-code")?;
    browser.wait(
        "the line in sight",
        "(() => {
            const line = document.querySelector('.code-line.at').getBoundingClientRect();
            const pane = document.querySelector('.code-body').getBoundingClientRect();
            return line.top >= pane.top && line.bottom <= pane.bottom;
        })()",
    )?;
    Ok(())
}
