//! Sharing: the link to this very moment, copied, or shown where copying is not allowed.

use redwind_protocol::Link;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::browser;
use crate::icon::icon;

/// The state to share.
#[derive(Properties, PartialEq)]
pub(super) struct ShareProps {
    pub(super) link: Link,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shared {
    No,
    Copied,
    Shown,
}

#[component]
pub(super) fn Share(props: &ShareProps) -> Html {
    let state = use_state_eq(|| Shared::No);
    let address = browser::address(&props.link.fragment());
    {
        let state = state.clone();
        use_effect_with(props.link.clone(), move |_| state.set(Shared::No));
    }
    let onclick = {
        let (state, address) = (state.clone(), address.clone());
        Callback::from(move |_: MouseEvent| {
            let (state, address) = (state.clone(), address.clone());
            wasm_bindgen_futures::spawn_local(async move {
                state.set(if browser::copy(&address).await {
                    Shared::Copied
                } else {
                    Shared::Shown
                });
            });
        })
    };
    let select = Callback::from(|event: FocusEvent| {
        event.target_unchecked_into::<HtmlInputElement>().select()
    });
    let close = {
        let state = state.clone();
        Callback::from(move |_: MouseEvent| state.set(Shared::No))
    };
    let copied = *state == Shared::Copied;
    html! {
        <span class="share">
            <button class="btn line" {onclick} data-testid="share" data-address={address.clone()} title="Copy the link to this very moment">
                { icon(if copied { "check" } else { "share" }) }<span role="status">{ if copied { "Link copied" } else { "Share" } }</span>
            </button>
            if *state == Shared::Shown {
                <div class="popover share-popover">
                    <label for="share-link">{ "The link to this moment:" }</label>
                    <input id="share-link" readonly=true value={address} onfocus={select} data-testid="share-link" />
                    <button class="tool" aria-label="Close" onclick={close}>{ icon("close") }</button>
                </div>
            }
        </span>
    }
}
