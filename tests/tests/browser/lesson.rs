//! A lesson, used as a learner uses it: by what is on the page, with mouse and keys.

use anyhow::{Result, ensure};
use redwind_tests::browser::{self, Selector, View};

use crate::page::{branching, click, exists, open, position, stands};

const NAIVE: &str = "#/locks/gc-pause";

#[test]
fn a_lesson_is_found_stepped_and_rewound() -> Result<()> {
    let Some((site, browser)) = browser::open_site(View::DESKTOP)? else {
        return Ok(());
    };
    browser.open(&site.url(""))?;
    browser.wait("the list of lessons", &exists("lesson-link"))?;
    ensure!(browser.find_all(Selector::TestId("lesson-link"))?.len() >= 3);
    browser.css("[data-lesson='locks/gc-pause']")?.click()?;
    browser.wait("the lesson", &exists("step-forward"))?;

    let start = position(&browser)?;
    for _ in 0..5 {
        click(&browser, "step-forward")?;
    }
    let stepped = position(&browser)?;
    ensure!(
        stepped >= start + 5,
        "five steps led from {start} to {stepped}"
    );
    click(&browser, "step-back")?;
    ensure!(position(&browser)? < stepped);

    click(&browser, "to-end")?;
    stands(&browser, "broken")?;
    let end = position(&browser)?;
    let text = browser.test_id("verdict")?.text()?;
    ensure!(
        text.contains("worker-a") && text.contains("worker-b"),
        "{text}"
    );
    click(&browser, "why")?;
    browser.wait("the evidence", &exists("evidence"))?;
    click(&browser, "to-start")?;
    stands(&browser, "so-far")?;
    ensure!(position(&browser)? == 0 && end > 20);
    assert_eq!(browser.problems()?, [""; 0]);
    Ok(())
}

#[test]
fn a_pause_injected_by_hand_breaks_the_lock_and_the_old_branch_stays() -> Result<()> {
    let Some((_site, browser)) = open(View::DESKTOP, NAIVE)? else {
        return Ok(());
    };
    // Without the lesson's own pause nothing breaks.
    branching(&browser, || click(&browser, "undo"))?;
    click(&browser, "to-end")?;
    stands(&browser, "held")?;

    click(&browser, "to-start")?;
    click(&browser, "inject-pause")?;
    browser.wait("the form", &exists("fault-form"))?;
    browser.test_id("fault-at")?.fill("14ms")?;
    browser.test_id("fault-for")?.fill("15s")?;
    branching(&browser, || click(&browser, "fault-apply"))?;
    click(&browser, "to-end")?;
    stands(&browser, "broken")?;
    browser.screenshot("lesson-injected")?;
    assert_eq!(browser.problems()?, [""; 0]);
    Ok(())
}

#[test]
fn a_partition_is_drawn_up_by_hand_and_read_back_from_the_branch() -> Result<()> {
    let Some((_site, browser)) = open(View::DESKTOP, NAIVE)? else {
        return Ok(());
    };
    branching(&browser, || click(&browser, "undo"))?;
    click(&browser, "inject-partition")?;
    browser.wait("the form", &exists("fault-form"))?;
    // The page begins with one client and the first node; the other client joins the client's side.
    click(&browser, "side-0-worker-b")?;
    browser.test_id("fault-at")?.fill("14ms")?;
    branching(&browser, || click(&browser, "fault-apply"))?;
    let done = browser.test_id("intervention")?.text()?;
    ensure!(
        done.contains("partition {worker-a, worker-b} from redis at 14ms for 5s"),
        "{done}"
    );
    browser.wait(
        "the cut on redis's lane",
        "document.querySelector('[data-testid=\"diagram\"] .band.cut') !== null",
    )?;
    // What the diagram says depends on where it is scrolled to; the line below it tells each record whole.
    click(&browser, "to-start")?;
    let cut = "the network between worker-a and worker-b and redis is cut for 5s";
    for _ in 0..60 {
        click(&browser, "step-forward")?;
        browser.next_frame()?;
        if browser.test_id("narration")?.text()?.contains(cut) {
            break;
        }
    }
    let told = browser.test_id("narration")?.text()?;
    ensure!(told.contains(cut), "{told}");
    assert_eq!(browser.problems()?, [""; 0]);
    Ok(())
}

