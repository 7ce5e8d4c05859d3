//! The lesson's prose, one beat at a time, with its questions.

pub mod model;
mod view;

pub use view::LessonPane;
