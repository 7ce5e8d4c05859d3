//! The page's terminal, by those who know redis-cli: completion, hints, earlier lines, pasted lines.

use anyhow::{Result, ensure};
use redwind_tests::browser::{Browser, View};
use serde_json::json;

use crate::page::{click, open};

const LESSON: &str = "#/locks/gc-pause";

const INPUT: &str = "document.querySelector('[data-testid=\"terminal-input\"]')";
const OUTPUT: &str = "document.querySelector('[data-testid=\"terminal-output\"]')";
const HINT: &str = "document.querySelector('[data-testid=\"terminal-hint\"]')";

/// Presses one key for each letter.
fn letters(browser: &Browser, text: &str) -> Result<()> {
    let keys: Vec<String> = text.chars().map(String::from).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    browser.press(&keys)
}

fn line_is(browser: &Browser, line: &str) -> Result<()> {
    browser.wait(
        &format!("the line {line:?}"),
        &format!("{INPUT}.value === {line:?}"),
    )?;
    Ok(())
}

/// Waits for what stands greyed behind the line.
fn hint_is(browser: &Browser, hint: &str) -> Result<()> {
    let condition = format!(
        "getComputedStyle({HINT}.firstChild).visibility === 'hidden' \
         && {HINT}.textContent === {INPUT}.value + {hint:?}"
    );
    browser.wait(&format!("the hint {hint:?}"), &condition)?;
    Ok(())
}

fn shows(browser: &Browser, text: &str) -> Result<()> {
    let condition = format!("{OUTPUT}.innerText.includes({text:?})");
    browser.wait(&format!("{text:?} in the terminal"), &condition)?;
    Ok(())
}

#[test]
fn what_is_typed_is_completed_and_what_is_missing_is_hinted() -> Result<()> {
    for view in [View::DESKTOP, View::PHONE.dark()] {
        let Some((_site, browser)) = open(view, LESSON)? else {
            return Ok(());
        };
        if view.width < 700 {
            click(&browser, "tab-keys")?;
        }
        click(&browser, "terminal-input")?;
        letters(&browser, "get")?;
        hint_is(&browser, " key")?;
        // Tab may come before the answer to the letters.
        letters(&browser, "de")?;
        browser.press(&["Tab"])?;
        line_is(&browser, "GETDEL")?;
        hint_is(&browser, " key")?;
        letters(&browser, " ")?;
        hint_is(&browser, "key")?;
        letters(&browser, "k")?;
        hint_is(&browser, "")?;
        browser.press(&["Control+c"])?;
        line_is(&browser, "")?;

        // What does not fit behind the line is there as a whole.
        letters(&browser, "set a ")?;
        let whole = "document.querySelector('[data-testid=\"terminal-rest\"]')";
        browser.wait(
            "the whole hint",
            &format!("{whole}?.innerText.startsWith('value [NX|XX') && {whole}.innerText.endsWith('KEEPTTL]')"),
        )?;
        browser.press(&["Control+c"])?;
        browser.wait("no hint", &format!("{whole} === null"))?;

        // Several candidates: one after the other, then what was typed, then out.
        letters(&browser, "client set")?;
        browser.press(&["Tab"])?;
        line_is(&browser, "CLIENT SETINFO")?;
        browser.press(&["Tab"])?;
        line_is(&browser, "CLIENT SETNAME")?;
        hint_is(&browser, " connection-name")?;
        browser.press(&["Tab"])?;
        line_is(&browser, "client set")?;
        browser.press(&["Tab"])?;
        let left = format!("document.activeElement !== {INPUT}");
        browser.wait("the focus to go on", &left)?;

        click(&browser, "terminal-input")?;
        browser.press(&["Control+c"])?;
        letters(&browser, "help @has")?;
        browser.press(&["Tab", "Enter"])?;
        shows(&browser, "HGET key field")?;
        letters(&browser, ":set nohints")?;
        browser.press(&["Enter"])?;
        line_is(&browser, "")?;
        letters(&browser, "get ")?;
        hint_is(&browser, "")?;
        assert_eq!(browser.problems()?, [""; 0]);
        assert_eq!(browser.overflow()?, 0);
    }
    Ok(())
}

#[test]
fn earlier_lines_come_back_with_the_arrow_keys_even_after_the_page_was_left() -> Result<()> {
    let Some((_site, browser)) = open(View::DESKTOP, LESSON)? else {
        return Ok(());
    };
    click(&browser, "terminal-input")?;
    for line in ["TTL a", "AUTH hunter2", "TTL b"] {
        letters(&browser, line)?;
        browser.press(&["Enter"])?;
    }
    shows(&browser, "(integer) -2")?;
    browser.reload()?;
    browser.wait("the terminal", &format!("{INPUT} !== null"))?;
    click(&browser, "terminal-input")?;
    letters(&browser, "PT")?;
    browser.press(&["ArrowUp"])?;
    line_is(&browser, "TTL b")?;
    browser.press(&["ArrowUp"])?;
    line_is(&browser, "TTL a")?;
    browser.press(&["ArrowDown", "ArrowDown"])?;
    line_is(&browser, "PT")?;
    let kept = browser.eval("return JSON.stringify(localStorage)", json!([]))?;
    ensure!(!kept.to_string().contains("hunter2"), "{kept}");
    Ok(())
}

