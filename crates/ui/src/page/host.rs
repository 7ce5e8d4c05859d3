//! Inside another page: what the host tells this one and hears from it, in messages with a version.
//!
//! To this page: `{redwind: 1, do: "seek", to: 12}` (a record, or `"start"`, `"end"`), `{…, do: "seek", ms: 31}`,
//! `{…, do: "theme", theme: "dark"}`, `{…, do: "open", link: "#/locks/gc-pause"}`.
//! From it: `{redwind: 1, is: "ran", lesson, records, verdicts: [{name, outcome}]}` for every run that is shown, and
//! `{…, is: "moved", record, ms, sentence}` for every move of the cursor. docs/embedding.md is for their readers.

use gloo_events::EventListener;
use js_sys::Reflect;
use redwind_protocol::VerdictOutcome;
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};
use yew::prelude::*;

use crate::seek::Seek;
use crate::store::{Action, Page};
use crate::{browser, theme};

/// The version of the messages.
const VERSION: u32 = 1;

#[derive(Serialize)]
#[serde(tag = "is", rename_all = "lowercase")]
enum Told<'a> {
    Ran {
        redwind: u32,
        lesson: &'a str,
        records: u32,
        verdicts: Vec<TellVerdict<'a>>,
    },
    Moved {
        redwind: u32,
        record: u32,
        ms: f64,
        sentence: &'a str,
    },
}

#[derive(Serialize)]
struct TellVerdict<'a> {
    name: &'a str,
    outcome: &'static str,
}

/// Listens to the host and tells it what happens.
#[hook]
pub(super) fn use_host(page: &UseReducerHandle<Page>, act: &Callback<Action>) {
    let embedded = browser::embedded();
    {
        let act = act.clone();
        use_effect_with((), move |()| {
            let window = web_sys::window().filter(|_| embedded);
            let listener = window.map(|window| {
                EventListener::new(&window, "message", move |event| {
                    if let Some(event) = event.dyn_ref::<web_sys::MessageEvent>() {
                        hear(event, &act);
                    }
                })
            });
            move || drop(listener)
        });
    }
    {
        let lesson = page.prepared.lesson.id.clone();
        use_effect_with(page.story().clone(), move |story| {
            let verdicts = story.trace.verdicts.iter().map(|verdict| TellVerdict {
                name: &verdict.name,
                outcome: match verdict.outcome {
                    VerdictOutcome::Held => "held",
                    VerdictOutcome::Violated => "violated",
                    VerdictOutcome::Undecided => "undecided",
                },
            });
            tell(&Told::Ran {
                redwind: VERSION,
                lesson: &lesson,
                records: story.len(),
                verdicts: verdicts.collect(),
            });
        });
    }
    use_effect_with(
        (page.story().clone(), page.position),
        move |(story, position)| {
            let sentence = story.record(*position).map_or("", |r| r.sentence.as_str());
            tell(&Told::Moved {
                redwind: VERSION,
                record: *position,
                ms: story.at(*position) as f64 / 1_000.0,
                sentence,
            });
        },
    );
}

fn tell(what: &Told<'_>) {
    let parent = web_sys::window()
        .filter(|_| browser::embedded())
        .and_then(|window| window.parent().ok()?);
    let message = what.serialize(&serde_wasm_bindgen::Serializer::json_compatible());
    // What is told is on the page for everybody to read, so any host may hear it.
    if let (Some(parent), Ok(message)) = (parent, message) {
        let _ = parent.post_message(&message, "*");
    }
}

fn hear(event: &web_sys::MessageEvent, act: &Callback<Action>) {
    let from_host = web_sys::window()
        .and_then(|window| window.parent().ok()?)
        .is_some_and(|parent| {
            let parent: JsValue = parent.into();
            event
                .source()
                .is_some_and(|source| JsValue::from(source) == parent)
        });
    let data = event.data();
    let get = |name: &str| Reflect::get(&data, &name.into()).unwrap_or(JsValue::UNDEFINED);
    if !from_host || !data.is_object() || get("redwind").as_f64() != Some(f64::from(VERSION)) {
        return;
    }
    let (to, ms) = (get("to"), get("ms"));
    match get("do").as_string().as_deref() {
        Some("seek") => {
            let seek = match (to.as_string().as_deref(), to.as_f64(), ms.as_f64()) {
                (Some("start"), ..) => Seek::Start,
                (Some("end"), ..) => Seek::End,
                (_, Some(record), _) => Seek::Record(record as u32),
                (.., Some(ms)) => Seek::Time((ms * 1_000.0) as u64),
                _ => return,
            };
            act.emit(Action::Seek(seek));
        }
        Some("theme") => theme::apply(&get("theme").as_string().unwrap_or_default()),
        Some("open") => {
            let link = get("link").as_string().unwrap_or_default();
            if let (true, Some(window)) = (link.starts_with("#/"), web_sys::window()) {
                let _ = window.location().set_hash(&link);
            }
        }
        _ => {}
    }
}
