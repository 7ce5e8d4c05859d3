//! What happens in small worlds, to the microsecond; and what is so in all of them.

mod beliefs;
mod buffers;
mod cluster;
mod cluster_elections;
mod cluster_properties;
mod common;
mod disturbances;
mod faults;
mod language;
mod links;
mod listening;
mod machines;
mod positions;
mod properties;
mod replicas;
mod replicated_worlds;
mod resources;
mod sentinel_commands;
mod sentinels;
mod threads;
mod timelines;
mod transactions;
