//! Names and atomic writes on disk.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Digest as _;
use sha2::Sha256;

use crate::error::Error;

/// What an unfinished record is called; [`sweep`] removes those that a crash left.
pub(crate) const UNFINISHED: &str = "tmp";
/// What a record is called.
pub(crate) const RECORD: &str = "json";

/// A name of 128 random bits, as hex: blobs and uploads have no other.
pub(crate) fn random_name() -> io::Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(hex(&bytes))
}

/// The file name stem of an object: the SHA-256 of its key, so that no key can name a path.
pub(crate) fn hashed_name(key: &str) -> String {
    hex(&Sha256::digest(key.as_bytes()))
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
        .collect()
}

/// The inverse of [`hex`]; `None` for anything else.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    pairs
        .iter()
        .map(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?))
        .collect()
}

/// Writes a record so that a reader of the folder sees the old one or the new one, never half.
///
/// Nothing is synced: a power cut may lose the last writes, a killed process loses none.
pub(crate) fn write_record(path: &Path, record: &impl Serialize) -> io::Result<()> {
    let unfinished = path.with_extension(UNFINISHED);
    let written = fs::write(&unfinished, serde_json::to_vec(record)?)
        .and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        // The caller hears the first error; what is left here is swept at the next start.
        drop(fs::remove_file(&unfinished));
    }
    written
}

/// Reads what [`write_record`] wrote.
pub(crate) fn read_record<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let bytes = fs::read(path).map_err(Error::io(path))?;
    let damaged = |source| Error::Damaged {
        path: path.to_owned(),
        source,
    };
    serde_json::from_slice(&bytes).map_err(damaged)
}

/// All paths directly in `folder`.
pub(crate) fn children(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    fs::read_dir(folder)
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect()
        })
        .map_err(Error::io(folder))
}

/// The records of `folder`; unfinished ones are removed.
pub(crate) fn records(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let (unfinished, mut records): (Vec<_>, Vec<_>) =
        children(folder)?.into_iter().partition(|path| {
            path.extension()
                .is_some_and(|extension| extension == UNFINISHED)
        });
    for path in unfinished {
        fs::remove_file(&path).map_err(Error::io(&path))?;
    }
    records.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == RECORD)
    });
    Ok(records)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn unhex_inverts_hex_and_refuses_the_rest() {
        for bytes in [&[][..], &[0], &[0xff, 0x10], b"a/b"] {
            assert_eq!(unhex(&hex(bytes)).as_deref(), Some(bytes));
        }
        for text in ["0", "0g", "AB", "é"] {
            assert_eq!(unhex(text), None, "{text}");
        }
    }

    #[test]
    fn a_failed_record_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken.json");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("inside"), "x").unwrap();
        assert!(write_record(&path, &1).is_err());
        assert_eq!(children(folder.path()).unwrap(), [path]);
    }
}
