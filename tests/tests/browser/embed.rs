//! A lesson inside another page.

use anyhow::{Result, ensure};
use redwind_tests::browser::{self, Browser, View};
use serde_json::json;

use crate::page::{branching, click, exists, position};

const LESSON: &str = "?embed#/locks/gc-pause";

fn view(width: u32, height: u32) -> View {
    View {
        width,
        height,
        ..View::DESKTOP
    }
}

/// How many of a selector's elements are in the window, whole.
const WHOLE: &str = "
    return [...document.querySelectorAll(arguments[0])].filter((element) => {
        const area = element.getBoundingClientRect();
        return area.width > 0 && area.height > 0 && area.left >= 0 && area.top >= 0
            && area.right <= innerWidth + 0.5 && area.bottom <= innerHeight + 0.5;
    }).length;";

fn whole(browser: &Browser, selector: &str) -> Result<u64> {
    let count = browser.eval(WHOLE, json!([selector]))?;
    Ok(count.as_u64().unwrap_or(0))
}

#[test]
fn an_embedded_lesson_fits_its_frame_and_runs_in_it() -> Result<()> {
    for (width, height) in [(720, 420), (600, 400), (360, 480)] {
        let Some((site, browser)) = browser::open_site(view(width, height))? else {
            return Ok(());
        };
        browser.open(&site.url(LESSON))?;
        browser.wait("the transport", &exists("step-forward"))?;
        browser.wait("the diagram", &exists("diagram"))?;
        let size = format!("{width} by {height}");
        assert_eq!(browser.overflow()?, 0, "wider than {size}");
        for control in [
            "step-back",
            "play",
            "step-forward",
            "scrubber",
            "verdict",
            "open-full",
            "tab-code",
        ] {
            let seen = whole(&browser, &format!("[data-testid='{control}']"))?;
            ensure!(seen > 0, "{control} is not whole in {size}");
        }
        let high = browser.eval(
            "return document.querySelector('.scroller').clientHeight",
            json!([]),
        )?;
        ensure!(
            high.as_u64() >= Some(150),
            "the diagram is {high} high in {size}"
        );

        click(&browser, "step-forward")?;
        ensure!(position(&browser)? > 0);
        // Nobody has asked for anything that must be run, so the simulator has not been fetched.
        let fetched = "return performance.getEntriesByType('resource').filter((r) => r.name.includes('worker')).length";
        assert_eq!(browser.eval(fetched, json!([]))?, 0, "at {size}");
        browser.screenshot(&format!("embed-{width}"))?;
        assert_eq!(browser.problems()?, [""; 0]);
    }
    Ok(())
}

#[test]
fn a_fault_in_an_embedded_lesson_fetches_the_simulator_and_leads_out_of_the_frame() -> Result<()> {
    let Some((site, browser)) = browser::open_site(view(720, 420))? else {
        return Ok(());
    };
    browser.open(&site.url(LESSON))?;
    browser.wait("the transport", &exists("step-forward"))?;
    branching(&browser, || click(&browser, "undo"))?;
    let out = browser
        .test_id("open-full")?
        .attribute("href")?
        .unwrap_or_default();
    ensure!(
        !out.contains("embed") && out.contains("#/locks/gc-pause?1."),
        "{out}"
    );
    assert_eq!(browser.problems()?, [""; 0]);
    Ok(())
}

/// A host's page, written into a blank one of the same origin: the element, and what it hears.
const HOST: &str = "
    const [embed, lesson] = arguments;
    document.body.innerHTML = `<redwind-lesson src='${lesson}' height='440' theme='dark'><p>The pause</p></redwind-lesson>`;
    document.documentElement.style.height = 'auto';
    window.heard = [];
    for (const name of ['redwind-ran', 'redwind-moved']) document.addEventListener(name, (e) => heard.push(e.detail));
    const script = document.createElement('script');
    script.type = 'module';
    script.src = embed;
    document.head.append(script);";

#[test]
fn the_element_loads_nothing_before_it_is_asked_and_is_steered_from_outside() -> Result<()> {
    let Some((site, browser)) = browser::open_site(view(900, 700))? else {
        return Ok(());
    };
    // A page of the site that runs no script of its own.
    browser.open(&site.url("prepared/index.json"))?;
    browser.eval(
        HOST,
        json!([site.url("embed.js"), site.url("#/locks/gc-pause")]),
    )?;
    let element = "document.querySelector('redwind-lesson')";
    browser.wait(
        "the button",
        &format!("{element}.shadowRoot?.querySelector('button')"),
    )?;
    ensure!(
        browser
            .eval(
                &format!("return {element}.shadowRoot.querySelector('iframe')"),
                json!([])
            )?
            .is_null()
    );
    assert_eq!(
        browser.eval(
            &format!("return {element}.getBoundingClientRect().height"),
            json!([])
        )?,
        440
    );
    browser.eval(
        &format!("{element}.shadowRoot.querySelector('button').click()"),
        json!([]),
    )?;
    browser.wait(
        "the run",
        "heard.some((m) => m.is === 'ran' && m.verdicts.some((v) => v.outcome === 'violated'))",
    )?;
    let theme = format!(
        "{element}.shadowRoot.querySelector('iframe').contentDocument.documentElement.dataset.theme"
    );
    browser.wait("the dark theme", &format!("{theme} === 'dark'"))?;

    browser.eval(&format!("{element}.seek(12)"), json!([]))?;
    browser.wait(
        "record 12",
        "heard.some((m) => m.is === 'moved' && m.record === 12)",
    )?;
    browser.eval(
        &format!("{element}.setAttribute('theme', 'light')"),
        json!([]),
    )?;
    browser.wait("the light theme", &format!("{theme} === 'light'"))?;
    // What does not speak the frame's language is not obeyed.
    browser.eval(
        &format!(
            "const frame = {element}.shadowRoot.querySelector('iframe').contentWindow;
             frame.postMessage({{redwind: 2, do: 'seek', to: 3}}, '*');
             frame.postMessage('seek', '*');
             {element}.seek('end');"
        ),
        json!([]),
    )?;
    browser.wait(
        "the end",
        "heard.at(-1).record === heard.find((m) => m.is === 'ran').records - 1",
    )?;
    ensure!(browser.eval("return heard.some((m) => m.record === 3)", json!([]))? == false);
    Ok(())
}
