//! Sharing: the link to this very moment, and what embeds it, copied or to copy.

use redwind_protocol::Link;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::browser;
use crate::icon::icon;
use crate::popover::Popover;

/// The state to share.
#[derive(Properties, PartialEq)]
pub(super) struct ShareProps {
    pub(super) link: Link,
}

#[component]
pub(super) fn Share(props: &ShareProps) -> Html {
    let open = use_state_eq(|| false);
    // Which of the two has been copied: the link, or what embeds it.
    let copied = use_state_eq(|| None::<bool>);
    let address = browser::address(&props.link.fragment());
    let code = embedding(&props.link);
    {
        let copied = copied.clone();
        use_effect_with(props.link.clone(), move |_| copied.set(None));
    }
    let copy = |text: &str, is_link: bool| {
        let (copied, text) = (copied.clone(), text.to_owned());
        Callback::from(move |()| {
            let (copied, text) = (copied.clone(), text.clone());
            wasm_bindgen_futures::spawn_local(async move {
                copied.set(browser::copy(&text).await.then_some(is_link));
            });
        })
    };
    let (copy_link, copy_code) = (copy(&address, true), copy(&code, false));
    let toggle = {
        let (open, copy_link) = (open.clone(), copy_link.clone());
        Callback::from(move |_: MouseEvent| {
            if !*open {
                copy_link.emit(());
            }
            open.set(!*open);
        })
    };
    let close = {
        let open = open.clone();
        Callback::from(move |()| open.set(false))
    };
    let select = Callback::from(|event: FocusEvent| {
        event.target_unchecked_into::<HtmlInputElement>().select()
    });
    let row = |id: &'static str,
               label: &'static str,
               value: &str,
               done: bool,
               copy: Callback<()>| {
        html! {
            <>
                <label for={id}>{ label }</label>
                <div class="share-row">
                    <input {id} readonly=true value={value.to_owned()} onfocus={select.clone()} data-testid={id} />
                    <button class="btn line" aria-label={format!("Copy: {label}")} onclick={copy.reform(|_: MouseEvent| ())}>
                        { if done { "Copied" } else { "Copy" } }
                    </button>
                </div>
            </>
        }
    };
    html! {
        <span class="share">
            <button class="btn line" onclick={toggle} data-testid="share" data-address={address.clone()} aria-expanded={open.to_string()}
                title="The link to this very moment, and how to embed it">
                { icon("share") }<span>{ "Share" }</span>
            </button>
            if *open {
                <Popover class="share-popover" label="Share this moment" close={close.clone()}>
                    <div class="menu-head"><b>{ "Share this moment" }</b>
                        <button class="tool" aria-label="Close" onclick={close.reform(|_: MouseEvent| ())}>{ icon("close") }</button></div>
                    { row("share-link", "The link, with your faults and edits in it", &address, *copied == Some(true), copy_link) }
                    { row("embed-code", "To embed it in a page of yours", &code, *copied == Some(false), copy_code) }
                    <span class="sr" role="status">{ copied.map_or("", |link| if link { "Link copied" } else { "Code copied" }) }</span>
                </Popover>
            }
        </span>
    }
}

/// What embeds a moment in another page.
fn embedding(link: &Link) -> String {
    let address = browser::address("?embed").replace("/index.html?", "/?");
    format!(
        "<iframe src=\"{address}{}\" width=\"720\" height=\"420\" loading=\"lazy\" title=\"Redwind: {}\"></iframe>",
        link.fragment(),
        link.scene.lesson
    )
}
