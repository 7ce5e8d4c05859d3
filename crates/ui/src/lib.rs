//! The page: a Yew app that draws a run. It knows nothing of Redis, of Python or of the simulator: it is handed
//! traces ([`redwind_protocol::Trace`]) and shows them.
//!
//! Each part is split in three: a model in plain Rust with native tests, a view (props in, actions out), and a
//! module that ties them. What browser tests look for is marked `data-testid`; the names are listed in [`page`].

mod app;
pub mod browser;
pub mod code;
pub mod diagram;
pub mod faults;
#[cfg(test)]
mod fixture;
pub mod icon;
pub mod keys;
pub mod lesson;
pub mod page;
mod popover;
pub mod seek;
pub mod shared;
mod start;
pub mod store;
pub mod story;
mod table;
pub mod terminal;
mod theme;
pub mod time;
pub mod transport;
pub mod verdict;
pub mod worker;

pub use shared::Shared;

/// Draws the page into the document.
pub fn run() {
    yew::Renderer::<app::App>::new().render();
}
