//! One browser with one tab.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::{Value, json};

use super::driver::{Driver, capabilities};
use super::look::View;
use super::{Element, PATIENCE};

/// A headless Chromium with a fresh profile; it ends when this is dropped.
pub struct Browser {
    driver: Driver,
    session: String,
    profile: PathBuf,
}

impl Browser {
    /// Starts a browser that shows pages as `view` says.
    pub fn start(view: View) -> Result<Browser> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let profile =
            std::env::temp_dir().join(format!("redwind-browser-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&profile)?;
        let wanted = capabilities(&profile)?;
        let driver = Driver::start()?;
        let opened = driver
            .call("/session", Some(&wanted))
            .context("the browser does not start")?;
        let session = opened["sessionId"]
            .as_str()
            .context("no session id")?
            .to_owned();
        let browser = Browser {
            driver,
            session,
            profile,
        };
        browser.set_view(view)?;
        Ok(browser)
    }

    /// Opens a URL and waits until the page and what it names have loaded.
    pub fn open(&self, url: &str) -> Result<()> {
        self.post("/url", json!({ "url": url }))
            .with_context(|| format!("cannot open {url}"))?;
        Ok(())
    }

    /// Loads the page again, as the reload button does.
    pub fn reload(&self) -> Result<()> {
        self.post("/refresh", json!({})).map(drop)
    }

    /// The address bar's content.
    pub fn url(&self) -> Result<String> {
        text(self.get("/url")?)
    }

    /// The tab's title.
    pub fn title(&self) -> Result<String> {
        text(self.get("/title")?)
    }

    /// Runs the body of a JavaScript function in the page and returns what it returns.
    pub fn eval(&self, body: &str, arguments: Value) -> Result<Value> {
        self.post(
            "/execute/sync",
            json!({ "script": body, "args": arguments }),
        )
    }

    /// Waits until `condition`, a JavaScript expression, is neither false nor empty, and returns its value.
    ///
    /// It is looked at once a frame. `what` completes the sentence "waited in vain for …".
    pub fn wait(&self, what: &str, condition: &str) -> Result<Value> {
        let script = format!(
            "const [limit, done] = arguments, start = performance.now();
             const look = () => {{
                 let value = false, error = null;
                 try {{ value = ({condition}); }} catch (thrown) {{ error = String(thrown); }}
                 if (value) done({{ value }});
                 else if (performance.now() - start > limit) done({{ error }});
                 else requestAnimationFrame(look);
             }};
             look();"
        );
        let limit = u64::try_from(PATIENCE.as_millis())?;
        let mut answer = self.post(
            "/execute/async",
            json!({ "script": script, "args": [limit] }),
        )?;
        if let Some(value) = answer.get_mut("value") {
            return Ok(value.take());
        }
        let error = answer["error"]
            .as_str()
            .map(|error| format!(" ({error})"))
            .unwrap_or_default();
        Err(self.in_vain(&format!("{what}{error}")))
    }

    /// Waits until `attempt` gives something, one try a frame.
    pub fn wait_until<T>(&self, what: &str, mut attempt: impl FnMut() -> Option<T>) -> Result<T> {
        let start = std::time::Instant::now();
        loop {
            if let Some(value) = attempt() {
                return Ok(value);
            }
            if start.elapsed() > PATIENCE {
                return Err(self.in_vain(what));
            }
            self.next_frame()?;
        }
    }

    /// Waits until the page's visible text contains `text`.
    pub fn wait_text(&self, text: &str) -> Result<()> {
        let quoted = Value::from(text);
        self.wait(
            &format!("the text {quoted}"),
            &format!("document.body.innerText.includes({quoted})"),
        )?;
        Ok(())
    }

    /// Waits until the page has drawn.
    pub fn next_frame(&self) -> Result<()> {
        let script = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()));";
        self.post("/execute/async", json!({ "script": script, "args": [] }))
            .map(drop)
    }

    /// What the page's console was told since the last call: `(level, message)`, level `SEVERE` for errors.
    pub fn console(&self) -> Result<Vec<(String, String)>> {
        let Value::Array(entries) = self.post("/se/log", json!({ "type": "browser" }))? else {
            bail!("chromedriver's log is not a list")
        };
        let part = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        Ok(entries
            .iter()
            .map(|entry| (part(entry, "level"), part(entry, "message")))
            .collect())
    }

    /// The errors and warnings among [`Browser::console`]: a page in order has none.
    pub fn problems(&self) -> Result<Vec<String>> {
        let told = self.console()?.into_iter();
        Ok(told
            .filter(|(level, _)| matches!(level.as_str(), "SEVERE" | "WARNING"))
            .map(|(level, message)| format!("{level}: {message}"))
            .collect())
    }

    /// Sends a command of the Chrome DevTools Protocol.
    pub fn cdp(&self, command: &str, parameters: Value) -> Result<Value> {
        self.post(
            "/goog/cdp/execute",
            json!({ "cmd": command, "params": parameters }),
        )
    }

    /// The element that has the focus.
    pub fn focused(&self) -> Result<Element<'_>> {
        Element::of(self, &self.get("/element/active")?)
    }

    pub(super) fn get(&self, path: &str) -> Result<Value> {
        self.driver
            .call(&format!("/session/{}{path}", self.session), None)
    }

    pub(super) fn post(&self, path: &str, body: Value) -> Result<Value> {
        self.driver
            .call(&format!("/session/{}{path}", self.session), Some(&body))
    }

    /// The error of a wait that ended in nothing: says where, and leaves a picture of what was there instead.
    fn in_vain(&self, what: &str) -> anyhow::Error {
        let url = self.url().unwrap_or_default();
        let told = self.problems().unwrap_or_default().join("\n  ");
        let picture = match self.screenshot("failed-wait") {
            Ok(path) => path.display().to_string(),
            Err(error) => format!("none: {error:#}"),
        };
        anyhow!("waited in vain for {what}\n  at {url}\n  picture: {picture}\n  console: {told}")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends the browser; chromedriver itself goes with the driver.
        let _ = self.driver.delete(&format!("/session/{}", self.session));
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

pub(super) fn text(value: Value) -> Result<String> {
    match value {
        Value::String(text) => Ok(text),
        other => bail!("expected a text, got {other}"),
    }
}
