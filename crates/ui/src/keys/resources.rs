//! What was left in the resources beside Redis: the things that cannot be taken back.

use redwind_protocol::LaneKind;
use yew::prelude::*;

use crate::diagram::Picture;
use crate::icon::icon;
use crate::seek::Seek;
use crate::shared::Shared;
use crate::store::Action;
use crate::story::Story;
use crate::time;

/// A run and a moment of it.
#[derive(Properties, PartialEq)]
pub struct ResourcesProps {
    /// The run.
    pub story: Shared<Story>,
    /// The record that is looked at.
    pub position: u32,
    /// Changes the page.
    pub act: Callback<Action>,
}

/// The latest are shown; there can be thousands.
const MOST: usize = 40;

/// What was left in the resources.
#[component]
pub fn Resources(props: &ResourcesProps) -> Html {
    let ResourcesProps {
        story,
        position,
        act,
    } = props;
    let broken: Vec<u32> = story.broken().iter().map(|(record, _)| *record).collect();
    let effects: Vec<_> = story.effects_at(*position).collect();
    html! {
        <>
            { for story.lanes(LaneKind::Resource).map(|(lane, resource)| {
                let ours: Vec<_> = effects.iter().filter(|(_, record, _)| record.lane == lane).collect();
                let count = match ours.len() {
                    0 => "nothing yet".to_owned(),
                    1 => "1 effect".to_owned(),
                    many => format!("{many} effects"),
                };
                let skipped = ours.len().saturating_sub(MOST);
                html! {
                    <section class="pane-part" aria-label={resource.name.clone()}>
                        <h2 class="h">{ &resource.name }<em>{ count }</em></h2>
                        if skipped > 0 { <p class="empty">{ format!("{skipped} earlier") }</p> }
                        <ul class="effects">
                        { for ours.iter().skip(skipped).map(|(index, record, effect)| {
                            let seek = Seek::Record(*index);
                            let bad = broken.contains(index);
                            let state = match (bad, effect.accepted) { (true, _) => "bad", (_, false) => "refused", _ => "" };
                            let title = record.sentence.clone();
                            html! {
                                <li class={classes!("effect", state, (index == position).then_some("fresh"))} data-testid="effect">
                                    <button {title} onclick={act.reform(move |_: MouseEvent| Action::Seek(seek))}>
                                        <span class="effect-at">{ time::clock(record.at) }</span>
                                        <span class={classes!("who", Picture::class(story, effect.by))}>{ story.name(effect.by) }</span>
                                        if let Some(token) = effect.token { <span class="tag">{ format!("token {token}") }</span> }
                                        if bad { <span class="sign">{ icon("crash") }<span class="sr">{ "breaks a promise" }</span></span> }
                                        else if !effect.accepted { <span class="sign">{ icon("crash") }{ "refused" }</span> }
                                        <span class="effect-what"><code>{ &effect.target }</code>{ " = " }<code>{ &effect.value }</code></span>
                                        if !effect.believing.is_empty() {
                                            <span class="effect-under">{ format!("believing that it holds {}", effect.believing.join(", ")) }</span>
                                        }
                                    </button>
                                </li>
                            }
                        }) }
                        </ul>
                    </section>
                }
            }) }
        </>
    }
}
