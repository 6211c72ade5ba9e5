//! Reads tests/vectors/format, and sees that each file says what the generator writes.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../examples/vectors/catalogue/mod.rs"]
mod catalogue;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto::Context;
use crypto::CustomerKey;
use crypto::Envelope;
use crypto::Error;
use crypto::MasterKey;
use crypto::Opener;
use crypto::SealedLen;
use crypto::UnverifiedEnvelope;
use crypto::WrappingKey;
use crypto::master_key_id;
use serde::Deserialize;
use sha2::Digest as _;
use sha2::Sha256;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    #[allow(dead_code, reason = "for people")]
    description: String,
    expect: String,
    bucket: String,
    object: String,
    customer_key: Option<String>,
    master_keys: Option<BTreeMap<String, String>>,
    sealgate: Option<String>,
    sealgate_mac: Option<String>,
    body: String,
    plain_sha256: Option<String>,
    released_at_most: usize,
}

/// FORMAT.md §8.
const DEFECTS: [&str; 25] = [
    "not_sealed",
    "envelope_missing",
    "envelope_malformed",
    "version_unknown",
    "suite_unknown",
    "key_blob",
    "envelope_mac",
    "private_members",
    "header_malformed",
    "length_impossible",
    "header_other",
    "chunk_altered",
    "chunk_swapped",
    "chunk_missing",
    "segment_truncated",
    "trailing_bytes",
    "padding_not_zero",
    "footer_altered",
    "footer_disagrees",
    "last_segment_missing",
    "segment_after_last",
    "part_sequence",
    "list_altered",
    "list_disagrees",
    "stored_size_impossible",
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/format")
}

fn files() -> Vec<File> {
    let paths = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    paths
        .map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
        .collect()
}

fn key(text: &str) -> [u8; 32] {
    STANDARD.decode(text).unwrap().try_into().unwrap()
}

impl File {
    fn open(&self, split: usize, released: &mut Vec<u8>) -> Result<(), Error> {
        let body = STANDARD.decode(&self.body).unwrap();
        let envelope = self.envelope(&body)?;
        envelope
            .layout()
            .possible_sealed_len(SealedLen(body.len() as u64))?;
        let mut opener = Opener::of(&envelope)?;
        for piece in body.chunks(split) {
            opener.push(piece, &mut |plain| released.extend(plain))?;
        }
        opener
            .finish(&mut |plain| released.extend(plain))
            .map(|_| ())
    }

    fn envelope(&self, body: &[u8]) -> Result<Envelope, Error> {
        let entries = UnverifiedEnvelope::from_entries(
            self.sealgate.as_deref(),
            self.sealgate_mac.as_deref(),
        );
        let unverified = match entries {
            Err(Error::NotSealed) => return Err(UnverifiedEnvelope::absent(body)),
            entries => entries?,
        };
        let context = Context {
            bucket: &self.bucket,
            object: &self.object,
        };
        if let Some(customer) = &self.customer_key {
            let customer = CustomerKey::new(key(customer));
            return unverified.verify(&WrappingKey::Customer(&customer), &context);
        }
        let blob = unverified.bucket_key().unwrap();
        let id = master_key_id(blob)?;
        let master = self
            .master_keys
            .as_ref()
            .unwrap()
            .get(id)
            .ok_or(Error::KeyBlob)?;
        let bucket_key = MasterKey::new(key(master)).unwrap_bucket_key(
            blob,
            &self.bucket,
            unverified.suite(),
        )?;
        unverified.verify(&WrappingKey::Bucket(&bucket_key), &context)
    }
}

#[test]
fn every_vector_ends_as_it_says_and_releases_no_more() {
    for file in files() {
        for split in [1, 1000, 65_552, usize::MAX] {
            let mut released = Vec::new();
            let ended = file.open(split, &mut released);
            let verdict = ended.as_ref().map_or_else(Error::name, |()| "ok");
            assert_eq!(verdict, file.expect, "{} by {split}: {ended:?}", file.name);
            assert!(
                released.len() <= file.released_at_most,
                "{} by {split}",
                file.name
            );
            if let Some(expected) = &file.plain_sha256 {
                let digest = Sha256::digest(&released);
                let hex: Vec<_> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
                assert_eq!(&hex.concat(), expected, "{}", file.name);
            }
        }
    }
}

#[test]
fn every_defect_has_a_vector() {
    let expected: BTreeSet<_> = files().into_iter().map(|file| file.expect).collect();
    let all: BTreeSet<_> = DEFECTS
        .into_iter()
        .chain(["ok"])
        .map(str::to_owned)
        .collect();
    assert_eq!(expected, all);
}

#[test]
fn the_files_are_those_that_the_generator_writes() {
    let vectors = catalogue::all();
    for vector in &vectors {
        let path = folder().join(format!("{}.json", vector.name));
        let written = std::fs::read_to_string(&path).unwrap();
        assert!(written == vector.render(), "{} differs", vector.name);
    }
    let names: BTreeSet<_> = files().into_iter().map(|file| file.name).collect();
    let expected: BTreeSet<_> = vectors
        .iter()
        .map(|vector| vector.name.to_owned())
        .collect();
    assert_eq!(names, expected);
}
