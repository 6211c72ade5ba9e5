//! Where bucket keys come from. A provider makes and unwraps them; nothing else in the gateway
//! sees the key above a bucket key. What came from a provider is used again for a few minutes.

mod cache;
mod local;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use cache::Cache;
use cache::Owner;
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
#[derive(Clone)]
pub struct WrappedBucketKey {
    /// Wraps the object's DEK.
    pub key: Arc<BucketKey>,
    /// The same key under the provider's master key: envelope member `bk`, FORMAT.md §2.
    pub blob: Vec<u8>,
}

/// Every key that the configuration names.
pub struct Keys {
    providers: BTreeMap<KeyName, LocalKeys>,
    cache: Cache,
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
            cache: Cache::default(),
        }
    }

    /// A bucket key for a new object of `bucket`, wrapped by the key `name`. Some objects that
    /// are new at about the same time share it.
    pub fn make(
        &self,
        name: &KeyName,
        bucket: &str,
        suite: Suite,
    ) -> Result<WrappedBucketKey, Error> {
        let provider = self.provider(name)?;
        let owner = Owner {
            name,
            bucket,
            suite,
        };
        let now = Instant::now();
        if let Some(key) = self.cache.reuse(owner, now) {
            return Ok(key);
        }
        let key = provider.make(bucket, suite)?;
        self.cache.made(owner, &key, now);
        Ok(key)
    }

    /// The bucket key inside `blob`, asked of exactly the key `name`.
    pub fn unwrap(
        &self,
        name: &KeyName,
        blob: &[u8],
        bucket: &str,
        suite: Suite,
    ) -> Result<Arc<BucketKey>, Error> {
        let provider = self.provider(name)?;
        let owner = Owner {
            name,
            bucket,
            suite,
        };
        let now = Instant::now();
        if let Some(key) = self.cache.unwrap(owner, blob, now) {
            return Ok(key);
        }
        let key = Arc::new(provider.unwrap(blob, bucket, suite)?);
        self.cache.opened(owner, blob, &key, now);
        Ok(key)
    }

    fn provider(&self, name: &KeyName) -> Result<&LocalKeys, Error> {
        self.providers.get(name).ok_or(Error::Unknown)
    }
}
