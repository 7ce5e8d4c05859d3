//! What crosses crates: conformance, traces, lessons, the browser.
