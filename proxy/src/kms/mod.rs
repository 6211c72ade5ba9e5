//! Where bucket keys come from. A provider makes and unwraps them; nothing else in the gateway
//! sees the key above a bucket key. What came from a provider is used again for a few minutes.

mod cache;
mod local;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
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
    /// The configuration says that the key is not to be used.
    #[error("is disabled")]
    Disabled,
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
    disabled: BTreeSet<KeyName>,
    cache: Arc<Cache>,
}

impl Keys {
    /// Takes over the configured keys. What is remembered of those `before` is used on only where
    /// all of them are the same: a key that was withdrawn is used no more.
    #[must_use]
    pub fn new(keys: Vec<Key>, before: Option<&Self>) -> Self {
        let disabled = keys.iter().filter(|key| !key.enabled);
        let disabled: BTreeSet<_> = disabled.map(|key| key.name.clone()).collect();
        let providers = keys.into_iter().filter_map(|key| match key.provider {
            Provider::Local {
                keyring, master, ..
            } => Some((key.name, LocalKeys::new(Arc::new(keyring), master))),
            Provider::Backend => None,
        });
        let providers: BTreeMap<_, _> = providers.collect();
        let same = |before: &&Self| before.providers == providers && before.disabled == disabled;
        let before = before.filter(same);
        let cache = before.map(|before| Arc::clone(&before.cache));
        Self {
            providers,
            disabled,
            cache: cache.unwrap_or_default(),
        }
    }

    /// Whether these are the same keys.
    #[must_use]
    pub fn are(&self, other: &Self) -> bool {
        self.providers == other.providers && self.disabled == other.disabled
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
        if self.disabled.contains(name) {
            return Err(Error::Disabled);
        }
        self.providers.get(name).ok_or(Error::Unknown)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use config::Keyring;

    use super::*;

    /// The key `main` under a master key of that byte.
    fn configured(byte: char, names: &[&str]) -> Vec<Key> {
        let master = format!("{}=", byte.to_string().repeat(43));
        let entry = format!("{{id: a, key: {master}, created: 2026-01-05T09:00:00Z}}");
        let text = format!("active: a\nkeys: [{entry}]\n");
        let key = |name: &&str| Key {
            name: KeyName::parse(name).unwrap(),
            algorithm: None,
            enabled: true,
            provider: Provider::Local {
                keyring: Keyring::parse(&text).unwrap(),
                master: "a".to_owned(),
                file: "keyring.yaml".into(),
            },
        };
        names.iter().map(key).collect()
    }

    fn made(keys: &Keys) -> WrappedBucketKey {
        let main = KeyName::parse("main").unwrap();
        keys.make(&main, "bucket", Suite::Aes256Gcm).unwrap()
    }

    #[test]
    fn the_same_keys_use_on_what_is_remembered() {
        let before = Keys::new(configured('A', &["main"]), None);
        let after = Keys::new(configured('A', &["main"]), Some(&before));
        assert!(after.are(&before));
        assert!(Arc::ptr_eq(&made(&before).key, &made(&after).key));
    }

    #[test]
    fn other_keys_use_nothing_of_it() {
        let before = Keys::new(configured('A', &["main", "spare"]), None);
        let first = made(&before);
        for (byte, names) in [('E', vec!["main", "spare"]), ('A', vec!["main"])] {
            let after = Keys::new(configured(byte, &names), Some(&before));
            assert!(!after.are(&before));
            assert!(!Arc::ptr_eq(&first.key, &made(&after).key), "{names:?}");
        }
        let withdrawn = Keys::new(configured('A', &["spare"]), Some(&before));
        let main = KeyName::parse("main").unwrap();
        let opened = withdrawn.unwrap(&main, &first.blob, "bucket", Suite::Aes256Gcm);
        assert!(matches!(opened, Err(Error::Unknown)));
    }
}
