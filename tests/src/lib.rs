//! What crosses crates: conformance, traces, lessons, the browser.
//!
//! The library holds only what tests need to drive a browser; it depends on no crate of Redwind, so that
//! `cargo shots` can look at a page while the rest does not compile.

pub mod browser;
