//! The XML bodies of S3: one module a body, a bounded reader and an escaping writer below them.

pub mod buckets;
pub mod delete;
pub mod error;
pub mod list;
mod reader;
mod writer;
