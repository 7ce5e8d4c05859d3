//! The bar of faults: every one of them by buttons and number fields.

use yew::prelude::*;

use super::{Draft, FaultForm, Verb};
use crate::icon::icon;
use crate::popover::Popover;
use crate::shared::Shared;
use crate::store::Action;
use crate::story::Story;

/// What the bar needs.
#[derive(Properties, PartialEq)]
pub struct BarProps {
    /// The run.
    pub story: Shared<Story>,
    /// Where the cursor is.
    pub position: u32,
    /// The chosen client.
    pub client: u16,
    /// The fault language by example.
    pub vocabulary: Shared<Vec<(String, String)>>,
    /// Changes the page.
    pub act: Callback<Action>,
}

/// The bar of faults.
#[component]
pub fn FaultBar(props: &BarProps) -> Html {
    let open = use_state_eq(|| None::<Verb>);
    let close = {
        let open = open.clone();
        Callback::from(move |()| open.set(None))
    };
    // What was written last: were it refused, it can be mended.
    let written = use_state_eq(|| None::<String>);
    let on_apply = {
        let (open, act, written) = (open.clone(), props.act.clone(), written.clone());
        Callback::from(move |text: String| {
            if *open == Some(Verb::Write) {
                written.set(Some(text.clone()));
            }
            open.set(None);
            act.emit(Action::Intervene(vec![text]));
        })
    };
    // On a narrow screen the verbs come out of one button.
    let unfolded = use_state_eq(|| false);
    let fold = {
        let (unfolded, open) = (unfolded.clone(), open.clone());
        Callback::from(move |_: MouseEvent| {
            unfolded.set(!*unfolded);
            open.set(None);
        })
    };
    let buttons = Verb::ALL.into_iter().filter(|verb| verb.offered(&props.story)).map(|verb| {
        let open = open.clone();
        let pressed = *open == Some(verb);
        let act = props.act.clone();
        let onclick = Callback::from(move |_: MouseEvent| {
            // The form is about this moment: while time ran, it would begin anew with every step.
            act.emit(Action::Play(false));
            open.set((*open != Some(verb)).then_some(verb));
        });
        html! {
            <button class={classes!("chip", pressed.then_some("on"))} {onclick} title={verb.explained()}
                aria-expanded={pressed.to_string()} data-testid={format!("inject-{}", verb.word())}>
                { icon(verb.word()) }<span>{ verb.word() }</span>
            </button>
        }
    });
    let draft = |verb: Verb| {
        let (story, position) = (&props.story, props.position);
        let mut draft = Draft::new(story, verb, props.client, story.at(position), position);
        if let Some(written) = &*written {
            draft.written.clone_from(written);
        }
        draft
    };
    html! {
        <div class={classes!("faults", unfolded.then_some("unfolded"))} role="group" aria-label="Break it: faults at this moment">
            <span class="faults-title">{ "Break it" }</span>
            <button class="chip fold" aria-label="Break it: faults" aria-expanded={unfolded.to_string()} onclick={fold} data-testid="faults-unfold">
                { icon("bolt") }<span>{ "Break it" }</span>
            </button>
            <div class="verbs">{ for buttons }</div>
            if let Some(verb) = *open {
                <Popover key={verb.word()} class="fault-popover" label={format!("{} …", verb.word())} close={close.clone()}>
                    <FaultForm story={props.story.clone()} position={props.position} vocabulary={props.vocabulary.clone()} on_cancel={close} {on_apply} draft={draft(verb)} />
                </Popover>
            }
        </div>
    }
}
