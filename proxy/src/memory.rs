//! A bounded memory: what was not used for long is forgotten.

use std::collections::HashMap;
use std::mem;
use std::sync::Mutex;
use std::sync::PoisonError;

/// What one generation weighs at most; two are kept.
const GENERATION: usize = 32_768;
/// About so many bytes weigh one.
const UNIT: usize = 200;

/// What is remembered.
pub trait Remembered: Clone {
    /// How much of a generation it takes, 1 for about 200 bytes.
    fn weight(&self) -> usize {
        1
    }
}

/// Values by name, the least recently used half forgotten when a generation is full.
pub struct Memory<V> {
    generations: Mutex<Generations<V>>,
}

struct Generations<V> {
    young: HashMap<String, V>,
    /// What the young ones weigh.
    weight: usize,
    old: HashMap<String, V>,
}

impl<V> Default for Memory<V> {
    fn default() -> Self {
        Self {
            generations: Mutex::new(Generations {
                young: HashMap::new(),
                weight: 0,
                old: HashMap::new(),
            }),
        }
    }
}

impl<V: Remembered> Memory<V> {
    /// What is remembered under `name`.
    pub fn get(&self, name: &str) -> Option<V> {
        let mut generations = self.lock();
        if let Some(known) = generations.young.get(name) {
            return Some(known.clone());
        }
        let (name, known) = generations.old.remove_entry(name)?;
        generations.insert(name, known.clone());
        Some(known)
    }

    /// Remembers.
    pub fn insert(&self, name: String, known: V) {
        self.lock().insert(name, known);
    }

    /// Forgets.
    pub fn remove(&self, name: &str) {
        let mut generations = self.lock();
        generations.young.remove(name);
        generations.old.remove(name);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Generations<V>> {
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V: Remembered> Generations<V> {
    fn insert(&mut self, name: String, known: V) {
        if self.weight >= GENERATION {
            self.old = mem::take(&mut self.young);
            self.weight = 0;
        }
        self.weight += known.weight() + name.len() / UNIT;
        self.young.insert(name, known);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    impl Remembered for u8 {}

    #[test]
    fn remembers_and_forgets() {
        let memory = Memory::default();
        memory.insert("a".to_owned(), 1);
        assert_eq!(memory.get("a"), Some(1));
        memory.remove("a");
        assert_eq!(memory.get("a"), None);
    }

    #[test]
    fn keeps_what_is_used_when_a_generation_is_full() {
        let memory = Memory::default();
        memory.insert("used".to_owned(), 1);
        memory.insert("unused".to_owned(), 1);
        for round in 0..2 {
            for index in 0..GENERATION {
                memory.insert(format!("{round}-{index}"), 2);
            }
            assert_eq!(memory.get("used"), Some(1), "round {round}");
        }
        assert_eq!(memory.get("unused"), None);
        let generations = memory.lock();
        assert!(generations.young.len() + generations.old.len() <= 2 * GENERATION);
    }

    #[test]
    fn long_names_take_their_room() {
        let memory = Memory::default();
        for index in 0..GENERATION {
            memory.insert(format!("{index:01000}"), 1);
        }
        let generations = memory.lock();
        let held = generations.young.len() + generations.old.len();
        assert!(held <= 2 * GENERATION / (1000 / UNIT), "{held}");
    }
}
