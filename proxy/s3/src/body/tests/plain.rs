//! Bodies without frames: length and digests.

use super::upload::Upload;
use super::upload::Verdict;
use super::upload::value;
use crate::ChecksumAlgorithm;
use crate::ErrorCode;
use crate::UNSIGNED_PAYLOAD;

const HELLO_MD5: &str = "XUFAKrxLKna5cZ2REBfFkg==";
const HELLO_SHA256: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The verdict on `wire` where 5 bytes are announced.
fn receive(payload: &str, header: Option<(&'static str, &str)>, wire: &[u8]) -> Verdict {
    let mut headers = vec![("content-length", "5")];
    headers.extend(header);
    Upload::new(payload, &headers).receive_in_every_split(wire)
}

#[test]
fn the_length_must_be_that_announced() {
    for payload in [UNSIGNED_PAYLOAD, HELLO_SHA256] {
        assert_eq!(receive(payload, None, b"hello"), Ok(b"hello".to_vec()));
        for wire in [&b""[..], b"hell", b"hello ", b"hellohello"] {
            assert_eq!(receive(payload, None, wire), Err(ErrorCode::IncompleteBody));
        }
    }
}

#[test]
fn more_than_announced_is_refused_when_it_comes() {
    let upload = Upload::new(UNSIGNED_PAYLOAD, &[("content-length", "5")]);
    let mut body = upload.body().unwrap();
    let mut plain = Vec::new();
    body.push("hello".into(), &mut plain).unwrap();
    body.push("".into(), &mut plain).unwrap();
    let failure = body.push("!".into(), &mut plain).unwrap_err();
    assert_eq!(failure.code, ErrorCode::IncompleteBody);
    assert_eq!(plain, ["hello"]);
    assert!(body.finish().is_err());
}

#[test]
fn an_empty_body_is_a_body() {
    for payload in [UNSIGNED_PAYLOAD, EMPTY_SHA256] {
        let upload = Upload::new(payload, &[("content-length", "0")]);
        assert_eq!(upload.receive(&[]), Ok(vec![]));
        assert_eq!(upload.receive(&[b"", b""]), Ok(vec![]));
        assert_eq!(upload.receive(&[b"a"]), Err(ErrorCode::IncompleteBody));
    }
    let upload = Upload::new(HELLO_SHA256, &[("content-length", "0")]);
    assert_eq!(
        upload.receive(&[]),
        Err(ErrorCode::XAmzContentSha256Mismatch)
    );
}

#[test]
fn every_digest_that_was_claimed_must_be_right() {
    let mismatch = Err(ErrorCode::XAmzContentSha256Mismatch);
    assert_eq!(receive(HELLO_SHA256, None, b"hellp"), mismatch);
    for payload in [UNSIGNED_PAYLOAD, HELLO_SHA256] {
        let mut claims = vec![(
            "content-md5",
            HELLO_MD5.to_owned(),
            "XUFAKrxLKna5cZ2REBfFkw==",
        )];
        for algorithm in ChecksumAlgorithm::ALL {
            let name = algorithm.header_name();
            claims.push((name, value(algorithm, b"hello"), ""));
        }
        for (name, right, wrong) in &claims {
            let verdict = receive(payload, Some((*name, right)), b"hello");
            assert!(verdict.is_ok(), "{name}");
            let algorithm = ChecksumAlgorithm::from_header(name);
            let other = algorithm.map_or((*wrong).to_owned(), |kind| value(kind, b"hellp"));
            let verdict = receive(payload, Some((*name, &other)), b"hello");
            assert_eq!(verdict, Err(ErrorCode::BadDigest), "{name}");
        }
    }
}

#[test]
fn the_proof_names_what_was_proven() {
    let checksum = value(ChecksumAlgorithm::Sha1, b"hello");
    let headers = [
        ("content-length", "5"),
        ("content-md5", HELLO_MD5),
        ("x-amz-checksum-sha1", &*checksum),
    ];
    let upload = Upload::new(UNSIGNED_PAYLOAD, &headers);
    let mut body = upload.body().unwrap();
    assert_eq!(body.plain_len(), 5);
    body.push("hello".into(), &mut Vec::new()).unwrap();
    let proven = body.finish().unwrap();
    let (algorithm, bytes) = proven.checksum.unwrap();
    assert_eq!(algorithm, ChecksumAlgorithm::Sha1);
    assert_eq!(algorithm.render_value(&bytes), checksum);
    assert!(proven.md5.is_some());
}
