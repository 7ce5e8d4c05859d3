//! The programs: what runs, where each client is, what it has in its variables, and an editor.

mod editor;
mod highlight;
pub mod python;
mod source;
mod state;
mod view;

pub use view::CodePane;
