//! One sealing interface over both ciphers. Nothing outside this folder makes a nonce for a chunk
//! or a footer, and nothing in it knows what the bytes mean.

mod aes;
mod segment_key;
mod sm4;

pub use segment_key::SegmentKey;

use crate::derive::KeyNonce;
use crate::suite::Suite;

/// Bytes of a nonce, in both suites.
pub(crate) const NONCE_LEN: usize = 12;

/// Bytes of the tag behind everything sealed, in both suites.
pub const TAG_LEN: usize = 16;

/// The tag did not verify, or (when sealing) the cipher refused the length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused;

/// A keyed cipher of either suite.
pub(crate) enum Cipher {
    Aes(aes::Aes256Gcm),
    /// Boxed: expanded SM4 and GHASH keys are five times as large as the other variant.
    Sm4(Box<sm4::Sm4Gcm>),
}

impl Cipher {
    /// `key` has the suite's key length.
    pub(crate) fn new(suite: Suite, key: &[u8]) -> Self {
        match suite {
            Suite::Aes256Gcm => Self::Aes(aes::Aes256Gcm::new(key)),
            Suite::Sm4Gcm => Self::Sm4(Box::new(sm4::Sm4Gcm::new(key))),
        }
    }

    pub(crate) fn seal(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        in_out: &mut [u8],
    ) -> Result<[u8; TAG_LEN], Refused> {
        match self {
            Self::Aes(cipher) => cipher.seal(nonce, aad, in_out),
            Self::Sm4(cipher) => cipher.seal(nonce, aad, in_out),
        }
    }

    /// On failure `in_out` holds nothing of use: not plaintext, and not the ciphertext either.
    pub(crate) fn open(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        in_out: &mut [u8],
        tag: &[u8],
    ) -> Result<(), Refused> {
        match self {
            Self::Aes(cipher) => cipher.open(nonce, aad, in_out, tag),
            Self::Sm4(cipher) => cipher.open(nonce, aad, in_out, tag),
        }
    }

    /// Opens from `sealed` (without its tag) to `plain` of the same length; `sealed` stays whole.
    pub(crate) fn open_to(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        sealed: &[u8],
        tag: &[u8],
        plain: &mut [u8],
    ) -> Result<(), Refused> {
        match self {
            Self::Aes(cipher) => cipher.open_to(nonce, aad, sealed, tag, plain),
            Self::Sm4(cipher) => cipher.open_to(nonce, aad, sealed, tag, plain),
        }
    }
}

/// A key with the one nonce it may ever be used with, so it seals once.
pub(crate) struct OneShot {
    cipher: Cipher,
    nonce: [u8; NONCE_LEN],
}

impl OneShot {
    pub(crate) fn new(suite: Suite, derived: &KeyNonce) -> Self {
        let (key, nonce) = derived.split();
        Self {
            cipher: Cipher::new(suite, key),
            nonce,
        }
    }

    /// Seals `plain` in place and appends the tag.
    pub(crate) fn seal(self, aad: &[u8], mut plain: Vec<u8>) -> Result<Vec<u8>, Refused> {
        let tag = self.cipher.seal(self.nonce, aad, &mut plain)?;
        plain.extend_from_slice(&tag);
        Ok(plain)
    }

    /// Opens what [`OneShot::seal`] made; wipes nothing, so callers wrap keys themselves.
    pub(crate) fn open(self, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Refused> {
        let at = sealed.len().checked_sub(TAG_LEN).ok_or(Refused)?;
        let (body, tag) = sealed.split_at(at);
        let mut plain = vec![0; body.len()];
        self.cipher
            .open_to(self.nonce, aad, body, tag, &mut plain)?;
        Ok(plain)
    }
}

#[cfg(test)]
mod tests;
