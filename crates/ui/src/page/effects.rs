//! What happens beside drawing: the address, the simulator, playback, the size of the window.

use gloo_events::{EventListener, EventListenerOptions};
use gloo_timers::callback::Timeout;
use redwind_protocol::{Request, ToWorker};
use wasm_bindgen::JsCast;
use yew::prelude::*;

use super::keyboard;
use super::view::LessonPageProps;
use crate::browser;
use crate::store::{Action, Engine, OPENING, Page, Reason};
use crate::worker::{Heard, Simulator};

/// Keeps the address and the page in step, both ways.
#[hook]
pub(super) fn use_link(
    page: &UseReducerHandle<Page>,
    props: &LessonPageProps,
    act: &Callback<Action>,
) {
    let first = use_mut_ref(|| true);
    {
        let (act, title, first) = (
            act.clone(),
            page.prepared.lesson.title.clone(),
            first.clone(),
        );
        use_effect_with(
            (props.link.clone(), props.notice.clone()),
            move |(link, notice)| {
                browser::title(&format!("{title} · Redwind"));
                // The first link is what the page was opened with.
                if !first.replace(false) {
                    act.emit(Action::Open(Box::new(link.clone())));
                }
                if let Some(notice) = notice {
                    act.emit(Action::Notice(notice.clone()));
                }
            },
        );
    }
    // While a link's run is awaited, the address must go on to say what was asked for.
    let awaited = page
        .pending
        .as_ref()
        .is_some_and(|pending| matches!(pending.reason, Reason::Link { .. }));
    let lesson = page.prepared.lesson.id.clone();
    let beats = page.prepared.lesson.beats.len();
    use_effect_with((page.link(), awaited), move |(link, awaited)| {
        let (link, awaited) = (link.clone(), *awaited);
        // Browsers limit how often the address may change.
        let later = Timeout::new(350, move || {
            if !awaited {
                browser::replace_fragment(&link.fragment());
            }
            if link.beat > 0 {
                let read = link.beat as usize + 1;
                let told = if read >= beats {
                    "read".to_owned()
                } else {
                    format!("part {read} of {beats}")
                };
                browser::remember(&format!("read.{lesson}"), &told);
            }
        });
        move || drop(later)
    });
}

/// Starts the simulator after the first paint, and posts what is asked.
#[hook]
pub(super) fn use_simulator(page: &UseReducerHandle<Page>, act: &Callback<Action>) {
    let simulator = use_mut_ref(|| None::<Simulator>);
    {
        let (simulator, act) = (simulator.clone(), act.clone());
        use_effect_with((), move |()| {
            let hear = Callback::from(move |heard: Heard| match heard {
                Heard::Message(message) => act.emit(Action::Heard(message)),
                Heard::Restarting => act.emit(Action::Engine(Engine::Restarting)),
                Heard::GaveUp => act.emit(Action::GiveUp),
                Heard::Failed => act.emit(Action::Engine(Engine::Failed)),
            });
            *simulator.borrow_mut() = Some(Simulator::start(hear));
            move || {
                if let Some(simulator) = simulator.borrow_mut().take() {
                    simulator.stop();
                }
            }
        });
    }
    // To the worker of which generation the lesson was handed, and the highest number posted since.
    let posted = use_mut_ref(|| (None::<u32>, 0_u32));
    let prepared = page.prepared.clone();
    let ready = page.engine == Engine::Ready;
    let outbox = page.outbox.clone();
    use_effect_with(
        (ready, page.worker_generation, outbox),
        move |(ready, generation, outbox)| {
            if !ready {
                return;
            }
            let simulator = simulator.borrow();
            let Some(simulator) = simulator.as_ref() else {
                return;
            };
            let (posted, last) = &mut *posted.borrow_mut();
            if *posted != Some(*generation) {
                *posted = Some(*generation);
                *last = 0;
                // Everything else is about the lesson, so it must know that first.
                let request = Request::Open {
                    markdown: prepared.markdown.clone(),
                };
                simulator.ask(&ToWorker {
                    number: OPENING,
                    request,
                });
            }
            for request in outbox.iter().filter(|request| request.number > *last) {
                simulator.ask(request);
            }
            *last = outbox
                .iter()
                .map(|request| request.number)
                .max()
                .unwrap_or(0)
                .max(*last);
        },
    );
}

/// Moves the cursor on while the run plays.
#[hook]
pub(super) fn use_playback(page: &UseReducerHandle<Page>, act: &Callback<Action>) {
    let act = act.clone();
    let wait = (620.0 / 2.0_f64.powi(i32::from(page.speed))) as u32;
    use_effect_with(
        (page.playing, page.position, wait),
        move |(playing, _, wait)| {
            let next = playing.then(|| Timeout::new(*wait, move || act.emit(Action::Tick)));
            move || drop(next)
        },
    );
}

/// Whether the window is narrow.
#[hook]
pub(super) fn use_narrow() -> bool {
    const NARROW: &str = "(max-width: 700px)";
    let narrow = use_state_eq(|| browser::matches(NARROW));
    {
        let narrow = narrow.clone();
        use_effect_with((), move |()| {
            let list = web_sys::window().and_then(|window| window.match_media(NARROW).ok()?);
            let listener = list.map(|list| {
                EventListener::new(&list, "change", move |_| {
                    narrow.set(browser::matches(NARROW))
                })
            });
            move || drop(listener)
        });
    }
    *narrow
}

/// F6 goes to the next pane, wherever the focus is.
#[hook]
pub(super) fn use_keys() {
    use_effect_with((), |()| {
        let options = EventListenerOptions::enable_prevent_default();
        let document = web_sys::window().and_then(|window| window.document());
        let listener = document.map(|document| {
            EventListener::new_with_options(&document, "keydown", options, |event| {
                if let Some(event) = event
                    .dyn_ref::<web_sys::KeyboardEvent>()
                    .filter(|event| event.key() == "F6")
                {
                    event.prevent_default();
                    keyboard::next_pane(event.shift_key());
                }
            })
        });
        move || drop(listener)
    });
}
