//! What can be chosen about a sealed object: suite, layout, and the encryption it advertises.

use sha2::Digest as _;
use sha2::Sha256;
use sm3::Sm3;

/// A cipher with its hash, used throughout an object (FORMAT.md §1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Suite {
    /// AES-256-GCM with SHA-256.
    Aes256Gcm,
    /// SM4-GCM (RFC 8998) with SM3.
    Sm4Gcm,
}

impl Suite {
    /// Every suite, in the order of the ids.
    pub const ALL: [Self; 2] = [Self::Aes256Gcm, Self::Sm4Gcm];

    /// The id in segment headers.
    #[must_use]
    pub const fn id(self) -> u8 {
        match self {
            Self::Aes256Gcm => 1,
            Self::Sm4Gcm => 2,
        }
    }

    /// The suite with this id.
    #[must_use]
    pub const fn from_id(id: u8) -> Option<Self> {
        match id {
            1 => Some(Self::Aes256Gcm),
            2 => Some(Self::Sm4Gcm),
            _ => None,
        }
    }

    /// The name in envelopes and contexts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes256Gcm => "AES256-GCM",
            Self::Sm4Gcm => "SM4-GCM",
        }
    }

    /// The suite with exactly this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.name() == name)
    }

    /// Bytes of an AEAD key.
    #[must_use]
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes256Gcm => 32,
            Self::Sm4Gcm => 16,
        }
    }

    /// `H` of FORMAT.md: a digest with the suite's hash.
    #[must_use]
    pub fn hash(self, message: &[u8]) -> [u8; 32] {
        match self {
            Self::Aes256Gcm => Sha256::digest(message).into(),
            Self::Sm4Gcm => Sm3::digest(message).into(),
        }
    }
}

/// How a body is made of segments (FORMAT.md §4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Layout {
    /// One segment: one PUT.
    Whole,
    /// One segment per part of a multipart upload.
    Parts,
}

impl Layout {
    /// The name in envelopes and contexts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Parts => "parts",
        }
    }

    /// The layout with exactly this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Whole, Self::Parts]
            .into_iter()
            .find(|layout| layout.name() == name)
    }
}

/// The server-side encryption that the object advertises to clients (FORMAT.md §3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Sse {
    /// SSE-S3, SSE-OBS.
    S3,
    /// SSE-KMS.
    Kms,
    /// Dual-layer SSE-KMS.
    Dsse,
    /// SSE-C: the client brings the key.
    Customer,
}

impl Sse {
    /// The name in envelopes and contexts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::S3 => "AES256",
            Self::Kms => "kms",
            Self::Dsse => "dsse",
            Self::Customer => "C",
        }
    }

    /// The mode with exactly this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::S3, Self::Kms, Self::Dsse, Self::Customer]
            .into_iter()
            .find(|sse| sse.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ids_lead_back() {
        for suite in Suite::ALL {
            assert_eq!(Suite::from_id(suite.id()), Some(suite));
            assert_eq!(Suite::from_name(suite.name()), Some(suite));
        }
        for layout in [Layout::Whole, Layout::Parts] {
            assert_eq!(Layout::from_name(layout.name()), Some(layout));
        }
        for sse in [Sse::S3, Sse::Kms, Sse::Dsse, Sse::Customer] {
            assert_eq!(Sse::from_name(sse.name()), Some(sse));
        }
    }

    /// GB/T 32905 A.1.
    #[test]
    fn sm3_is_that_of_the_standard() {
        let hex: Vec<_> = Suite::Sm4Gcm
            .hash(b"abc")
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let expected = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
        assert_eq!(hex.concat(), expected);
    }

    #[test]
    fn names_are_exact() {
        assert_eq!(Suite::from_name("aes256-gcm"), None);
        assert_eq!(Suite::from_id(0), None);
        assert_eq!(Suite::from_id(3), None);
        assert_eq!(Layout::from_name(""), None);
        assert_eq!(Sse::from_name("KMS"), None);
    }
}
