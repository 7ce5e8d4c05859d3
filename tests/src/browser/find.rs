//! Finding elements: by what a user is told about them first, by test id where there is nothing to tell.

use std::fmt;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::{Browser, Element};

/// How to find an element.
#[derive(Clone, Copy, Debug)]
pub enum Selector<'a> {
    /// A CSS selector.
    Css(&'a str),
    /// The value of `data-testid`.
    TestId(&'a str),
    /// An ARIA role, and the accessible name or a part of it.
    Role(&'a str, &'a str),
}

impl fmt::Display for Selector<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selector::Css(selector) => write!(f, "an element {selector}"),
            Selector::TestId(id) => write!(f, "an element with data-testid={id:?}"),
            Selector::Role(role, name) => write!(f, "a {role} named {name:?}"),
        }
    }
}

impl Browser {
    /// Waits for the element with this role and a name that contains `name`; an equal name is preferred.
    pub fn role(&self, role: &str, name: &str) -> Result<Element<'_>> {
        self.find(Selector::Role(role, name))
    }

    /// Waits for the element with this `data-testid`.
    pub fn test_id(&self, id: &str) -> Result<Element<'_>> {
        self.find(Selector::TestId(id))
    }

    /// Waits for the first element that matches a CSS selector.
    pub fn css(&self, selector: &str) -> Result<Element<'_>> {
        self.find(Selector::Css(selector))
    }

    /// Waits for the first visible element that the selector means.
    pub fn find(&self, selector: Selector<'_>) -> Result<Element<'_>> {
        let mut failure = None;
        let found = self.wait_until(&selector.to_string(), || match self.find_all(selector) {
            Ok(all) => all.into_iter().next(),
            // The page may have dropped a candidate between two questions: the next frame has its successor.
            Err(error) => {
                failure = Some(error);
                None
            }
        });
        match (found, failure) {
            (Err(vain), Some(failure)) => Err(vain.context(failure)),
            (found, _) => found,
        }
    }

    /// All visible elements that the selector means at this moment, the best first.
    pub fn find_all(&self, selector: Selector<'_>) -> Result<Vec<Element<'_>>> {
        match selector {
            Selector::Css(css) => self.visible(css),
            Selector::TestId(id) => self.visible(&format!("[data-testid={}]", Value::from(id))),
            Selector::Role(role, name) => {
                let mut equal = Vec::new();
                let mut partly = Vec::new();
                for element in self.visible(&bearers(role))? {
                    let label = element.label()?;
                    if !label.contains(name) || element.role()? != role {
                        continue;
                    }
                    if label == name {
                        equal.push(element)
                    } else {
                        partly.push(element)
                    }
                }
                equal.append(&mut partly);
                Ok(equal)
            }
        }
    }

    fn visible(&self, css: &str) -> Result<Vec<Element<'_>>> {
        let script = "return [...document.querySelectorAll(arguments[0])].filter((e) => e.checkVisibility());";
        match self.eval(script, json!([css]))? {
            Value::Array(found) => found.iter().map(|one| Element::of(self, one)).collect(),
            other => bail!("expected a list of elements, got {other}"),
        }
    }
}

/// A CSS selector for every element that may have the role; the browser itself then says which do.
fn bearers(role: &str) -> String {
    let native = match role {
        "button" => "button, summary, input[type=button], input[type=submit], input[type=reset]",
        "link" => "a[href], area[href]",
        "heading" => "h1, h2, h3, h4, h5, h6",
        "textbox" => "textarea, input, [contenteditable]",
        "slider" | "checkbox" | "radio" | "searchbox" | "spinbutton" => "input",
        "combobox" | "listbox" => "select, input",
        "option" => "option",
        "table" => "table",
        "row" => "tr",
        "cell" => "td",
        "list" => "ul, ol, menu",
        "listitem" => "li",
        "image" => "img, svg",
        "dialog" => "dialog",
        "main" => "main",
        "navigation" => "nav",
        "region" => "section",
        "status" => "output",
        "group" => "fieldset, details",
        _ => "*",
    };
    format!("{native}, [role={}]", Value::from(role))
}
