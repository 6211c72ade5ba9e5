//! What a request's headers say of its body, before any of it is proven.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;

use crate::ChecksumAlgorithm;
use crate::Error;
use crate::ErrorCode;
use crate::Payload;
use crate::header;

/// What the headers claim of the body's bytes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// The value of `Content-MD5`.
    pub content_md5: Option<[u8; 16]>,
    /// The one checksum among the headers.
    pub checksum: Option<(ChecksumAlgorithm, Vec<u8>)>,
    /// The checksum announced as trailer.
    pub trailer: Option<ChecksumAlgorithm>,
}

impl Claims {
    pub(super) fn parse(payload: &Payload, headers: &HeaderMap) -> Result<Self, Error> {
        let claims = Self {
            content_md5: content_md5(headers)?,
            checksum: checksum(headers)?,
            trailer: trailer(payload, headers)?,
        };
        let claimed = claims.checksum.as_ref().map(|checksum| checksum.0);
        if claimed.is_some() && claims.trailer.is_some() {
            return Err(several_checksums());
        }
        sdk_algorithm_fits(headers, claimed.or(claims.trailer))?;
        Ok(claims)
    }
}

impl fmt::Debug for Claims {
    /// Without the values: they say something about the plaintext.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("content_md5", &self.content_md5.is_some())
            .field(
                "checksum",
                &self.checksum.as_ref().map(|checksum| checksum.0),
            )
            .field("trailer", &self.trailer)
            .finish()
    }
}

/// The payload's length: `Content-Length`, with frames `x-amz-decoded-content-length`.
pub(super) fn plain_len(payload: &Payload, headers: &HeaderMap) -> Result<u64, Error> {
    let wire_len = header::single(headers, "content-length")?
        .map(number)
        .transpose()?;
    if wire_len.is_some() && headers.contains_key(http::header::TRANSFER_ENCODING) {
        return Err(invalid_request(
            "Content-Length and Transfer-Encoding must not be given together.",
        ));
    }
    let plain_len = match payload {
        Payload::Frames(_) => header::single(headers, header::DECODED_CONTENT_LENGTH)?
            .map(number)
            .transpose()?,
        Payload::Unsigned | Payload::Sha256(_) => wire_len,
    };
    plain_len.ok_or_else(|| Error::new(ErrorCode::MissingContentLength))
}

fn number(text: &str) -> Result<u64, Error> {
    let only_digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    only_digits
        .then(|| text.parse().ok())
        .flatten()
        .ok_or_else(|| {
            Error::new(ErrorCode::InvalidArgument).with_message("The length given is not a number.")
        })
}

fn content_md5(headers: &HeaderMap) -> Result<Option<[u8; 16]>, Error> {
    let Some(text) = header::single(headers, header::CONTENT_MD5)? else {
        return Ok(None);
    };
    let value = STANDARD
        .decode(text)
        .ok()
        .and_then(|bytes| bytes.try_into().ok());
    value
        .map(Some)
        .ok_or_else(|| Error::new(ErrorCode::InvalidDigest).with_detail("Content-MD5", text))
}

fn checksum(headers: &HeaderMap) -> Result<Option<(ChecksumAlgorithm, Vec<u8>)>, Error> {
    let mut found = None;
    for name in headers.keys().map(http::HeaderName::as_str) {
        let Some(kind) = name.strip_prefix(header::CHECKSUM_PREFIX) else {
            continue;
        };
        if matches!(kind, "algorithm" | "mode" | "type") {
            continue;
        }
        let algorithm = ChecksumAlgorithm::from_header(name).ok_or_else(|| {
            Error::new(ErrorCode::NotImplemented)
                .with_message(format!("The checksum {name} is not implemented."))
        })?;
        let text = header::single(headers, name)?.unwrap_or_default();
        let value = algorithm
            .parse_value(text)
            .ok_or_else(|| invalid_request(&format!("Value for {name} header is invalid.")))?;
        if found.replace((algorithm, value)).is_some() {
            return Err(several_checksums());
        }
    }
    Ok(found)
}

fn trailer(payload: &Payload, headers: &HeaderMap) -> Result<Option<ChecksumAlgorithm>, Error> {
    let Some(name) = header::single(headers, header::TRAILER)? else {
        return Ok(None);
    };
    let has_trailer = matches!(payload, Payload::Frames(frames) if frames.have_trailer());
    ChecksumAlgorithm::from_header(name)
        .filter(|_| has_trailer)
        .map(Some)
        .ok_or_else(|| {
            invalid_request("The value specified in the x-amz-trailer header is not supported")
        })
}

/// An SDK says which checksum it was asked for; without the value the request lost it on its way.
fn sdk_algorithm_fits(
    headers: &HeaderMap,
    claimed: Option<ChecksumAlgorithm>,
) -> Result<(), Error> {
    let Some(name) = header::single(headers, header::SDK_CHECKSUM_ALGORITHM)? else {
        return Ok(());
    };
    match (ChecksumAlgorithm::from_name(name), claimed) {
        (Some(asked), Some(claimed)) if asked == claimed => Ok(()),
        (Some(_), None) => Err(invalid_request(
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or \
             x-amz-trailer headers were found.",
        )),
        _ => Err(invalid_request(
            "Value for x-amz-sdk-checksum-algorithm header is invalid.",
        )),
    }
}

fn several_checksums() -> Error {
    invalid_request(
        "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    )
}

fn invalid_request(message: &str) -> Error {
    Error::new(ErrorCode::InvalidRequest).with_message(message)
}
