//! `POST` of an object by a browser's form: `multipart/form-data` (RFC 7578) whose last field is the
//! file (AWS, "POST Object" and "Browser-based uploads using POST").
//!
//! The file is never searched for its end: its length is what `Content-Length` leaves after the
//! fields and the closing delimiter, so that it is known before the first byte is stored. A body
//! that ends in another way is refused.

mod fields;
mod file;
mod part;
mod policy;
mod reader;

#[cfg(test)]
mod tests;

pub use fields::{Form, Success};
pub use file::FormFile;
pub(crate) use policy::PostPolicy;
pub use reader::{FormReader, Read};

use crate::Error;
use crate::ErrorCode;

fn malformed() -> Error {
    Error::new(ErrorCode::MalformedPostRequest)
}
