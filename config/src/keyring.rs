//! Master keys in a file.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use crypto::MasterKey;

use crate::Problems;
use crate::Source;

/// The master keys of a file, by id, and which of them wraps new bucket keys.
#[derive(Debug)]
pub struct Keyring {
    active: String,
    keys: BTreeMap<String, MasterKey>,
}

impl Keyring {
    /// Parses the text of a keyring file.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        let _ = text;
        Err(Problems::default())
    }

    /// Loads a keyring file that nobody else can read or write.
    pub fn load(path: &Path, source: &dyn Source) -> Result<Self, Problems> {
        let _ = (path, source);
        Err(Problems::default())
    }

    /// Writes a new keyring file of one key, readable and writable by its owner only.
    pub fn create(path: &Path, id: &str, key: [u8; 32], created: &str) -> io::Result<()> {
        let _ = (path, id, key, created);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Id of the key that wraps new bucket keys.
    #[must_use]
    pub fn active(&self) -> &str {
        &self.active
    }

    /// The key of that id.
    #[must_use]
    pub fn key(&self, id: &str) -> Option<&MasterKey> {
        self.keys.get(id)
    }

    /// Every id, in the order of the alphabet.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }
}
