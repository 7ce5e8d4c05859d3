//! A lesson's page.

use std::rc::Rc;

use gloo_events::{EventListener, EventListenerOptions};
use gloo_timers::callback::Timeout;
use redwind_protocol::{Link, Prepared, Request, ToWorker};
use wasm_bindgen::JsCast;
use yew::prelude::*;

use super::bars::{BranchBar, notices};
use super::keyboard;
use super::share::Share;
use crate::code::CodePane;
use crate::diagram::Diagram;
use crate::faults::FaultBar;
use crate::icon::icon;
use crate::keys::{Keys, Resources};
use crate::lesson::LessonPane;
use crate::shared::Shared;
use crate::store::{Action, Engine, OPENING, Page, Reason, Tab};
use crate::table::Table;
use crate::terminal::Terminal;
use crate::theme::ThemeButton;
use crate::transport::Transport;
use crate::verdict::Verdicts;
use crate::worker::{Heard, Simulator};
use crate::{browser, time};

/// A lesson, and where in it to begin.
#[derive(Properties, PartialEq)]
pub(crate) struct LessonPageProps {
    pub(crate) prepared: Shared<Prepared>,
    pub(crate) link: Link,
    pub(crate) notice: Option<String>,
}

/// A lesson's page.
#[component]
pub(crate) fn LessonPage(props: &LessonPageProps) -> Html {
    let page = use_reducer(|| Page::open(props.prepared.clone(), &props.link));
    let act = {
        let dispatcher = page.dispatcher();
        use_callback((), move |action: Action, ()| dispatcher.dispatch(action))
    };
    use_link(&page, props, &act);
    use_simulator(&page, &act);
    use_playback(&page, &act);
    let narrow = use_narrow();
    use_keys();
    let help = use_state_eq(|| false);

    let story = page.story();
    let evidence: Rc<[u32]> = {
        let why = page.why.and_then(|index| story.trace.verdicts.get(index));
        let records = why
            .map(|verdict| verdict.evidence.clone())
            .unwrap_or_default();
        (*use_memo(records, |records| Rc::<[u32]>::from(records.as_slice()))).clone()
    };
    let edits: Rc<[(u32, String)]> = (*use_memo(page.current().scene.edits.clone(), |edits| {
        Rc::<[_]>::from(edits.as_slice())
    }))
    .clone();
    let onkeydown = {
        let (page, act, help) = (page.clone(), act.clone(), help.clone());
        Callback::from(move |event: KeyboardEvent| {
            if event.default_prevented() || keyboard::taken(&event) {
                return;
            }
            if event.key() == "?" {
                help.set(true);
            } else if let Some(action) = keyboard::action(&event, &page) {
                event.prevent_default();
                act.emit(action);
            } else if !event.ctrl_key()
                && !event.meta_key()
                && !event.alt_key()
                && keyboard::moves_focus(&event)
            {
                event.prevent_default();
            }
        })
    };
    let toggle_help = {
        let help = help.clone();
        Callback::from(move |_: MouseEvent| help.set(!*help))
    };
    let skip = Callback::from(|_: MouseEvent| browser::focus(".pane-trace"));
    let as_text = page.as_text;
    let lesson = &page.prepared.lesson;
    let running = page.pending.is_some();
    let running_edit = page
        .pending
        .as_ref()
        .is_some_and(|pending| pending.reason == Reason::Edit);
    let position = page.position;
    html! {
        <div class="app" data-tab={page.tab.name()}>
            <button class="skip" onclick={skip}>{ "Skip to the diagram" }</button>
            <header class="top">
                <a class="brand" href="#/" aria-label="Redwind, all lessons">{ "Redwind" }</a>
                <div class="crumb"><a href="#/">{ &lesson.track }</a><h1>{ &lesson.title }</h1></div>
                <nav aria-label="Page">
                    if page.engine == Engine::Loading && (running || !page.outbox.is_empty()) {
                        <span class="quiet" role="status" data-testid="engine">{ "The simulator is loading …" }</span>
                    }
                    <Share link={page.link()} />
                    <ThemeButton />
                    <button class="btn line square" onclick={toggle_help.clone()} title="Keys (?)" aria-label="Help: keys"
                        aria-expanded={help.to_string()} data-testid="help">{ icon("help") }</button>
                </nav>
            </header>
            if narrow { { tabs(page.tab, &act) } }
            <main>
            <section class="pane pane-lesson" tabindex="-1" aria-label="Lesson">
                <LessonPane prepared={page.prepared.clone()} story={story.clone()} beat={page.beat}
                    answer={page.answers.get(page.beat).copied().flatten()} act={act.clone()} />
            </section>
            <section class={classes!("pane", "pane-trace", (!as_text).then_some("with-tools"))} tabindex="-1" aria-label="Trace" onkeydown={onkeydown.clone()}>
                { notices(&page, &act) }
                <div class="trace-bar">
                    <BranchBar prepared={page.prepared.clone()} branches={page.branches.clone()} current={page.branch} {running} act={act.clone()} />
                    <button class="btn small" onclick={act.reform(move |_: MouseEvent| Action::AsText(!as_text))} aria-pressed={as_text.to_string()}
                        data-testid="as-text" title="The same trace as text (t)">
                        { icon(if as_text { "diagram" } else { "text" }) }<span>{ if as_text { "As a diagram" } else { "As text" } }</span>
                    </button>
                </div>
                if as_text {
                    <Table story={story.clone()} {position} by_line={page.by_line} act={act.clone()} />
                } else {
                    <Diagram story={story.clone()} {position} {evidence} down={narrow} act={act.clone()} />
                }
                { sentence(&page) }
            </section>
            <section class="pane pane-code" tabindex="-1" aria-label="Code">
                <CodePane prepared={page.prepared.clone()} variant={page.current().scene.variant.clone()} story={story.clone()} {position}
                    client={page.client} {edits} draft={page.draft.clone()} refusal={page.refusal.clone()} running={running_edit} act={act.clone()} />
            </section>
            <aside class="pane pane-side" tabindex="-1" aria-label="State at this moment">
                <div class="side-scroll">
                    <Keys story={story.clone()} {position} act={act.clone()} />
                    <Resources story={story.clone()} {position} act={act.clone()} />
                </div>
                <Terminal story={story.clone()} {position} log={page.terminal.clone()} engine={page.engine} act={act.clone()} />
            </aside>
            </main>
            <footer class="deck" tabindex="-1" aria-label="Transport and verdicts" {onkeydown}>
                <Verdicts story={story.clone()} {position} why={page.why} act={act.clone()} />
                <div class="deck-row">
                    <Transport story={story.clone()} {position} playing={page.playing} speed={page.speed} by_line={page.by_line}
                        client={page.client} act={act.clone()} />
                    <FaultBar story={story.clone()} {position} client={page.client} act={act.clone()} />
                </div>
            </footer>
            if *help { <Help on_close={toggle_help} /> }
        </div>
    }
}

