//! Something that opens over the page: it takes the focus, closes on Escape, and gives the focus back.

use yew::prelude::*;

use crate::browser;

/// What is in it, and how it closes.
#[derive(Properties, PartialEq)]
pub(crate) struct PopoverProps {
    pub(crate) class: &'static str,
    /// What a screen reader calls it.
    pub(crate) label: AttrValue,
    /// What gets the focus inside it; without it, the first control.
    #[prop_or_default]
    pub(crate) first: &'static str,
    #[prop_or_default]
    pub(crate) style: Option<String>,
    #[prop_or_default]
    pub(crate) testid: Option<&'static str>,
    pub(crate) close: Callback<()>,
    pub(crate) children: Html,
}

/// Something that opens over the page.
#[component]
pub(crate) fn Popover(props: &PopoverProps) -> Html {
    let class = props.class;
    use_lent_focus(class, props.first);
    let onkeydown = {
        let close = props.close.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                event.prevent_default();
                event.stop_propagation();
                close.emit(());
            }
        })
    };
    html! {
        <div class={classes!("popover", class)} style={props.style.clone()} role="dialog" aria-label={props.label.clone()} {onkeydown}
            data-testid={props.testid}>
            { props.children.clone() }
        </div>
    }
}

/// Gives the focus to something inside `.class` while it is there, and back to where it was afterwards.
#[hook]
pub(crate) fn use_lent_focus(class: &'static str, first: &'static str) {
    use_effect_with((), move |()| {
        let before = browser::focused();
        let wanted = [
            first,
            ":is(input, select, button:not([aria-label='Close']))",
            "button",
        ];
        let mut wanted = wanted.iter().filter(|inside| !inside.is_empty());
        wanted.any(|inside| browser::focus(&format!(".{class} {inside}")));
        move || {
            // Who has gone elsewhere meanwhile is left there.
            let inside = browser::focused().is_none_or(|element| {
                let closest = element.closest(&format!(".{class}"));
                element.tag_name() == "BODY" || closest.is_ok_and(|found| found.is_some())
            });
            if let Some(before) = before.filter(|_| inside) {
                let _ = before.focus();
            }
        }
    });
}
