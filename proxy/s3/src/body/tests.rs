//! Bodies of every kind, fed in every split.
#![allow(clippy::unwrap_used)]

mod claims;
mod frames;
mod laws;
mod plain;
mod trailer;
mod upload;
