//! What happens beside drawing: the address, the simulator, playback, the size of the window.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_events::{EventListener, EventListenerOptions};
use gloo_timers::callback::Timeout;
use redwind_protocol::{Request, ToWorker};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, MutationObserver, MutationObserverInit};
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
    // Inside another page, where most only read, two megabytes are not fetched before somebody wants them.
    let wanted = use_mut_ref(|| !browser::embedded());
    *wanted.borrow_mut() |= !page.outbox.is_empty();
    let wanted = *wanted.borrow();
    {
        let (simulator, act) = (simulator.clone(), act.clone());
        use_effect_with(wanted, move |wanted| {
            let wanted = *wanted;
            let hear = Callback::from(move |heard: Heard| match heard {
                Heard::Message(message) => act.emit(Action::Heard(message)),
                Heard::Restarting => act.emit(Action::Engine(Engine::Restarting)),
                Heard::GaveUp => act.emit(Action::GiveUp),
                Heard::Failed => act.emit(Action::Engine(Engine::Failed)),
            });
            *simulator.borrow_mut() = wanted.then(|| Simulator::start(hear));
            move || {
                if let Some(simulator) = simulator.borrow_mut().take() {
                    simulator.stop();
                }
            }
        });
    }
    {
        let simulator = simulator.clone();
        use_effect_with(page.stops, move |stops| {
            if let Some(simulator) = simulator.borrow().as_ref().filter(|_| *stops > 0) {
                simulator.restart();
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

/// Where only one pane fits.
pub(super) const NARROW: &str = "(max-width: 700px)";

/// How the page is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// It is part of another page.
    pub(super) embedded: bool,
    /// One pane at a time.
    pub(super) compact: bool,
    /// Time runs down, not to the right.
    pub(super) down: bool,
}

/// The layout for the window as it is.
#[hook]
pub(super) fn use_layout() -> Layout {
    let (narrow, slim) = (use_matches(NARROW), use_matches("(max-width: 480px)"));
    let embedded = browser::embedded();
    Layout {
        embedded,
        compact: narrow || embedded,
        // What is embedded is low: only where there is no width either does time run down.
        down: if embedded { slim } else { narrow },
    }
}

#[hook]
fn use_matches(query: &'static str) -> bool {
    let narrow = use_state_eq(|| browser::matches(query));
    {
        let narrow = narrow.clone();
        use_effect_with((), move |()| {
            let list = web_sys::window().and_then(|window| window.match_media(query).ok()?);
            let listener = list.map(|list| {
                EventListener::new(&list, "change", move |_| {
                    narrow.set(browser::matches(query))
                })
            });
            move || drop(listener)
        });
    }
    *narrow
}

/// Whatever the page takes away while it has the focus, the focus goes to the pane that it was in: it is never lost.
#[hook]
pub(super) fn use_focus_kept() {
    use_effect_with((), |()| {
        let document = web_sys::window().and_then(|window| window.document());
        let last = Rc::new(RefCell::new(None::<(Element, String)>));
        let listener = document.as_ref().map(|document| {
            let last = Rc::clone(&last);
            EventListener::new(document, "focusin", move |event| {
                let element = event.target().and_then(|t| t.dyn_into::<Element>().ok());
                *last.borrow_mut() = element.and_then(|element| {
                    let pane = keyboard::pane_of(&element)?;
                    Some((element, pane.to_owned()))
                });
            })
        });
        let watch = Closure::<dyn Fn()>::new(move || {
            let lost = last
                .borrow()
                .as_ref()
                .is_some_and(|(element, _)| !element.is_connected());
            let nobody = browser::focused().is_none_or(|element| element.tag_name() == "BODY");
            if lost && nobody {
                let pane = last.take().map(|(_, pane)| pane);
                browser::focus(&pane.unwrap_or_default());
            }
        });
        let observer = MutationObserver::new(watch.as_ref().unchecked_ref()).ok();
        let root = document.and_then(|document| document.body());
        if let (Some(observer), Some(root)) = (&observer, root) {
            let options = MutationObserverInit::new();
            options.set_child_list(true);
            options.set_subtree(true);
            let _ = observer.observe_with_options(&root, &options);
        }
        move || {
            if let Some(observer) = observer {
                observer.disconnect();
            }
            drop((listener, watch));
        }
    });
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
