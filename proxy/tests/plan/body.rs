//! Bodies on their way through: what is sealed opens again, and what is not proven never ends.

use std::fmt::Write;

use bytes::Bytes;
use crypto::Opener;
use proptest::prelude::*;
use s3::Body;
use sealgate::error::Error;
use sealgate::plan::RequestBody;
use sealgate::seal;
use sealgate::seal::Ring;
use sealgate::transform::download::Download;
use sealgate::transform::download::Opening;
use sealgate::transform::download::Sniff;
use sealgate::transform::upload::Upload;
use sha2::Digest;
use sha2::Sha256;

use super::world::Asked;
use super::world::ask;
use super::world::bytes;
use super::world::keys;

const CHUNK: usize = 65_536;
const SIZES: [usize; 8] = [
    0,
    1,
    CHUNK - 1,
    CHUNK,
    CHUNK + 1,
    2 * CHUNK,
    2 * CHUNK + 1,
    200_000,
];

fn put(bucket: &str, plain: &[u8], payload: &str) -> Asked {
    let path = format!("/{bucket}/o");
    ask(
        "PUT",
        &path,
        &[("content-length", &plain.len().to_string())],
        payload,
    )
}

fn hash(plain: &[u8]) -> String {
    let mut hex = String::new();
    for byte in Sha256::digest(plain) {
        write!(hex, "{byte:02x}").unwrap();
    }
    hex
}

/// The upload as the plan has it, and what opens it again.
fn upload(asked: &Asked, plain: &[u8]) -> (Upload, Option<Download>) {
    let body = Body::expect(&asked.caller.verified, &asked.headers).unwrap();
    let order = match asked.plan(plain.len() as u64).body {
        RequestBody::Seal(order) => order,
        RequestBody::Relay { .. } => return (Upload::relay(body), None),
        RequestBody::Empty => panic!("an upload has a body"),
    };
    let attempt = seal::attempt(&order, body.claims(), Ring::of(&keys())).unwrap();
    let envelope = attempt.envelope;
    let unverified = crypto::UnverifiedEnvelope::parse(&envelope.json, &envelope.mac).unwrap();
    let envelope = seal::verify(unverified, &order.place, Ring::of(&keys())).unwrap();
    let opener = Opener::of(&envelope).unwrap();
    let opening = Opening::new(opener, order.sealed_len.0, order.plain_len.0);
    let sealed = Upload::seal(body, attempt.sealer, attempt.foot);
    (sealed, Some(Download::Open(Box::new(opening))))
}

/// Pushes `wire` in pieces of `step` bytes; the last push ends the body.
fn send(upload: &mut Upload, wire: &[u8], step: usize) -> Result<Vec<u8>, (Vec<u8>, Error)> {
    let mut sent = Vec::new();
    for piece in wire.chunks(step) {
        match upload.push(Some(Bytes::copy_from_slice(piece)), false) {
            Ok(out) => sent.extend_from_slice(&out),
            Err(error) => return Err((sent, error)),
        }
    }
    match upload.push(None, true) {
        Ok(out) => sent.extend_from_slice(&out),
        Err(error) => return Err((sent, error)),
    }
    Ok(sent)
}

fn receive(download: &mut Download, stored: &[u8], step: usize) -> Result<Vec<u8>, Error> {
    let mut got = Vec::new();
    for piece in stored.chunks(step) {
        let out = download.push(Some(Bytes::copy_from_slice(piece)), false)?;
        got.extend_from_slice(&out.unwrap_or_default());
    }
    let out = download.push(None, true)?;
    got.extend_from_slice(&out.unwrap_or_default());
    Ok(got)
}

