//! Help: the keys, and what the marks of the diagram mean.

use yew::prelude::*;

use crate::browser;
use crate::diagram::Shape;
use crate::icon::icon;
use crate::popover::use_lent_focus;

const KEYS: [(&str, &str); 16] = [
    ("→  ←", "step on, step back"),
    ("Shift + → ←", "the same for the chosen client only"),
    ("PgDn  PgUp", "a twentieth of the run on, back"),
    ("Space", "play or stop"),
    ("[  ]", "slower, faster"),
    ("Home  End", "to the start, to the end"),
    ("!", "to the next broken promise"),
    ("d", "to where this branch departs from the one before"),
    ("l", "steps stop at every line, or not"),
    ("t", "the trace as text, or as a diagram"),
    ("f  b  g", "focus on faults, branches, the slider"),
    ("F6", "next pane, from anywhere"),
    ("Esc", "closes what has opened"),
    ("Ctrl + Enter", "run the edited program"),
    ("Esc, then Tab", "leave the editor or the terminal"),
    ("Ctrl + wheel", "zoom the diagram"),
];

#[derive(Properties, PartialEq)]
pub(super) struct HelpProps {
    pub(super) on_close: Callback<()>,
}

/// The keys and the marks.
#[component]
pub(super) fn Help(props: &HelpProps) -> Html {
    use_lent_focus("help", "button");
    let onkeydown = {
        let close = props.on_close.clone();
        Callback::from(move |event: KeyboardEvent| match event.key().as_str() {
            "Escape" => {
                event.prevent_default();
                event.stop_propagation();
                close.emit(());
            }
            // Behind it nothing can be reached while it is open; the text itself takes the keys that scroll.
            "Tab" => {
                event.prevent_default();
                let on_button = browser::focused().is_some_and(|e| e.tag_name() == "BUTTON");
                browser::focus(if on_button {
                    ".help-text"
                } else {
                    ".help button"
                });
            }
            _ => event.stop_propagation(),
        })
    };
    let groups = Shape::LEGEND.iter().map(|(title, shapes)| {
        let marks = shapes.iter().map(|shape| {
            html! { <li>{ shape.drawn() }<span>{ shape.meaning() }</span></li> }
        });
        html! { <section><h3>{ *title }</h3><ul>{ for marks }</ul></section> }
    });
    html! {
        <div class="help" role="dialog" aria-modal="true" aria-label="Help: keys and marks" {onkeydown}>
            <div class="menu-head"><h2>{ "Help" }</h2><button class="tool" aria-label="Close" onclick={props.on_close.reform(|_| ())}>{ icon("close") }</button></div>
            <div class="help-text" tabindex="0" role="region" aria-label="Keys and marks">
                <section class="keys">
                    <h3>{ "Keys" }</h3>
                    <p>{ "Single keys work while the diagram or the transport has the focus." }</p>
                    <dl>{ for KEYS.iter().map(|(key, what)| html! { <div><dt><kbd>{ *key }</kbd></dt><dd>{ *what }</dd></div> }) }</dl>
                </section>
                <div class="marks" data-testid="legend">{ for groups }</div>
            </div>
        </div>
    }
}
