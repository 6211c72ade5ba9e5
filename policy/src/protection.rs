//! What a permit demands of whoever moves the bytes.

use crate::KeyName;

/// What happens to object data under a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protection {
    /// `protect: gateway`: seal what is written, open what is read.
    Seal {
        /// The key under which new objects are sealed.
        key: KeyName,
        /// The suite of new objects.
        algorithm: Algorithm,
        /// The mode that new objects advertise to clients.
        sse: Sse,
    },
    /// `protect: none`: pass the bytes on untouched.
    Relay,
}

/// The cipher that seals, by its name in headers and configurations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// AES-256-GCM.
    Aes256,
    /// SM4-GCM (RFC 8998).
    Sm4,
}

impl Algorithm {
    /// The name in configurations.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes256 => "AES256",
            Self::Sm4 => "SM4",
        }
    }
}

/// The mode of server-side encryption that is advertised to clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sse {
    /// SSE-S3, in headers `AES256`.
    Aes256,
}

impl Sse {
    /// The name in configurations.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes256 => "AES256",
        }
    }
}

/// What clients see as the `ETag` of a sealed object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EtagStyle {
    /// The backend's, marked so that nobody takes it for a digest.
    Opaque,
    /// The MD5 of what the client stored, as with plain S3.
    Md5,
}

/// What a read does when the object in the backend is not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unsealed {
    /// Refuse it: nobody vouches for such bytes.
    Reject,
    /// Serve it as it is.
    Serve,
}
