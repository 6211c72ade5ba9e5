//! A request's body: guilty until its last byte.

use bytes::Bytes;
use http::HeaderMap;

use crate::ChecksumAlgorithm;
use crate::Error;
use crate::ErrorCode;
use crate::Verified;

/// A body on its way in: takes frames off, counts and hashes, all at once.
#[derive(Debug)]
pub struct Body {
    plain_len: u64,
    claims: Claims,
}

/// What the head says of the body's bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// The value of `Content-MD5`.
    pub content_md5: Option<[u8; 16]>,
    /// The one checksum among the headers.
    pub checksum: Option<(ChecksumAlgorithm, Vec<u8>)>,
    /// The checksum announced as trailer.
    pub trailer: Option<ChecksumAlgorithm>,
}

/// What a body was proven to have; the proof that every claim held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The checksum of header or trailer.
    pub checksum: Option<(ChecksumAlgorithm, Vec<u8>)>,
    /// The MD5, when `Content-MD5` claimed it.
    pub content_md5: Option<[u8; 16]>,
}

impl Body {
    /// Reads from the headers what the body is going to be.
    pub fn expect(verified: &Verified, headers: &HeaderMap) -> Result<Self, Error> {
        let _ = (verified, headers);
        Err(Error::new(ErrorCode::NotImplemented))
    }

    /// The body's length without frames, in bytes.
    #[must_use]
    pub fn plain_len(&self) -> u64 {
        self.plain_len
    }

    /// What the headers claim.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Takes bytes off the wire; puts the payload in them, as slices, into `plain`.
    pub fn push(&mut self, wire: Bytes, plain: &mut Vec<Bytes>) -> Result<(), Error> {
        let _ = (wire, plain);
        Err(Error::new(ErrorCode::NotImplemented))
    }

    /// The wire has ended: everything claimed must have come true.
    pub fn finish(self) -> Result<Proven, Error> {
        Err(Error::new(ErrorCode::NotImplemented))
    }
}

/// The value of `Content-Encoding` that belongs to the object: without the `aws-chunked` token of
/// the transfer. `None` when nothing remains.
#[must_use]
pub fn storable_content_encoding(headers: &HeaderMap) -> Option<String> {
    let tokens: Vec<&str> = headers
        .get_all(http::header::CONTENT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|token| !token.is_empty() && !token.eq_ignore_ascii_case("aws-chunked"))
        .collect();
    (!tokens.is_empty()).then(|| tokens.join(","))
}
