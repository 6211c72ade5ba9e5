//! What is remembered of sealed objects: layout, size and `ETags`, never envelopes or keys.

use s3::Target;

use crate::memory::Memory;
use crate::memory::Remembered;
use crate::plan::Known;

/// So many parts of an object weigh as much as one object.
const PARTS: usize = 12;

/// The current versions of objects, so that a range costs one backend request. An entry is only a
/// hint: the read it leads to carries its `ETag` in `If-Match`.
#[derive(Default)]
pub struct Cache(Memory<Known>);

impl Remembered for Known {
    fn weight(&self) -> usize {
        let parts = self.table.as_ref().map_or(0, |table| table.parts().len());
        1 + parts / PARTS
    }
}

impl Cache {
    /// What is known of `target`'s current version.
    #[must_use]
    pub fn get(&self, target: &Target) -> Option<Known> {
        self.0.get(&name(target)?)
    }

    /// Remembers.
    pub fn insert(&self, target: &Target, known: Known) {
        if let Some(name) = name(target) {
            self.0.insert(name, known);
        }
    }

    /// Forgets.
    pub fn remove(&self, target: &Target) {
        if let Some(name) = name(target) {
            self.0.remove(&name);
        }
    }
}

fn name(target: &Target) -> Option<String> {
    Some(format!(
        "{}/{}",
        target.bucket()?.as_str(),
        target.object()?.as_str()
    ))
}
