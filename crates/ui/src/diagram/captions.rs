//! What bands say: kept in sight while any part of their band is, however far the diagram is scrolled.

use yew::prelude::*;

use super::labels::{band_place, wide};
use super::picture::{Band, BandKind, Mark, Picture};
use super::still::n;
use crate::shared::Shared;
use crate::story::Story;

/// Which stretch of the axis is in sight.
#[derive(Properties, PartialEq)]
pub(super) struct CaptionsProps {
    pub(super) story: Shared<Story>,
    pub(super) picture: Shared<Picture>,
    pub(super) from: f64,
    pub(super) to: f64,
}

#[component]
pub(super) fn Captions(props: &CaptionsProps) -> Html {
    let CaptionsProps {
        picture, from, to, ..
    } = props;
    let mut seen: Vec<&Band> = picture
        .bands
        .iter()
        .filter(|band| band.from <= *to && band.to >= *from)
        .collect();
    // What is done to a lane is told before what it does by itself; a cut, which two lanes tell, after what one tells alone.
    let down = picture.frame.down;
    seen.sort_by_key(|band| match band.kind {
        BandKind::Sleep => 2,
        BandKind::Cut if down => 1,
        _ => 0,
    });
    let mut taken: Vec<Area> = Vec::new();
    seen.into_iter()
        .filter_map(|band| props.caption(band, &mut taken))
        .collect()
}

/// What a caption covers: left, top, right, bottom.
type Area = (f64, f64, f64, f64);

fn meet(a: Area, b: Area) -> bool {
    a.0 < b.2 && b.0 < a.2 && a.1 < b.3 && b.1 < a.3
}

impl CaptionsProps {
    fn caption(&self, band: &Band, taken: &mut Vec<Area>) -> Option<Html> {
        let frame = &self.picture.frame;
        let (from, to) = (band.from.max(self.from), band.to.min(self.to));
        let (off, half) = band_place(band.kind, frame.down);
        let across = frame.lane(band.lane) + off;
        let width = wide(&band.text);
        let lane = Picture::class(&self.story, band.client);
        let held = matches!(band.kind, BandKind::Belief | BandKind::Truth);
        // A cut concerns lanes far apart: where time runs down, two pills would cover what is between them.
        if held || (frame.down && band.kind == BandKind::Cut) {
            // Its own band is the room it has; a little beyond is fine where the lane goes on.
            if to - from < width * 0.7 {
                return None;
            }
            // Beside the lane, further on where a message's text stands in the way.
            let from = if frame.down {
                let beside = if band.kind == BandKind::Belief {
                    (across - half - 16.0, across - half)
                } else {
                    (across + half, across + half + 16.0)
                };
                let steps = (0..=((to - from - width - 8.0).max(0.0) / 12.0) as u32)
                    .map(|step| from + f64::from(step) * 12.0);
                let area = |from: f64| (beside.0, from + 4.0, beside.1, from + 4.0 + width);
                let mut steps = steps.filter(|from| {
                    let area = area(*from);
                    !self.on_a_label(area) && !taken.iter().any(|other| meet(area, *other))
                });
                let from = steps
                    .next()
                    .or((band.kind != BandKind::Cut).then_some(from))?;
                taken.push(area(from));
                from
            } else {
                from
            };
            let side = if band.kind == BandKind::Belief {
                -half - 4.0
            } else {
                half + 11.0
            };
            let (x, y) = frame.point(from + 4.0, across + side);
            let turn = frame.down.then(|| {
                let side = if band.kind == BandKind::Belief {
                    -half - 4.0
                } else {
                    half + 4.0
                };
                let quarter = if band.kind == BandKind::Belief {
                    -90
                } else {
                    90
                };
                let along = if quarter < 0 {
                    from + 4.0 + width
                } else {
                    from + 4.0
                };
                (
                    format!("rotate({quarter} {} {})", n(across + side), n(along)),
                    across + side,
                    along,
                )
            });
            let (x, y) = turn.as_ref().map_or((x, y), |(_, x, y)| (*x, *y));
            let transform = turn.map(|(turn, ..)| turn);
            return Some(
                html! { <text class={classes!("label", lane)} x={n(x)} y={n(y)} {transform}>{ &band.text }</text> },
            );
        }
        // A thread may sleep in a process that stands still: the greater of the two is told.
        let covered = band.kind == BandKind::Sleep
            && self.picture.bands.iter().any(|other| {
                other.kind == BandKind::Pause
                    && other.lane == band.lane
                    && other.from < band.to
                    && band.from < other.to
            });
        if covered {
            return None;
        }
        let (room, needed) = if frame.down {
            (to - from, 18.0)
        } else {
            (to - from, width + 14.0)
        };
        if room < needed {
            return None;
        }
        // Beside the lane, where time runs down: on it, the pill would cover the neighbouring bands.
        let shift = if frame.down {
            let beside = width / 2.0 + 15.0;
            let fits = across + beside + width / 2.0 + 8.0 <= frame.across;
            if fits { beside } else { -beside }
        } else {
            0.0
        };
        let area = |along: f64| {
            let (x, y) = frame.point(along, across);
            let x = x + shift;
            (
                x - width / 2.0 - 8.0,
                y - 9.0,
                x + width / 2.0 + 8.0,
                y + 9.0,
            )
        };
        let along = self.place(band, (from, to), needed, area, taken)?;
        taken.push(area(along));
        let (x, y) = frame.point(along, across);
        let x = x + shift;
        Some(html! {
            <g class="pill">
                <rect x={n(x - width / 2.0 - 6.0)} y={n(y - 8.5)} width={n(width + 12.0)} height="17" rx="8.5" />
                <text x={n(x)} y={n(y + 3.8)} text-anchor="middle">{ &band.text }</text>
            </g>
        })
    }

    /// The middle of a pill, `needed` long, on what can be seen of its band: off other captions, and off marks and
    /// messages' texts where that can be.
    fn place(
        &self,
        band: &Band,
        (from, to): (f64, f64),
        needed: f64,
        area: impl Fn(f64) -> Area,
        taken: &[Area],
    ) -> Option<f64> {
        let half = needed / 2.0;
        let (first, last) = (from + half, to - half);
        let spots =
            [0.5, 0.3, 0.7, 0.15, 0.85, 0.0, 1.0].map(|share| first + (last - first) * share);
        let off_captions = |at: &f64| !taken.iter().any(|other| meet(area(*at), *other));
        let clear = |at: &f64| {
            let near = |mark: &Mark| (mark.place - at).abs() < half + 7.0;
            let marks = &self.picture.marks;
            !self.on_a_label(area(*at))
                && !marks
                    .iter()
                    .any(|mark| mark.lane == band.lane && near(mark))
        };
        let free: Vec<f64> = spots.into_iter().filter(off_captions).collect();
        free.iter().copied().find(clear).or(free.first().copied())
    }

    /// Whether an area meets a text that stands already.
    fn on_a_label(&self, area: Area) -> bool {
        let texts = self.picture.labels.iter();
        texts
            .map(|label| {
                (
                    label.x,
                    label.y - 10.0,
                    label.x + label.width,
                    label.y + 3.0,
                )
            })
            .any(|text| meet(area, text))
    }
}
