//! Programs as transcripts: what a program asks of the world, and how it goes on with the answers.

mod transcript;

mod bounds;
mod cluster;
mod errors;
mod forks;
mod modules;
mod pipelines;
mod pubsub;
mod python;
mod redis;
mod redis_py;
mod refusals;
mod resources;
mod sentinels;
mod steps;
mod threads;