#[test]
fn a_written_fault_begins_from_an_example_and_the_branch_says_where_it_departs() -> Result<()> {
    let Some((_site, browser)) = open(View::DESKTOP, NAIVE)? else {
        return Ok(());
    };
    click(&browser, "inject-write")?;
    browser.wait("the form", &exists("fault-form"))?;
    browser.css("[data-testid='vocabulary'] summary")?.click()?;
    let examples = browser.find_all(Selector::Css("[data-testid='vocabulary'] button"))?;
    ensure!(examples.len() > 18, "{} examples", examples.len());
    examples[0].click()?;
    let written = browser.test_id("fault-written")?.property("value")?;
    assert_eq!(written, "pause worker-a at 31ms for 15s");
    browser
        .test_id("fault-written")?
        .fill("crash worker-b at 505ms")?;
    branching(&browser, || click(&browser, "fault-apply"))?;
    browser.wait("where it departs", &exists("departs"))?;
    click(&browser, "to-start")?;
    click(&browser, "departs")?;
    let departs = position(&browser)?;
    ensure!(departs > 0);
    let told = browser.test_id("narration")?.text()?;
    ensure!(told.contains("worker-b"), "{told}");
    assert_eq!(browser.problems()?, [""; 0]);
    Ok(())
}

#[test]
fn each_thread_of_a_program_shows_its_own_line_and_variables() -> Result<()> {
    let Some((_site, browser)) = open(View::DESKTOP, "#/locks/renewal")? else {
        return Ok(());
    };
    // The worker starts the thread that renews its lock a few records into the run.
    for _ in 0..80 {
        if !browser.find_all(Selector::TestId("thread"))?.is_empty() {
            break;
        }
        click(&browser, "step-forward")?;
        browser.next_frame()?;
    }
    let threads = browser.find_all(Selector::TestId("thread"))?;
    ensure!(threads.len() == 2, "{} threads", threads.len());
    let main = browser.test_id("locals")?.text()?;
    ensure!(main.contains("renewer"), "{main}");
    threads[1].click()?;
    browser.wait(
        "the other thread's variables",
        "document.querySelectorAll('[data-testid=\"thread\"]')[1].getAttribute('aria-pressed') === 'true'
            && !document.querySelector('[data-testid=\"locals\"]').innerText.includes('renewer')",
    )?;
    assert_eq!(browser.problems()?, [""; 0]);
    Ok(())
}

#[test]
fn an_edit_runs_and_a_mistake_is_shown_where_it_is() -> Result<()> {
    let Some((_site, browser)) = open(View::DESKTOP, NAIVE)? else {
        return Ok(());
    };
    click(&browser, "code-edit")?;
    browser
        .test_id("editor")?
        .fill("import redis\nr = redis.Redis(\n")?;
    browser.test_id("editor")?.click()?;
    browser.press(&["Control+Enter"])?;
    browser.wait("what is wrong", &exists("code-error"))?;
    let wrong = browser.test_id("code-error")?.text()?;
    ensure!(wrong.contains("Line 3"), "{wrong}");
    // The last run that worked is still there.
    browser.wait("the diagram", &exists("diagram"))?;

    browser
        .test_id("editor")?
        .fill("import redis\nr = redis.Redis()\nr.set('greeting', 'hello')\nprint('done')\n")?;
    browser.test_id("editor")?.click()?;
    branching(&browser, || browser.press(&["Control+Enter"]))?;
    click(&browser, "to-end")?;
    browser.wait_text("greeting")?;
    assert_eq!(browser.problems()?, [""; 0]);
    Ok(())
}

#[test]
fn the_terminal_reads_this_instant_and_what_it_writes_becomes_history() -> Result<()> {
    let Some((_site, browser)) = open(View::DESKTOP, NAIVE)? else {
        return Ok(());
    };
    let typed = |line: &str, answer: &str| -> Result<()> {
        browser.test_id("terminal-input")?.fill(line)?;
        browser.test_id("terminal-input")?.click()?;
        browser.press(&["Enter"])?;
        let condition = format!(
            "document.querySelector('[data-testid=\"terminal-output\"]').innerText.includes({answer:?})"
        );
        browser.wait(&format!("the answer to {line}"), &condition)?;
        Ok(())
    };
    typed("LLEN totals", "(integer) 2")?;
    typed("NOPE", "ERR unknown command 'NOPE'")?;
    branching(&browser, || typed("SET mine 1", "OK"))?;
    typed("GET mine", "\"1\"")?;
    assert_eq!(browser.problems()?, [""; 0]);
    Ok(())
}

