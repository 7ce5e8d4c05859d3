//! A plain textarea over highlighted text: the browser's own editing, undo and screen-reader support.

use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

use super::highlight::{highlighted, long};
use crate::store::Action;

/// A program that is being edited.
#[derive(Properties, PartialEq)]
pub(super) struct EditorProps {
    pub(super) text: String,
    /// The line that is wrong.
    pub(super) wrong: Option<u32>,
    pub(super) act: Callback<Action>,
}

#[component]
pub(super) fn Editor(props: &EditorProps) -> Html {
    let area = use_node_ref();
    // After Escape, Tab leaves the editor instead of indenting.
    let leaving = use_mut_ref(|| false);
    {
        let area = area.clone();
        use_effect_with((), move |()| {
            if let Some(area) = area.cast::<HtmlTextAreaElement>() {
                let _ = area.focus();
                let _ = area.set_selection_range(0, 0);
            }
        });
    }
    {
        let area = area.clone();
        use_effect_with(props.wrong, move |wrong| {
            if let Some(line) = wrong {
                show_line(&area, *line);
            }
        });
    }
    let oninput = props.act.reform(|event: InputEvent| {
        Action::Type(event.target_unchecked_into::<HtmlTextAreaElement>().value())
    });
    let onkeydown = {
        let (act, leaving) = (props.act.clone(), leaving);
        Callback::from(move |event: KeyboardEvent| {
            let command = event.ctrl_key() || event.meta_key();
            let was_leaving = leaving.replace(false);
            match event.key().as_str() {
                "Enter" if command => {
                    event.prevent_default();
                    act.emit(Action::RunDraft);
                }
                "s" if command => {
                    event.prevent_default();
                    act.emit(Action::RunDraft);
                }
                "Escape" => *leaving.borrow_mut() = true,
                "Tab" if !was_leaving && !event.shift_key() => {
                    event.prevent_default();
                    insert(&event.target_unchecked_into(), "    ", &act);
                }
                "Enter" => {
                    let area: HtmlTextAreaElement = event.target_unchecked_into();
                    let indent = indent_at(&area);
                    if !indent.is_empty() {
                        event.prevent_default();
                        insert(&area, &format!("\n{indent}"), &act);
                    }
                }
                _ => {}
            }
        })
    };
    // What is too long to be drawn beneath is edited as it is.
    let bare = long(&props.text);
    let lines = if bare {
        Vec::new()
    } else {
        highlighted(&props.text)
    };
    let rows = lines.len().max(1).to_string();
    html! {
        <div class={classes!("editor", bare.then_some("bare"))}>
            <div class="under" aria-hidden="true">
                { for (1_u32..).zip(lines).map(|(number, line)| html! {
                    <div class={classes!("code-line", (props.wrong == Some(number)).then_some("wrong-line"))}>
                        <span class="n">{ number }</span><span class="src">{ line }{ "\u{200b}" }</span>
                    </div>
                }) }
            </div>
            <textarea ref={area} class="over" value={props.text.clone()} {oninput} {onkeydown} {rows} spellcheck="false" wrap="off"
                autocapitalize="off" autocomplete="off" data-testid="editor"
                aria-label="Program. Control Enter runs it; Escape, then Tab leaves the editor." />
        </div>
    }
}

/// Scrolls the pane so that a line is in sight.
fn show_line(area: &NodeRef, line: u32) {
    let area = area.cast::<web_sys::Element>();
    let Some(editor) = area.and_then(|area| area.parent_element()) else {
        return;
    };
    let row = editor
        .first_element_child()
        .and_then(|under| under.children().item(line.saturating_sub(1)));
    let (Some(pane), Some(row)) = (editor.parent_element(), row) else {
        return;
    };
    let above = row.get_bounding_client_rect().top() - pane.get_bounding_client_rect().top();
    pane.set_scroll_top(pane.scroll_top() + (above - 40.0) as i32);
}

/// The indentation of the line that the caret is in, one deeper after a colon.
fn indent_at(area: &HtmlTextAreaElement) -> String {
    let caret = area.selection_start().ok().flatten().unwrap_or(0) as usize;
    // The caret counts UTF-16 units.
    let before: Vec<u16> = area.value().encode_utf16().take(caret).collect();
    let before = String::from_utf16_lossy(&before);
    let line = before.rsplit('\n').next().unwrap_or_default();
    let indent: String = line.chars().take_while(|c| *c == ' ').collect();
    if line.trim_end().ends_with(':') {
        format!("{indent}    ")
    } else {
        indent
    }
}

fn insert(area: &HtmlTextAreaElement, text: &str, act: &Callback<Action>) {
    let start = area.selection_start().ok().flatten().unwrap_or(0);
    let end = area.selection_end().ok().flatten().unwrap_or(start);
    if area
        .set_range_text_with_start_and_end(text, start, end)
        .is_ok()
    {
        let caret = start + u32::try_from(text.encode_utf16().count()).unwrap_or(0);
        let _ = area.set_selection_range(caret, caret);
        act.emit(Action::Type(area.value()));
    }
}
