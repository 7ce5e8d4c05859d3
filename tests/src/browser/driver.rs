//! chromedriver as a child process, and the JSON it speaks.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::{Value, json};

use super::{PATIENCE, program};

/// A running chromedriver; it ends when this is dropped.
pub(super) struct Driver {
    child: Child,
    base: String,
    agent: ureq::Agent,
}

impl Driver {
    /// Starts chromedriver on a free port of its own choice.
    pub(super) fn start() -> Result<Driver> {
        let program = program("CHROMEDRIVER", &["chromedriver"])?;
        let mut child = Command::new(&program)
            .args(["--port=0", "--log-level=SEVERE"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let stdout = child.stdout.take().context("chromedriver has no output")?;
        let mut driver = Driver {
            child,
            base: String::new(),
            agent: agent(),
        };
        // "ChromeDriver was started successfully on port 38157."
        let port = BufReader::new(stdout)
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                let (_, port) = line.split_once("successfully on port ")?;
                port.trim_end_matches('.').parse::<u16>().ok()
            });
        let port = port.context("chromedriver ended before it was ready")?;
        driver.base = format!("http://127.0.0.1:{port}");
        Ok(driver)
    }

    /// Sends one WebDriver command (`POST` with a body, `GET` without) and returns its value.
    pub(super) fn call(&self, path: &str, body: Option<&Value>) -> Result<Value> {
        let url = format!("{}{path}", self.base);
        let response = match body {
            Some(body) => self.agent.post(&url).send_json(body),
            None => self.agent.get(&url).call(),
        };
        answer(response, path)
    }

    /// Sends a WebDriver `DELETE`.
    pub(super) fn delete(&self, path: &str) -> Result<Value> {
        answer(
            self.agent.delete(format!("{}{path}", self.base)).call(),
            path,
        )
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        // Loopback is never behind a proxy, whatever the environment says.
        .proxy(None)
        .http_status_as_error(false)
        // Longer than any wait inside the page, which then reports what it waited for.
        .timeout_global(Some(PATIENCE * 2 + Duration::from_secs(20)))
        .build()
        .into()
}

fn answer(
    response: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    path: &str,
) -> Result<Value> {
    let mut response = response.with_context(|| format!("chromedriver did not answer {path}"))?;
    let status = response.status();
    let mut body: Value = response
        .body_mut()
        .with_config()
        .limit(64 << 20)
        .read_json()
        .with_context(|| format!("chromedriver's answer to {path} is not JSON"))?;
    let value = body["value"].take();
    if status.is_success() {
        return Ok(value);
    }
    let error = value["error"].as_str().unwrap_or("error");
    let message = value["message"].as_str().unwrap_or_default();
    // The first line says what is wrong; the rest is chromedriver's own stack.
    bail!(anyhow!(
        "{error}: {}",
        message.lines().next().unwrap_or_default()
    ))
}

/// What a new session is asked for.
pub(super) fn capabilities(profile: &std::path::Path) -> Result<Value> {
    let chromium = program(
        "CHROME",
        &["chromium", "chromium-browser", "google-chrome", "chrome"],
    )?;
    Ok(json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        "goog:loggingPrefs": { "browser": "ALL" },
        "timeouts": { "script": u64::try_from(PATIENCE.as_millis())? + 5_000, "pageLoad": 30_000, "implicit": 0 },
        "goog:chromeOptions": {
            "binary": chromium,
            "args": [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb",
                format!("--user-data-dir={}", profile.display()),
            ],
        },
    } } }))
}
