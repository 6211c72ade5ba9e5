//! Keys under keys: a DEK under a bucket or customer key, a bucket key under a local master key
//! (FORMAT.md §2.2, §2.3).

use zeroize::Zeroize as _;
use zeroize::Zeroizing;

use crate::aead::TAG_LEN;
use crate::context::bucket_key_context;
use crate::context::push_prefixed;
use crate::derive;
use crate::error::Error;
use crate::keys::BucketKey;
use crate::keys::MasterKey;
use crate::suite::Suite;

/// Bytes of the salt that a blob begins with.
pub(crate) const SALT_LEN: usize = 16;

/// Bytes of a wrapped key.
pub(crate) const BLOB_LEN: usize = SALT_LEN + 32 + TAG_LEN;

const MASTER_KEY_ID_LEN_MAX: usize = 64;

impl MasterKey {
    /// Wraps a bucket key for one bucket and suite; `id` names this master key in the blob.
    pub fn wrap_bucket_key(
        &self,
        id: &str,
        bucket: &str,
        suite: Suite,
        key: &BucketKey,
        salt: [u8; SALT_LEN],
    ) -> Result<Vec<u8>, Error> {
        if !is_master_key_id(id) {
            return Err(Error::MasterKeyId);
        }
        let context = bucket_key_context(bucket, suite);
        let mut blob = Vec::with_capacity(4 + id.len() + BLOB_LEN);
        push_prefixed(&mut blob, id);
        blob.extend(wrap(suite, self.bytes(), salt, &context, key.bytes())?);
        Ok(blob)
    }

    /// Unwraps what [`MasterKey::wrap_bucket_key`] made; everything wrong is [`Error::KeyBlob`].
    pub fn unwrap_bucket_key(
        &self,
        blob: &[u8],
        bucket: &str,
        suite: Suite,
    ) -> Result<BucketKey, Error> {
        let (_, wrapped) = split_local(blob)?;
        let key = unwrap(
            suite,
            self.bytes(),
            &bucket_key_context(bucket, suite),
            wrapped,
        )?;
        Ok(BucketKey::new(*key))
    }
}

/// The id of the master key that a local blob was wrapped with, not yet proven by anything.
pub fn master_key_id(blob: &[u8]) -> Result<&str, Error> {
    split_local(blob).map(|(id, _)| id)
}

/// `salt ‖ AEAD(K, nonce, aad = context, key)`.
pub(crate) fn wrap(
    suite: Suite,
    wrapping: &[u8; 32],
    salt: [u8; SALT_LEN],
    context: &[u8],
    key: &[u8; 32],
) -> Result<Vec<u8>, Error> {
    // Room for the tag, so that appending it does not leave a copy of the key behind.
    let mut plain = Vec::with_capacity(BLOB_LEN);
    plain.extend_from_slice(key);
    let sealed = derive::wrap(suite, wrapping, &salt)
        .seal(context, plain)
        .map_err(|_| Error::SealRefused)?;
    Ok([&salt[..], &sealed].concat())
}

pub(crate) fn unwrap(
    suite: Suite,
    wrapping: &[u8; 32],
    context: &[u8],
    blob: &[u8],
) -> Result<Zeroizing<[u8; 32]>, Error> {
    if blob.len() != BLOB_LEN {
        return Err(Error::KeyBlob);
    }
    let (salt, sealed) = blob.split_at(SALT_LEN);
    let opened = derive::wrap(suite, wrapping, salt).open(context, sealed);
    let mut plain = opened.map_err(|_| Error::KeyBlob)?;
    let key = <[u8; 32]>::try_from(&plain[..]).map(Zeroizing::new);
    plain.zeroize();
    key.map_err(|_| Error::KeyBlob)
}

fn split_local(blob: &[u8]) -> Result<(&str, &[u8]), Error> {
    let (len, rest) = blob.split_first_chunk().ok_or(Error::KeyBlob)?;
    let len = usize::try_from(u32::from_be_bytes(*len)).map_err(|_| Error::KeyBlob)?;
    let (id, wrapped) = rest.split_at_checked(len).ok_or(Error::KeyBlob)?;
    let id = std::str::from_utf8(id).map_err(|_| Error::KeyBlob)?;
    if !is_master_key_id(id) || wrapped.len() != BLOB_LEN {
        return Err(Error::KeyBlob);
    }
    Ok((id, wrapped))
}

fn is_master_key_id(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=MASTER_KEY_ID_LEN_MAX).contains(&id.len()) && id.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const SALT: [u8; 16] = [7; 16];

    fn blob(id: &str) -> Result<Vec<u8>, Error> {
        let master = MasterKey::new([1; 32]);
        master.wrap_bucket_key(id, "bucket", Suite::Sm4Gcm, &BucketKey::new([2; 32]), SALT)
    }

    #[test]
    fn bucket_keys_come_back() {
        let blob = blob("k1").unwrap();
        assert_eq!(master_key_id(&blob), Ok("k1"));
        let master = MasterKey::new([1; 32]);
        let key = master
            .unwrap_bucket_key(&blob, "bucket", Suite::Sm4Gcm)
            .unwrap();
        assert_eq!(key.bytes(), &[2; 32]);
    }

    #[test]
    fn refuses_other_bucket_suite_or_master() {
        let blob = blob("k1").unwrap();
        let refused = |master: u8, bucket: &str, suite| {
            MasterKey::new([master; 32])
                .unwrap_bucket_key(&blob, bucket, suite)
                .unwrap_err()
        };
        assert_eq!(refused(1, "other", Suite::Sm4Gcm), Error::KeyBlob);
        assert_eq!(refused(1, "bucket", Suite::Aes256Gcm), Error::KeyBlob);
        assert_eq!(refused(9, "bucket", Suite::Sm4Gcm), Error::KeyBlob);
    }

    #[test]
    fn refuses_every_shorter_or_longer_blob() {
        let master = MasterKey::new([1; 32]);
        let whole = blob("k1").unwrap();
        let longer = [&whole[..], &[0]].concat();
        let all = (0..whole.len())
            .map(|len| &whole[..len])
            .chain([&longer[..]]);
        for blob in all {
            let refused = master.unwrap_bucket_key(blob, "bucket", Suite::Sm4Gcm);
            assert_eq!(refused.unwrap_err(), Error::KeyBlob);
        }
    }

    #[test]
    fn master_key_ids_have_1_to_64_plain_characters() {
        for good in ["a", "A.b_c-9", &"x".repeat(64)] {
            assert!(blob(good).is_ok(), "{good}");
        }
        for bad in ["", &"x".repeat(65), "a b", "a/b", "ä"] {
            assert_eq!(blob(bad), Err(Error::MasterKeyId), "{bad}");
        }
    }
}
