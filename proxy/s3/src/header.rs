//! Names of the headers this crate reads or writes, and those whose values nobody may see.

use http::HeaderMap;

use crate::Error;
use crate::ErrorCode;

/// The signature, RFC 9110 §11.6.2.
pub const AUTHORIZATION: &str = "authorization";
/// The time a signature was made, `yyyymmddThhmmssZ`.
pub const AMZ_DATE: &str = "x-amz-date";
/// What is said of the payload: its SHA-256 or a keyword.
pub const CONTENT_SHA256: &str = "x-amz-content-sha256";
/// The token that goes with temporary credentials.
pub const SECURITY_TOKEN: &str = "x-amz-security-token";
/// The payload's length inside aws-chunked frames.
pub const DECODED_CONTENT_LENGTH: &str = "x-amz-decoded-content-length";
/// The name of the one trailer after aws-chunked frames.
pub const TRAILER: &str = "x-amz-trailer";
/// The signature of that trailer; sent as the last trailer itself.
pub const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";
/// The checksum an SDK was asked for; the value itself must be there, too.
pub const SDK_CHECKSUM_ALGORITHM: &str = "x-amz-sdk-checksum-algorithm";
/// Base64 of the MD5 of the payload, RFC 1864.
pub const CONTENT_MD5: &str = "content-md5";
/// The beginning of the five headers that carry a checksum.
pub const CHECKSUM_PREFIX: &str = "x-amz-checksum-";

/// Headers whose values are secrets: never in a log, never in an error's text.
pub const SENSITIVE: [&str; 10] = [
    AUTHORIZATION,
    "cookie",
    "proxy-authorization",
    SECURITY_TOKEN,
    "x-amz-s3session-token",
    "x-obs-security-token",
    "x-amz-server-side-encryption-customer-key",
    "x-amz-copy-source-server-side-encryption-customer-key",
    "x-obs-server-side-encryption-customer-key",
    "x-obs-copy-source-server-side-encryption-customer-key",
];

/// Headers with the token of a session, which a key that was configured does not have.
pub(crate) const TOKENS: [&str; 3] = [
    SECURITY_TOKEN,
    "x-amz-s3session-token",
    "x-obs-security-token",
];

/// Whether the value of `name` (lower case) is a secret.
#[must_use]
pub fn is_sensitive(name: &str) -> bool {
    SENSITIVE.contains(&name)
}

/// The one value of `name`.
///
/// Errors: `InvalidRequest` when it occurs twice, `InvalidArgument` when it is not visible ASCII.
pub fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Error> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Error::new(ErrorCode::InvalidRequest)
            .with_message(format!("The header {name} must not be given twice.")));
    }
    let text = value.to_str().map_err(|_| {
        Error::new(ErrorCode::InvalidArgument)
            .with_message(format!("The value of the header {name} is invalid."))
            .with_detail("ArgumentName", name)
    })?;
    Ok(Some(text.trim()))
}
