//! What the gateway plans, and what it does to bytes, without a network.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod body;
mod listing;
mod lookup;
mod put;
mod read;
mod relay;
mod reply;
mod world;