#[test]
fn pasted_lines_are_commands_each_on_what_the_one_before_left() -> Result<()> {
    let Some((_site, browser)) = open(View::DESKTOP, LESSON)? else {
        return Ok(());
    };
    click(&browser, "terminal-input")?;
    let paste = format!(
        "const data = new DataTransfer();
         data.setData('text', arguments[0]);
         {INPUT}.dispatchEvent(new ClipboardEvent('paste', {{ clipboardData: data, bubbles: true, cancelable: true }}));"
    );
    browser.eval(
        &paste,
        json!(["SET mine 41\nINCR mine\r\nGET mine\nGET mi"]),
    )?;
    shows(&browser, "\"42\"")?;
    line_is(&browser, "GET mi")?;
    let answers = format!("return [...{OUTPUT}.querySelectorAll('pre')].map(e => e.textContent)");
    let answers = browser.eval(&answers, json!([]))?;
    assert_eq!(answers, json!(["OK", "(integer) 42", "\"42\""]));
    // What is copied is a session, without the moments beside it.
    let select = format!(
        "getSelection().selectAllChildren({OUTPUT}); const text = getSelection().toString(); getSelection().empty(); return text"
    );
    let copied = browser.eval(&select, json!([]))?;
    let lines: Vec<&str> = copied.as_str().unwrap_or_default().lines().collect();
    let lines: Vec<&str> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    let session = [
        "redis> SET mine 41",
        "OK",
        "redis> INCR mine",
        "(integer) 42",
        "redis> GET mine",
        "\"42\"",
    ];
    assert_eq!(lines, session);
    assert_eq!(browser.problems()?, [""; 0]);
    Ok(())
}

#[test]
fn long_answers_scroll_inside_and_the_prompt_stays_where_it_is() -> Result<()> {
    for view in [View::DESKTOP.dark(), View::PHONE] {
        let Some((_site, browser)) = open(view, LESSON)? else {
            return Ok(());
        };
        if view.width < 700 {
            click(&browser, "tab-keys")?;
        }
        click(&browser, "terminal-input")?;
        let place = |browser: &Browser| {
            browser.eval(
                &format!("return Math.round({INPUT}.getBoundingClientRect().bottom)"),
                json!([]),
            )
        };
        let before = place(&browser)?;
        letters(&browser, "command list")?;
        browser.press(&["Enter"])?;
        shows(&browser, "200) ")?;
        let at_end = format!(
            "{OUTPUT}.scrollHeight > 2 * {OUTPUT}.clientHeight \
             && {OUTPUT}.scrollTop + {OUTPUT}.clientHeight >= {OUTPUT}.scrollHeight - 2"
        );
        browser.wait("the end of the answer in sight", &at_end)?;
        assert_eq!(place(&browser)?, before);
        browser.press(&["PageUp"])?;
        browser.wait("an earlier part of it", &format!("!({at_end})"))?;
        browser.press(&["Control+l"])?;
        browser.wait(
            "an empty window",
            &format!("{OUTPUT}.querySelector('pre') === null"),
        )?;
        for (name, value) in [
            ("autocapitalize", "off"),
            ("autocorrect", "off"),
            ("spellcheck", "false"),
            ("autocomplete", "off"),
        ] {
            let is = browser.test_id("terminal-input")?.attribute(name)?;
            assert_eq!(is.as_deref(), Some(value), "{name}");
        }
        assert_eq!(browser.problems()?, [""; 0]);
        assert_eq!(browser.overflow()?, 0);
    }
    Ok(())
}

#[test]
fn messages_appear_when_they_are_published_and_go_when_one_steps_back() -> Result<()> {
    for view in [View::DESKTOP, View::PHONE.dark()] {
        let Some((_site, browser)) = open(view, "#/pubsub/fanout")? else {
            return Ok(());
        };
        if view.width < 700 {
            click(&browser, "tab-keys")?;
        }
        let to = |key: &str| {
            browser.eval(
                "document.querySelector('[data-testid=\"scrubber\"]').focus()",
                json!([]),
            )?;
            browser.press(&[key])
        };
        to("Home")?;
        click(&browser, "terminal-input")?;
        letters(&browser, "SUBSCRIBE paid")?;
        browser.press(&["Enter"])?;
        shows(&browser, "1) \"subscribe\"")?;
        let heard = format!("{OUTPUT}.querySelectorAll('[data-testid=\"terminal-heard\"]')");
        let first = "1) \"message\"\n2) \"paid\"\n3) \"order-1\"";
        browser.wait("nothing heard yet", &format!("{heard}.length === 0"))?;
        to("End")?;
        browser.wait(
            "the messages",
            &format!(
                "{heard}.length > 3 && {heard}[0].querySelector('pre').textContent === {first:?}"
            ),
        )?;
        browser.wait(
            "the last one in sight",
            &format!("{OUTPUT}.scrollTop + {OUTPUT}.clientHeight >= {OUTPUT}.scrollHeight - 2"),
        )?;
        browser.screenshot(&format!("heard-{}", view.width))?;
        to("Home")?;
        browser.wait("silence", &format!("{heard}.length === 0"))?;
        assert_eq!(browser.problems()?, [""; 0]);
        assert_eq!(browser.overflow()?, 0);
    }
    Ok(())
}
