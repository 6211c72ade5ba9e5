//! AES-256-GCM through aws-lc-rs: the fastest measured, dispatched at run time.
//!
//! `LessSafeKey` does not promise to wipe the expanded key when it is freed.

use aws_lc_rs::aead::AES_256_GCM;
use aws_lc_rs::aead::Aad;
use aws_lc_rs::aead::LessSafeKey;
use aws_lc_rs::aead::Nonce;
use aws_lc_rs::aead::UnboundKey;

use super::NONCE_LEN;
use super::Refused;
use super::TAG_LEN;

pub(crate) struct Aes256Gcm(LessSafeKey);

impl Aes256Gcm {
    pub(crate) fn new(key: &[u8]) -> Self {
        let Ok(key) = UnboundKey::new(&AES_256_GCM, key) else {
            // INVARIANT: `Cipher::new` is given the suite's key length; nothing else fails.
            unreachable!("AES-256 key of {} bytes", key.len())
        };
        Self(LessSafeKey::new(key))
    }

    pub(crate) fn seal(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        in_out: &mut [u8],
    ) -> Result<[u8; TAG_LEN], Refused> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self
            .0
            .seal_in_place_separate_tag(nonce, Aad::from(aad), in_out);
        tag.ok()
            .and_then(|tag| tag.as_ref().try_into().ok())
            .ok_or(Refused)
    }

    pub(crate) fn open(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        in_out: &mut [u8],
        tag: &[u8],
    ) -> Result<(), Refused> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let opened = self
            .0
            .open_in_place_separate_tag(nonce, Aad::from(aad), tag, in_out);
        opened.map(|_| ()).map_err(|_| Refused)
    }

    pub(crate) fn open_to(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        sealed: &[u8],
        tag: &[u8],
        plain: &mut [u8],
    ) -> Result<(), Refused> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let opened = self
            .0
            .open_separate_gather(nonce, Aad::from(aad), sealed, tag, plain);
        opened.map_err(|_| Refused)
    }
}
