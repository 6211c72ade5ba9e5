//! AWS Signature Version 4: who signed a request, and signing one.
mod key;
mod sign;
mod verify;

pub use key::{SecretKey, SigningKey};
pub use sign::sign;
pub use verify::{Expectation, Frames, Limits, Payload, Verified, verify};

/// The payload of a request whose signature does not cover it.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// The head of a request as it is on the wire. Signatures cover the raw target: decoded and encoded
/// again it may look different.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// The method.
    pub method: &'a http::Method,
    /// The path as sent, still encoded, from its first `/`, without the query.
    pub raw_path: &'a str,
    /// What follows the `?` as sent; empty without one.
    pub raw_query: &'a str,
    /// All headers, `host` included.
    pub headers: &'a http::HeaderMap,
}
