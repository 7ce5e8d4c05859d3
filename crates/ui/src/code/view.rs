//! The code pane.

use std::rc::Rc;

use redwind_protocol::{LaneKind, Prepared, ProgramView};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::editor::Editor;
use super::highlight::highlighted;
use crate::diagram::Picture;
use crate::icon::icon;
use crate::shared::Shared;
use crate::store::{Action, Draft, Reason, Refusal};
use crate::story::{Doing, Story};
use crate::time;

/// What runs, and where it is.
#[derive(Properties, PartialEq)]
pub struct CodeProps {
    /// The lesson.
    pub prepared: Shared<Prepared>,
    /// The variant's name.
    pub variant: String,
    /// The run.
    pub story: Shared<Story>,
    /// The record that is looked at.
    pub position: u32,
    /// The chosen client.
    pub client: u16,
    /// Whole new sources by program.
    pub edits: Rc<[(u32, String)]>,
    /// The program that is being edited.
    pub draft: Option<Draft>,
    /// Why the last edit could not be run.
    pub refusal: Option<Refusal>,
    /// Whether an edit is being run.
    pub running: bool,
    /// Changes the page.
    pub act: Callback<Action>,
}

/// The code pane.
#[component]
pub fn CodePane(props: &CodeProps) -> Html {
    let CodeProps {
        prepared,
        story,
        position,
        client,
        draft,
        act,
        ..
    } = props;
    let variants = &prepared.lesson.variants;
    let variant = variants
        .iter()
        .find(|variant| variant.name == props.variant);
    let programs = variant.map_or(&[][..], |variant| &variant.programs);
    let name = story.name(*client);
    let shown = programs
        .iter()
        .position(|program| program.clients.iter().any(|c| c == name))
        .unwrap_or(0);
    let shown = draft.as_ref().map_or(shown, |draft| draft.program as usize);
    let index = u32::try_from(shown).unwrap_or(0);
    let Some(program) = programs.get(shown) else {
        return html! { <p class="empty">{ "This variant has no program." }</p> };
    };
    let edit = props.edits.iter().find(|(program, _)| *program == index);
    let source = edit.map_or(program.source.as_str(), |(_, source)| source.as_str());
    let choose_variant = act.reform(|event: Event| {
        Action::Variant(event.target_unchecked_into::<HtmlSelectElement>().value())
    });
    let button = |label: &'static str,
                  testid: &'static str,
                  class: &'static str,
                  action: Action| {
        html! {
            <button {class} data-testid={testid} onclick={act.reform(move |_: MouseEvent| action.clone())}>{ label }</button>
        }
    };
    html! {
        <>
            <div class="code-head">
                <div class="clients" role="group" aria-label="Clients">
                    { for story.lanes(LaneKind::Client).map(|(lane, told)| {
                        let on = lane == *client;
                        html! {
                            <button class={classes!("client-tab", Picture::class(story, lane), on.then_some("on"))} aria-pressed={on.to_string()}
                                title="Shows its program and its variables; Shift-steps follow it" data-testid="client"
                                onclick={act.reform(move |_: MouseEvent| Action::Client(lane))}>{ &told.name }</button>
                        }
                    }) }
                </div>
                <div class="code-tools">
                    if edit.is_some() && draft.is_none() {
                        <span class="tag edited">{ "edited" }</span>
                        { button("Reset", "code-reset", "btn", Action::Reset(index)) }
                    }
                    if variants.len() > 1 && draft.is_none() {
                        <label class="variant"><span>{ "Variant" }</span>
                            <select aria-label="Variant" onchange={choose_variant} data-testid="variant">
                                { for variants.iter().map(|variant| html! {
                                    <option value={variant.name.clone()} selected={variant.name == props.variant}>{ &variant.title }</option>
                                }) }
                            </select>
                        </label>
                    }
                    if draft.is_some() {
                        <span class="hint">{ "Ctrl+Enter runs" }</span>
                        { button("Cancel", "code-cancel", "btn", Action::Edit(None)) }
                        { button(if props.running { "Running …" } else { "Run" }, "code-run", "btn go", Action::RunDraft) }
                    } else {
                        <button class="btn line" data-testid="code-edit" onclick={act.reform(move |_: MouseEvent| Action::Edit(Some(index)))}>
                            { icon("edit") }{ "Edit" }
                        </button>
                    }
                </div>
            </div>
            if let Some(draft) = draft {
                <div class="code-body editing">
                    <Editor text={draft.text.clone()} act={act.clone()} wrong={props.wrong_line(index)} />
                </div>
                { props.complaint(index) }
            } else {
                <div class="code-body" tabindex="0" role="region" aria-label={format!("Program of {}", program.clients.join(", "))}>
                    <Source source={source.to_owned()} story={story.clone()} position={*position} client={*client}
                        lanes={lanes(story, program)} />
                </div>
                { props.locals() }
            }
        </>
    }
}

