//! Light or dark: as the system says, until the person says otherwise.

use yew::prelude::*;

use crate::browser;
use crate::icon::icon;

/// The button that changes between light and dark.
#[component]
pub(crate) fn ThemeButton() -> Html {
    let dark = use_state_eq(|| match browser::remembered("theme").as_deref() {
        Some("dark") => true,
        Some("light") => false,
        _ => browser::matches("(prefers-color-scheme: dark)"),
    });
    let label = if *dark {
        "Light colours"
    } else {
        "Dark colours"
    };
    let onclick = {
        let dark = dark.clone();
        Callback::from(move |_: MouseEvent| {
            let name = if *dark { "light" } else { "dark" };
            browser::remember("theme", name);
            apply(name);
            dark.set(!*dark);
        })
    };
    html! { <button class="btn line square" title={label} aria-label={label} {onclick} data-testid="theme">{ icon("theme") }</button> }
}

/// Applies what the person chose before.
pub(crate) fn restore() {
    if let Some(name) = browser::remembered("theme") {
        apply(&name);
    }
}

fn apply(name: &str) {
    let root = web_sys::window().and_then(|window| window.document()?.document_element());
    if let Some(root) = root.filter(|_| matches!(name, "dark" | "light")) {
        let _ = root.set_attribute("data-theme", name);
    }
}
