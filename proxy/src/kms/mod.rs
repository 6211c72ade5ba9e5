//! Where bucket keys come from. A provider makes and unwraps them; nothing else in the gateway
//! sees the key above a bucket key.

mod local;

use std::collections::BTreeMap;
use std::sync::Arc;

use config::Key;
use config::Provider;
use crypto::BucketKey;
use crypto::Suite;
use policy::KeyName;

pub use local::LocalKeys;

/// Why a provider did not give a key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration names no such key.
    #[error("is not in the configuration")]
    Unknown,
    /// The keyring lacks the master key that the object names.
    #[error("keyring has no master key `{0}`")]
    NoMasterKey(String),
    /// The wrapped key does not open.
    #[error("bucket key does not open")]
    Refused(#[from] crypto::Error),
    /// The operating system gave no random bytes.
    #[error("no randomness")]
    Random(#[from] getrandom::Error),
}

/// A bucket key and the form in which it is stored beside the object.
pub struct WrappedBucketKey {
    /// Wraps the object's DEK.
    pub key: BucketKey,
    /// The same key under the provider's master key: envelope member `bk`, FORMAT.md §2.
    pub blob: Vec<u8>,
}

/// Every key that the configuration names.
pub struct Keys {
    providers: BTreeMap<KeyName, LocalKeys>,
}

impl Keys {
    /// Takes over the configured keys.
    #[must_use]
    pub fn new(keys: Vec<Key>) -> Self {
        let providers = keys.into_iter().map(|key| {
            let Provider::Local {
                keyring, master, ..
            } = key.provider;
            (key.name, LocalKeys::new(Arc::new(keyring), master))
        });
        Self {
            providers: providers.collect(),
        }
    }

    /// A new bucket key for objects of `bucket`, wrapped by the key `name`.
    pub fn make(
        &self,
        name: &KeyName,
        bucket: &str,
        suite: Suite,
    ) -> Result<WrappedBucketKey, Error> {
        self.provider(name)?.make(bucket, suite)
    }

    /// The bucket key inside `blob`, asked of exactly the key `name`.
    pub fn unwrap(
        &self,
        name: &KeyName,
        blob: &[u8],
        bucket: &str,
        suite: Suite,
    ) -> Result<BucketKey, Error> {
        self.provider(name)?.unwrap(blob, bucket, suite)
    }

    fn provider(&self, name: &KeyName) -> Result<&LocalKeys, Error> {
        self.providers.get(name).ok_or(Error::Unknown)
    }
}
