//! A configuration from its text: what it means, and all that can be wrong with it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod defaults;
mod example;
mod keyrings;
mod problems;
mod refusals;
mod secrets;
mod shelf;