/// The current record in one sentence: under the diagram for everybody, and spoken while stepping.
fn sentence(page: &Page) -> Html {
    let record = page.story().record(page.position);
    let text = record.map_or("", |record| record.sentence.as_str());
    let at = record.map(|record| time::clock_exact(record.at));
    html! {
        <p class="sentence" data-testid="narration" aria-live={if page.playing { "off" } else { "polite" }} aria-atomic="true">
            <b>{ at }</b>{ " " }{ text }
        </p>
    }
}

fn tabs(current: Tab, act: &Callback<Action>) -> Html {
    html! {
        <nav class="tabs" aria-label="Views">
            { for Tab::ALL.into_iter().map(|tab| html! {
                <button class={classes!((tab == current).then_some("on"))} aria-current={(tab == current).then_some("page")}
                    data-testid={format!("tab-{}", tab.name())}
                    onclick={act.reform(move |_: MouseEvent| Action::Tab(tab))}>{ tab.title() }</button>
            }) }
        </nav>
    }
}

const KEYS: [(&str, &str); 13] = [
    ("→  ←", "step on, step back"),
    ("Shift + → ←", "the same for the chosen client only"),
    ("Space", "play or stop"),
    ("[  ]", "slower, faster"),
    ("Home  End", "to the start, to the end"),
    ("!", "to the next broken promise"),
    ("l", "steps stop at every line, or not"),
    ("t", "the trace as text, or as a diagram"),
    ("f  b  g", "focus on faults, branches, the slider"),
    ("F6", "next pane, from anywhere"),
    ("Ctrl + Enter", "run the edited program"),
    ("Esc, then Tab", "leave the editor"),
    ("Ctrl + wheel", "zoom the diagram"),
];

#[derive(Properties, PartialEq)]
struct HelpProps {
    on_close: Callback<MouseEvent>,
}

/// The keys.
#[component]
fn Help(props: &HelpProps) -> Html {
    use_effect_with((), |()| {
        let before = browser::focused();
        browser::focus(".help button");
        move || {
            if let Some(before) = before {
                let _ = before.focus();
            }
        }
    });
    let onkeydown = {
        let close = props.on_close.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape"
                && let Ok(click) = MouseEvent::new("click")
            {
                close.emit(click);
            }
        })
    };
    html! {
        <div class="help" role="dialog" aria-modal="true" aria-label="Keys" {onkeydown}>
            <div class="menu-head"><h2>{ "Keys" }</h2><button class="tool" aria-label="Close" onclick={props.on_close.clone()}>{ icon("close") }</button></div>
            <p>{ "Single keys work while the diagram or the transport has the focus." }</p>
            <dl>{ for KEYS.iter().map(|(key, what)| html! { <div><dt><kbd>{ *key }</kbd></dt><dd>{ *what }</dd></div> }) }</dl>
        </div>
    }
}

/// Keeps the address and the page in step, both ways.
#[hook]
fn use_link(page: &UseReducerHandle<Page>, props: &LessonPageProps, act: &Callback<Action>) {
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
fn use_simulator(page: &UseReducerHandle<Page>, act: &Callback<Action>) {
    let simulator = use_mut_ref(|| None::<Simulator>);
    {
        let (simulator, act) = (simulator.clone(), act.clone());
        use_effect_with((), move |()| {
            let hear = Callback::from(move |heard: Heard| match heard {
                Heard::Message(message) => act.emit(Action::Heard(message)),
                Heard::Restarting => act.emit(Action::Engine(Engine::Restarting)),
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
fn use_playback(page: &UseReducerHandle<Page>, act: &Callback<Action>) {
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
fn use_narrow() -> bool {
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
fn use_keys() {
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
