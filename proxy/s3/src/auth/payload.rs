//! What `x-amz-content-sha256` says of the body.

use std::fmt;
use std::sync::Arc;

use crate::Error;
use crate::ErrorCode;
use crate::auth::FrameSeed;
use crate::hex;

/// The payload of a request whose signature does not cover it.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// What a signature says of the body.
#[derive(Clone)]
pub enum Payload {
    /// Nothing.
    Unsigned,
    /// Its SHA-256.
    Sha256([u8; 32]),
    /// It comes in aws-chunked frames.
    Frames(Frames),
}

impl fmt::Debug for Payload {
    /// Without the digest: it says something about the plaintext.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned => f.write_str("Unsigned"),
            Self::Sha256(_) => f.write_str("Sha256(***)"),
            Self::Frames(frames) => f.debug_tuple("Frames").field(frames).finish(),
        }
    }
}

/// The form of aws-chunked frames.
#[derive(Clone, Debug)]
pub struct Frames {
    /// Where the chain of signatures begins; `None` for unsigned frames.
    pub(crate) seed: Option<Arc<FrameSeed>>,
    /// Whether a trailer may follow.
    pub(crate) trailer: bool,
}

impl Frames {
    /// Whether each frame carries a signature.
    #[must_use]
    pub fn are_signed(&self) -> bool {
        self.seed.is_some()
    }

    /// Whether a trailer may follow the last frame.
    #[must_use]
    pub fn have_trailer(&self) -> bool {
        self.trailer
    }
}

/// The header's value, read before the signature is known to be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keyword {
    Unsigned,
    Sha256([u8; 32]),
    Frames { signed: bool, trailer: bool },
}

impl Keyword {
    /// Parses the header's value.
    ///
    /// Errors: `InvalidArgument` for a value S3 does not know, `NotImplemented` for Signature
    /// Version 4A.
    pub fn parse(value: &str) -> Result<Self, Error> {
        match value {
            UNSIGNED_PAYLOAD => Ok(Self::Unsigned),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => Ok(Self::Frames {
                signed: true,
                trailer: false,
            }),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => Ok(Self::Frames {
                signed: true,
                trailer: true,
            }),
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => Ok(Self::Frames {
                signed: false,
                trailer: true,
            }),
            "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"
            | "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER" => {
                Err(Error::new(ErrorCode::NotImplemented)
                    .with_message("Signature Version 4A is not implemented."))
            }
            _ => hex::parse(value).map(Self::Sha256).ok_or_else(|| {
                Error::new(ErrorCode::InvalidArgument)
                    .with_message(
                        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, \
                         STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, \
                         STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
                    )
                    .with_detail("ArgumentName", "x-amz-content-sha256")
                    .with_detail("ArgumentValue", value)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn reads_hashes_of_either_case() {
        assert_eq!(
            Keyword::parse(&"Ab".repeat(32)).unwrap(),
            Keyword::Sha256([0xab; 32])
        );
    }

    #[test]
    fn refuses_what_cannot_be_verified() {
        for (value, code) in [
            ("", ErrorCode::InvalidArgument),
            ("unsigned-payload", ErrorCode::InvalidArgument),
            (&*"a".repeat(63), ErrorCode::InvalidArgument),
            (&*"a".repeat(65), ErrorCode::InvalidArgument),
            (&*"g".repeat(64), ErrorCode::InvalidArgument),
            ("STREAMING-UNSIGNED-PAYLOAD", ErrorCode::InvalidArgument),
            (
                "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
                ErrorCode::NotImplemented,
            ),
        ] {
            assert_eq!(Keyword::parse(value).unwrap_err().code, code, "{value}");
        }
    }
}
