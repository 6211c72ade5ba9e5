//! Signatures as a client makes them and as the gateway judges them, from outside.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod forms;
mod laws;
mod presigned;
mod refusals;
mod request;
mod version2;