#[test]
fn a_link_leads_to_the_same_instant() -> Result<()> {
    let Some((_site, browser)) = open(View::DESKTOP, NAIVE)? else {
        return Ok(());
    };
    branching(&browser, || click(&browser, "undo"))?;
    for _ in 0..7 {
        click(&browser, "step-forward")?;
    }
    let left = position(&browser)?;
    let narrated = browser.test_id("narration")?.text()?;
    // The address follows the cursor with a short delay.
    browser.wait(
        "an address that says where",
        "document.querySelector('[data-testid=\"share\"]').dataset.address === location.href",
    )?;
    let link = browser.url()?;
    browser.open("about:blank")?;
    browser.open(&link)?;
    browser.wait("the lesson", &exists("step-forward"))?;
    let condition = format!(
        "document.querySelector('[data-testid=\"scrubber\"]')?.getAttribute('aria-valuenow') === '{left}'"
    );
    browser.wait(&format!("the same instant, {left}"), &condition)?;
    browser.wait(
        "the same sentence",
        &format!(
            "document.querySelector('[data-testid=\"narration\"]').innerText.trim() === {:?}",
            narrated.trim()
        ),
    )?;
    assert_eq!(browser.problems()?, [""; 0]);
    Ok(())
}

#[test]
fn a_damaged_link_opens_the_lesson_and_says_so() -> Result<()> {
    let Some((_site, browser)) = open(View::DESKTOP, "#/locks/gc-pause?1.AAAAdamaged")? else {
        return Ok(());
    };
    browser.wait_text("damaged")?;
    click(&browser, "step-forward")?;
    ensure!(position(&browser)? > 0);
    Ok(())
}

#[test]
fn a_phone_has_everything_by_tabs() -> Result<()> {
    let Some((_site, browser)) = open(View::PHONE, NAIVE)? else {
        return Ok(());
    };
    for tab in ["code", "trace", "keys", "lesson"] {
        click(&browser, &format!("tab-{tab}"))?;
        assert_eq!(
            browser.overflow()?,
            0,
            "the {tab} tab is wider than the phone"
        );
    }
    click(&browser, "step-forward")?;
    ensure!(position(&browser)? > 0);
    assert_eq!(browser.problems()?, [""; 0]);
    Ok(())
}

/// Clicks a button once a frame and notes how long each frame took, in milliseconds.
const CLICK_EACH_FRAME: &str = "
    const button = document.querySelector(`[data-testid='${arguments[0]}']`);
    const frames = [];
    let last;
    const frame = (now) => {
        if (last !== undefined) frames.push(now - last);
        last = now;
        if (frames.length === 120) { window.framesTaken = frames.sort((a, b) => a - b); return; }
        button.click();
        requestAnimationFrame(frame);
    };
    window.framesTaken = undefined;
    requestAnimationFrame(frame);";

#[test]
#[expect(
    clippy::print_stderr,
    reason = "how long a frame takes is reported, never judged"
)]
fn a_run_of_thousands_of_records_is_drawn_in_part_and_stepped_frame_by_frame() -> Result<()> {
    let Some((_site, browser)) = open(View::DESKTOP, NAIVE)? else {
        return Ok(());
    };
    click(&browser, "code-edit")?;
    browser
        .test_id("editor")?
        .fill("import redis\nr = redis.Redis()\nfor i in range(300):\n    r.set('count', i)\n")?;
    browser.test_id("editor")?.click()?;
    branching(&browser, || browser.press(&["Control+Enter"]))?;
    click(&browser, "to-end")?;
    let end = position(&browser)?;
    ensure!(end > 2_000, "only {end} records");
    let drawn = browser.eval(
        "return document.querySelectorAll('[data-testid=\"diagram\"] *').length",
        serde_json::json!([]),
    )?;
    ensure!(
        drawn.as_u64().is_some_and(|count| count < 3_000),
        "{drawn} elements are drawn"
    );

    for button in ["step-back", "step-forward"] {
        let before = position(&browser)?;
        browser.eval(CLICK_EACH_FRAME, serde_json::json!([button]))?;
        browser.wait("120 steps", "window.framesTaken !== undefined")?;
        let took = browser.eval(
            "return [framesTaken[60], framesTaken[114]]",
            serde_json::json!([]),
        )?;
        // Reported, never judged: how fast a machine is says nothing about the page.
        eprintln!("{button} at one step a frame: median and 95 % of frames in ms: {took}");
        ensure!(position(&browser)?.abs_diff(before) >= 120);
    }
    assert_eq!(browser.problems()?, [""; 0]);
    Ok(())
}
