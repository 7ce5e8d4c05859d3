//! The few things asked of the browser directly. Whatever it refuses, the page goes on without.

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Reads from the browser's local storage.
#[must_use]
pub fn remembered(key: &str) -> Option<String> {
    web_sys::window()?
        .local_storage()
        .ok()??
        .get_item(&format!("redwind.{key}"))
        .ok()?
}

/// What the page's address says after `?` under a name: `?embed&theme=dark`.
#[must_use]
pub fn asked(name: &str) -> Option<String> {
    let search = web_sys::window()?.location().search().ok()?;
    let mut parts = search.trim_start_matches('?').split('&');
    parts.find_map(|part| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        (key == name).then(|| value.to_owned())
    })
}

/// Whether the page is shown inside another one.
#[must_use]
pub fn embedded() -> bool {
    asked("embed").is_some()
}

/// Writes to the browser's local storage, where that is allowed; never from inside another page.
pub fn remember(key: &str, value: &str) {
    if embedded() {
        return;
    }
    if let Some(Ok(Some(storage))) = web_sys::window().map(|window| window.local_storage()) {
        let _ = storage.set_item(&format!("redwind.{key}"), value);
    }
}

/// Writes to what the browser keeps for this tab, where that is allowed.
pub fn keep(key: &str, value: &str) {
    if let Some(Ok(Some(storage))) = web_sys::window().map(|window| window.session_storage()) {
        let _ = storage.set_item(&format!("redwind.{key}"), value);
    }
}

/// Reads what the browser keeps for this tab.
#[must_use]
pub fn kept(key: &str) -> Option<String> {
    let storage = web_sys::window()?.session_storage().ok()??;
    storage.get_item(&format!("redwind.{key}")).ok()?
}

/// Whether a media query holds now.
#[must_use]
pub fn matches(query: &str) -> bool {
    web_sys::window()
        .and_then(|window| window.match_media(query).ok()?)
        .is_some_and(|list| list.matches())
}

/// Whether the person asked for less motion.
#[must_use]
pub fn calm() -> bool {
    matches("(prefers-reduced-motion: reduce)")
}

/// The fragment of the page's address. Nothing in it needs escaping; what sends links on may have escaped it all the same.
#[must_use]
pub fn fragment() -> String {
    let fragment = web_sys::window()
        .and_then(|window| window.location().hash().ok())
        .unwrap_or_default();
    match js_sys::decode_uri_component(&fragment) {
        Ok(plain) => plain.into(),
        Err(_) => fragment,
    }
}

/// How far the page is scrolled down.
#[must_use]
pub fn scrolled() -> f64 {
    web_sys::window()
        .and_then(|window| window.scroll_y().ok())
        .unwrap_or_default()
}

/// Scrolls the page.
pub fn scroll_to(y: f64) {
    if let Some(window) = web_sys::window() {
        window.scroll_to_with_x_and_y(0.0, y);
    }
}

/// The whole address of the page by itself, with another fragment.
#[must_use]
pub fn address(fragment: &str) -> String {
    let href = web_sys::window()
        .and_then(|window| window.location().href().ok())
        .unwrap_or_default();
    let base = href.split(['#', '?']).next().unwrap_or_default();
    format!("{base}{fragment}")
}

/// Puts a fragment into the address without a new entry in the history.
pub fn replace_fragment(fragment: &str) {
    if let Some(Ok(history)) = web_sys::window().map(|window| window.history()) {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(fragment));
    }
}

/// Sets the title of the document.
pub fn title(title: &str) {
    if let Some(document) = web_sys::window().and_then(|window| window.document()) {
        document.set_title(title);
    }
}

/// The element with the focus.
#[must_use]
pub fn focused() -> Option<web_sys::HtmlElement> {
    web_sys::window()?
        .document()?
        .active_element()?
        .dyn_into()
        .ok()
}