#[test]
fn what_is_sealed_opens_again() {
    for bucket in ["aes-x", "sm4-x"] {
        for size in SIZES {
            let plain = bytes(size);
            let asked = put(bucket, &plain, &hash(&plain));
            let (mut upload, download) = upload(&asked, &plain);
            let stored = send(&mut upload, &plain, 10_000)
                .map_err(|(_, error)| error)
                .unwrap();
            let got = receive(&mut download.unwrap(), &stored, 9_999).unwrap();
            assert!(got == plain, "{bucket} {size}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn pieces_of_any_size_are_the_same_body(
        size in 0..200_000_usize,
        up in 1..150_000_usize,
        down in 1..150_000_usize,
    ) {
        let plain = bytes(size);
        let asked = put("aes-x", &plain, s3::UNSIGNED_PAYLOAD);
        let (mut upload, download) = upload(&asked, &plain);
        let stored = send(&mut upload, &plain, up).map_err(|(_, error)| error).unwrap();
        let got = receive(&mut download.unwrap(), &stored, down).unwrap();
        prop_assert!(got == plain);
    }
}

#[test]
fn a_body_that_is_not_what_was_signed_stays_short() {
    for bucket in ["aes-x", "sm4-x", "open-x"] {
        for size in SIZES {
            let plain = bytes(size);
            let asked = put(bucket, &plain, &hash(b"something else"));
            let (mut upload, _) = upload(&asked, &plain);
            let announced = asked.plan(size as u64).outgoing.headers;
            let announced: usize = announced
                .get("content-length")
                .unwrap()
                .to_str()
                .unwrap()
                .parse()
                .unwrap();
            let (sent, error) = send(&mut upload, &plain, 10_000).unwrap_err();
            let mismatch = s3::ErrorCode::XAmzContentSha256Mismatch;
            assert!(matches!(&error, Error::Client(error) if error.code == mismatch));
            assert!(sent.len() < announced || announced == 0, "{bucket} {size}");
        }
    }
}

#[test]
fn a_body_that_ends_early_or_late_stays_short() {
    for bucket in ["aes-x", "open-x"] {
        let plain = bytes(100_000);
        let asked = put(bucket, &plain, s3::UNSIGNED_PAYLOAD);
        let (mut early, _) = upload(&asked, &plain);
        let (sent, _) = send(&mut early, &plain[..99_999], 10_000).unwrap_err();
        assert!(sent.len() < 100_000);
        let (mut late, _) = upload(&asked, &plain);
        let longer = bytes(100_001);
        let (sent, _) = send(&mut late, &longer, 10_000).unwrap_err();
        assert!(sent.len() < 100_000);
    }
}

#[test]
fn nothing_follows_a_body_that_failed() {
    let plain = bytes(10);
    let asked = put("aes-x", &plain, s3::UNSIGNED_PAYLOAD);
    let (mut upload, _) = upload(&asked, &plain);
    assert!(upload.push(Some(Bytes::from(bytes(11))), false).is_err());
    assert!(upload.push(Some(Bytes::from(bytes(10))), false).is_err());
    assert!(upload.push(None, true).is_err());
}

#[test]
fn stored_bytes_that_changed_never_end_cleanly() {
    let plain = bytes(2 * CHUNK + 5);
    let asked = put("aes-x", &plain, s3::UNSIGNED_PAYLOAD);
    let (mut sealing, _) = upload(&asked, &plain);
    let stored = send(&mut sealing, &plain, 65_536)
        .map_err(|(_, error)| error)
        .unwrap();
    // Another attempt has another key: its bytes are foreign here.
    let (_, foreign) = upload(&asked, &plain);
    assert!(receive(&mut foreign.unwrap(), &stored, 1_000).is_err());
}

#[test]
fn truncated_and_longer_bodies_never_end_cleanly() {
    let plain = bytes(CHUNK + 5);
    for change in ["cut", "grown"] {
        let asked = put("sm4-x", &plain, s3::UNSIGNED_PAYLOAD);
        let (mut sealing, download) = upload(&asked, &plain);
        let mut stored = send(&mut sealing, &plain, 65_536)
            .map_err(|(_, error)| error)
            .unwrap();
        match change {
            "cut" => stored.truncate(stored.len() - 1),
            _ => stored.push(0),
        }
        assert!(
            receive(&mut download.unwrap(), &stored, 4_096).is_err(),
            "{change}"
        );
    }
}

#[test]
fn a_segment_that_lost_its_envelope_is_not_served_as_unsealed() {
    for step in 1..6 {
        let mut sniffing = Download::Unsealed(Sniff::default());
        assert!(
            receive(&mut sniffing, b"SGS1 and so on", step).is_err(),
            "{step}"
        );
        let mut sniffing = Download::Unsealed(Sniff::default());
        assert_eq!(
            receive(&mut sniffing, b"SGS plain", step).unwrap(),
            b"SGS plain"
        );
        let mut sniffing = Download::Unsealed(Sniff::default());
        assert_eq!(receive(&mut sniffing, b"SG", step).unwrap(), b"SG");
    }
}
