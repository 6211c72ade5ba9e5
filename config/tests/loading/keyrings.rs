//! Keyring files: made, loaded and refused.

use std::fs;
use std::fs::Permissions;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use config::Keyring;
use config::Machine;

use crate::shelf::KEY;
use crate::shelf::Shelf;
use crate::shelf::keyring;

const CREATED: &str = "2026-07-01T09:00:00Z";

#[test]
fn what_create_writes_load_reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyring.yaml");
    Keyring::create(&path, "2026-07", [7; 32], CREATED).unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o7777,
        0o600
    );
    let keyring = Keyring::load(&path, &Machine).unwrap();
    assert_eq!(keyring.active(), "2026-07");
    assert_eq!(keyring.ids().collect::<Vec<_>>(), ["2026-07"]);
    assert!(keyring.key("2026-07").is_some());
    assert!(keyring.key("2026-08").is_none());
}

#[test]
fn the_key_that_was_written_is_the_key_that_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyring.yaml");
    Keyring::create(&path, "a", [7; 32], CREATED).unwrap();
    let keyring = Keyring::load(&path, &Machine).unwrap();
    let suite = crypto::Suite::Aes256Gcm;
    let bucket_key = crypto::BucketKey::new([1; 32]);
    let wrapped = crypto::MasterKey::new([7; 32])
        .wrap_bucket_key("a", "bucket", suite, &bucket_key, [2; 16])
        .unwrap();
    assert!(
        keyring
            .key("a")
            .unwrap()
            .unwrap_bucket_key(&wrapped, "bucket", suite)
            .is_ok()
    );
    let other = crypto::MasterKey::new([8; 32])
        .wrap_bucket_key("a", "bucket", suite, &bucket_key, [2; 16])
        .unwrap();
    assert!(
        keyring
            .key("a")
            .unwrap()
            .unwrap_bucket_key(&other, "bucket", suite)
            .is_err()
    );
}

#[test]
fn create_never_writes_to_a_file_that_exists() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyring.yaml");
    fs::write(&path, "precious").unwrap();
    let again = Keyring::create(&path, "a", [7; 32], CREATED);
    assert_eq!(again.unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn create_follows_no_link_to_another_place() {
    let folder = tempfile::tempdir().unwrap();
    let (path, target) = (
        folder.path().join("keyring.yaml"),
        folder.path().join("target"),
    );
    std::os::unix::fs::symlink(&target, &path).unwrap();
    assert!(Keyring::create(&path, "a", [7; 32], CREATED).is_err());
    assert!(!target.exists());
}

#[test]
fn create_refuses_what_load_would() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyring.yaml");
    for (id, created) in [
        ("", CREATED),
        ("a b", CREATED),
        ("a", "yesterday"),
        ("a\"", CREATED),
    ] {
        let error = Keyring::create(&path, id, [7; 32], created).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{id:?} {created}");
        assert!(!path.exists());
    }
}

#[test]
fn ids_that_look_like_numbers_survive() {
    for id in ["2026", "1e5", "true", "null", "0x1f"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyring.yaml");
        Keyring::create(&path, id, [7; 32], CREATED).unwrap();
        assert_eq!(Keyring::load(&path, &Machine).unwrap().active(), id);
    }
}

#[test]
fn a_keyring_is_nobody_elses() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyring.yaml");
    fs::write(&path, keyring("a")).unwrap();
    for (mode, taken) in [
        (0o600, true),
        (0o400, true),
        (0o640, true),
        (0o440, true),
        (0o620, false),
        (0o660, false),
        (0o604, false),
        (0o602, false),
        (0o601, false),
        (0o644, false),
    ] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let loaded = Keyring::load(&path, &Machine).map_err(|problems| problems.to_string());
        assert_eq!(loaded.is_ok(), taken, "{mode:o}");
        let hint = format!("run `chmod 600 {}`", path.display());
        assert!(
            loaded.err().is_none_or(|said| said.ends_with(&hint)),
            "{mode:o}"
        );
    }
}

#[test]
fn every_mistake_of_a_keyring_has_its_line_and_no_key() {
    let text = format!(
        "active: z\nkeys:\n\
         \x20 - {{id: a, key: {KEY}, created: {CREATED}}}\n\
         \x20 - {{id: a, key: {KEY}, created: {CREATED}}}\n\
         \x20 - {{id: b, key: AAECAwQF, created: {CREATED}}}\n\
         \x20 - {{id: c, key: {KEY}AA==, created: {CREATED}}}\n\
         \x20 - {{id: d, key: not-base64, created: {CREATED}}}\n\
         \x20 - {{id: \"e e\", key: {KEY}, created: {CREATED}}}\n\
         \x20 - {{id: f, key: {KEY}, created: yesterday}}\n\
         \x20 - {{id: g, key: {KEY}, created: {CREATED}, note: x}}\n\
         \x20 - {{}}\n"
    );
    let problems = Keyring::parse(&text).unwrap_err().to_string();
    let lines: Vec<_> = problems.lines().collect();
    assert_eq!(
        lines,
        [
            "4:10: keys[1].id: another key already has this id",
            "5:18: keys[2].key: not 32 bytes in standard base64",
            "6:18: keys[3].key: not 32 bytes in standard base64",
            "7:18: keys[4].key: not 32 bytes in standard base64",
            "8:10: keys[5].id: an id is 1 to 64 letters, digits, `.`, `_` and `-`",
            "9:73: keys[6].created: not a time of RFC 3339; `2026-07-01T09:00:00Z` is one",
            "10:95: keys[7].note: unknown key; known here: `id`, `key`, `created`",
            "11:5: keys[8].created: is missing",
            "11:5: keys[8].key: is missing",
            "11:5: keys[8].id: is missing",
        ]
    );
    assert!(!problems.contains("AAEC"));
}

#[test]
fn the_active_key_is_one_of_the_keys() {
    let said = |text: &str| Keyring::parse(text).unwrap_err().to_string();
    let text = keyring("a");
    assert_eq!(
        said(&text.replacen("active: a", "active: b", 1)),
        "1:9: active: no key has this id"
    );
    assert_eq!(
        said(&text.replacen("active: a\n", "", 1)),
        "1:1: active: is missing"
    );
    let empty = "keys: needs at least one entry";
    assert!(said("active: a\nkeys: []\n").contains(empty));
    assert!(said("active: a\n").contains(empty));
}

#[test]
fn ids_have_1_to_64_characters() {
    let said = |id: &str| Keyring::parse(&keyring(id)).is_ok();
    assert!(said("x"));
    assert!(said(&"x".repeat(64)));
    assert!(!said(&"x".repeat(65)));
    assert!(!said("\"\""));
}

#[test]
fn a_keyring_prints_ids_and_no_key() {
    let keyring = Keyring::parse(&keyring("a")).unwrap();
    let printed = format!("{keyring:?}");
    assert!(printed.contains('a') && !printed.contains("AAEC") && !printed.contains("1, 2, 3"));
}

#[test]
fn a_missing_keyring_is_a_problem_of_that_file() {
    let problems = Keyring::load(Path::new("/nowhere.yaml"), &Shelf::default()).unwrap_err();
    assert_eq!(
        problems.to_string(),
        "/nowhere.yaml:1:1: cannot be read: entity not found"
    );
}
