//! What is remembered of sealed objects, so that a range costs one backend request: layout and
//! size, never envelopes or keys. An entry is only a hint: the read it leads to carries its `ETag`
//! in `If-Match`.

use std::collections::HashMap;
use std::mem;
use std::sync::Mutex;
use std::sync::PoisonError;

use s3::Target;

use crate::plan::Known;

/// Entries of one generation; two are kept, about 200 bytes an entry.
const GENERATION: usize = 32_768;

/// So many parts of an object count as one entry more.
const PARTS: usize = 12;

/// Known objects, the least recently used half forgotten when a generation is full.
#[derive(Default)]
pub struct Cache {
    generations: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    young: HashMap<String, Known>,
    /// What the young ones count, with their parts.
    weight: usize,
    old: HashMap<String, Known>,
}

impl Cache {
    /// What is known of `target`'s current version.
    #[must_use]
    pub fn get(&self, target: &Target) -> Option<Known> {
        let mut generations = self.lock();
        let name = name(target)?;
        if let Some(known) = generations.young.get(&name) {
            return Some(known.clone());
        }
        let known = generations.old.remove(&name)?;
        generations.insert(name, known.clone());
        Some(known)
    }

    /// Remembers.
    pub fn insert(&self, target: &Target, known: Known) {
        if let Some(name) = name(target) {
            self.lock().insert(name, known);
        }
    }

    /// Forgets.
    pub fn remove(&self, target: &Target) {
        if let Some(name) = name(target) {
            let mut generations = self.lock();
            generations.young.remove(&name);
            generations.old.remove(&name);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Generations> {
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn insert(&mut self, name: String, known: Known) {
        if self.weight >= GENERATION {
            self.old = mem::take(&mut self.young);
            self.weight = 0;
        }
        let parts = known.table.as_ref().map_or(0, |table| table.parts().len());
        self.weight += 1 + parts / PARTS;
        self.young.insert(name, known);
    }
}

fn name(target: &Target) -> Option<String> {
    Some(format!(
        "{}/{}",
        target.bucket()?.as_str(),
        target.object()?.as_str()
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crypto::Layout;
    use crypto::PlainLen;

    use super::*;

    fn target(name: &str) -> Target {
        Target::parse("h", &format!("/bucket/{name}"), &[]).unwrap()
    }

    fn known(size: u64) -> Known {
        Known {
            etag: "\"e\"".into(),
            layout: Layout::Whole,
            size: PlainLen(size),
            table: None,
        }
    }

    #[test]
    fn remembers_and_forgets() {
        let cache = Cache::default();
        cache.insert(&target("a"), known(1));
        assert_eq!(cache.get(&target("a")), Some(known(1)));
        cache.remove(&target("a"));
        assert_eq!(cache.get(&target("a")), None);
    }

    #[test]
    fn keeps_what_is_used_when_a_generation_is_full() {
        let cache = Cache::default();
        cache.insert(&target("used"), known(1));
        cache.insert(&target("unused"), known(1));
        for round in 0..2 {
            for index in 0..GENERATION {
                cache.insert(&target(&format!("{round}-{index}")), known(2));
            }
            assert_eq!(cache.get(&target("used")), Some(known(1)), "round {round}");
        }
        assert_eq!(cache.get(&target("unused")), None);
        let generations = cache.lock();
        assert!(generations.young.len() + generations.old.len() <= 2 * GENERATION);
    }
}
