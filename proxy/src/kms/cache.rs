//! Bucket keys that are remembered, so that not every object costs its provider a call. The room
//! is bounded, a key is used for [`LIFETIME`] after it came, and is wiped when the last user of a
//! forgotten one lets go.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use crypto::BucketKey;
use crypto::Suite;
use policy::KeyName;

use super::WrappedBucketKey;

/// How long a bucket key is used after it was made or unwrapped; a provider that withdraws a key
/// is obeyed no later. A few minutes, as Amazon S3 does with its bucket keys.
const LIFETIME: Duration = Duration::from_mins(5);

/// New objects under one bucket key: bounds what is lost with it.
const OBJECTS_MAX: u32 = 65_536;

/// Entries of one generation, of which two are kept.
const GENERATION: usize = 512;

/// Whose a bucket key is; no other bucket, suite or configured key is ever given it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner<'a> {
    /// The configured key that wraps it.
    pub name: &'a KeyName,
    /// The logical bucket.
    pub bucket: &'a str,
    /// Of the objects.
    pub suite: Suite,
}

/// What is remembered. `now` is given by the caller, and never runs backwards.
#[derive(Default)]
pub(super) struct Cache {
    made: Mutex<Generations<Made>>,
    opened: Mutex<Generations<Arc<BucketKey>>>,
}

impl Cache {
    /// A bucket key for one more new object of `owner`.
    pub(super) fn reuse(&self, owner: Owner<'_>, now: Instant) -> Option<WrappedBucketKey> {
        let mut made = lock(&self.made);
        let made = made.get(&owner.with(&[]), now)?;
        made.left = made.left.checked_sub(1)?;
        Some(made.key.clone())
    }

    /// Remembers a new bucket key, of which the caller uses the first object himself.
    pub(super) fn made(&self, owner: Owner<'_>, key: &WrappedBucketKey, now: Instant) {
        self.opened(owner, &key.blob, &key.key, now);
        let made = Made {
            key: key.clone(),
            left: OBJECTS_MAX - 1,
        };
        lock(&self.made).insert(owner.with(&[]), made, now);
    }

    /// The bucket key inside `blob`, if it was unwrapped for the same owner.
    pub(super) fn unwrap(
        &self,
        owner: Owner<'_>,
        blob: &[u8],
        now: Instant,
    ) -> Option<Arc<BucketKey>> {
        let mut opened = lock(&self.opened);
        opened
            .get(&owner.with(blob), now)
            .map(|key| Arc::clone(key))
    }

    /// Remembers what was inside `blob`.
    pub(super) fn opened(&self, owner: Owner<'_>, blob: &[u8], key: &Arc<BucketKey>, now: Instant) {
        lock(&self.opened).insert(owner.with(blob), Arc::clone(key), now);
    }
}

struct Made {
    key: WrappedBucketKey,
    left: u32,
}

impl Owner<'_> {
    /// What an entry is found under: the owner and the whole `blob`, length-prefixed.
    fn with(self, blob: &[u8]) -> Vec<u8> {
        let (name, bucket) = (self.name.as_str().as_bytes(), self.bucket.as_bytes());
        let mut id = Vec::with_capacity(17 + name.len() + bucket.len() + blob.len());
        id.push(self.suite.id());
        for field in [name, bucket] {
            id.extend_from_slice(&(field.len() as u64).to_be_bytes());
            id.extend_from_slice(field);
        }
        id.extend_from_slice(blob);
        id
    }
}

/// Two generations: entries come into the young one and move back there when they are used. The
/// old one is forgotten when the young one is full or as old as an entry may become, so what is
/// not used is forgotten too.
struct Generations<T> {
    young: HashMap<Vec<u8>, Entry<T>>,
    old: HashMap<Vec<u8>, Entry<T>>,
    turned: Option<Instant>,
}

struct Entry<T> {
    since: Instant,
    value: T,
}

impl<T> Default for Generations<T> {
    fn default() -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            turned: None,
        }
    }
}

