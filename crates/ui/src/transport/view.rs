//! The transport's buttons around its slider.

use yew::prelude::*;

use super::scrubber::Scrubber;
use crate::icon::icon;
use crate::seek::{self, Seek};
use crate::shared::Shared;
use crate::store::Action;
use crate::story::Story;
use crate::time;

/// Where the run is and how it moves.
#[derive(Properties, PartialEq)]
pub struct TransportProps {
    /// The run.
    pub story: Shared<Story>,
    /// The record that is looked at.
    pub position: u32,
    /// The first record that is not as in the branch that this one was made from.
    pub departs: Option<u32>,
    /// Whether time runs.
    pub playing: bool,
    /// How fast, a power of two.
    pub speed: i8,
    /// Whether steps stop at lines.
    pub by_line: bool,
    /// The client that Shift-steps follow.
    pub client: u16,
    /// Changes the page.
    pub act: Callback<Action>,
}

/// The transport.
#[component]
pub fn Transport(props: &TransportProps) -> Html {
    let TransportProps {
        story,
        position,
        playing,
        speed,
        by_line,
        client,
        act,
        ..
    } = props;
    let step = |forward: bool| {
        let (act, by_line, client) = (act.clone(), *by_line, *client);
        Callback::from(move |event: MouseEvent| {
            let lane = event.shift_key().then_some(client);
            act.emit(Action::Seek(Seek::Step {
                forward,
                by_line,
                lane,
            }));
        })
    };
    let to = |seek: Seek| act.reform(move |_: MouseEvent| Action::Seek(seek));
    let button = |name: &'static str,
                  label: &'static str,
                  testid: &'static str,
                  off: bool,
                  onclick| {
        html! {
            <button class="tp" title={label} aria-label={label} data-testid={testid} aria-disabled={off.to_string()} {onclick}>
                { icon(name) }
            </button>
        }
    };
    let (first, last) = (*position == 0, *position >= story.last());
    let play = {
        let playing = *playing;
        act.reform(move |_: MouseEvent| Action::Play(!playing))
    };
    let rate = 2.0_f64.powi(i32::from(*speed));
    let rate = if rate >= 1.0 {
        format!("{rate}×")
    } else {
        format!("1/{}×", 1.0 / rate)
    };
    let (slower, faster) = (*speed - 1, *speed + 1);
    let ahead = seek::next_violation(story, *position).is_some();
    let broken = !story.broken().is_empty();
    let at = time::clock_exact(story.at(*position));
    let by_line_now = *by_line;
    html! {
        <div class="transport" role="group" aria-label="Move through the run">
            { button("start", "To the start (Home)", "to-start", first, to(Seek::Start)) }
            { button("back", "One step back (←); with Shift: of the chosen client", "step-back", first, step(false)) }
            <button class="tp p" data-testid="play" title="Play or stop (Space)" onclick={play}
                aria-label={if *playing { "Stop" } else { "Play" }}>
                { icon(if *playing { "stop" } else { "play" }) }
            </button>
            { button("step", "One step (→); with Shift: of the chosen client", "step-forward", last, step(true)) }
            { button("end", "To the end (End)", "to-end", last, to(Seek::End)) }
            <Scrubber story={story.clone()} position={*position} departs={props.departs} act={act.clone()} />
            <output class="position" data-testid="position" title={format!("record {} of {}", position + 1, story.len())}>
                <b>{ at }</b><span>{ format!("{} / {}", position + 1, story.len()) }</span>
            </output>
            if broken {
                <button class="chip ahead" aria-disabled={(!ahead).to_string()} onclick={to(Seek::NextViolation)} data-testid="next-violation"
                    title="To where the next promise breaks (!)">
                    { icon("violation") }<span>{ "Next violation" }</span>
                </button>
            }
            <span class="speed" role="group" aria-label="Speed of playback">
                <button class="tool" aria-label="Slower" title="Slower ([)" onclick={act.reform(move |_: MouseEvent| Action::Speed(slower))}>{ icon("zoom-out") }</button>
                <span>{ rate }</span>
                <button class="tool" aria-label="Faster" title="Faster (])" onclick={act.reform(move |_: MouseEvent| Action::Speed(faster))}>{ icon("zoom-in") }</button>
            </span>
            <button class={classes!("chip", by_line.then_some("on"))} aria-pressed={by_line.to_string()} data-testid="by-line"
                title="Whether steps stop at every line of the programs" onclick={act.reform(move |_: MouseEvent| Action::ByLine(!by_line_now))}>
                { "by line" }
            </button>
        </div>
    }
}
