//! What stands around the drawing: the lanes' names, patterns, the tip at the pointer.

use redwind_protocol::{LaneKind, Role};
use yew::prelude::*;

use super::hit::Hit;
use super::picture::Picture;
use super::shapes::Shape;
use crate::story::Story;

/// The names, where the lanes are when the diagram is scrolled across by `scrolled`.
pub(super) fn lane_names(story: &Story, picture: &Picture, position: u32, scrolled: f64) -> Html {
    let frame = &picture.frame;
    let names = frame.lanes().map(|(lane, across)| {
        let place = across - scrolled;
        let style = if frame.down {
            format!("left:{place:.0}px")
        } else {
            format!("top:{place:.0}px")
        };
        // Where there is no room beside each other, every other name stands lower.
        let lower = frame.staggered() && lane % 2 == 1;
        html! {
            <span class={classes!("lane-name", Picture::class(story, lane), lower.then_some("lower"))} {style}>{ story.name(lane) }{ role(story, lane, position) }</span>
        }
    });
    html! { <div class={classes!("lane-names", frame.staggered().then_some("staggered"))} aria-hidden="true">{ for names }</div> }
}

/// What a node is among the others at this moment.
fn role(story: &Story, lane: u16, position: u32) -> Html {
    let is_sentinel = story
        .lane(lane)
        .is_some_and(|lane| lane.kind == LaneKind::Sentinel);
    let text = match story.role_at(lane, position) {
        None if is_sentinel => "sentinel".to_owned(),
        None => return Html::default(),
        Some(Role::Primary) => "primary".to_owned(),
        Some(Role::Replica(primary)) => format!("replica of {}", story.name(primary)),
    };
    html! { <em class="role">{ text }</em> }
}

pub(super) fn patterns() -> Html {
    html! {
        <defs>
            <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                <line class="hatch" x1="0" y1="0" x2="0" y2="6" />
            </pattern>
            <pattern id="dots" width="7" height="7" patternUnits="userSpaceOnUse">
                <circle class="dots" cx="3.5" cy="3.5" r="1.1" />
            </pattern>
        </defs>
    }
}

pub(super) fn tip(story: &Story, hit: Hit, x: f64, y: f64, width: f64) -> Html {
    let (title, text) = match hit {
        Hit::Record(record) => {
            let Some(told) = story.record(record) else {
                return Html::default();
            };
            let at = crate::time::clock_exact(told.at);
            let title = match Shape::of(told) {
                Some(shape) => format!("{at} · {}", shape.meaning()),
                None => at,
            };
            (title, told.sentence.clone())
        }
        Hit::Flight(flight) => {
            let Some(flight) = story.flights.get(flight as usize) else {
                return Html::default();
            };
            let Some(sent) = story.record(flight.sent) else {
                return Html::default();
            };
            let span = flight
                .ends()
                .map(|end| crate::time::length(story.at(end).saturating_sub(sent.at)));
            let span = span.map_or("still under way".to_owned(), |span| {
                format!("{span} on its way")
            });
            let what = if flight.reply { "The reply to " } else { "" };
            let named = story
                .lane(flight.client)
                .is_some_and(|lane| lane.kind == LaneKind::Client);
            let offer = if named {
                " · click to drop or delay it"
            } else {
                ""
            };
            (span, format!("{what}{}{offer}", flight.call))
        }
        Hit::Lane { lane, at } => {
            let text = format!(
                "{} · click to pause, crash … it; drag to draw a pause",
                story.name(lane)
            );
            (crate::time::clock(at), text)
        }
    };
    let style = if x > width * 0.6 {
        format!("right:{:.0}px;top:{:.0}px", width - x + 10.0, y + 18.0)
    } else {
        format!("left:{:.0}px;top:{:.0}px", x + 12.0, y + 18.0)
    };
    html! { <div class="tip" {style} aria-hidden="true"><b>{ title }</b><span>{ text }</span></div> }
}
