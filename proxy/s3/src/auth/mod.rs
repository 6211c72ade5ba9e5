//! Who signed a request: AWS Signature Version 4 in the header, in the query and in a form, Version 2
//! in all three;
//! and signing one, always Version 4 in the header.
//!
//! OBS signatures are refused with the answer S3 gives where it does not support them.

mod authorization;
mod canonical;
mod form;
mod frames;
mod key;
mod mechanism;
mod payload;
mod presigned;
mod scope;
mod sign;
mod v2;
mod verified;
mod verify;

#[cfg(test)]
mod vectors;

pub use form::{FormCall, verify_form};
pub(crate) use frames::{FrameChain, FrameSeed};
pub use key::{SecretKey, SigningKey};
pub use payload::{Frames, Payload, UNSIGNED_PAYLOAD};
pub use sign::sign;
pub use verified::{Expectation, Limits, Verified};
pub use verify::verify;

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
