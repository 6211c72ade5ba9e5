//! A request's body: guilty until its last byte.

mod claims;
mod digests;
mod frames;
mod trailer;

use std::fmt;

use bytes::Bytes;
use http::HeaderMap;

pub use claims::Claims;
use digests::Digests;
use frames::Decoder;

use crate::ChecksumAlgorithm;
use crate::Error;
use crate::ErrorCode;
use crate::Payload;
use crate::Verified;

/// A body on its way in: takes frames off, counts and hashes, all at once.
///
/// What [`Self::push`] lets through is not proven: only [`Self::finish`] is. Hold something back
/// until then.
pub struct Body {
    plain_len: u64,
    received: u64,
    claims: Claims,
    digests: Digests,
    wire: Wire,
}

/// How the payload lies on the wire.
enum Wire {
    Plain,
    Frames(Box<Decoder>),
    /// An error was found; nothing can make this body right again.
    Broken,
}

/// The proof that a body was what its head claimed.
#[derive(Clone, PartialEq, Eq)]
pub struct Proven {
    /// The checksum of header or trailer.
    pub checksum: Option<(ChecksumAlgorithm, Vec<u8>)>,
    /// The MD5, when `Content-MD5` claimed it or it was asked for.
    pub md5: Option<[u8; 16]>,
}

impl Body {
    /// Reads from the headers what the body is going to be.
    ///
    /// Every `x-amz-checksum-*` is taken for a claim about this body. In `CompleteMultipartUpload`
    /// it speaks of the object: the caller removes it there first.
    ///
    /// Errors: `MissingContentLength` without a length (of the payload, where there are frames);
    /// `InvalidRequest` for Content-Length beside Transfer-Encoding, several checksums, a checksum
    /// or trailer that cannot be read; `InvalidDigest` for a malformed `Content-MD5`;
    /// `NotImplemented` for a checksum we cannot verify.
    pub fn expect(verified: &Verified, headers: &HeaderMap) -> Result<Self, Error> {
        let payload = verified.payload();
        let plain_len = claims::plain_len(payload, headers)?;
        let claims = Claims::parse(payload, headers)?;
        let wire = match payload {
            Payload::Frames(frames) => {
                Wire::Frames(Box::new(Decoder::new(frames, plain_len, claims.trailer)))
            }
            Payload::Unsigned | Payload::Sha256(_) => Wire::Plain,
        };
        let digests = Digests::new(payload, &claims);
        Ok(Self {
            plain_len,
            received: 0,
            claims,
            digests,
            wire,
        })
    }

    /// Computes the MD5 though nobody claimed one.
    #[must_use]
    pub fn with_md5(mut self) -> Self {
        self.digests.want_md5();
        self
    }

    /// The payload's length, without frames, in bytes.
    #[must_use]
    pub fn plain_len(&self) -> u64 {
        self.plain_len
    }

    /// What the headers claim.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Takes bytes off the wire and appends the payload in them to `plain`, as slices of `wire`.
    /// After an error the body is broken for good.
    ///
    /// Errors: `IncompleteBody` for more than was announced and for bad framing;
    /// `InvalidChunkSizeError`; `SignatureDoesNotMatch` for a frame or trailer;
    /// `MalformedTrailerError`.
    pub fn push(&mut self, wire: Bytes, plain: &mut Vec<Bytes>) -> Result<(), Error> {
        let first = plain.len();
        let result = self.unframe(wire, plain).and_then(|()| {
            plain
                .iter()
                .skip(first)
                .try_for_each(|bytes| self.take(bytes))
        });
        if result.is_err() {
            self.wire = Wire::Broken;
            plain.truncate(first);
        }
        result
    }

    /// The wire has ended: everything announced and claimed must have come true.
    ///
    /// Errors: `IncompleteBody`, `XAmzContentSHA256Mismatch`, `BadDigest`, `MalformedTrailerError`.
    pub fn finish(self) -> Result<Proven, Error> {
        let trailer = match self.wire {
            Wire::Plain => None,
            Wire::Frames(decoder) => decoder.finish()?,
            Wire::Broken => return Err(incomplete()),
        };
        if self.received != self.plain_len {
            return Err(incomplete());
        }
        let checksum = self.claims.checksum.or(trailer);
        let claimed = self.claims.content_md5;
        let md5 = self.digests.prove(claimed, checksum.as_ref())?;
        Ok(Proven { checksum, md5 })
    }

    fn unframe(&mut self, wire: Bytes, plain: &mut Vec<Bytes>) -> Result<(), Error> {
        match &mut self.wire {
            Wire::Plain if wire.is_empty() => {}
            Wire::Plain => plain.push(wire),
            Wire::Frames(decoder) => decoder.push(wire, plain)?,
            Wire::Broken => return Err(incomplete()),
        }
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        // A buffer is far below 2^64, and so is an object; saturation only keeps the sum total.
        self.received = self.received.saturating_add(bytes.len() as u64);
        if self.received > self.plain_len {
            return Err(incomplete());
        }
        self.digests.update(bytes);
        Ok(())
    }
}

impl fmt::Debug for Body {
    /// Without the digests: they say something about the plaintext.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("plain_len", &self.plain_len)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Proven {
    /// Without the digests: they say something about the plaintext.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proven").finish_non_exhaustive()
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

fn incomplete() -> Error {
    Error::new(ErrorCode::IncompleteBody)
}

#[cfg(test)]
mod tests;
