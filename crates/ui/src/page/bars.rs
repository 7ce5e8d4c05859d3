//! The bars above the diagram: which branch this is, what was done to it, and what the reader must know.

use redwind_protocol::Prepared;
use yew::prelude::*;

use crate::icon::icon;
use crate::popover::Popover;
use crate::seek::Seek;
use crate::shared::Shared;
use crate::store::{Action, Branch, Engine, Page, Reason};
use crate::time;

/// All branches and the one that is shown.
#[derive(Properties, PartialEq)]
pub(super) struct BranchProps {
    pub(super) prepared: Shared<Prepared>,
    pub(super) branches: Vec<Shared<Branch>>,
    pub(super) current: usize,
    pub(super) running: bool,
    pub(super) act: Callback<Action>,
}

#[component]
pub(super) fn BranchBar(props: &BranchProps) -> Html {
    let BranchProps {
        prepared,
        branches,
        current,
        act,
        ..
    } = props;
    let open = use_state_eq(|| false);
    let chips = use_node_ref();
    {
        // The newest is last, and is the one to see.
        let chips = chips.clone();
        use_effect_with(*current, move |_| {
            if let Some(chips) = chips.cast::<web_sys::Element>() {
                chips.set_scroll_left(chips.scroll_width());
            }
        });
    }
    let Some(branch) = branches.get(*current) else {
        return Html::default();
    };
    let toggle = {
        let open = open.clone();
        Callback::from(move |_: MouseEvent| open.set(!*open))
    };
    let close = {
        let open = open.clone();
        Callback::from(move |()| open.set(false))
    };
    let made = branches.iter().filter(|branch| !branch.own).count();
    let interventions = &branch.story.trace.interventions;
    html! {
        <div class="branches">
            <div ref={chips} class="interventions" role="group" aria-label="What is done to this run">
                { for interventions.iter().enumerate().map(|(index, text)| html! {
                    <span class="chip set" data-testid="intervention">
                        { icon(text.split(' ').next().unwrap_or("bolt")) }
                        <span title={text.clone()}>{ text }</span>
                        <button class="undo" aria-label={format!("Run it without: {text}")} title="Run it without this" data-testid="undo"
                            onclick={act.reform(move |_: MouseEvent| Action::Undo(index))}>{ icon("close") }</button>
                    </span>
                }) }
                if interventions.is_empty() {
                    <span class="quiet">{ "Nothing is done to this run" }</span>
                }
            </div>
            if props.running {
                <span class="quiet" role="status">{ "running …" }</span>
                <button class="btn line small stop-run" data-testid="stop-run" title="Give up this run"
                    onclick={act.reform(|_: MouseEvent| Action::Stop)}>{ "Stop" }</button>
            }
            if let Some(departs) = branch.departs {
                <button class="btn line small departs" data-testid="departs" onclick={act.reform(move |_: MouseEvent| Action::Seek(Seek::Record(departs)))}
                    aria-label={format!("To where this branch departs from the one it was made from, {}", time::clock(branch.story.at(departs)))}
                    title="To where this branch departs from the one it was made from (d)">
                    { icon("departs") }<span>{ format!("departs at {}", time::clock(branch.story.at(departs))) }</span>
                </button>
            }
            if made > 0 {
                <button class={classes!("btn", "line", "small", open.then_some("on"))} onclick={toggle.clone()} aria-expanded={open.to_string()} data-testid="branch-list">
                    { icon("branch") }{ format!("Branch {} of {}", current + 1, branches.len()) }
                </button>
            }
            if *open && made > 0 {
                <Popover class="branch-popover" label="Branches" first=".branch[aria-current]" {close}>
                    <div class="menu-head"><b>{ "Branches" }</b><button class="tool" aria-label="Close" onclick={toggle}>{ icon("close") }</button></div>
                    <ul>
                    { for branches.iter().enumerate().map(|(index, branch)| {
                        let on = index == *current;
                        let broken = branch.story.broken().len();
                        html! {
                            <li class={classes!(on.then_some("on"))}>
                                <button class="branch" aria-current={on.then_some("true")} data-testid="branch"
                                    onclick={act.reform(move |_: MouseEvent| Action::Branch(index))}>
                                    <span>{ branch.title(prepared) }</span>
                                    <em class={if broken > 0 { "bad" } else { "ok" }}>{ if broken > 0 { "broken" } else { "held" } }</em>
                                </button>
                                if !branch.own {
                                    <button class="tool" aria-label="Forget this branch" title="Forget this branch"
                                        onclick={act.reform(move |_: MouseEvent| Action::Forget(index))}>{ icon("close") }</button>
                                }
                            </li>
                        }
                    }) }
                    </ul>
                </Popover>
            }
        </div>
    }
}

/// Messages to be read, most urgent first.
pub(super) fn notices(page: &Page, act: &Callback<Action>) -> Html {
    let engine = match page.engine {
        Engine::Restarting => {
            Some("The simulator broke and is being started again; what was asked is asked again.")
        }
        Engine::Failed => Some(
            "The simulator can't run here: faults, edits and the terminal are not available. \
             The lesson can be read and stepped all the same. Reload the page to try again.",
        ),
        Engine::Loading | Engine::Ready => None,
    };
    let refusal = page
        .refusal
        .as_ref()
        .filter(|refusal| refusal.reason != Reason::Edit);
    html! {
        <>
            if let Some(text) = engine { <p class="notice wrong" role="alert" data-testid="engine">{ text }</p> }
            if let Some(refusal) = refusal {
                <p class="notice wrong" role="alert" data-testid="fault-error">
                    <span>{ &refusal.error.message }{ " " }{ refusal.error.remedy.as_deref().unwrap_or_default() }</span>
                    <button class="tool" aria-label="Dismiss" onclick={act.reform(|_: MouseEvent| Action::DismissRefusal)}>{ icon("close") }</button>
                </p>
            }
            { for page.notices.iter().enumerate().map(|(index, text)| html! {
                <p class="notice" role="status" data-testid="notice"><span>{ text }</span>
                    <button class="tool" aria-label="Dismiss" onclick={act.reform(move |_: MouseEvent| Action::Dismiss(index))}>{ icon("close") }</button>
                </p>
            }) }
        </>
    }
}