fn lanes(story: &Story, program: &ProgramView) -> Rc<[u16]> {
    let ours = story
        .lanes(LaneKind::Client)
        .filter(|(_, lane)| program.clients.contains(&lane.name));
    ours.map(|(lane, _)| lane).collect()
}

impl CodeProps {
    fn refused(&self) -> Option<&Refusal> {
        self.refusal
            .as_ref()
            .filter(|refusal| refusal.reason == Reason::Edit)
    }

    fn wrong_line(&self, program: u32) -> Option<u32> {
        self.refused()
            .filter(|r| r.error.program.is_none_or(|p| p == program))
            .and_then(|r| r.error.line)
    }

    fn complaint(&self, program: u32) -> Html {
        let Some(refusal) = self.refused() else {
            return Html::default();
        };
        let error = &refusal.error;
        let place = match (self.wrong_line(program), error.column) {
            (Some(line), Some(column)) => format!("Line {line}, column {column}: "),
            (Some(line), None) => format!("Line {line}: "),
            _ => String::new(),
        };
        html! {
            <div class="code-error" role="alert" data-testid="code-error">
                <p><b>{ place }</b>{ &error.message }</p>
                if let Some(remedy) = &error.remedy { <p class="remedy">{ remedy }</p> }
            </div>
        }
    }

    fn locals(&self) -> Html {
        let Some(now) = self.story.client_at(self.client, self.position) else {
            return Html::default();
        };
        let at = self.story.at(self.position);
        let doing = match now.doing {
            Doing::NotStarted => "not started yet".to_owned(),
            Doing::Running => "running".to_owned(),
            Doing::Waiting(sent) => {
                let what = self
                    .story
                    .record(sent)
                    .map_or("", |record| record.label.as_str());
                format!("waits for the reply to {what}")
            }
            Doing::Sleeping(until) => {
                format!("sleeps, {} to go", time::length(until.saturating_sub(at)))
            }
            Doing::Paused(u64::MAX) => "paused".to_owned(),
            Doing::Paused(until) => {
                format!("paused, {} to go", time::length(until.saturating_sub(at)))
            }
            Doing::Down => "down: its process is dead".to_owned(),
            Doing::Finished => "finished".to_owned(),
            Doing::Raised => "ended with an exception".to_owned(),
        };
        html! {
            <div class="locals" data-testid="locals">
                <span class={classes!("who", Picture::class(&self.story, self.client))}>{ self.story.name(self.client) }</span>
                <span class="doing" data-testid="doing">{ doing }</span>
                { for now.locals.iter().map(|local| html! {
                    <code class="local" title={format!("{} = {}", local.name, local.value)}><b>{ &local.name }</b>{ " = " }{ &local.value }</code>
                }) }
            </div>
        }
    }
}

#[derive(Properties, PartialEq)]
struct SourceProps {
    source: String,
    story: Shared<Story>,
    position: u32,
    client: u16,
    lanes: Rc<[u16]>,
}

/// The source with the lines where clients are.
#[component]
fn Source(props: &SourceProps) -> Html {
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
    let threads: Vec<(u32, u16, &str)> = props
        .lanes
        .iter()
        .flat_map(|lane| {
            let at = story.threads_at(*lane, props.position).into_iter();
            at.map(|(name, line)| (line, *lane, name))
        })
        .collect();
    let current = here
        .iter()
        .find(|(_, lane, _)| *lane == props.client)
        .map(|(line, ..)| *line);
    let body = use_node_ref();
    {
        let body = body.clone();
        use_effect_with(current, move |current| {
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
                    let (_, lane, _) = beside.first()?;
                    Some(classes!("at", Picture::class(story, *lane)))
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
                                { for beside.iter().map(|(_, lane, thread)| html! {
                                    <span class={classes!("who-tag", Picture::class(story, *lane))}>
                                        { format!("{}: {thread}", story.name(*lane)) }
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
