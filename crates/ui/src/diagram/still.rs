//! The part of the diagram that does not depend on the cursor: drawn once per window of the axis, not per step.
//!
//! Points and arrows of one look share one path, so that a window full of them is a few dozen elements.

use std::collections::BTreeMap;
use std::fmt::Write;

use yew::prelude::*;

use super::labels::band_place;
use super::picture::{ArrowStyle, Band, BandKind, Picture};
use super::shapes::{Shape, circle, cross};
use crate::shared::Shared;
use crate::story::Story;
use crate::time;

/// What is drawn, and which stretch of the axis.
#[derive(Properties, PartialEq)]
pub(super) struct StillProps {
    pub(super) story: Shared<Story>,
    pub(super) picture: Shared<Picture>,
    /// The stretch of the axis to draw, in pixels.
    pub(super) from: f64,
    pub(super) to: f64,
}

#[component]
pub(super) fn Still(props: &StillProps) -> Html {
    let StillProps {
        story,
        picture,
        from,
        to,
    } = props;
    let window = Window {
        story,
        picture,
        from: *from,
        to: *to,
    };
    html! {
        <>
            { window.doubles() }
            { window.gaps() }
            { window.ticks() }
            { window.lanes() }
            { for picture.bands.iter().filter(|band| window.sees(band.from, band.to)).map(|band| window.band(band)) }
            { window.arrows() }
            { window.marks() }
            { window.labels() }
        </>
    }
}

struct Window<'a> {
    story: &'a Story,
    picture: &'a Picture,
    from: f64,
    to: f64,
}

/// Batches of path data by class.
type Batches = BTreeMap<(&'static str, &'static str), String>;