/// Gives the focus to the first element that matches and takes it: one that is not shown does not. Whether one did.
pub fn focus(selector: &str) -> bool {
    let found =
        web_sys::window().and_then(|window| window.document()?.query_selector_all(selector).ok());
    let Some(found) = found else { return false };
    for index in 0..found.length() {
        let element = found.item(index);
        let Some(element) = element.and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) else {
            continue;
        };
        let _ = element.focus();
        if focused().as_ref() == Some(&element) {
            return true;
        }
    }
    false
}

/// Copies a text; false when the browser does not allow it.
pub async fn copy(text: &str) -> bool {
    let Some(window) = web_sys::window() else {
        return false;
    };
    // Absent where the page does not come over a secure connection.
    let clipboard = js_sys::Reflect::get(&window.navigator(), &"clipboard".into());
    if clipboard.is_ok_and(|clipboard| clipboard.is_object()) {
        return JsFuture::from(window.navigator().clipboard().write_text(text))
            .await
            .is_ok();
    }
    false
}

/// Why a file did not come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The server has no such file.
    Missing,
    /// What else went wrong, in a sentence.
    Otherwise(String),
}

impl From<String> for Lost {
    fn from(why: String) -> Self {
        Self::Otherwise(why)
    }
}

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("The server does not have it."),
            Self::Otherwise(why) => f.write_str(why),
        }
    }
}

/// Fetches a JSON file that belongs to the page.
///
/// # Errors
/// Why it did not come.
pub async fn fetch<T: serde::de::DeserializeOwned>(path: &str) -> Result<T, Lost> {
    let window = web_sys::window().ok_or_else(|| "There is no window.".to_owned())?;
    let response = JsFuture::from(window.fetch_with_str(path)).await;
    let response = response
        .map_err(|_| "The server can't be reached: perhaps the connection is down.".to_owned())?;
    let response: web_sys::Response = response
        .dyn_into()
        .map_err(|_| "The browser answered strangely.".to_owned())?;
    if !response.ok() {
        if matches!(response.status(), 404 | 410 | 414) {
            return Err(Lost::Missing);
        }
        let (status, text) = (response.status(), response.status_text());
        return Err(format!("The server answered {status} {text}.").into());
    }
    let json = response
        .json()
        .map_err(|_| format!("{path} can't be read."))?;
    let value = JsFuture::from(json)
        .await
        .map_err(|_| format!("{path} is not JSON."))?;
    let value = serde_wasm_bindgen::from_value(value);
    Ok(value.map_err(|error| format!("{path} is not what this page expects: {error}"))?)
}

/// Whether some text is selected.
#[must_use]
pub fn selecting() -> bool {
    let selection = web_sys::window().and_then(|window| window.get_selection().ok()?);
    selection.is_some_and(|selection| !selection.is_collapsed())
}

/// The text that is being pasted.
#[must_use]
pub fn pasted(event: &web_sys::Event) -> Option<String> {
    let clipboard = js_sys::Reflect::get(event, &"clipboardData".into()).ok()?;
    let get = js_sys::Reflect::get(&clipboard, &"getData".into()).ok()?;
    let get: js_sys::Function = get.dyn_into().ok()?;
    get.call1(&clipboard, &"text".into()).ok()?.as_string()
}

/// What stands before and behind the cursor; what is selected is replaced by what is typed, so it is neither.
#[must_use]
pub fn around_selection(input: &web_sys::HtmlInputElement) -> (String, String) {
    let text: Vec<u16> = input.value().encode_utf16().collect();
    let place = |at: Result<Option<u32>, JsValue>| {
        let at = at.ok().flatten().and_then(|at| usize::try_from(at).ok());
        at.unwrap_or(text.len()).min(text.len())
    };
    let (start, end) = (place(input.selection_start()), place(input.selection_end()));
    let read = |units: &[u16]| String::from_utf16_lossy(units);
    (read(&text[..start]), read(&text[end.max(start)..]))
}

/// Whether nothing is selected, neither in an input nor on the page.
#[must_use]
pub fn nothing_selected(input: &web_sys::HtmlInputElement) -> bool {
    let within = |at: Result<Option<u32>, JsValue>| at.ok().flatten();
    within(input.selection_start()) == within(input.selection_end()) && !selecting()
}
