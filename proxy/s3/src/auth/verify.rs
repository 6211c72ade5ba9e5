//! Verifying a request's signature: the only maker of [`Verified`].

use std::sync::Arc;

use time::Duration;
use time::OffsetDateTime;

use crate::Error;
use crate::ErrorCode;
use crate::Head;
use crate::SecretKey;
use crate::SigningKey;

/// What a signature is held against.
#[derive(Clone, Debug)]
pub struct Expectation<'a> {
    /// The present.
    pub now: OffsetDateTime,
    /// The region signatures must be made for; `*` accepts any.
    pub region: &'a str,
    /// The measures of what is tolerated.
    pub limits: Limits,
}

/// The measures of what is tolerated in a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How far the request's time may lie from `now`, in either direction.
    pub skew_max: Duration,
}

impl Default for Limits {
    /// AWS's own: 15 minutes.
    fn default() -> Self {
        Self {
            skew_max: Duration::minutes(15),
        }
    }
}

/// The proof that the head of a request was signed by the owner of an access key.
#[derive(Debug)]
pub struct Verified {
    access_key: String,
    payload: Payload,
}

impl Verified {
    /// Who signed.
    #[must_use]
    pub fn access_key(&self) -> &str {
        &self.access_key
    }

    /// What the signature says of the body, which is not yet proven: [`crate::Body`] does that.
    #[must_use]
    pub fn payload(&self) -> &Payload {
        &self.payload
    }
}

/// What a signature says of the body.
#[derive(Clone, Debug)]
pub enum Payload {
    /// Nothing.
    Unsigned,
    /// Its SHA-256.
    Sha256([u8; 32]),
    /// It comes in aws-chunked frames.
    Frames(Frames),
}

/// The form of aws-chunked frames.
#[derive(Clone, Debug)]
pub struct Frames {
    /// The key and the first signature of the chain; `None` for unsigned frames.
    pub(crate) chain: Option<Arc<SigningKey>>,
    /// Whether a trailer may follow.
    pub(crate) trailer: bool,
}

/// Verifies the signature of `head`. `secrets` finds the secret of an access key.
///
/// Errors are those of S3; see the functions below.
pub fn verify<'c>(
    head: &Head<'_>,
    secrets: &dyn Fn(&str) -> Option<&'c SecretKey>,
    expect: &Expectation<'_>,
) -> Result<Verified, Error> {
    let _ = (head, secrets, expect);
    Err(Error::new(ErrorCode::NotImplemented))
}
