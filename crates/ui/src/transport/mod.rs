//! Moving through time: buttons, scrubber, speed.

mod scrubber;
mod view;

pub use view::Transport;
