//! What the page is looked at with: window, theme, motion; and pictures of it.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::Browser;
use super::session::text;
use super::site::workspace;

/// A window, and what its user prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// CSS pixels.
    pub width: u32,
    /// CSS pixels.
    pub height: u32,
    /// A touch screen of double density that lays pages out as phones do.
    pub phone: bool,
    /// `prefers-color-scheme: dark`.
    pub dark: bool,
    /// `prefers-reduced-motion: reduce`. Tests ask for it, so that nothing they look at is half-way.
    pub still: bool,
}

impl View {
    /// A laptop's window.
    pub const DESKTOP: View = View {
        width: 1280,
        height: 800,
        phone: false,
        dark: false,
        still: true,
    };
    /// A small phone.
    pub const PHONE: View = View {
        width: 360,
        height: 740,
        phone: true,
        dark: false,
        still: true,
    };

    /// The same with the dark theme.
    #[must_use]
    pub const fn dark(self) -> View {
        View { dark: true, ..self }
    }
}

impl Browser {
    /// Changes window and preferences; the page is told as it would be on a real device.
    pub fn set_view(&self, view: View) -> Result<()> {
        let View {
            width,
            height,
            phone,
            dark,
            still,
        } = view;
        self.cdp(
            "Emulation.setDeviceMetricsOverride",
            json!({
                "width": width, "height": height, "mobile": phone,
                "deviceScaleFactor": if phone { 2 } else { 1 },
            }),
        )?;
        self.cdp(
            "Emulation.setTouchEmulationEnabled",
            json!({ "enabled": phone }),
        )?;
        self.cdp(
            "Emulation.setEmulatedMedia",
            json!({ "features": [
                { "name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" } },
                { "name": "prefers-reduced-motion", "value": if still { "reduce" } else { "no-preference" } },
            ] }),
        )?;
        Ok(())
    }

    /// Writes a picture of the window to `target/screenshots/<name>.png`.
    pub fn screenshot(&self, name: &str) -> Result<PathBuf> {
        save(name, &text(self.get("/screenshot")?)?)
    }

    /// Writes a picture of the whole page, however long it is, to `target/screenshots/<name>.png`.
    pub fn screenshot_whole(&self, name: &str) -> Result<PathBuf> {
        let mut shot = self.cdp(
            "Page.captureScreenshot",
            json!({ "format": "png", "captureBeyondViewport": true }),
        )?;
        save(name, &text(shot["data"].take())?)
    }

    /// By how many pixels the page is wider than its window: 0 on a page that fits.
    pub fn overflow(&self) -> Result<i64> {
        let script = "const e = document.documentElement; return e.scrollWidth - e.clientWidth;";
        self.eval(script, json!([]))?
            .as_i64()
            .context("not a number")
    }
}

fn save(name: &str, encoded: &str) -> Result<PathBuf> {
    let folder = workspace().join("target/screenshots");
    std::fs::create_dir_all(&folder)?;
    let path = folder.canonicalize()?.join(format!("{name}.png"));
    std::fs::write(&path, STANDARD.decode(encoded)?)?;
    Ok(path)
}
