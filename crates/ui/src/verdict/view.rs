//! The verdict bar.

use yew::prelude::*;

use super::model::{Standing, standing};
use crate::icon::icon;
use crate::seek::Seek;
use crate::shared::Shared;
use crate::store::Action;
use crate::story::Story;
use crate::time;

/// A run and a moment of it.
#[derive(Properties, PartialEq)]
pub struct VerdictsProps {
    /// The run.
    pub story: Shared<Story>,
    /// The record that is looked at.
    pub position: u32,
    /// The verdict whose evidence is pointed out.
    pub why: Option<usize>,
    /// Changes the page.
    pub act: Callback<Action>,
}

/// The verdict bar.
#[component]
pub fn Verdicts(props: &VerdictsProps) -> Html {
    let VerdictsProps {
        story,
        position,
        why,
        act,
    } = props;
    let cut = story
        .trace
        .cut
        .as_ref()
        .filter(|_| *position >= story.last());
    html! {
        <div class="verdicts" aria-label="Verdicts" role="group">
            { for story.trace.verdicts.iter().enumerate().map(|(index, verdict)| {
                let standing = standing(story, verdict, *position);
                let (class, sign, word) = match standing {
                    Standing::SoFar => ("so-far", "check", "holds so far"),
                    Standing::Broken(_) => ("broken", "broken", "broken"),
                    Standing::Held => ("held", "check", "held to the end of this run"),
                    Standing::Undecided => ("undecided", "help", "not decided"),
                };
                let told = matches!(standing, Standing::Broken(_) | Standing::Undecided);
                let text = if told && !verdict.finding.is_empty() { &verdict.finding } else { &verdict.promise };
                let open = *why == Some(index) && matches!(standing, Standing::Broken(_));
                let toggle = act.reform(move |_: MouseEvent| Action::Why((!open).then_some(index)));
                html! {
                    <div class={classes!("verdict", class)} data-testid="verdict" data-standing={class}>
                        <div class="verdict-line">
                            { icon(sign) }
                            <p><b>{ format!("{}: {word}", verdict.name) }</b><span class="finding">{ text }</span></p>
                            if let Standing::Broken(_) = standing {
                                <button class="btn line" onclick={toggle} aria-expanded={open.to_string()} data-testid="why">
                                    { if open { "Hide" } else { "Show why" } }
                                </button>
                            }
                        </div>
                        if open {
                            <ol class="evidence-list" data-testid="evidence">
                                { for verdict.evidence.iter().filter_map(|record| {
                                    let told = story.record(*record)?;
                                    let seek = Seek::Record(*record);
                                    let here = record == position;
                                    Some(html! {
                                        <li class={classes!(here.then_some("here"))}>
                                            <button class="link" title={told.sentence.clone()} onclick={act.reform(move |_: MouseEvent| Action::Seek(seek))}>
                                                <b>{ time::clock_exact(told.at) }</b>{ " " }{ &told.sentence }
                                            </button>
                                        </li>
                                    })
                                }) }
                            </ol>
                        }
                    </div>
                }
            }) }
            if let Some(cut) = cut {
                <div class="verdict undecided"><div class="verdict-line">{ icon("help") }<p><b>{ "The run was cut short" }</b><span class="finding">{ cut }</span></p></div></div>
            }
        </div>
    }
}