impl Window<'_> {
    fn sees(&self, from: f64, to: f64) -> bool {
        from <= self.to && to >= self.from
    }

    fn class(&self, lane: u16) -> &'static str {
        Picture::class(self.story, lane)
    }

    /// A rectangle given along and across.
    fn area(
        &self,
        class: String,
        along: (f64, f64),
        across: (f64, f64),
        round: &'static str,
    ) -> Html {
        // Nothing is drawn far outside: browsers are slow with rectangles of a million pixels.
        let along = (along.0.max(self.from - 40.0), along.1.min(self.to + 40.0));
        let (x, y) = self.picture.frame.point(along.0, across.0);
        let (x2, y2) = self.picture.frame.point(along.1, across.1);
        html! {
            <rect {class} x={n(x)} y={n(y)} width={n((x2 - x).max(2.0))} height={n((y2 - y).max(2.0))} rx={round} />
        }
    }

    fn doubles(&self) -> Html {
        let seen = self
            .picture
            .doubles
            .iter()
            .filter(|double| self.sees(double.from, double.to));
        seen.map(|double| {
            let class = if double.broken {
                "double broken"
            } else {
                "double"
            };
            self.area(
                class.to_owned(),
                (double.from, double.to),
                double.across,
                "0",
            )
        })
        .collect()
    }

    fn gaps(&self) -> Html {
        let frame = &self.picture.frame;
        let seen = self
            .picture
            .axis
            .gaps
            .iter()
            .filter(|gap| self.sees(gap.from, gap.to));
        seen.map(|gap| {
            let middle = (gap.from + gap.to) / 2.0;
            let text = time::length(gap.lasts);
            let (x, y) = if frame.down { (34.0, middle + 4.0) } else { (middle, frame.across - 27.0) };
            let (x1, y1) = if frame.down { (34.0, middle - 9.0) } else { (middle, frame.across - 41.0) };
            html! {
                <g class="gap">
                    { self.area("gap-area".to_owned(), (gap.from + 4.0, gap.to - 4.0), (0.0, frame.across), "3") }
                    <text class="gap-dots" x={n(x1)} y={n(y1)} text-anchor="middle">{ "⋯" }</text>
                    <text x={n(x)} y={n(y)} text-anchor="middle">{ text }</text>
                </g>
            }
        })
        .collect()
    }

    fn ticks(&self) -> Html {
        let frame = &self.picture.frame;
        let seen = self
            .picture
            .axis
            .ticks
            .iter()
            .filter(|tick| self.sees(tick.place - 60.0, tick.place + 60.0));
        seen.map(|tick| {
            let (x1, y1) = frame.point(tick.place, if frame.down { 64.0 } else { 30.0 });
            let (x2, y2) = frame.point(
                tick.place,
                if frame.down {
                    frame.across
                } else {
                    frame.across - 22.0
                },
            );
            let (x, y, anchor) = if frame.down {
                (60.0, tick.place + 4.0, "end")
            } else {
                (tick.place, frame.across - 9.0, "middle")
            };
            html! {
                <g class={classes!("tick", tick.strong.then_some("strong"))}>
                    <line x1={n(x1)} y1={n(y1)} x2={n(x2)} y2={n(y2)} />
                    <text x={n(x)} y={n(y)} text-anchor={anchor}>{ &tick.label }</text>
                </g>
            }
        })
        .collect()
    }

    fn lanes(&self) -> Html {
        let frame = &self.picture.frame;
        frame
            .lanes()
            .map(|(lane, across)| {
                let (x1, y1) = frame.point(self.from.max(0.0), across);
                let (x2, y2) = frame.point(self.to.min(self.picture.axis.length), across);
                let class = format!("lane {}", self.class(lane));
                html! { <line {class} x1={n(x1)} y1={n(y1)} x2={n(x2)} y2={n(y2)} /> }
            })
            .collect()
    }

    fn band(&self, band: &Band) -> Html {
        let kind = match band.kind {
            BandKind::Belief => "belief",
            BandKind::Truth => "truth",
            BandKind::Pause => "pause",
            BandKind::Sleep => "sleep",
            BandKind::Down => "down",
            BandKind::Cut => "cut",
        };
        let (off, half) = band_place(band.kind, self.picture.frame.down);
        let across = self.picture.frame.lane(band.lane) + off;
        let class = format!("band {kind} {}", self.class(band.client));
        self.area(
            class,
            (band.from, band.to),
            (across - half, across + half),
            "3",
        )
    }

    fn arrows(&self) -> Html {
        let frame = &self.picture.frame;
        let (mut lines, mut heads): (Batches, Batches) = Default::default();
        for arrow in self
            .picture
            .arrows
            .iter()
            .filter(|arrow| self.sees(arrow.from.0, arrow.to.0))
        {
            let style = match arrow.style {
                ArrowStyle::Request => "request",
                ArrowStyle::Reply => "reply",
                ArrowStyle::Lost => "lost",
                ArrowStyle::Broken => "broken",
            };
            let key = (style, self.class(arrow.client));
            let (from, to) = (
                frame.point(arrow.from.0, arrow.from.1),
                frame.point(arrow.to.0, arrow.to.1),
            );
            let line = lines.entry(key).or_default();
            let _ = write!(line, "M{:.1} {:.1}L{:.1} {:.1}", from.0, from.1, to.0, to.1);
            let head = heads.entry(key).or_default();
            if arrow.style == ArrowStyle::Lost {
                cross(head, to, 4.5);
            } else {
                arrow_head(head, from, to);
            }
        }
        let draw = |part: &'static str, batches: Batches| -> Html {
            batches
                .into_iter()
                .map(|((style, lane), d)| html! { <path class={format!("{part} {style} {lane}")} {d} /> })
                .collect()
        };
        html! { <>{ draw("arrow", lines) }{ draw("head", heads) }</> }
    }

    fn marks(&self) -> Html {
        let frame = &self.picture.frame;
        let mut batches = Batches::default();
        // What is all strokes stands on a plate, so that the lane does not run through it.
        let mut plates = String::new();
        for mark in self
            .picture
            .marks
            .iter()
            .filter(|mark| self.sees(mark.place, mark.place))
        {
            let (shape, at) = (mark.shape, frame.point(mark.place, frame.lane(mark.lane)));
            let lane = if shape.is_of_its_lane() {
                mark.lane
            } else {
                mark.actor.unwrap_or(mark.lane)
            };
            let batch = batches.entry((shape.class(), self.class(lane)));
            shape.outline(batch.or_default(), at);
            if shape == Shape::Broken {
                cross(batches.entry(("broken-cross", "")).or_default(), at, 3.4);
            }
            if shape == Shape::Confirmed {
                circle(&mut plates, at, 7.0);
            }
        }
        let marks: Html = batches
            .into_iter()
            .map(|((name, lane), d)| html! { <path class={format!("mark {name} {lane}")} {d} /> })
            .collect();
        html! { <><path class="plate" d={plates} />{ marks }</> }
    }

    fn labels(&self) -> Html {
        let down = self.picture.frame.down;
        let seen = self.picture.labels.iter().filter(|label| {
            let (from, to) = if down {
                (label.y - 20.0, label.y + 20.0)
            } else {
                (label.x, label.x + label.width)
            };
            self.sees(from, to)
        });
        seen.map(|label| {
            let lane = label.lane.map_or("quiet", |lane| self.class(lane));
            let class = classes!("label", lane, label.broken.then_some("broken"));
            html! { <text {class} x={n(label.x)} y={n(label.y)}>{ &label.text }</text> }
        })
        .collect()
    }
}

/// A coordinate as short text.
pub(super) fn n(value: f64) -> String {
    format!("{value:.1}")
}

fn arrow_head(d: &mut String, from: (f64, f64), to: (f64, f64)) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy).max(1.0);
    let (ux, uy) = (dx / length, dy / length);
    let (bx, by) = (ux.mul_add(-8.5, to.0), uy.mul_add(-8.5, to.1));
    let (wx, wy) = (-uy * 3.4, ux * 3.4);
    let _ = write!(
        d,
        "M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}Z",
        to.0,
        to.1,
        bx + wx,
        by + wy,
        bx - wx,
        by - wy
    );
}
