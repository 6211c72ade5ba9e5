//! SM4-GCM (RFC 8998) in portable Rust: right everywhere, about 0.1 GB/s.

use aes_gcm::AesGcm;
use aes_gcm::KeyInit as _;
use aes_gcm::Nonce;
use aes_gcm::aead::AeadInOut as _;
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::inout::InOutBuf;

use super::NONCE_LEN;
use super::Refused;
use super::TAG_LEN;

pub(crate) struct Sm4Gcm(AesGcm<sm4::Sm4, U12>);

impl Sm4Gcm {
    pub(crate) fn new(key: &[u8]) -> Self {
        let Ok(cipher) = AesGcm::new_from_slice(key) else {
            // INVARIANT: `Cipher::new` is given the suite's key length; nothing else fails.
            unreachable!("SM4 key of {} bytes", key.len())
        };
        Self(cipher)
    }

    pub(crate) fn seal(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        in_out: &mut [u8],
    ) -> Result<[u8; TAG_LEN], Refused> {
        let tag = self
            .0
            .encrypt_inout_detached(&Nonce::from(nonce), aad, in_out.into());
        tag.map(Into::into).map_err(|_| Refused)
    }

    pub(crate) fn open(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        in_out: &mut [u8],
        tag: &[u8],
    ) -> Result<(), Refused> {
        self.open_buf(nonce, aad, in_out.into(), tag)
    }

    pub(crate) fn open_to(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        sealed: &[u8],
        tag: &[u8],
        plain: &mut [u8],
    ) -> Result<(), Refused> {
        let buf = InOutBuf::new(sealed, plain).map_err(|_| Refused)?;
        self.open_buf(nonce, aad, buf, tag)
    }

    fn open_buf(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        buf: InOutBuf<'_, '_, u8>,
        tag: &[u8],
    ) -> Result<(), Refused> {
        let tag: [u8; TAG_LEN] = tag.try_into().map_err(|_| Refused)?;
        let opened = self
            .0
            .decrypt_inout_detached(&Nonce::from(nonce), aad, buf, &tag.into());
        opened.map_err(|_| Refused)
    }
}
