//! What bands say: kept in sight while any part of their band is, however far the diagram is scrolled.

use yew::prelude::*;

use super::labels::{band_place, wide};
use super::picture::{Band, BandKind, Picture};
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
    let seen = picture
        .bands
        .iter()
        .filter(|band| band.from <= *to && band.to >= *from);
    seen.filter_map(|band| props.caption(band)).collect()
}

impl CaptionsProps {
    fn caption(&self, band: &Band) -> Option<Html> {
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
        let (x, y) = frame.point((from + to) / 2.0, across);
        // Beside the lane, where time runs down: on it, the pill would cover the neighbouring bands.
        let x = if frame.down {
            let beside = width / 2.0 + 15.0;
            let fits = x + beside + width / 2.0 + 8.0 <= frame.across;
            if fits { x + beside } else { x - beside }
        } else {
            x
        };
        Some(html! {
            <g class="pill">
                <rect x={n(x - width / 2.0 - 6.0)} y={n(y - 8.5)} width={n(width + 12.0)} height="17" rx="8.5" />
                <text x={n(x)} y={n(y + 3.8)} text-anchor="middle">{ &band.text }</text>
            </g>
        })
    }
}
