//! The space-time diagram: who did what, when, and who believed what meanwhile.

pub mod axis;
mod captions;
pub mod frame;
mod furniture;
pub mod hit;
mod labels;
mod menu;
mod overlay;
pub mod picture;
mod scroll;
pub mod shapes;
mod still;
#[cfg(test)]
mod tests;
mod view;

pub use picture::Picture;
pub use shapes::Shape;
pub use view::Diagram;
