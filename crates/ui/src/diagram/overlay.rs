//! The part of the diagram that moves with the cursor: now, what is pointed at, what is evidence.

use std::rc::Rc;

use yew::prelude::*;

use super::hit::Hit;
use super::picture::Picture;
use super::still::n;
use crate::shared::Shared;
use crate::story::Story;
use crate::time;

/// What is pointed out.
#[derive(Properties, PartialEq)]
pub(super) struct OverlayProps {
    pub(super) story: Shared<Story>,
    pub(super) picture: Shared<Picture>,
    pub(super) position: u32,
    /// The records that prove a verdict.
    pub(super) evidence: Rc<[u32]>,
    /// The first record that is not as in the branch that this one was made from.
    pub(super) departs: Option<u32>,
    pub(super) hover: Option<Hit>,
    /// A pause being drawn: its lane and the stretch along the axis.
    pub(super) drag: Option<(u16, f64, f64)>,
    /// How much of the axis can be seen.
    pub(super) from: f64,
    pub(super) to: f64,
}

#[component]
pub(super) fn Overlay(props: &OverlayProps) -> Html {
    let OverlayProps {
        story,
        picture,
        position,
        from,
        to,
        ..
    } = props;
    let frame = &picture.frame;
    let now = picture.axis.record(*position);
    let at_end = *position >= story.last();
    let (x, y) = frame.point(now, 0.0);
    let (x2, y2) = frame.point(now, frame.across - if frame.down { 0.0 } else { 22.0 });
    let dim = (now + 5.0).max(*from - 20.0);
    let (dx, dy) = frame.point(dim, 0.0);
    let (dw, dh) = frame.point(
        (*to + 40.0 - dim).max(0.0),
        frame.across - if frame.down { 0.0 } else { 22.0 },
    );
    let label = if frame.down {
        time::clock(story.at(*position))
    } else {
        time::clock_exact(story.at(*position))
    };
    let wide = label.chars().count() as f64 * 6.6 + 14.0;
    // The label stays within what can be seen.
    let (lx, ly) = if frame.down {
        (2.0, y - 9.0)
    } else {
        (
            (x - wide / 2.0).clamp(*from + 2.0, (*to - wide - 2.0).max(*from + 2.0)),
            6.0,
        )
    };
    let wide = if frame.down { 62.0 } else { wide };
    html! {
        <>
            if !at_end {
                <rect class="future" x={n(dx)} y={n(dy)} width={n(dw)} height={n(dh)} />
            }
            { props.departure() }
            { props.evidence() }
            { props.hovered() }
            { props.dragged() }
            <line class="now" x1={n(x)} y1={n(y)} x2={n(x2)} y2={n(y2)} />
            { ring(story, picture, *position, "here") }
            <g class="now-label">
                <rect x={n(lx)} y={n(ly)} width={n(wide)} height="18" rx="5" />
                <text x={n(lx + wide / 2.0)} y={n(ly + 13.0)} text-anchor="middle">{ label }</text>
            </g>
        </>
    }
}

impl OverlayProps {
    fn departure(&self) -> Html {
        let Some(record) = self.departs.filter(|record| *record > 0) else {
            return Html::default();
        };
        let frame = &self.picture.frame;
        // Just before it: what comes after is new.
        let along = self.picture.axis.record(record) - 5.0;
        let (x, y) = frame.point(along, if frame.down { 64.0 } else { 30.0 });
        let (x2, y2) = frame.point(along, frame.across - if frame.down { 0.0 } else { 22.0 });
        let (tx, ty) = if frame.down {
            (68.0, along - 4.0)
        } else {
            (along + 4.0, frame.across - 27.0)
        };
        html! {
            <g class="departure">
                <line x1={n(x)} y1={n(y)} x2={n(x2)} y2={n(y2)} />
                <text x={n(tx)} y={n(ty)}>{ "departs here" }</text>
            </g>
        }
    }

    fn evidence(&self) -> Html {
        let numbered = (1..).zip(self.evidence.iter());
        numbered
            .map(|(number, record)| {
                let frame = &self.picture.frame;
                let lane = self.story.record(*record).map_or(0, |record| record.lane);
                let (x, y) = frame.point(self.picture.axis.record(*record), frame.lane(lane));
                html! {
                    <g class="evidence">
                        <circle cx={n(x)} cy={n(y)} r="13" />
                        <circle class="badge" cx={n(x + 11.0)} cy={n(y - 11.0)} r="8" />
                        <text x={n(x + 11.0)} y={n(y - 7.4)} text-anchor="middle">{ number }</text>
                    </g>
                }
            })
            .collect()
    }

    fn hovered(&self) -> Html {
        let frame = &self.picture.frame;
        match self.hover {
            Some(Hit::Record(record)) => ring(&self.story, &self.picture, record, "hover"),
            Some(Hit::Flight(flight)) => {
                let Some(arrow) = self.picture.arrows.get(flight as usize) else {
                    return Html::default();
                };
                let (x1, y1) = frame.point(arrow.from.0, arrow.from.1);
                let (x2, y2) = frame.point(arrow.to.0, arrow.to.1);
                let class = format!("hover-arrow {}", Picture::class(&self.story, arrow.client));
                html! { <line {class} x1={n(x1)} y1={n(y1)} x2={n(x2)} y2={n(y2)} /> }
            }
            _ => Html::default(),
        }
    }

    fn dragged(&self) -> Html {
        let Some((lane, from, to)) = self.drag else {
            return Html::default();
        };
        let frame = &self.picture.frame;
        let (from, to) = (from.min(to), from.max(to));
        let across = frame.lane(lane);
        let (x, y) = frame.point(from, across - 8.0);
        let (x2, y2) = frame.point(to, across + 8.0);
        let (start, end) = (self.picture.axis.moment(from), self.picture.axis.moment(to));
        let (tx, ty) = frame.point(to, across);
        html! {
            <g class="drag">
                <rect x={n(x)} y={n(y)} width={n((x2 - x).max(1.0))} height={n((y2 - y).max(1.0))} rx="3" />
                <text x={n(tx + 8.0)} y={n(ty + 4.0)}>{ format!("pause {}", time::length(end.saturating_sub(start))) }</text>
            </g>
        }
    }
}

/// A ring around a record's point, and its message if it is about one.
fn ring(story: &Story, picture: &Picture, record: u32, class: &'static str) -> Html {
    let Some(told) = story.record(record) else {
        return Html::default();
    };
    let frame = &picture.frame;
    let (x, y) = frame.point(picture.axis.record(record), frame.lane(told.lane));
    let lane = Picture::class(story, story.actor(record).unwrap_or(told.lane));
    html! {
        <circle class={format!("ring {class} {lane}")} cx={n(x)} cy={n(y)} r="7.5" />
    }
}
