//! The list of keys.

use yew::prelude::*;

use crate::browser;
use crate::icon::icon;

const KEYS: [(&str, &str); 13] = [
    ("→  ←", "step on, step back"),
    ("Shift + → ←", "the same for the chosen client only"),
    ("Space", "play or stop"),
    ("[  ]", "slower, faster"),
    ("Home  End", "to the start, to the end"),
    ("!", "to the next broken promise"),
    ("l", "steps stop at every line, or not"),
    ("t", "the trace as text, or as a diagram"),
    ("f  b  g", "focus on faults, branches, the slider"),
    ("F6", "next pane, from anywhere"),
    ("Ctrl + Enter", "run the edited program"),
    ("Esc, then Tab", "leave the editor"),
    ("Ctrl + wheel", "zoom the diagram"),
];

#[derive(Properties, PartialEq)]
pub(super) struct HelpProps {
    pub(super) on_close: Callback<MouseEvent>,
}

/// The keys.
#[component]
pub(super) fn Help(props: &HelpProps) -> Html {
    use_effect_with((), |()| {
        let before = browser::focused();
        browser::focus(".help button");
        move || {
            if let Some(before) = before {
                let _ = before.focus();
            }
        }
    });
    let onkeydown = {
        let close = props.on_close.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape"
                && let Ok(click) = MouseEvent::new("click")
            {
                close.emit(click);
            }
        })
    };
    html! {
        <div class="help" role="dialog" aria-modal="true" aria-label="Keys" {onkeydown}>
            <div class="menu-head"><h2>{ "Keys" }</h2><button class="tool" aria-label="Close" onclick={props.on_close.clone()}>{ icon("close") }</button></div>
            <p>{ "Single keys work while the diagram or the transport has the focus." }</p>
            <dl>{ for KEYS.iter().map(|(key, what)| html! { <div><dt><kbd>{ *key }</kbd></dt><dd>{ *what }</dd></div> }) }</dl>
        </div>
    }
}
