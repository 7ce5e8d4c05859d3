//! Keys and pointer, as real input events.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::{Browser, Element};

impl Browser {
    /// Presses keys one after the other on whatever has the focus: `"ArrowRight"`, `"a"`, `"Control+Enter"` …
    pub fn press(&self, keys: &[&str]) -> Result<()> {
        let mut actions = Vec::new();
        for chord in keys {
            // "+" alone is a key; between names it joins them.
            let names: Vec<&str> = if chord.len() > 1 {
                chord.split('+').collect()
            } else {
                vec![chord]
            };
            let codes = names
                .iter()
                .map(|name| code(name))
                .collect::<Result<Vec<char>>>()?;
            actions.extend(
                codes
                    .iter()
                    .map(|code| json!({ "type": "keyDown", "value": code })),
            );
            actions.extend(
                codes
                    .iter()
                    .rev()
                    .map(|code| json!({ "type": "keyUp", "value": code })),
            );
        }
        self.act(&json!({ "type": "key", "id": "keyboard", "actions": actions }))
    }

    /// Presses the mouse in the middle of an element, moves by `(dx, dy)` pixels in a few steps, and lets go.
    pub fn drag(&self, from: &Element<'_>, dx: i32, dy: i32) -> Result<()> {
        const STEPS: i32 = 8;
        let mut actions = vec![
            json!({ "type": "pointerMove", "duration": 0, "origin": from.reference(), "x": 0, "y": 0 }),
            json!({ "type": "pointerDown", "button": 0 }),
        ];
        for step in 1..=STEPS {
            let part = |whole: i32| whole * step / STEPS - whole * (step - 1) / STEPS;
            actions.push(json!({
                "type": "pointerMove", "duration": 16, "origin": "pointer", "x": part(dx), "y": part(dy),
            }));
        }
        actions.push(json!({ "type": "pointerUp", "button": 0 }));
        self.act(&pointer(&actions))
    }

    /// Moves the mouse over an element's middle.
    pub fn hover(&self, element: &Element<'_>) -> Result<()> {
        let action = json!({ "type": "pointerMove", "duration": 0, "origin": element.reference(), "x": 0, "y": 0 });
        self.act(&pointer(&[action]))
    }

    fn act(&self, source: &Value) -> Result<()> {
        self.post("/actions", json!({ "actions": [source] }))
            .map(drop)
    }
}

fn pointer(actions: &[Value]) -> Value {
    json!({ "type": "pointer", "id": "mouse", "parameters": { "pointerType": "mouse" }, "actions": actions })
}

/// The character by which WebDriver means a key.
fn code(name: &str) -> Result<char> {
    let mut characters = name.chars();
    if let (Some(only), None) = (characters.next(), characters.next()) {
        return Ok(only);
    }
    Ok(match name {
        "Backspace" => '\u{e003}',
        "Tab" => '\u{e004}',
        "Enter" => '\u{e007}',
        "Shift" => '\u{e008}',
        "Control" => '\u{e009}',
        "Alt" => '\u{e00a}',
        "Escape" => '\u{e00c}',
        "Space" => ' ',
        "PageUp" => '\u{e00e}',
        "PageDown" => '\u{e00f}',
        "End" => '\u{e010}',
        "Home" => '\u{e011}',
        "ArrowLeft" => '\u{e012}',
        "ArrowUp" => '\u{e013}',
        "ArrowRight" => '\u{e014}',
        "ArrowDown" => '\u{e015}',
        "Delete" => '\u{e017}',
        "F6" => '\u{e036}',
        _ => bail!("no key is called {name:?}; add it to tests/src/browser/input.rs"),
    })
}
