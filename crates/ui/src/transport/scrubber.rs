//! The slider: a position for every record, marked where faults, broken promises and the lesson's beats are.

use redwind_protocol::RecordKind;
use yew::prelude::*;

use crate::seek::Seek;
use crate::shared::Shared;
use crate::store::Action;
use crate::story::{SpellKind, Story};
use crate::time;

/// A run and a moment of it.
#[derive(Properties, PartialEq)]
pub(super) struct ScrubberProps {
    pub(super) story: Shared<Story>,
    pub(super) position: u32,
    pub(super) departs: Option<u32>,
    pub(super) act: Callback<Action>,
}

#[component]
pub(super) fn Scrubber(props: &ScrubberProps) -> Html {
    let ScrubberProps {
        story,
        position,
        act,
        ..
    } = props;
    let held = use_mut_ref(|| false);
    let rail = use_node_ref();
    let last = story.last();
    let seek = {
        let (act, rail) = (act.clone(), rail.clone());
        move |event: &PointerEvent| {
            let Some(rail) = rail.cast::<web_sys::Element>() else {
                return;
            };
            let area = rail.get_bounding_client_rect();
            let inner = (area.width() - 16.0).max(1.0);
            let share = ((f64::from(event.client_x()) - area.left() - 8.0) / inner).clamp(0.0, 1.0);
            act.emit(Action::Seek(Seek::Record(
                (share * f64::from(last)).round() as u32,
            )));
        }
    };
    let onpointerdown = {
        let (held, seek, rail) = (held.clone(), seek.clone(), rail.clone());
        Callback::from(move |event: PointerEvent| {
            if event.button() != 0 {
                return;
            }
            *held.borrow_mut() = true;
            if let Some(target) = rail.cast::<web_sys::Element>() {
                let _ = target.set_pointer_capture(event.pointer_id());
            }
            seek(&event);
        })
    };
    let onpointermove = {
        let held = held.clone();
        Callback::from(move |event: PointerEvent| {
            if *held.borrow() {
                seek(&event);
            }
        })
    };
    let release = Callback::from(move |_: PointerEvent| *held.borrow_mut() = false);
    let text = story.record(*position).map_or(String::new(), |record| {
        format!("{}: {}", time::clock_exact(record.at), record.sentence)
    });
    let share = percent(*position, last);
    html! {
        <div ref={rail} class="scrubber" role="slider" tabindex="0" aria-label="Position in the run" data-testid="scrubber"
            aria-valuemin="0" aria-valuemax={last.to_string()} aria-valuenow={position.to_string()} aria-valuetext={text}
            {onpointerdown} {onpointermove} onpointerup={release.clone()} onpointercancel={release}>
            <Marks story={story.clone()} />
            if let Some(departs) = props.departs {
                <div class="scrub-marks" aria-hidden="true"><i class="mark-departs" title="The branch departs here" style={format!("left:{}", percent(departs, last))}></i></div>
            }
            <div class="rail"><div class="run" style={format!("width:{share}")}></div></div>
            <div class="thumb-way"><div class="thumb" style={format!("left:{share}")}></div></div>
        </div>
    }
}

fn percent(position: u32, last: u32) -> String {
    format!(
        "{:.3}%",
        f64::from(position) / f64::from(last.max(1)) * 100.0
    )
}

#[derive(Properties, PartialEq)]
struct MarksProps {
    story: Shared<Story>,
}

/// What stands beside the rail; drawn once per run.
#[component]
fn Marks(props: &MarksProps) -> Html {
    let story = &props.story;
    let last = story.last();
    let pauses = story.spells.iter().filter(|spell| spell.kind != SpellKind::Sleep).take(200).map(|spell| {
        let to = f64::from(spell.to.unwrap_or(last).saturating_sub(spell.from)) / f64::from(last.max(1)) * 100.0;
        let class = if spell.kind == SpellKind::Pause { "mark-pause" } else { "mark-down" };
        html! { <i {class} style={format!("left:{};width:max(3px,{to:.3}%)", percent(spell.from, last))}></i> }
    });
    let points = (0_u32..)
        .zip(&story.trace.records)
        .filter_map(|(index, record)| {
            let class = match record.kind {
                RecordKind::Crashed | RecordKind::PowerCut => "mark-crash",
                RecordKind::Lost => "mark-lost",
                _ => return None,
            };
            Some(html! { <i {class} style={format!("left:{}", percent(index, last))}></i> })
        });
    let beats = story.anchors.iter().flatten().map(|index| {
        html! { <i class="mark-beat" style={format!("left:{}", percent(*index, last))}></i> }
    });
    let broken = story.broken().into_iter().map(|(index, verdict)| {
        html! { <i class="mark-broken" title={verdict.name.clone()} style={format!("left:{}", percent(index, last))}></i> }
    });
    html! { <div class="scrub-marks" aria-hidden="true">{ for pauses }{ for points.take(200) }{ for beats }{ for broken }</div> }
}
