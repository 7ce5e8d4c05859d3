//! The start page: what Redwind is, and the lessons.

use gloo_events::EventListener;
use redwind_protocol::{Catalogue, Link, Listed};
use yew::prelude::*;

use crate::app::Fetched;
use crate::browser;
use crate::theme::ThemeButton;

/// The list of lessons.
#[derive(Properties, PartialEq)]
pub(crate) struct StartProps {
    pub(crate) catalogue: Fetched<Catalogue>,
    pub(crate) notice: Option<String>,
}

/// Where the browser keeps how far down the list was left.
const LEFT_AT: &str = "list-left-at";

/// Who comes back from a lesson finds the list where it was left.
#[hook]
fn use_place(there: bool) {
    use_effect_with(there, |there| {
        let listener = there.then(|| {
            let left_at = browser::kept(LEFT_AT).and_then(|y| y.parse().ok());
            browser::scroll_to(left_at.unwrap_or_default());
            let window = web_sys::window()?;
            Some(EventListener::new(&window, "scroll", |_| {
                browser::keep(LEFT_AT, &browser::scrolled().to_string());
            }))
        });
        move || drop(listener)
    });
}

/// The start page.
#[component]
pub(crate) fn Start(props: &StartProps) -> Html {
    use_place(matches!(props.catalogue, Fetched::Done(_)));
    html! {
        <div class="start">
            <header class="top">
                <a class="brand" href="#/" aria-label="Redwind, start page">{ "Redwind" }</a>
                <nav aria-label="Page"><ThemeButton /></nav>
            </header>
            <main>
                if let Some(notice) = &props.notice { <p class="notice" role="status">{ notice }</p> }
                <section class="hero">
                    <div>
                        <h1>{ "A Redis you can rewind" }</h1>
                        <p class="lead">
                            { "Redwind runs real programs against a simulated Redis in your browser and lets you step them " }
                            { "forward and " }<em>{ "backward" }</em>{ ", one command at a time. Then you break them: pause a process, crash it, lose a " }
                            { "message, edit the code, and see who believed what, and which promise broke." }
                        </p>
                        <ul class="points">
                            <li><b>{ "Belief and truth, side by side." }</b>{ " The diagram draws who thinks it holds the lock, and whom Redis would name." }</li>
                            <li><b>{ "Every what-if is run." }</b>{ " A fault or an edit makes a new branch; the old one stays." }</li>
                            <li><b>{ "The same run everywhere." }</b>{ " Time and chance are simulated: a link leads a colleague to the same instant." }</li>
                        </ul>
                    </div>
                    { shown(&props.catalogue) }
                </section>
                { lessons(&props.catalogue) }
            </main>
            <footer class="foot"><p>{ "No account, no server: once loaded, everything happens on this page." }</p></footer>
        </div>
    }
}

fn lessons(catalogue: &Fetched<Catalogue>) -> Html {
    match catalogue {
        Fetched::Waiting => {
            html! { <p class="empty" role="status">{ "Loading the lessons …" }</p> }
        }
        Fetched::Failed(lost) => {
            html! { <p class="wrong" role="alert">{ format!("The list of lessons can't be loaded. {lost}") }</p> }
        }
        Fetched::Done(catalogue) => html! {
            <div class="tracks" data-testid="lesson-list">
                { for catalogue.tracks.iter().filter(|track| !track.lessons.is_empty()).map(|track| html! {
                    <section class="track">
                        <h2>{ &track.title }</h2>
                        <ul>{ for track.lessons.iter().map(lesson) }</ul>
                    </section>
                }) }
            </div>
        },
    }
}

fn lesson(lesson: &Listed) -> Html {
    let read = browser::remembered(&format!("read.{}", lesson.id));
    html! {
        <li>
            <a class="card" href={Link::to_lesson(&lesson.id).fragment()} data-testid="lesson-link" data-lesson={lesson.id.clone()}>
                <h3>{ &lesson.title }</h3>
                <p>{ &lesson.summary }</p>
                <span class="minutes">{ format!("{} min", lesson.minutes) }{ read.map(|read| format!(" · {read}")) }</span>
            </a>
        </li>
    }
}

/// The lesson that the emblem draws: a good one to begin with.
const SHOWN: &str = "locks/gc-pause";

/// The emblem, and the way into what it shows.
fn shown(catalogue: &Fetched<Catalogue>) -> Html {
    let listed = match catalogue {
        Fetched::Done(catalogue) => catalogue
            .tracks
            .iter()
            .flat_map(|track| &track.lessons)
            .find(|lesson| lesson.id == SHOWN),
        Fetched::Waiting | Fetched::Failed(_) => None,
    };
    let href = listed.map(|_| Link::to_lesson(SHOWN).fragment());
    html! {
        <a class="shown" {href} data-testid="begin">
            { emblem() }
            <span class="shown-title">{ listed.map_or("", |lesson| lesson.title.as_str()) }<span class="btn go">{ "Begin here" }</span></span>
        </a>
    }
}

/// Two clients, one lock, and the moment at which both believe to hold it.
fn emblem() -> Html {
    html! {
        <svg class="emblem" viewBox="0 0 420 250" aria-hidden="true">
            <defs><pattern id="emblem-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                <line class="hatch" x1="0" y1="0" x2="0" y2="6" /></pattern></defs>
            <rect class="double broken" x="268" y="54" width="88" height="66" />
            <g class="c0"><line class="lane" x1="12" y1="54" x2="408" y2="54" /><rect class="belief" x="44" y="35" width="312" height="9" rx="3" />
                <rect class="stop" x="88" y="48" width="252" height="12" rx="3" /></g>
            <g class="c1"><line class="lane" x1="12" y1="120" x2="408" y2="120" /><rect class="belief" x="268" y="101" width="140" height="9" rx="3" /></g>
            <g class="cn"><line class="lane" x1="12" y1="190" x2="408" y2="190" /></g>
            <rect class="hold c0" x="32" y="200" width="186" height="6" rx="3" /><rect class="hold c1" x="256" y="200" width="152" height="6" rx="3" />
            <path class="arrow c0" d="M20 54L32 186M32 190L44 58" /><path class="arrow c1" d="M244 120L256 186M256 190L268 124" />
            <path class="arrow bad" d="M346 54L368 190" />
            <g class="cn"><circle class="dot" cx="32" cy="190" r="4.5" /><circle class="dot" cx="218" cy="190" r="4.5" /><circle class="dot" cx="256" cy="190" r="4.5" /></g>
            <circle class="bang" cx="368" cy="190" r="9.5" /><path class="bang-cross" d="M364 186l8 8m0-8l-8 8" />
            <path class="head c0" d="M44 56l-5 8l6 1zM31 188l-4 -8l6 -1z" /><path class="head c1" d="M268 122l-5 8l6 1zM256 188l-5 -8l6 -1z" />
            <path class="head bad" d="M366 183l-5 -8l6 -1z" />
            <text class="name c0" x="12" y="26">{ "worker-a" }</text><text class="name c1" x="12" y="112">{ "worker-b" }</text>
            <text class="name cn" x="58" y="182">{ "redis" }</text>
            <text x="100" y="31">{ "believes it holds the lock" }</text><text x="176" y="78">{ "paused 15 s" }</text>
            <text x="198" y="180">{ "expires" }</text><text x="74" y="224">{ "holds it" }</text><text x="300" y="224">{ "holds it" }</text>
        </svg>
    }
}
