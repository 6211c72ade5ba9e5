//! Every derivation of FORMAT.md §2, all labels in one list.

use hkdf::Hkdf;
use hmac::Hmac;
use hmac::KeyInit as _;
use sha2::Sha256;
use sm3::Sm3;
use zeroize::Zeroizing;

use crate::aead::NONCE_LEN;
use crate::aead::OneShot;
use crate::keys::ClosingKey;
use crate::keys::Dek;
use crate::suite::Suite;

const ENVELOPE: &[u8] = b"sealgate/v1/envelope";
const PRIVATE: &[u8] = b"sealgate/v1/private";
const SEGMENT: &[u8] = b"sealgate/v1/segment";
const CLOSING: &[u8] = b"sealgate/v1/closing";
const LIST: &[u8] = b"sealgate/v1/list";
const WRAP: &[u8] = b"sealgate/v1/wrap";
const PART: &[u8] = b"sealgate/v1/part";

/// The longest key with a nonce behind it.
const KEY_NONCE_LEN_MAX: usize = 32 + NONCE_LEN;

/// An AEAD key and the nonce (or iv) behind it.
pub(crate) struct KeyNonce {
    bytes: Zeroizing<[u8; KEY_NONCE_LEN_MAX]>,
    key_len: usize,
}

impl KeyNonce {
    pub(crate) fn split(&self) -> (&[u8], [u8; NONCE_LEN]) {
        let (key, rest) = self.bytes.split_at(self.key_len);
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&rest[..NONCE_LEN]); // INVARIANT: `key_len` is 16 or 32 of 44.
        (key, nonce)
    }
}

impl Dek {
    /// The closing key of a parts object: all that Complete and a reader of lists need.
    #[must_use]
    pub fn closing_key(&self, suite: Suite) -> ClosingKey {
        ClosingKey::new(*expand::<32>(suite, self.bytes(), &[], &[CLOSING]))
    }
}

impl ClosingKey {
    /// The second half of a part's client `ETag` (FORMAT.md §7): 16 lower-case hex digits that bind
    /// number and length to `hex`, the backend's `ETag` of the part in lower case.
    #[must_use]
    pub fn part_tag(&self, suite: Suite, number: u32, plain_len: u64, hex: &str) -> String {
        let (number, plain_len) = (number.to_be_bytes(), plain_len.to_be_bytes());
        let tag = mac(
            suite,
            self.bytes(),
            &[PART, &number, &plain_len, hex.as_bytes()],
        );
        let half = tag
            .first_chunk()
            .map_or(0, |half| u64::from_be_bytes(*half));
        format!("{half:016x}")
    }
}

pub(crate) fn envelope_mac(suite: Suite, dek: &Dek, context: &[u8], json: &[u8]) -> [u8; 32] {
    let key = expand::<32>(suite, dek.bytes(), &[], &[ENVELOPE]);
    mac(suite, &*key, &[context, json])
}

pub(crate) fn private(suite: Suite, dek: &Dek, blob_salt: &[u8]) -> OneShot {
    OneShot::new(suite, &key_nonce(suite, dek.bytes(), blob_salt, &[PRIVATE]))
}

pub(crate) fn wrap(suite: Suite, wrapping: &[u8; 32], salt: &[u8]) -> OneShot {
    OneShot::new(suite, &key_nonce(suite, wrapping, salt, &[WRAP]))
}

pub(crate) fn list(suite: Suite, closing: &ClosingKey, salt: &[u8]) -> OneShot {
    OneShot::new(suite, &key_nonce(suite, closing.bytes(), salt, &[LIST]))
}

/// `root` is the DEK, or the closing key for an added segment.
pub(crate) fn segment(suite: Suite, root: &[u8; 32], salt: &[u8], header: &[u8]) -> KeyNonce {
    key_nonce(suite, root, salt, &[SEGMENT, header])
}

fn key_nonce(suite: Suite, root: &[u8; 32], salt: &[u8], info: &[&[u8]]) -> KeyNonce {
    // HKDF's output for a shorter length is a prefix of that for a longer one (RFC 5869 §2.3).
    KeyNonce {
        bytes: expand(suite, root, salt, info),
        key_len: suite.key_len(),
    }
}

fn expand<const N: usize>(
    suite: Suite,
    root: &[u8],
    salt: &[u8],
    info: &[&[u8]],
) -> Zeroizing<[u8; N]> {
    let mut out = Zeroizing::new([0; N]);
    let done = match suite {
        Suite::Aes256Gcm => {
            Hkdf::<Sha256>::new(Some(salt), root).expand_multi_info(info, &mut *out)
        }
        Suite::Sm4Gcm => Hkdf::<Sm3>::new(Some(salt), root).expand_multi_info(info, &mut *out),
    };
    // INVARIANT: N is 32 or 44 here, and HKDF gives up to 255 hash lengths.
    assert!(done.is_ok(), "HKDF output of {N} bytes");
    out
}

fn mac(suite: Suite, key: &[u8], message: &[&[u8]]) -> [u8; 32] {
    match suite {
        Suite::Aes256Gcm => Hmac::<Sha256>::new_from_slice(key).map(|mac| absorb(mac, message)),
        Suite::Sm4Gcm => Hmac::<Sm3>::new_from_slice(key).map(|mac| absorb(mac, message)),
    }
    // INVARIANT: HMAC takes keys of every length.
    .unwrap_or_else(|_| unreachable!("HMAC key length"))
}

fn absorb<M: hmac::Mac>(mut mac: M, message: &[&[u8]]) -> [u8; 32]
where
    hmac::digest::Output<M>: Into<[u8; 32]>,
{
    for piece in message {
        mac.update(piece);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// RFC 5869 A.1 and A.3.
    #[test]
    fn hkdf_is_that_of_rfc_5869() {
        let salt: Vec<u8> = (0..=0x0c).collect();
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        let okm = expand::<42>(Suite::Aes256Gcm, &[0x0b; 22], &salt, &[&info]);
        assert_eq!(
            hex(&*okm),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf\
             34007208d5b887185865"
        );
        let okm = expand::<42>(Suite::Aes256Gcm, &[0x0b; 22], &[], &[]);
        assert_eq!(
            hex(&*okm),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d\
             9d201395faa4b61a96c8"
        );
    }

    #[test]
    fn info_is_joined_and_shorter_outputs_are_prefixes() {
        for suite in Suite::ALL {
            let joined = expand::<44>(suite, &[1; 32], &[2; 16], &[b"ab"]);
            let pieces = expand::<28>(suite, &[1; 32], &[2; 16], &[b"a", b"b"]);
            assert_eq!(joined[..28], pieces[..]);
        }
    }

    #[test]
    fn part_tags_bind_number_and_length() {
        let closing = Dek::new([1; 32]).closing_key(Suite::Sm4Gcm);
        let tag = |number, len| closing.part_tag(Suite::Sm4Gcm, number, len, "00ff");
        assert_eq!(tag(1, 2).len(), 16);
        assert_eq!(tag(1, 2), tag(1, 2));
        assert_ne!(tag(1, 2), tag(2, 2));
        assert_ne!(tag(1, 2), tag(1, 3));
    }

    fn hex(bytes: &[u8]) -> String {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<Vec<_>>()
            .concat()
    }
}
