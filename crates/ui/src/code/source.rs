//! The source of a program, with the lines where its clients and their threads are.

use std::rc::Rc;

use yew::prelude::*;

use super::highlight::highlighted;
use crate::diagram::Picture;
use crate::shared::Shared;
use crate::store::Tab;
use crate::story::{Doing, Story};

/// A program and who runs it.
#[derive(Properties, PartialEq)]
pub(super) struct SourceProps {
    pub(super) source: String,
    pub(super) story: Shared<Story>,
    pub(super) position: u32,
    /// The client whose line is kept in sight.
    pub(super) client: u16,
    /// Which of its threads.
    pub(super) thread: Option<String>,
    /// The clients that run this program.
    pub(super) lanes: Rc<[u16]>,
    /// What a narrow screen shows: a line can be brought in sight only where there is something to see.
    pub(super) tab: Tab,
}

/// The source with the lines where clients are.
#[component]
pub(super) fn Source(props: &SourceProps) -> Html {
    let lines = use_memo(props.source.clone(), |source| {
        highlighted(source.trim_end_matches('\n'))
    });
    let story = &props.story;
    let here: Vec<(u32, u16, Doing)> = props
        .lanes
        .iter()
        .filter_map(|lane| {
            let now = story.client_at(*lane, props.position)?;
            Some((now.line?, *lane, now.doing))
        })
        .collect();
    // A line at which another thread of a client is.
    let threads: Vec<(u32, u16, &str, Doing)> = props
        .lanes
        .iter()
        .flat_map(|lane| {
            let at = story.threads_at(*lane, props.position).into_iter();
            at.map(|thread| (thread.line, *lane, thread.name, thread.doing))
        })
        .collect();
    let chosen = threads
        .iter()
        .find(|(_, lane, name, _)| *lane == props.client && Some(*name) == props.thread.as_deref())
        .map(|(line, ..)| *line);
    let current = chosen.or_else(|| {
        here.iter()
            .find(|(_, lane, _)| *lane == props.client)
            .map(|(line, ..)| *line)
    });
    let body = use_node_ref();
    {
        let body = body.clone();
        use_effect_with((current, props.tab), move |(current, _)| {
            if let Some(line) = current {
                keep_in_sight(&body, *line);
            }
        });
    }
    html! {
        <div class="source" ref={body}>
            { for (1_u32..).zip(lines.iter()).map(|(number, line)| {
                let clients: Vec<_> = here.iter().filter(|(at, ..)| *at == number).collect();
                let ours = clients.iter().find(|(_, lane, _)| *lane == props.client).or(clients.first());
                let beside: Vec<_> = threads.iter().filter(|(at, ..)| *at == number).collect();
                let class = ours.map(|(_, lane, doing)| {
                    let still = matches!(doing, Doing::Finished | Doing::Raised).then_some("still");
                    classes!("at", Picture::class(story, *lane), still)
                });
                let class = class.or_else(|| {
                    let (_, lane, ..) = beside.first()?;
                    Some(classes!("at", Picture::class(story, *lane)))
                });
                let class = class.map(|class| {
                    // The line of the thread that is looked at stands out from those of the others.
                    let other = current != Some(number) && current.is_some();
                    classes!(class, other.then_some("other"))
                });
                html! {
                    <div class={classes!("code-line", class)}>
                        <span class="n">{ number }</span><span class="src">{ line.clone() }</span>
                        if !clients.is_empty() || !beside.is_empty() {
                            <span class="whos">
                                { for clients.iter().map(|(_, lane, doing)| html! {
                                    <span class={classes!("who-tag", Picture::class(story, *lane))}>
                                        { story.name(*lane) }{ doing_sign(*doing) }
                                    </span>
                                }) }
                                { for beside.iter().map(|(_, lane, thread, doing)| html! {
                                    <span class={classes!("who-tag", Picture::class(story, *lane))}>
                                        { format!("{}, {thread}", story.name(*lane)) }{ doing_sign(*doing) }
                                    </span>
                                }) }
                            </span>
                        }
                    </div>
                }
            }) }
        </div>
    }
}

fn doing_sign(doing: Doing) -> &'static str {
    match doing {
        Doing::Paused(_) => " paused",
        Doing::Sleeping(_) => " sleeps",
        Doing::Waiting(_) => " waits",
        Doing::Finished => " done",
        Doing::Raised => " raised",
        _ => "",
    }
}

/// Scrolls the pane, not the page, so that a line is well within it.
fn keep_in_sight(body: &NodeRef, line: u32) {
    let Some(element) = body.cast::<web_sys::Element>() else {
        return;
    };
    let Some(pane) = element.parent_element() else {
        return;
    };
    let Some(row) = element.children().item(line.saturating_sub(1)) else {
        return;
    };
    let (row, view) = (
        row.get_bounding_client_rect(),
        pane.get_bounding_client_rect(),
    );
    if row.top() < view.top() + 20.0 || row.bottom() > view.bottom() - 20.0 {
        let middle = row.top() - view.top() - view.height() / 2.0;
        pane.set_scroll_top(pane.scroll_top() + middle as i32);
    }
}
