//! The S3 wire: what a request means, who signed it, whether its body is what was promised, and
//! how answers and errors are spelled.
//!
//! Pure: no sockets, files, environment or clock; the present is an argument. The crate does not
//! know that anything is encrypted, nor which HTTP engine carries the bytes.
//!
//! The way through, in the order a request takes it: [`Target`] and [`Query`] are parsed, [`route()`]
//! names the [`Operation`], [`verify`] makes the only [`Verified`], [`Body`] holds the payload
//! guilty until its last byte; [`sign`] puts a new signature on what goes on to the backend.

mod address;
mod auth;
mod body;
mod bucket_policy;
mod checksum;
mod code;
mod copy_source;
mod dialect;
mod error;
mod etag;
mod form;
pub mod header;
mod hex;
mod hoist;
mod operation;
mod percent;
mod query;
mod range;
mod route;
mod sse;
pub mod xml;

pub use address::{BucketName, ObjectName, Target};
pub use auth::{
    Expectation, FormCall, Frames, Head, Limits, Payload, SecretKey, SigningKey, UNSIGNED_PAYLOAD,
    Verified, sign, verify, verify_form,
};
pub use body::{Body, Claims, Proven, storable_content_encoding};
pub use bucket_policy::{BucketPolicy, PolicyCall};
pub use checksum::Checksum;
pub use checksum::ChecksumAlgorithm;
pub use checksum::ChecksumType;
pub use checksum::ObjectChecksum;
pub use checksum::PartsChecksum;
pub use code::ErrorCode;
pub use copy_source::CopySource;
pub use dialect::Dialect;
pub use error::Error;
pub use etag::ETagList;
pub use form::{Form, FormFile, FormReader, Read, Success};
pub use hoist::hoisted;
pub use operation::Operation;
pub use query::Query;
pub use range::{RangeHeader, Unsatisfiable};
pub use route::route;
pub use sse::{CustomerKey, SseAsked, SseHeader, SseMode, SseTold, carries, tells, wrong_key};
