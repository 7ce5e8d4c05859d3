//! What a client is about at this moment: its threads, and the variables of the one that is looked at.

use yew::prelude::*;

use crate::diagram::Picture;
use crate::shared::Shared;
use crate::store::Action;
use crate::story::{Doing, Story, ThreadNow};
use crate::time;

/// A client at a moment.
#[derive(Properties, PartialEq)]
pub(super) struct StateProps {
    pub(super) story: Shared<Story>,
    pub(super) position: u32,
    pub(super) client: u16,
    /// The chosen one of its threads, by name; `None`: the one that its program begins with.
    pub(super) thread: Option<String>,
    pub(super) act: Callback<Action>,
}

/// What a client is about, and its variables.
#[component]
pub(super) fn State(props: &StateProps) -> Html {
    let StateProps {
        story,
        position,
        client,
        act,
        ..
    } = props;
    let Some(now) = story.client_at(*client, *position) else {
        return Html::default();
    };
    let threads = story.threads_at(*client, *position);
    let wanted = props.thread.as_deref();
    let chosen = threads.iter().find(|thread| Some(thread.name) == wanted);
    let (doing, line, locals) = chosen.map_or((now.doing, now.line, now.locals), |thread| {
        (thread.doing, Some(thread.line), thread.locals)
    });
    let who = Picture::class(story, *client);
    let tab = |thread: Option<&ThreadNow<'_>>| {
        let (name, line) = thread.map_or(("main", now.line), |t| (t.name, Some(t.line)));
        let on = thread.map(|t| t.name) == chosen.map(|t| t.name);
        let choice = thread.map(|t| t.name.to_owned());
        let at = line.map_or_else(String::new, |line| format!(" {line}"));
        html! {
            <button class={classes!("thread", on.then_some("on"))} aria-pressed={on.to_string()} data-testid="thread"
                title="Shows this thread's line and variables" onclick={act.reform(move |_: MouseEvent| Action::Thread(choice.clone()))}>
                { name }<span class="sr">{ " thread, at line" }</span><em>{ at }</em>
            </button>
        }
    };
    html! {
        <div class="locals" data-testid="locals">
            <span class={classes!("who", who)}>{ story.name(*client) }</span>
            if !threads.is_empty() {
                <span class={classes!("threads", who)} role="group" aria-label="Threads">
                    { tab(None) }
                    { for threads.iter().map(|thread| tab(Some(thread))) }
                </span>
            }
            <span class="doing" data-testid="doing">{ in_words(story, doing, *position) }{ at_line(doing, line.filter(|_| threads.is_empty())) }</span>
            { for locals.iter().map(|local| html! {
                <code class="local" title={format!("{} = {}", local.name, local.value)}><b>{ &local.name }</b>{ " = " }{ &local.value }</code>
            }) }
        </div>
    }
}

/// A line is worth a word only where something is at it.
fn at_line(doing: Doing, line: Option<u32>) -> String {
    let gone = matches!(doing, Doing::NotStarted | Doing::Down) || doing.is_over();
    line.filter(|_| !gone)
        .map_or_else(String::new, |line| format!(" · line {line}"))
}

fn in_words(story: &Story, doing: Doing, position: u32) -> String {
    let to_go = |until: u64| time::length(until.saturating_sub(story.at(position)));
    match doing {
        Doing::NotStarted => "not started yet".to_owned(),
        Doing::Running => "running".to_owned(),
        Doing::Waiting(sent) => {
            let what = story
                .record(sent)
                .map_or("", |record| record.label.as_str());
            format!("waits for the reply to {what}")
        }
        // It waits for something that has no end of its own: another thread, a message.
        Doing::Sleeping(0) => "waits".to_owned(),
        Doing::Sleeping(until) => format!("sleeps, {} to go", to_go(until)),
        Doing::Paused(u64::MAX) => "paused".to_owned(),
        Doing::Paused(until) => format!("paused, {} to go", to_go(until)),
        Doing::Down => "down: its process is dead".to_owned(),
        Doing::Finished => "finished".to_owned(),
        Doing::Raised => "ended with an exception".to_owned(),
    }
}
