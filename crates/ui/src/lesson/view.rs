//! The lesson's pane.

use redwind_protocol::{Prepared, Question};
use yew::prelude::*;

use super::model::coloured;
use crate::icon::icon;
use crate::shared::Shared;
use crate::store::Action;
use crate::story::Story;

/// A lesson and where the reader is in it.
#[derive(Properties, PartialEq)]
pub struct LessonProps {
    /// The lesson.
    pub prepared: Shared<Prepared>,
    /// The run that is shown: its clients' colours are used in the prose.
    pub story: Shared<Story>,
    /// The beat.
    pub beat: usize,
    /// What was answered to this beat's question.
    pub answer: Option<usize>,
    /// Changes the page.
    pub act: Callback<Action>,
}

/// The lesson's pane.
#[component]
pub fn LessonPane(props: &LessonProps) -> Html {
    let LessonProps {
        prepared,
        story,
        beat,
        answer,
        act,
    } = props;
    let lesson = &prepared.lesson;
    let body = use_node_ref();
    {
        let body = body.clone();
        use_effect_with(*beat, move |_| {
            if let Some(body) = body.cast::<web_sys::Element>() {
                body.set_scroll_top(0);
            }
        });
    }
    let count = lesson.beats.len();
    let Some(told) = lesson.beats.get(*beat) else {
        return html! { <p class="empty">{ "This lesson has no prose." }</p> };
    };
    let prose = use_memo((told.html.clone(), story.clone()), |(html, story)| {
        AttrValue::from(coloured(html, story))
    });
    let to = |beat: usize| act.reform(move |_: MouseEvent| Action::Beat(beat));
    let (first, last) = (*beat == 0, *beat + 1 >= count);
    let (before, after) = (
        beat.saturating_sub(1),
        (*beat + 1).min(count.saturating_sub(1)),
    );
    let next_heading = lesson
        .beats
        .get(*beat + 1)
        .and_then(|beat| beat.heading.clone());
    html! {
        <>
            <div class="prose" ref={body} tabindex="0" role="region" aria-label="The lesson's text">
                <p class="kick">{ format!("{} · {} min", lesson.track, lesson.minutes) }</p>
                if first {
                    <p class="lesson-title">{ &lesson.title }</p>
                }
                if let Some(heading) = &told.heading {
                    <h2 class="beat-title">{ Html::from_html_unchecked(coloured(&inline(heading), story).into()) }</h2>
                }
                <div class="beat" data-testid="beat">{ Html::from_html_unchecked((*prose).clone()) }</div>
                if let Some(question) = &told.question {
                    { ask(question, *answer, act) }
                }
            </div>
            <nav class="beats" aria-label="Parts of the lesson">
                <div class="dots">
                    { for (0..count).map(|n| {
                        let heading = lesson.beats[n].heading.clone().unwrap_or_else(|| lesson.title.clone());
                        let label = format!("Part {}: {heading}", n + 1);
                        let class = classes!((n == *beat).then_some("on"), (n < *beat).then_some("read"));
                        html! {
                            <button {class} title={label.clone()} aria-label={label} onclick={to(n)}
                                aria-current={(n == *beat).then_some("step")}><i></i></button>
                        }
                    }) }
                </div>
                <button class="tool" aria-label="Previous part" title="Previous part" aria-disabled={first.to_string()}
                    onclick={to(before)} data-testid="beat-back">{ icon("left") }</button>
                <span class="beat-count">{ format!("{} of {count}", beat + 1) }</span>
                <button class={classes!("btn", "next", (!last).then_some("line"))} aria-disabled={last.to_string()} onclick={to(after)}
                    title={next_heading.unwrap_or_default()} data-testid="beat-next">
                    { if last { "The end" } else { "Next" } }
                    if !last { { icon("right") } }
                </button>
            </nav>
        </>
    }
}

fn ask(question: &Question, answer: Option<usize>, act: &Callback<Action>) -> Html {
    let answered = answer.is_some();
    let right = answer
        .and_then(|answer| question.options.get(answer))
        .is_some_and(|option| option.happened);
    html! {
        <fieldset class="ask" data-testid="predict">
            <legend>{ Html::from_html_unchecked(inline(&question.ask).into()) }</legend>
            { for question.options.iter().enumerate().map(|(index, option)| {
                let chosen = answer == Some(index);
                let class = classes!(
                    "opt",
                    chosen.then_some("chosen"),
                    (answered && option.happened).then_some("happened"),
                    (chosen && !option.happened).then_some("missed"),
                );
                html! {
                    <button {class} aria-pressed={chosen.to_string()} aria-disabled={answered.to_string()} data-testid="predict-option"
                        onclick={act.reform(move |_: MouseEvent| Action::Answer(index))}>
                        <span>{ Html::from_html_unchecked(inline(&option.text).into()) }</span>
                        if answered && option.happened { <em>{ icon("check") }{ "this happened" }</em> }
                        if chosen && !option.happened { <em>{ "your guess" }</em> }
                    </button>
                }
            }) }
            <div aria-live="polite">
            if answered {
                <div class="because" data-testid="because">
                    <b>{ if right { "Yes." } else { "Not so." } }</b>{ " " }
                    { Html::from_html_unchecked(inline(&question.because).into()) }
                </div>
            }
            </div>
        </fieldset>
    }
}

/// Plain text with `code` marked as such, safe to put into the page.
fn inline(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 16);
    for (n, part) in text.split('`').enumerate() {
        let safe = part
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        if n % 2 == 1 {
            html.push_str("<code>");
            html.push_str(&safe);
            html.push_str("</code>");
        } else {
            html.push_str(&safe);
        }
    }
    html
}
