//! Bucket keys under a master key of a keyring file.

use std::sync::Arc;

use config::Keyring;
use crypto::BucketKey;
use crypto::Suite;

use super::Error;
use super::WrappedBucketKey;
use crate::random;

/// The keys of one keyring; new bucket keys are wrapped by one of them.
#[derive(PartialEq, Eq)]
pub struct LocalKeys {
    keyring: Arc<Keyring>,
    master: String,
}

impl LocalKeys {
    /// Keys of `keyring`, of which `master` wraps what is new.
    #[must_use]
    pub fn new(keyring: Arc<Keyring>, master: String) -> Self {
        Self { keyring, master }
    }

    /// A new bucket key.
    pub fn make(&self, bucket: &str, suite: Suite) -> Result<WrappedBucketKey, Error> {
        let key = Arc::new(BucketKey::new(random::bytes()?));
        let master = self.master(&self.master)?;
        let blob = master.wrap_bucket_key(&self.master, bucket, suite, &key, random::bytes()?)?;
        Ok(WrappedBucketKey { key, blob })
    }

    /// The bucket key inside `blob`, under whichever master key of the keyring it names.
    pub fn unwrap(&self, blob: &[u8], bucket: &str, suite: Suite) -> Result<BucketKey, Error> {
        let master = self.master(crypto::master_key_id(blob)?)?;
        Ok(master.unwrap_bucket_key(blob, bucket, suite)?)
    }

    fn master(&self, id: &str) -> Result<&crypto::MasterKey, Error> {
        self.keyring
            .key(id)
            .ok_or_else(|| Error::NoMasterKey(id.to_owned()))
    }
}
