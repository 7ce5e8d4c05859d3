//! What happens in small worlds, to the microsecond; and what is so in all of them.

mod common;
mod distributed;
mod language;
mod positions;
mod properties;
mod timelines;
