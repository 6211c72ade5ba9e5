//! What this process saw of parts as they came in. It may be forgotten at any time; what other
//! gateways saw is not in it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::mem;
use std::sync::Mutex;
use std::sync::PoisonError;

use crypto::Digests;

/// How many parts are remembered, of all uploads together; about 200 bytes each.
const SEEN_MAX: usize = 100_000;

/// Digests of parts whose uploads have not ended.
#[derive(Default)]
pub(super) struct Seen(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    /// By upload and number.
    uploads: HashMap<String, HashMap<u32, Part>>,
    count: usize,
}

struct Part {
    /// The `ETag` that the client was told.
    etag: String,
    digests: Digests,
    /// That of the part before, which this one replaced.
    replaced: Option<String>,
}

impl Seen {
    /// Remembers a part; an earlier one of this number is forgotten.
    pub fn note(&self, upload: &str, number: u32, etag: &str, digests: Digests) {
        let mut inner = self.lock();
        if inner.count >= SEEN_MAX {
            *inner = Inner::default();
        }
        let parts = inner.uploads.entry(upload.to_owned()).or_default();
        let part = Part {
            etag: etag.to_owned(),
            digests,
            replaced: None,
        };
        match parts.entry(number) {
            Entry::Occupied(mut known) => {
                let replaced = Some(mem::take(&mut known.get_mut().etag));
                known.insert(Part { replaced, ..part });
            }
            Entry::Vacant(place) => {
                place.insert(part);
                inner.count += 1;
            }
        }
    }

    /// The digests of just this part.
    pub fn get(&self, upload: &str, number: u32, etag: &str) -> Option<Digests> {
        let inner = self.lock();
        let part = inner.uploads.get(upload)?.get(&number)?;
        (part.etag == etag).then(|| part.digests.clone())
    }

    /// Whether just this part was seen, and then another of its number.
    pub fn is_replaced(&self, upload: &str, number: u32, etag: &str) -> bool {
        let inner = self.lock();
        let part = inner
            .uploads
            .get(upload)
            .and_then(|parts| parts.get(&number));
        part.is_some_and(|part| part.replaced.as_deref() == Some(etag))
    }

    /// Forgets an upload.
    pub fn forget(&self, upload: &str) {
        let mut inner = self.lock();
        let parts = inner.uploads.remove(upload);
        inner.count -= parts.map_or(0, |parts| parts.len());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn digests(byte: u8) -> Digests {
        Digests {
            md5: Some([byte; 16]),
            sum: None,
        }
    }

    #[test]
    fn only_the_very_part_is_known() {
        let seen = Seen::default();
        seen.note("upload", 1, "etag", digests(1));
        assert_eq!(seen.get("upload", 1, "etag"), Some(digests(1)));
        assert_eq!(seen.get("upload", 1, "other"), None);
        assert_eq!(seen.get("upload", 2, "etag"), None);
        assert_eq!(seen.get("other", 1, "etag"), None);
        seen.note("upload", 1, "again", digests(2));
        assert_eq!(seen.get("upload", 1, "etag"), None);
        assert_eq!(seen.get("upload", 1, "again"), Some(digests(2)));
        assert!(seen.is_replaced("upload", 1, "etag"));
        assert!(!seen.is_replaced("upload", 1, "again"));
        seen.forget("upload");
        assert_eq!(seen.get("upload", 1, "again"), None);
        assert!(!seen.is_replaced("upload", 1, "etag"));
    }

    #[test]
    fn memory_is_bounded() {
        let seen = Seen::default();
        for upload in 0..=SEEN_MAX / 1000 {
            for number in 0..1000 {
                seen.note(&upload.to_string(), number, "etag", digests(0));
            }
        }
        let inner = seen.lock();
        let held: usize = inner.uploads.values().map(HashMap::len).sum();
        assert_eq!(held, inner.count);
        assert!(held <= SEEN_MAX);
    }
}
