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

/// Applies what the address says or, where it says nothing, what the person chose before. Inside another page the
/// person's choice for this one does not count: the host's colours do.
pub(crate) fn restore() {
    let chosen = || browser::remembered("theme").filter(|_| !browser::embedded());
    if let Some(name) = browser::asked("theme").or_else(chosen) {
        apply(&name);
    }
}

/// `light` or `dark`; anything else is what the system says.
pub(crate) fn apply(name: &str) {
    let root = web_sys::window().and_then(|window| window.document()?.document_element());
    let Some(root) = root else { return };
    let _ = if matches!(name, "dark" | "light") {
        root.set_attribute("data-theme", name)
    } else {
        root.remove_attribute("data-theme")
    };
}
