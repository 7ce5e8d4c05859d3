//! An element of the page.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::session::{Browser, text};

/// The name that the WebDriver standard gives to a reference to an element.
const REFERENCE: &str = "element-6066-11e4-a52e-4f735466cecf";

/// An element of the page that the browser shows. It is stale once the page has dropped it: find it again.
pub struct Element<'b> {
    browser: &'b Browser,
    id: String,
}

impl<'b> Element<'b> {
    pub(super) fn of(browser: &'b Browser, reference: &Value) -> Result<Element<'b>> {
        let id = reference[REFERENCE].as_str().context("not an element")?;
        Ok(Element {
            browser,
            id: id.to_owned(),
        })
    }

    /// The element as an argument of [`Browser::eval`].
    #[must_use]
    pub fn reference(&self) -> Value {
        json!({ REFERENCE: self.id })
    }

    /// Scrolls to it and clicks its middle, which fails when something lies over it.
    pub fn click(&self) -> Result<()> {
        self.post("click", json!({})).map(drop)
    }

    /// Clicks into it and types.
    pub fn type_text(&self, typed: &str) -> Result<()> {
        self.post("value", json!({ "text": typed })).map(drop)
    }

    /// Empties a field and types into it.
    pub fn fill(&self, typed: &str) -> Result<()> {
        self.post("clear", json!({}))?;
        self.type_text(typed)
    }

    /// Its text as rendered.
    pub fn text(&self) -> Result<String> {
        text(self.get("text")?)
    }

    /// The role that a screen reader is told.
    pub fn role(&self) -> Result<String> {
        text(self.get("computedrole")?)
    }

    /// The name that a screen reader is told.
    pub fn label(&self) -> Result<String> {
        text(self.get("computedlabel")?)
    }

    /// An attribute's value.
    pub fn attribute(&self, name: &str) -> Result<Option<String>> {
        Ok(self
            .get(&format!("attribute/{name}"))?
            .as_str()
            .map(str::to_owned))
    }

    /// A DOM property: `value`, `checked`, `scrollTop` …
    pub fn property(&self, name: &str) -> Result<Value> {
        self.get(&format!("property/{name}"))
    }

    /// Whether a user could see it if it were scrolled to.
    pub fn is_visible(&self) -> Result<bool> {
        Ok(self.get("displayed")?.as_bool().unwrap_or(false))
    }

    /// Whether a user could use it.
    pub fn is_enabled(&self) -> Result<bool> {
        Ok(self.get("enabled")?.as_bool().unwrap_or(false))
    }

    /// `(x, y, width, height)` in CSS pixels of the visible window.
    pub fn bounds(&self) -> Result<(f64, f64, f64, f64)> {
        let script =
            "const r = arguments[0].getBoundingClientRect(); return [r.x, r.y, r.width, r.height];";
        let bounds = self.browser.eval(script, json!([self.reference()]))?;
        let at = |index: usize| bounds[index].as_f64().context("not a number");
        Ok((at(0)?, at(1)?, at(2)?, at(3)?))
    }

    fn get(&self, what: &str) -> Result<Value> {
        self.browser.get(&format!("/element/{}/{what}", self.id))
    }

    fn post(&self, what: &str, body: Value) -> Result<Value> {
        self.browser
            .post(&format!("/element/{}/{what}", self.id), body)
    }
}
