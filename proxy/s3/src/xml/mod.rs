//! The XML bodies of S3: one per module.

pub mod attributes;
pub mod buckets;
pub mod copy;
pub mod delete;
pub mod encryption;
pub mod error;
pub mod list;
pub mod multipart;
pub mod post;
pub mod tagging;
mod tree;
pub mod uploads;
mod write;

pub use write::DECLARATION;
