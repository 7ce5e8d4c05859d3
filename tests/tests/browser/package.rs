//! The npm package's `<redwind-terminal>` in a page that is not ours.

use anyhow::{Result, ensure};
use redwind_tests::browser::{self, Browser, Site, View};
use serde_json::json;

/// Puts elements into a blank page of the same origin, and counts what they tell.
const HOST: &str = "
    document.body.innerHTML = arguments[0];
    document.body.style.cssText = 'margin: 24px; font: 16px/1.5 system-ui; white-space: normal';
    document.documentElement.style.colorScheme = 'light dark';
    const fit = document.createElement('meta');
    fit.name = 'viewport';
    fit.content = 'width=device-width';
    document.head.append(fit);
    window.told = [];
    document.addEventListener('redwind-typed', ({ detail }) => told.push(detail.line));
    const script = document.createElement('script');
    script.type = 'module';
    script.src = 'terminal.js';
    document.head.append(script);";

/// What the terminal in that place shows, line by line.
fn log(place: usize) -> String {
    format!(
        "document.querySelectorAll('redwind-terminal')[{place}].shadowRoot?.querySelector('.log').innerText.trim()"
    )
}

fn page(view: View, body: &str) -> Result<Option<(Site, Browser)>> {
    let Some((site, browser)) = browser::open_package(view)? else {
        return Ok(None);
    };
    browser.open(&site.url("package.json"))?;
    browser.eval(HOST, json!([body]))?;
    Ok(Some((site, browser)))
}

/// What went wrong, but for the icon that a page without one is asked for.
fn problems(browser: &Browser) -> Result<Vec<String>> {
    let mut problems = browser.problems()?;
    problems.retain(|problem| !problem.contains("favicon.ico"));
    Ok(problems)
}

fn wait_log(browser: &Browser, place: usize, ending: &str) -> Result<()> {
    let (log, wanted) = (log(place), json!(ending));
    let ends = format!("({log} ?? '').endsWith({wanted})");
    if let Err(vain) = browser.wait(ending, &ends) {
        let shown = browser.eval(&format!("return {log}"), json!([]))?;
        return Err(vain.context(format!("it shows {shown}")));
    }
    Ok(())
}

/// Types into a terminal, in the place of what may be there, and sends it.
fn enter(browser: &Browser, place: usize, line: &str) -> Result<()> {
    browser.eval(&format!("{}.value = ''", part(place, "input")), json!([]))?;
    focus(browser, place)?;
    let keys: Vec<String> = line.chars().map(String::from).collect();
    let mut keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    keys.push("Enter");
    browser.press(&keys)
}

fn focus(browser: &Browser, place: usize) -> Result<()> {
    let focus = format!("document.querySelectorAll('redwind-terminal')[{place}].focus()");
    browser.eval(&focus, json!([]))?;
    Ok(())
}

/// A part of a terminal.
fn part(place: usize, selector: &str) -> String {
    format!(
        "document.querySelectorAll('redwind-terminal')[{place}].shadowRoot.querySelector('{selector}')"
    )
}

fn click(browser: &Browser, place: usize, selector: &str) -> Result<()> {
    browser.eval(&format!("{}.click()", part(place, selector)), json!([]))?;
    Ok(())
}

#[test]
fn a_terminal_in_a_page_answers_completes_and_takes_lines_back() -> Result<()> {
    for (name, view) in [("desktop", View::DESKTOP), ("phone", View::PHONE.dark())] {
        let body = "<p>A lock is a key that only one can set:</p>
            <redwind-terminal title='A lock' height='320'><pre>
                SET lock ada NX PX 30000
                SET lock bob NX PX 30000
            </pre></redwind-terminal>";
        let Some((_site, browser)) = page(view, body)? else {
            return Ok(());
        };
        wait_log(&browser, 0, "SET lock bob NX PX 30000\n(nil)")?;

        enter(&browser, 0, "lpush lock x")?;
        let refused = "WRONGTYPE Operation against a key holding the wrong kind of value";
        wait_log(&browser, 0, refused)?;
        enter(&browser, 0, "multi")?;
        wait_log(&browser, 0, "OK")?;
        enter(&browser, 0, "del lock")?;
        wait_log(&browser, 0, "redis(TX)> del lock\nQUEUED")?;
        enter(&browser, 0, "exec")?;
        wait_log(&browser, 0, "redis(TX)> exec\n1) (integer) 1")?;
        // Each line back, with what it did and showed; the line can be sent again.
        click(&browser, 0, "#undo")?;
        wait_log(&browser, 0, "QUEUED")?;
        browser.wait(
            "the line",
            &format!("{}.value === 'exec'", part(0, "input")),
        )?;
        browser.press(&["Enter"])?;
        wait_log(&browser, 0, "redis(TX)> exec\n1) (integer) 1")?;
        for _ in 0..3 {
            click(&browser, 0, "#undo")?;
        }
        wait_log(&browser, 0, refused)?;
        enter(&browser, 0, "get lock")?;
        wait_log(&browser, 0, "redis> get lock\n\"ada\"")?;

        // The lock's thirty seconds pass at once, and come back.
        enter(&browser, 0, "@ +31s")?;
        wait_log(&browser, 0, "UTC)")?;
        enter(&browser, 0, "get lock")?;
        wait_log(&browser, 0, "(nil)")?;
        click(&browser, 0, "#undo")?;
        click(&browser, 0, "#undo")?;
        wait_log(&browser, 0, "redis> get lock\n\"ada\"")?;

        browser.eval(&format!("{}.value = ''", part(0, "input")), json!([]))?;
        focus(&browser, 0)?;
        browser.press(&["g", "e", "t", "r", "Tab", "Space"])?;
        let ghost = format!("{}.textContent", part(0, ".ghost"));
        browser.wait("the hint", &format!("{ghost} === 'GETRANGE key start end'"))?;
        browser.screenshot(&format!("package-terminal-{name}"))?;
        browser.press(&["Control+c", "ArrowUp"])?;
        browser.wait(
            "the line before",
            &format!("{}.value === 'get lock'", part(0, "input")),
        )?;
        assert_eq!(browser.overflow()?, 0);

        click(&browser, 0, "#reset")?;
        wait_log(&browser, 0, "SET lock bob NX PX 30000\n(nil)")?;
        ensure!(browser.eval("return told.includes('lpush lock x')", json!([]))? == true);
        assert_eq!(problems(&browser)?, [""; 0]);
    }
    Ok(())
}

