//! The trace as text: every record one row, for screen readers, for searching eyes, for copying.

use redwind_protocol::RecordKind;
use wasm_bindgen::JsCast;
use yew::prelude::*;

use crate::browser;
use crate::diagram::Picture;
use crate::seek::Seek;
use crate::shared::Shared;
use crate::store::Action;
use crate::story::Story;
use crate::time;

/// A run and a moment of it.
#[derive(Properties, PartialEq)]
pub(crate) struct TableProps {
    pub(crate) story: Shared<Story>,
    pub(crate) position: u32,
    pub(crate) by_line: bool,
    pub(crate) act: Callback<Action>,
}

/// The height of a row in pixels; the styles say the same.
const ROW: f64 = 34.0;
/// Rows beyond the edges, so that a little scrolling shows no blank.
const BEYOND: usize = 12;

/// The trace as text. Only the rows in sight exist.
#[component]
pub(crate) fn Table(props: &TableProps) -> Html {
    let TableProps {
        story,
        position,
        by_line,
        act,
    } = props;
    let pane = use_node_ref();
    let window = use_state_eq(|| (0_usize, 40_usize));
    let rows: std::rc::Rc<Vec<u32>> = use_memo((story.clone(), *by_line), |(story, by_line)| {
        if *by_line {
            (0..story.len()).collect()
        } else {
            story.steps().to_vec()
        }
    });
    // The row of the cursor: the last one at or before it.
    let here = rows
        .partition_point(|record| record <= position)
        .saturating_sub(1);
    let look = {
        let (pane, window) = (pane.clone(), window.clone());
        move || {
            if let Some(element) = pane.cast::<web_sys::Element>() {
                let first = (f64::from(element.scroll_top()) / ROW) as usize;
                let count = (f64::from(element.client_height()) / ROW) as usize + 1;
                window.set((first.saturating_sub(BEYOND), count + 2 * BEYOND));
            }
        }
    };
    {
        let (pane, look) = (pane.clone(), look.clone());
        use_effect_with((here, story.clone()), move |(here, _)| {
            if let Some(element) = pane.cast::<web_sys::Element>() {
                let (top, height) = (
                    f64::from(element.scroll_top()),
                    f64::from(element.client_height()),
                );
                let at = *here as f64 * ROW;
                if at < top + ROW || at > top + height - 2.0 * ROW {
                    element.set_scroll_top((at - height / 2.0).max(0.0) as i32);
                }
            }
            look();
        });
    }
    let onscroll = Callback::from(move |_: Event| look());
    // The focus follows the cursor while it is in the table.
    {
        use_effect_with(here, |_| {
            let inside =
                browser::focused().and_then(|element| element.closest(".table-row").ok()?);
            if inside.is_some() {
                gloo_timers::callback::Timeout::new(0, || {
                    browser::focus(".table-row[tabindex='0']");
                })
                .forget();
            }
        });
    }
    let onkeydown = {
        let (act, rows) = (act.clone(), std::rc::Rc::clone(&rows));
        Callback::from(move |event: KeyboardEvent| {
            let to = match event.key().as_str() {
                "ArrowDown" => (here + 1).min(rows.len().saturating_sub(1)),
                "ArrowUp" => here.saturating_sub(1),
                "PageDown" => (here + 10).min(rows.len().saturating_sub(1)),
                "PageUp" => here.saturating_sub(10),
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            if let Some(record) = rows.get(to) {
                act.emit(Action::Seek(Seek::Record(*record)));
            }
        })
    };
    let onclick = act.reform(|event: MouseEvent| {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let row = target.and_then(|target| target.closest("[data-record]").ok()?);
        let record = row.and_then(|row| row.get_attribute("data-record")?.parse().ok());
        Action::Seek(Seek::Record(record.unwrap_or(0)))
    });
    let (first, count) = *window;
    html! {
        <div class="table" ref={pane} {onscroll} {onkeydown} role="table" aria-label="The trace as text" aria-rowcount={rows.len().to_string()}
            data-testid="trace-text">
            <div class="table-space" style={format!("height:{:.0}px", rows.len() as f64 * ROW)} role="rowgroup" {onclick}>
                { for rows.iter().enumerate().skip(first).take(count).filter_map(|(row, index)| {
                    let record = story.record(*index)?;
                    let lane = Picture::class(story, record.lane);
                    let on = row == here;
                    let future = index > position;
                    let class = classes!("table-row", on.then_some("on"), future.then_some("later"), (record.kind == RecordKind::Line).then_some("is-line"));
                    Some(html! {
                        <div key={*index} {class} role="row" aria-rowindex={(row + 1).to_string()} data-record={index.to_string()}
                            tabindex={if on { "0" } else { "-1" }} aria-current={on.then_some("step")}
                            style={format!("top:{:.0}px", row as f64 * ROW)}>
                            <span role="cell" class="table-at">{ time::clock_exact(record.at) }</span>
                            <span role="cell" class={classes!("who", lane)}>{ story.name(record.lane) }</span>
                            <span role="cell" class="table-text" title={record.sentence.clone()}>{ &record.sentence }</span>
                        </div>
                    })
                }) }
            </div>
        </div>
    }
}
