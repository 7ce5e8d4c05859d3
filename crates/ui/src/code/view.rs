//! The code pane.

use std::rc::Rc;

use redwind_protocol::{LaneKind, Prepared, ProgramView};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::editor::Editor;
use super::source::Source;
use super::state::State;
use crate::diagram::Picture;
use crate::icon::icon;
use crate::shared::Shared;
use crate::store::{Action, Draft, Reason, Refusal, Tab};
use crate::story::Story;

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
    /// The chosen one of its threads, by name; `None`: the one that its program begins with.
    pub thread: Option<String>,
    /// Whole new sources by program.
    pub edits: Rc<[(u32, String)]>,
    /// The program that is being edited.
    pub draft: Option<Draft>,
    /// Why the last edit could not be run.
    pub refusal: Option<Refusal>,
    /// Whether an edit is being run.
    pub running: bool,
    /// What a narrow screen shows.
    pub tab: Tab,
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
                        thread={props.thread.clone()} lanes={lanes(story, program)} tab={props.tab} />
                </div>
                <State story={story.clone()} position={*position} client={*client} thread={props.thread.clone()} act={act.clone()} />
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
}
