//! The diagram in its scrolling frame: measures, scrolls, zooms, and finds what is pointed at.

use std::rc::Rc;

use web_sys::Element;
use yew::prelude::*;

use super::axis::Axis;
use super::captions::Captions;
use super::frame::Frame;
use super::furniture::{lane_names, patterns, tip};
use super::hit::{Hit, drawable, hit};
use super::menu::Menu;
use super::overlay::Overlay;
use super::picture::Picture;
use super::scroll::{local, scroll_to, use_follow, use_measure};
use super::still::Still;
use crate::icon::icon;
use crate::seek::Seek;
use crate::shared::Shared;
use crate::store::Action;
use crate::story::Story;

/// A run and a moment of it.
#[derive(Properties, PartialEq)]
pub struct DiagramProps {
    /// The run.
    pub story: Shared<Story>,
    /// The record that is looked at.
    pub position: u32,
    /// The records that prove a verdict, when they are to be pointed out.
    pub evidence: Rc<[u32]>,
    /// The first record that is not as in the branch that this one was made from.
    pub departs: Option<u32>,
    /// Whether time runs down.
    pub down: bool,
    /// Changes the page.
    pub act: Callback<Action>,
}

/// What the pointer is doing.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Drag {
    lane: u16,
    from: f64,
    to: f64,
}

/// An open menu: what it is about and where it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Opened {
    pub(super) hit: Hit,
    /// For a drawn pause: how long.
    pub(super) lasts: Option<u64>,
    pub(super) x: f64,
    pub(super) y: f64,
}

/// Zoomed out no further than this by itself, so that labels find room.
const LEGIBLE: f64 = 26.0;
/// Zoomed out no further than this at all.
const LEAST: f64 = 5.0;

/// How much more is drawn than can be seen, so that scrolling a little draws nothing anew.
const MARGIN: f64 = 384.0;

