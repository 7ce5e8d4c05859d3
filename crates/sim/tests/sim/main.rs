//! What happens in small worlds, to the microsecond.

mod common;
mod timelines;
