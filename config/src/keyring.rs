//! Master keys in a file (FORMAT.md §2, `local`).
//!
//! ```yaml
//! active: 2026-07
//! keys:
//!   - {id: 2026-01, key: BASE64 of 32 bytes, created: 2026-01-05T09:00:00Z}
//!   - {id: 2026-07, key: BASE64 of 32 bytes, created: 2026-07-01T09:00:00Z}
//! ```
//! New bucket keys are wrapped under `active`; the others stay to unwrap what they wrapped.

use std::collections::BTreeMap;
use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto::MasterKey;
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

use crate::Secret;
use crate::Source;
use crate::path;
use crate::problem::Problems;
use crate::report::Report;

/// The master keys of a file, by id, and which of them wraps new bucket keys.
///
/// The keys live in memory as long as the keyring does, and are wiped with it.
#[derive(Debug, PartialEq, Eq)]
pub struct Keyring {
    active: String,
    keys: BTreeMap<String, MasterKey>,
}

impl Keyring {
    /// Parses the text of a keyring file.
    ///
    /// Ids are unique, 1–64 of `A–Z a–z 0–9 . _ -`; a key is 32 bytes in standard base64;
    /// `active` is one of the ids. No problem quotes a key.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        let (raw, mut report) = Report::read::<Raw>(text)?;
        let keyring = resolve(raw, &mut report);
        match keyring {
            Some(keyring) if report.is_clean() => Ok(keyring),
            _ => Err(report.into_problems()),
        }
    }

    /// Loads a keyring file. It is refused when others have any right to it, or its group may
    /// write.
    pub fn load(path: &Path, source: &dyn Source) -> Result<Self, Problems> {
        let shown = path.display();
        let document = source
            .file(path)
            .map_err(|error| Problems::of_file(path, format!("cannot be read: {error}")))?;
        if document.mode & FORBIDDEN != 0 {
            let mode = document.mode;
            let reason = format!("too many may use it (mode {mode:04o}); run `chmod 600 {shown}`");
            return Err(Problems::of_file(path, reason));
        }
        Self::parse(&document.text).map_err(|problems| problems.in_file(path))
    }

    /// Writes a new keyring file of one key, which is active. `created` is a time of RFC 3339.
    ///
    /// The file is readable and writable by its owner only. One that exists is never written
    /// to: the keys in it may be the only ones that open what is stored.
    pub fn create(path: &Path, id: &str, key: [u8; 32], created: &str) -> io::Result<()> {
        let key = Zeroizing::new(key);
        let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidInput, what);
        if !is_id(id) {
            return Err(invalid(ID_SHAPE));
        }
        if OffsetDateTime::parse(created, &Rfc3339).is_err() {
            return Err(invalid(TIME_SHAPE));
        }
        let encoded = Zeroizing::new(STANDARD.encode(*key));
        let text = Zeroizing::new(format!(
            "# Master keys. Whoever reads this file can open every object sealed under them;\n\
             # without it nobody can. Keep a copy in a safe place.\n\
             active: \"{id}\"\nkeys:\n  - id: \"{id}\"\n    \
             key: {encoded}\n    created: {created}\n",
            encoded = *encoded,
        ));
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        let written = file
            .write_all(text.as_bytes())
            .and_then(|()| file.sync_all());
        if let Err(error) = written {
            // Half a keyring would stand in the way of the next try.
            fs::remove_file(path)?;
            return Err(error);
        }
        // The name has to survive a power cut too.
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
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

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
struct Raw {
    active: Option<String>,
    keys: Option<Vec<Option<RawKey>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
struct RawKey {
    id: Option<String>,
    key: Option<Secret>,
    created: Option<String>,
}

fn resolve(raw: Raw, report: &mut Report) -> Option<Keyring> {
    let root = path::Path::root();
    let mut keys = BTreeMap::new();
    if raw.keys.as_ref().is_none_or(Vec::is_empty) {
        report.add(&root.key("keys"), "needs at least one entry");
    }
    for (at, raw) in raw.keys.unwrap_or_default().into_iter().enumerate() {
        let Some(raw) = raw else { continue };
        if let Some((id, key)) = entry(raw, &root.key("keys").index(at), &keys, report) {
            keys.insert(id, key);
        }
    }
    let path = root.key("active");
    match raw.active {
        None => report.add(&path, "is missing"),
        Some(active) if keys.contains_key(&active) => return Some(Keyring { active, keys }),
        // A key that was refused may be the one that is meant.
        Some(_) if !report.is_clean() => {}
        Some(_) => report.add(&path, "no key has this id"),
    }
    None
}

fn entry(
    raw: RawKey,
    path: &path::Path,
    keys: &BTreeMap<String, MasterKey>,
    report: &mut Report,
) -> Option<(String, MasterKey)> {
    let mut wrong = |key: &str, reason: &str| report.add(&path.key(key), reason);
    match raw
        .created
        .as_deref()
        .map(|text| OffsetDateTime::parse(text, &Rfc3339).is_ok())
    {
        Some(true) => {}
        Some(false) => wrong("created", TIME_SHAPE),
        None => wrong("created", "is missing"),
    }
    let key = match raw.key.as_ref().map(master_key) {
        Some(Some(key)) => Some(key),
        Some(None) => {
            wrong("key", "not 32 bytes in standard base64");
            None
        }
        None => {
            wrong("key", "is missing");
            None
        }
    };
    match raw.id {
        Some(id) if keys.contains_key(&id) => wrong("id", "another key already has this id"),
        Some(id) if is_id(&id) => return Some((id, key?)),
        Some(_) => wrong("id", ID_SHAPE),
        None => wrong("id", "is missing"),
    }
    None
}

/// Decodes into a buffer of exactly 32 bytes: what does not fit is not a key, and nothing that
/// is not wiped holds one.
fn master_key(text: &Secret) -> Option<MasterKey> {
    let mut bytes = Zeroizing::new([0; 32]);
    let len = STANDARD.decode_slice(text.expose(), bytes.as_mut()).ok()?;
    (len == bytes.len()).then(|| MasterKey::new(*bytes))
}

fn is_id(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    (1..=ID_MAX).contains(&text.len()) && text.chars().all(plain)
}

const ID_SHAPE: &str = "an id is 1 to 64 letters, digits, `.`, `_` and `-`";

const TIME_SHAPE: &str = "not a time of RFC 3339; `2026-07-01T09:00:00Z` is one";

/// Characters, so that every envelope can hold it (FORMAT.md §2).
const ID_MAX: usize = 64;

/// Any right of others, and the group's right to write.
const FORBIDDEN: u32 = 0o027;