#[test]
fn two_terminals_are_two_clients_of_one_server() -> Result<()> {
    let body = "<redwind-terminal server='shop' title='Worker'></redwind-terminal>
        <redwind-terminal server='shop' title='Shop'>SELECT 0</redwind-terminal>
        <redwind-terminal title='Another server'>DBSIZE</redwind-terminal>";
    let Some((_site, browser)) = page(View::DESKTOP, body)? else {
        return Ok(());
    };
    wait_log(&browser, 2, "(integer) 0")?;
    enter(&browser, 0, "blpop jobs 0")?;
    browser.wait("the wait", &format!("{}.readOnly", part(0, "input")))?;
    enter(&browser, 1, "rpush jobs mail")?;
    wait_log(&browser, 0, "1) \"jobs\"\n2) \"mail\"")?;

    // A wait is given up, and the worker goes on.
    enter(&browser, 0, "blpop jobs 0")?;
    browser.wait("the wait", &format!("{}.readOnly", part(0, "input")))?;
    browser.press(&["Control+c"])?;
    wait_log(&browser, 0, "redis> blpop jobs 0\n^C")?;
    browser.wait("the prompt", &format!("!{}.readOnly", part(0, "input")))?;
    enter(&browser, 0, "subscribe news")?;
    wait_log(&browser, 0, "1) \"subscribe\"\n2) \"news\"\n3) (integer) 1")?;
    enter(&browser, 1, "publish news hello")?;
    wait_log(&browser, 0, "1) \"message\"\n2) \"news\"\n3) \"hello\"")?;
    wait_log(&browser, 1, "(integer) 1")?;
    let prompt = format!("{}.textContent", part(0, "form .prompt"));
    browser.wait(
        "the prompt",
        &format!("{prompt} === 'redis(subscribed mode)> '"),
    )?;
    // What is taken back in one is taken back in the other.
    click(&browser, 1, "#undo")?;
    wait_log(&browser, 0, "1) \"subscribe\"\n2) \"news\"\n3) (integer) 1")?;
    click(&browser, 1, "#undo")?;
    browser.wait("the prompt", &format!("{prompt} === 'redis> '"))?;
    enter(&browser, 1, "client kill type normal skipme yes")?;
    wait_log(&browser, 1, "(integer) 1")?;
    browser.wait("the prompt", &format!("{prompt} === 'not connected> '"))?;
    enter(&browser, 0, "ping")?;
    wait_log(&browser, 0, "PONG")?;
    browser.screenshot("package-two-terminals")?;
    // A script drives one, too; one that is taken out of the page while it waits harms nobody.
    let script = "return document.querySelector('redwind-terminal').run('echo hi')";
    assert_eq!(browser.eval(script, json!([]))?, "\"hi\"");
    enter(&browser, 0, "blpop jobs 0")?;
    browser.wait("the wait", &format!("{}.readOnly", part(0, "input")))?;
    browser.eval(
        "document.querySelector('redwind-terminal').remove()",
        json!([]),
    )?;
    enter(&browser, 0, "client list")?;
    browser.wait(
        "one client",
        &format!("{}.split('cmd=').length === 2", log(0)),
    )?;
    assert_eq!(problems(&browser)?, [""; 0]);
    Ok(())
}

#[test]
fn a_terminal_whose_engine_cannot_be_loaded_says_so_and_tries_again() -> Result<()> {
    let Some((site, browser)) = browser::open_package(View::DESKTOP)? else {
        return Ok(());
    };
    browser.open(&site.url("package.json"))?;
    browser.cdp("Network.enable", json!({}))?;
    browser.cdp("Network.setBlockedURLs", json!({ "urls": ["*.wasm"] }))?;
    browser.eval(HOST, json!(["<redwind-terminal>PING</redwind-terminal>"]))?;
    browser.wait(
        "the note",
        &format!("({} ?? '').includes('could not be loaded')", log(0)),
    )?;
    browser.cdp("Network.setBlockedURLs", json!({ "urls": [] }))?;
    click(&browser, 0, ".log button")?;
    wait_log(&browser, 0, "PONG")
}
