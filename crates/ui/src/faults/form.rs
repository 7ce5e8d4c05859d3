//! The form of one fault: the same in the bar and in the diagram's menus.

use redwind_protocol::LaneKind;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::model::{Draft, Verb, leg, messages, places};
use crate::shared::Shared;
use crate::story::Story;
use crate::time;

/// A fault to fill in.
#[derive(Properties, PartialEq)]
pub struct FormProps {
    /// The run it is done to.
    pub story: Shared<Story>,
    /// Where the cursor is.
    pub position: u32,
    /// What the form starts from.
    pub draft: Draft,
    /// The fault language by example, for faults that are written.
    #[prop_or_default]
    pub vocabulary: Shared<Vec<(String, String)>>,
    /// The finished fault.
    pub on_apply: Callback<String>,
    /// The person thought better of it.
    pub on_cancel: Callback<()>,
}

/// The form of one fault.
#[component]
pub fn FaultForm(props: &FormProps) -> Html {
    let draft = use_state_eq(|| props.draft.clone());
    let error = use_state_eq(|| None::<String>);
    {
        let (draft, preset) = (draft.clone(), props.draft.clone());
        use_effect_with(preset, move |preset| draft.set(preset.clone()));
    }
    let onsubmit = {
        let (draft, error) = (draft.clone(), error.clone());
        let (story, on_apply) = (props.story.clone(), props.on_apply.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            match draft.intervention(&story) {
                Ok(text) => on_apply.emit(text),
                Err(wrong) => error.set(Some(wrong)),
            }
        })
    };
    let text = |label: &'static str,
                testid: &'static str,
                value: &str,
                set: fn(&mut Draft, String)| {
        let draft = draft.clone();
        let oninput = Callback::from(move |event: InputEvent| {
            let mut changed = (*draft).clone();
            set(
                &mut changed,
                event.target_unchecked_into::<HtmlInputElement>().value(),
            );
            draft.set(changed);
        });
        html! {
            <label class="field"><span>{ label }</span>
                <input type="text" size="8" inputmode="text" autocomplete="off" spellcheck="false"
                    data-testid={testid} value={value.to_owned()} {oninput} />
            </label>
        }
    };
    let write = {
        let draft = draft.clone();
        Callback::from(move |event: InputEvent| {
            let mut changed = (*draft).clone();
            changed.written = event.target_unchecked_into::<HtmlInputElement>().value();
            draft.set(changed);
        })
    };
    let choose = |set: fn(&mut Draft, String)| {
        let draft = draft.clone();
        Callback::from(move |event: Event| {
            let mut changed = (*draft).clone();
            set(
                &mut changed,
                event.target_unchecked_into::<HtmlSelectElement>().value(),
            );
            draft.set(changed);
        })
    };
    let verb = draft.verb;
    let story = &props.story;
    let is_node = story
        .lane(draft.place)
        .is_some_and(|lane| lane.kind == LaneKind::Node);
    let tick = |label: &'static str,
                testid: &'static str,
                value: bool,
                set: fn(&mut Draft, bool)| {
        let draft = draft.clone();
        let onchange = Callback::from(move |event: Event| {
            let mut changed = (*draft).clone();
            set(
                &mut changed,
                event.target_unchecked_into::<HtmlInputElement>().checked(),
            );
            draft.set(changed);
        });
        html! {
            <label class="tick-field"><input type="checkbox" data-testid={testid} checked={value} {onchange} />{ label }</label>
        }
    };
    let side = |label: &'static str, side: usize| {
        let buttons = places(story, Verb::Partition).map(|lane| {
            let on = draft.sides[side].contains(&lane);
            let draft = draft.clone();
            let onclick = Callback::from(move |_: MouseEvent| {
                let mut changed = (*draft).clone();
                changed.toggle(side, lane);
                draft.set(changed);
            });
            html! {
                <button type="button" class={classes!("chip", on.then_some("on"))} aria-pressed={on.to_string()} {onclick}
                    data-testid={format!("side-{side}-{}", story.name(lane))}>{ story.name(lane) }</button>
            }
        });
        html! {
            <div class="side" role="group" aria-label={label}><span>{ label }</span><div>{ for buttons }</div></div>
        }
    };
    html! {
        <form class="fault-form" {onsubmit} data-testid="fault-form" aria-label={format!("{} …", verb.word())}>
            <p class="fault-what"><b>{ verb.word() }</b>{ verb.explained() }</p>
            <div class="fields">
                if verb.of_message() {
                    <label class="field grow"><span>{ "Message" }</span>
                        <select data-testid="fault-message"
                            onchange={choose(|draft, value| draft.flight = value.parse().ok())}>
                            { for message_options(props, draft.flight) }
                        </select>
                    </label>
                } else if verb == Verb::Write {
                    <label class="field grow"><span>{ "Fault" }</span>
                        <input type="text" class="written" autocomplete="off" autocapitalize="off" spellcheck="false"
                            data-testid="fault-written" value={draft.written.clone()} oninput={write} />
                    </label>
                } else if verb == Verb::Partition {
                    { side("Cut off", 0) }
                    { side("from", 1) }
                    { tick("One way: only what the first side sends is lost", "fault-one-way", draft.one_way, |draft, on| draft.one_way = on) }
                    { text("At", "fault-at", &draft.at, |draft, value| draft.at = value) }
                } else {
                    <label class="field"><span>{ "Who" }</span>
                        <select data-testid="fault-client"
                            onchange={choose(|draft, value| draft.place = value.parse().unwrap_or_default())}>
                            { for places(story, verb).map(|lane| html! {
                                <option value={lane.to_string()} selected={lane == draft.place}>{ story.name(lane) }</option>
                            }) }
                        </select>
                    </label>
                    { text("At", "fault-at", &draft.at, |draft, value| draft.at = value) }
                }
                if matches!(verb, Verb::Pause | Verb::Partition) {
                    { text("For", "fault-for", &draft.lasts, |draft, value| draft.lasts = value) }
                }
                if matches!(verb, Verb::Delay | Verb::Clock | Verb::Slow) {
                    { text("By", "fault-for", &draft.lasts, |draft, value| draft.lasts = value) }
                }
                if verb == Verb::Slow {
                    { text("For", "fault-slow-for", &draft.slow_for, |draft, value| draft.slow_for = value) }
                }
                if verb == Verb::Restart && is_node {
                    { tick("On an empty disk: what the old one had kept is gone", "fault-empty", draft.empty, |draft, on| draft.empty = on) }
                }
                if verb == Verb::Crash {
                    { text("Restart after", "fault-restart", &draft.restart_after, |draft, value| draft.restart_after = value) }
                    if is_node {
                        { tick("The machine loses power, and what was not forced to its disk", "fault-power", draft.power, |draft, on| draft.power = on) }
                    }
                }
                <div class="field-actions">
                    <button type="submit" class="btn go" data-testid="fault-apply">{ "Run it" }</button>
                    <button type="button" class="btn" onclick={props.on_cancel.reform(|_| ())}>{ "Cancel" }</button>
                </div>
            </div>
            if verb == Verb::Write && !props.vocabulary.is_empty() {
                <details class="vocabulary" data-testid="vocabulary">
                    <summary>{ "All that can be written" }</summary>
                    <ul>{ for props.vocabulary.iter().map(|(example, what)| {
                        let (draft, text) = (draft.clone(), example.clone());
                        let onclick = Callback::from(move |_: MouseEvent| {
                            draft.set(Draft { written: text.clone(), ..(*draft).clone() });
                        });
                        html! { <li><button type="button" {onclick} title="Puts it into the field"><code>{ example }</code></button><span>{ what }</span></li> }
                    }) }</ul>
                </details>
            }
            if let Some(error) = &*error {
                <p class="wrong" role="alert">{ error }</p>
            }
        </form>
    }
}

fn message_options(props: &FormProps, chosen: Option<u32>) -> Vec<Html> {
    let mut offered = messages(&props.story, props.position);
    // A message picked in the diagram may lie in the past.
    if let Some(chosen) = chosen.filter(|chosen| !offered.contains(chosen)) {
        offered.insert(0, chosen);
    }
    offered
        .into_iter()
        .filter_map(|index| {
            let flight = props.story.flights.get(index as usize)?;
            let text = format!("{} · {}", leg(flight), time::clock(props.story.at(flight.sent)));
            Some(html! { <option value={index.to_string()} selected={chosen == Some(index)}>{ text }</option> })
        })
        .collect()
}