impl<T> Generations<T> {
    fn get(&mut self, id: &[u8], now: Instant) -> Option<&mut T> {
        self.age(now);
        if let Some((id, entry)) = self.old.remove_entry(id) {
            self.put(id, entry, now);
        }
        if !self.young.get(id)?.is_fresh(now) {
            self.young.remove(id);
        }
        self.young.get_mut(id).map(|entry| &mut entry.value)
    }

    fn insert(&mut self, id: Vec<u8>, value: T, now: Instant) {
        self.age(now);
        self.old.remove(&id);
        self.put(id, Entry { since: now, value }, now);
    }

    fn put(&mut self, id: Vec<u8>, entry: Entry<T>, now: Instant) {
        if self.young.len() >= GENERATION {
            self.turn(now);
        }
        self.young.insert(id, entry);
    }

    fn age(&mut self, now: Instant) {
        let turned = *self.turned.get_or_insert(now);
        if now.duration_since(turned) >= LIFETIME {
            self.turn(now);
        }
    }

    fn turn(&mut self, now: Instant) {
        self.old = mem::take(&mut self.young);
        self.turned = Some(now);
    }
}

impl<T> Entry<T> {
    fn is_fresh(&self, now: Instant) -> bool {
        now.duration_since(self.since) < LIFETIME
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Weak;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn name(name: &str) -> KeyName {
        KeyName::parse(name).unwrap()
    }

    fn owner<'a>(name: &'a KeyName, bucket: &'a str) -> Owner<'a> {
        Owner {
            name,
            bucket,
            suite: Suite::Aes256Gcm,
        }
    }

    fn key(byte: u8) -> WrappedBucketKey {
        WrappedBucketKey {
            key: Arc::new(BucketKey::new([byte; 32])),
            blob: vec![byte; 70],
        }
    }

    fn is(found: Option<&Arc<BucketKey>>, key: &WrappedBucketKey) -> bool {
        found.is_some_and(|found| Arc::ptr_eq(found, &key.key))
    }

    #[test]
    fn a_made_key_seals_more_objects_and_opens_them() {
        let (cache, name, now) = (Cache::default(), name("main"), Instant::now());
        let (owner, key) = (owner(&name, "bucket"), key(1));
        assert!(cache.reuse(owner, now).is_none());
        cache.made(owner, &key, now);
        let again = cache.reuse(owner, now).unwrap();
        assert!(is(Some(&again.key), &key));
        assert_eq!(again.blob, key.blob);
        assert!(is(cache.unwrap(owner, &key.blob, now).as_ref(), &key));
    }

    #[test]
    fn an_unwrapped_key_seals_nothing_new() {
        let (cache, name, now) = (Cache::default(), name("main"), Instant::now());
        let (owner, key) = (owner(&name, "bucket"), key(1));
        cache.opened(owner, &key.blob, &key.key, now);
        assert!(is(cache.unwrap(owner, &key.blob, now).as_ref(), &key));
        assert!(cache.reuse(owner, now).is_none());
    }

    #[test]
    fn no_other_owner_or_blob_gets_a_key() {
        let (cache, main, spare) = (Cache::default(), name("main"), name("spare"));
        let (key, now) = (key(1), Instant::now());
        cache.made(owner(&main, "bucket"), &key, now);
        let sm4 = Owner {
            suite: Suite::Sm4Gcm,
            ..owner(&main, "bucket")
        };
        for other in [owner(&main, "bucket2"), owner(&spare, "bucket"), sm4] {
            assert!(cache.reuse(other, now).is_none(), "{other:?}");
            let opened = cache.unwrap(other, &key.blob, now);
            assert!(opened.is_none(), "{other:?}");
        }
        let mut blob = key.blob.clone();
        for at in 0..blob.len() {
            blob[at] ^= 1;
            let opened = cache.unwrap(owner(&main, "bucket"), &blob, now);
            assert!(opened.is_none(), "byte {at}");
            blob[at] ^= 1;
        }
        let shorter = cache.unwrap(owner(&main, "bucket"), &blob[..69], now);
        assert!(shorter.is_none());
    }

    #[test]
    fn a_byte_moved_from_bucket_to_blob_is_another_entry() {
        let name = name("main");
        let id = |bucket, blob: &[u8]| owner(&name, bucket).with(blob);
        assert_ne!(id("ab", b"c"), id("a", b"bc"));
    }

    #[test]
    fn a_key_seals_65_536_objects_and_no_more() {
        let (cache, name, now) = (Cache::default(), name("main"), Instant::now());
        let owner = owner(&name, "bucket");
        cache.made(owner, &key(1), now);
        for object in 1..65_536 {
            assert!(cache.reuse(owner, now).is_some(), "{object}");
        }
        assert!(cache.reuse(owner, now).is_none());
        assert!(cache.reuse(owner, now).is_none());
        cache.made(owner, &key(2), now);
        assert!(cache.reuse(owner, now).is_some());
    }

    #[test]
    fn a_key_is_used_for_five_minutes_however_often() {
        let (cache, name, start) = (Cache::default(), name("main"), Instant::now());
        let (owner, key) = (owner(&name, "bucket"), key(1));
        cache.made(owner, &key, start);
        for second in 0..400 {
            let now = start + second * SECOND;
            let fresh = second < 300;
            assert_eq!(cache.reuse(owner, now).is_some(), fresh, "{second}");
            let opened = cache.unwrap(owner, &key.blob, now);
            assert_eq!(opened.is_some(), fresh, "{second}");
        }
    }

    #[test]
    fn what_is_used_stays_when_a_generation_is_full() {
        let (cache, name, now) = (Cache::default(), name("main"), Instant::now());
        let (used, key) = (owner(&name, "used"), key(1));
        cache.made(used, &key, now);
        for index in 0..3 * GENERATION {
            let other = index.to_string();
            cache.made(owner(&name, &other), &key, now);
            assert!(cache.reuse(used, now).is_some(), "{index}");
            let opened = cache.unwrap(used, &key.blob, now);
            assert!(opened.is_some(), "{index}");
        }
        assert!(cache.reuse(owner(&name, "0"), now).is_none());
        let opened = lock(&cache.opened);
        assert!(opened.young.len() + opened.old.len() <= 2 * GENERATION);
        let made = lock(&cache.made);
        assert!(made.young.len() + made.old.len() <= 2 * GENERATION);
    }

    /// A key that is gone is wiped: [`BucketKey`] wipes itself when it is dropped.
    #[test]
    fn evicted_keys_are_gone() {
        const fn wipes_itself<T: zeroize::ZeroizeOnDrop>() {}
        const { wipes_itself::<BucketKey>() };
        let (cache, name, now) = (Cache::default(), name("main"), Instant::now());
        let weak = remember(&cache, owner(&name, "bucket"), now);
        for index in 0..2 * GENERATION {
            assert!(weak.upgrade().is_some(), "{index}");
            let other = index.to_string();
            cache.made(owner(&name, &other), &key(2), now);
        }
        assert!(weak.upgrade().is_none());
    }

    #[test]
    fn keys_that_nobody_uses_are_gone_after_ten_minutes() {
        let (cache, name, start) = (Cache::default(), name("main"), Instant::now());
        let weak = remember(&cache, owner(&name, "bucket"), start);
        for minutes in [5, 10] {
            let now = start + minutes * 60 * SECOND;
            assert!(weak.upgrade().is_some(), "{minutes}");
            cache.made(owner(&name, "other"), &key(2), now);
        }
        assert!(weak.upgrade().is_none());
    }

    fn remember(cache: &Cache, owner: Owner<'_>, now: Instant) -> Weak<BucketKey> {
        let key = key(1);
        cache.made(owner, &key, now);
        Arc::downgrade(&key.key)
    }
}
