//! What a signature is held against, and the proof that it held.

use time::Duration;
use time::OffsetDateTime;

use crate::Payload;

/// What a signature is held against.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'a> {
    /// The present.
    pub now: OffsetDateTime,
    /// The region signatures must be made for; `*` accepts any.
    pub region: &'a str,
    /// The bucket that the host names, where it does: Version 2 signs it as part of the path.
    pub host_bucket: Option<&'a str>,
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

/// The proof that the head of a request was looked at, and who signed it.
#[derive(Debug)]
pub struct Verified {
    access_key: Option<String>,
    payload: Payload,
}

impl Verified {
    /// Signed by the owner of `access_key`.
    pub(super) fn signed(access_key: String, payload: Payload) -> Self {
        Self {
            access_key: Some(access_key),
            payload,
        }
    }

    /// Signed by nobody.
    pub(super) fn anonymous(payload: Payload) -> Self {
        Self {
            access_key: None,
            payload,
        }
    }

    /// Who signed; `None` when nobody did, which proves nothing: the policy must say whether that
    /// is enough.
    #[must_use]
    pub fn access_key(&self) -> Option<&str> {
        self.access_key.as_deref()
    }

    /// What the signature says of the body, which is not yet proven: [`crate::Body`] does that.
    #[must_use]
    pub fn payload(&self) -> &Payload {
        &self.payload
    }
}
