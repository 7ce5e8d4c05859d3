//! Keys. Single characters count only while the diagram or the transport has the focus.

use yew::prelude::*;

use crate::browser;
use crate::seek::Seek;
use crate::store::{Action, Page};

/// What a key does while the diagram or the transport has the focus.
pub(super) fn action(event: &KeyboardEvent, page: &Page) -> Option<Action> {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return None;
    }
    let lane = event.shift_key().then_some(page.client);
    let step = |forward| {
        Action::Seek(Seek::Step {
            forward,
            by_line: page.by_line,
            lane,
        })
    };
    Some(match event.key().as_str() {
        "ArrowRight" => step(true),
        "ArrowLeft" => step(false),
        "PageDown" => Action::Seek(Seek::Record(
            page.position.saturating_add(page.story().len() / 20 + 1),
        )),
        "PageUp" => Action::Seek(Seek::Record(
            page.position.saturating_sub(page.story().len() / 20 + 1),
        )),
        " " => Action::Play(!page.playing),
        "[" => Action::Speed(page.speed - 1),
        "]" => Action::Speed(page.speed + 1),
        "Home" => Action::Seek(Seek::Start),
        "End" => Action::Seek(Seek::End),
        "!" => Action::Seek(Seek::NextViolation),
        "d" => Action::Seek(Seek::Record(page.current().departs?)),
        "t" => Action::AsText(!page.as_text),
        "l" => Action::ByLine(!page.by_line),
        _ => return None,
    })
}

/// Keys that only move the focus.
pub(super) fn moves_focus(event: &KeyboardEvent) -> bool {
    match event.key().as_str() {
        "f" => browser::focus(".faults .chip"),
        "b" => browser::focus("[data-testid='branch-list']") || browser::focus(".branches button"),
        "g" => browser::focus(".scrubber"),
        _ => return false,
    };
    true
}

/// Whether a key pressed on this element belongs to the element itself.
pub(super) fn taken(event: &KeyboardEvent) -> bool {
    let Some(element) = browser::focused() else {
        return false;
    };
    let button = matches!(element.tag_name().as_str(), "BUTTON" | "A" | "SUMMARY");
    match element.tag_name().as_str() {
        "INPUT" | "TEXTAREA" | "SELECT" => true,
        _ => button && event.key() == " ",
    }
}

/// The panes that F6 goes through.
const PANES: [&str; 5] = [
    ".pane-lesson",
    ".pane-trace",
    ".pane-code",
    ".pane-side",
    ".deck",
];

/// The pane that an element is in.
pub(super) fn pane_of(element: &web_sys::Element) -> Option<&'static str> {
    PANES
        .into_iter()
        .find(|pane| element.closest(pane).is_ok_and(|found| found.is_some()))
}

/// Moves the focus to the next pane.
pub(super) fn next_pane(backwards: bool) {
    let inside = |selector: &str| {
        browser::focused()
            .and_then(|element| element.closest(selector).ok()?)
            .is_some()
    };
    let now = PANES.iter().position(|pane| inside(pane));
    let count = PANES.len();
    let start = match (now, backwards) {
        (Some(at), false) => at + 1,
        (Some(at), true) => at + count - 1,
        (None, _) => 0,
    };
    browser::focus(PANES[start % count]);
}
