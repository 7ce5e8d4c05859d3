//! The keys of the nodes and what was left in the resources, at this moment.

mod resources;
mod view;

pub use resources::Resources;
pub use view::Keys;