/// The space-time diagram.
#[component]
pub fn Diagram(props: &DiagramProps) -> Html {
    let DiagramProps {
        story,
        position,
        down,
        act,
        ..
    } = props;
    let (root, scroller, svg) = (use_node_ref(), use_node_ref(), use_node_ref());
    let size = use_state_eq(|| (0.0_f64, 0.0_f64));
    let offset = use_state_eq(|| 0.0_f64);
    let across_offset = use_state_eq(|| 0.0_f64);
    let zoom = use_state_eq(|| None::<f64>);
    let hover = use_state_eq(|| None::<(Hit, f64, f64)>);
    let drag = use_state_eq(|| None::<Drag>);
    let menu = use_state_eq(|| None::<Opened>);

    use_measure(&scroller, &size);
    let (along, across) = if *down { (size.1, size.0) } else { *size };
    let fitting = use_memo((story.clone(), along, *down), |(story, along, down)| {
        let fitting = Axis::fitting(story, *along, LEGIBLE);
        // Time that runs down has all the length it wants: a phone scrolls down easily.
        if *down { fitting.max(44.0) } else { fitting }
    });
    let scale = zoom.unwrap_or(*fitting);
    let picture = use_memo(
        (story.clone(), scale, across, *down),
        |(story, scale, across, down)| {
            let picture = Picture::new(
                story,
                Axis::new(story, *scale),
                Frame::new(story, *down, *across),
            );
            Shared::new(picture)
        },
    );
    let picture = (*picture).clone();
    use_follow(&scroller, &picture, *position, along, *down);

    let onscroll = {
        let (scroller, offset, hover, down) =
            (scroller.clone(), offset.clone(), hover.clone(), *down);
        let across_offset = across_offset.clone();
        Callback::from(move |_: Event| {
            let Some(element) = scroller.cast::<Element>() else {
                return;
            };
            let (left, top) = (
                f64::from(element.scroll_left()),
                f64::from(element.scroll_top()),
            );
            offset.set(if down { top } else { left });
            across_offset.set(if down { left } else { top });
            hover.set(None);
        })
    };
    let set_zoom = {
        let (zoom, scroller, picture, down) =
            (zoom.clone(), scroller.clone(), picture.clone(), *down);
        let (offset, story) = (offset.clone(), story.clone());
        Callback::from(move |(factor, at): (f64, f64)| {
            let wanted = (scale * factor).clamp(LEAST, 900.0);
            // What is under the pointer stays under it.
            let record = picture.axis.record_at(*offset + at);
            zoom.set(Some(wanted));
            let place = Axis::new(&story, wanted).record(record);
            scroll_to(&scroller, place - at, down);
        })
    };
    let onwheel = {
        let (set_zoom, down) = (set_zoom.clone(), *down);
        let svg = svg.clone();
        Callback::from(move |event: WheelEvent| {
            if !(event.ctrl_key() || event.meta_key()) {
                return;
            }
            event.prevent_default();
            let (x, y) = local(&svg, &event);
            set_zoom.emit((1.0015_f64.powf(-event.delta_y()), if down { y } else { x }));
        })
    };
    let find = {
        let (story, picture, offset, down) =
            (story.clone(), picture.clone(), offset.clone(), *down);
        Rc::new(move |x: f64, y: f64| {
            let (along, across) = if down { (y, x) } else { (x, y) };
            (
                hit(&story, &picture, along + *offset, across),
                along + *offset,
                across,
            )
        })
    };
    let onpointerdown = {
        let (find, drag, menu) = (Rc::clone(&find), drag.clone(), menu.clone());
        let (svg, story, picture) = (svg.clone(), story.clone(), picture.clone());
        let hover = hover.clone();
        Callback::from(move |event: PointerEvent| {
            if event.button() != 0 {
                return;
            }
            menu.set(None);
            hover.set(None);
            let (x, y) = local(&svg, &event);
            let (_, along, across) = find(x, y);
            // A finger that moves scrolls; pauses are drawn with a mouse or a pen.
            let lane = drawable(&story, &picture, across);
            if let Some(lane) = lane.filter(|_| event.pointer_type() != "touch") {
                drag.set(Some(Drag {
                    lane,
                    from: along,
                    to: along,
                }));
                if let Some(target) = svg.cast::<Element>() {
                    let _ = target.set_pointer_capture(event.pointer_id());
                }
            }
        })
    };
    let onpointermove = {
        let (find, drag, hover) = (Rc::clone(&find), drag.clone(), hover.clone());
        let (svg, root) = (svg.clone(), root.clone());
        Callback::from(move |event: PointerEvent| {
            let (x, y) = local(&svg, &event);
            let (hit, along, _) = find(x, y);
            if let Some(now) = *drag {
                drag.set(Some(Drag { to: along, ..now }));
            } else {
                let (x, y) = local(&root, &event);
                hover.set(hit.map(|hit| (hit, x, y)));
            }
        })
    };
    let onpointerup = {
        let (find, drag, menu, act) = (Rc::clone(&find), drag.clone(), menu.clone(), act.clone());
        let (svg, root) = (svg.clone(), root.clone());
        let picture = picture.clone();
        Callback::from(move |event: PointerEvent| {
            let (x, y) = local(&svg, &event);
            let (left, top) = local(&root, &event);
            if let Some(done) = *drag {
                drag.set(None);
                if (done.to - done.from).abs() > 8.0 {
                    let (from, to) = (done.from.min(done.to), done.from.max(done.to));
                    let (at, until) = (picture.axis.moment(from), picture.axis.moment(to));
                    let hit = Hit::Lane {
                        lane: done.lane,
                        at,
                    };
                    menu.set(Some(Opened {
                        hit,
                        lasts: Some(until.saturating_sub(at).max(1)),
                        x: left,
                        y: top,
                    }));
                    return;
                }
            }
            match find(x, y).0 {
                Some(Hit::Record(record)) => act.emit(Action::Seek(Seek::Record(record))),
                Some(hit) => menu.set(Some(Opened {
                    hit,
                    lasts: None,
                    x: left,
                    y: top,
                })),
                None => {}
            }
        })
    };
    let onpointerleave = {
        let hover = hover.clone();
        Callback::from(move |_: PointerEvent| hover.set(None))
    };
    let close = {
        let menu = menu.clone();
        Callback::from(move |()| menu.set(None))
    };
    let button = |name: &'static str, title: &'static str, onclick: Callback<MouseEvent>| {
        html! { <button class="tool" {title} aria-label={title} {onclick}>{ icon(name) }</button> }
    };
    let zoom_by = |factor: f64| {
        let (set_zoom, picture, offset, position) =
            (set_zoom.clone(), picture.clone(), offset.clone(), *position);
        Callback::from(move |_: MouseEvent| {
            let at = (picture.axis.record(position) - *offset).clamp(0.0, along);
            set_zoom.emit((factor, at));
        })
    };
    let fit = {
        let (zoom, story) = (zoom.clone(), story.clone());
        Callback::from(move |_: MouseEvent| {
            let whole = Axis::fitting(&story, along, LEAST);
            // A second time: back to where labels can be read.
            let again = zoom.is_some_and(|zoom| (zoom - whole).abs() < 0.01);
            zoom.set((!again).then_some(whole));
        })
    };
    {
        // Why a promise broke is a story over the whole run: it is shown at once.
        let (zoom, story) = (zoom.clone(), story.clone());
        use_effect_with(props.evidence.is_empty(), move |none| {
            let whole = (!none && along > 0.0).then(|| Axis::fitting(&story, along, LEAST));
            if whole.is_some() || zoom.is_some() {
                zoom.set(whole);
            }
        });
    }

    let (width, height) = *size;
    let frame = &picture.frame;
    let (inner_w, inner_h) = frame.point(picture.axis.length, frame.across);
    let (view_w, view_h) = if *down {
        (frame.across, height)
    } else {
        (width, frame.across)
    };
    // The window moves in large steps, and the still part is drawn anew only when it does.
    let step = (*offset / (MARGIN / 2.0)).floor() * (MARGIN / 2.0);
    let (from, to) = (step - MARGIN / 2.0, step + along + MARGIN);
    let (tx, ty) = frame.point(-*offset, 0.0);
    html! {
        <div ref={root} class={classes!("diagram", down.then_some("down"))}>
            { lane_names(story, &picture, *position, *across_offset) }
            <div class="scroller" ref={scroller} {onscroll} {onwheel} tabindex="0" role="group" aria-label="Diagram. Arrow keys step.">
                <div class="spacer" style={format!("width:{:.0}px;height:{:.0}px", inner_w.max(view_w), inner_h.max(view_h))}>
                    if width > 0.0 {
                        <svg ref={svg} class="picture" width={format!("{view_w:.0}")} height={format!("{view_h:.0}")}
                            role="img" aria-label="Space-time diagram. The same as text: the button Trace as text."
                            data-testid="diagram"
                            {onpointerdown} {onpointermove} {onpointerup} {onpointerleave}>
                            { patterns() }
                            <g transform={format!("translate({tx:.1} {ty:.1})")}>
                                <Still story={story.clone()} picture={picture.clone()} {from} {to} />
                                <Captions story={story.clone()} picture={picture.clone()} from={*offset} to={*offset + along} />
                                <Overlay story={story.clone()} picture={picture.clone()} position={*position}
                                    evidence={Rc::clone(&props.evidence)} departs={props.departs} hover={hover.map(|(hit, ..)| hit)}
                                    drag={drag.map(|d| (d.lane, d.from, d.to))} from={*offset} to={*offset + along} />
                            </g>
                        </svg>
                    }
                </div>
            </div>
            <div class="tools" role="group" aria-label="Zoom">
                { button("zoom-out", "Zoom out", zoom_by(1.0 / 1.35)) }
                { button("zoom-in", "Zoom in", zoom_by(1.35)) }
                { button("fit", "Fit the whole run", fit) }
            </div>
            if let (Some((hit, x, y)), None) = (*hover, *menu) {
                { tip(story, hit, x, y, width + 92.0) }
            }
            if let Some(opened) = *menu {
                <Menu story={story.clone()} {opened} position={*position} act={act.clone()} on_close={close} room={(width + 92.0, height)} />
            }
        </div>
    }
}
