//! Uploads: what the backend is asked, and how the body is to be sealed.

use crypto::PlainLen;
use crypto::SealedLen;
use crypto::Suite;
use policy::KeyName;
use s3::ErrorCode;
use sealgate::plan::Reply;
use sealgate::plan::RequestBody;

use super::world::Asked;
use super::world::ask_empty;
use super::world::lines;

fn put(bucket: &str, headers: &[(&str, &str)]) -> Asked {
    ask_empty("PUT", &format!("/{bucket}/a%20b"), headers)
}

#[test]
fn uploads_are_sealed_as_their_rule_says() {
    for (bucket, suite) in [("aes-x", Suite::Aes256Gcm), ("sm4-x", Suite::Sm4Gcm)] {
        let plan = put(bucket, &[("content-type", "text/plain")]).plan(100);
        let RequestBody::Seal(order) = &plan.body else {
            panic!("not sealed");
        };
        assert_eq!(
            (order.place.bucket.as_str(), order.place.object.as_str()),
            (bucket, "a b")
        );
        let key = order.cipher.encryption.key.as_ref();
        assert_eq!(key.map(KeyName::as_str), Some("main"));
        assert_eq!(
            (order.cipher.suite(), order.plain_len),
            (suite, PlainLen(100))
        );
        assert_eq!(order.sealed_len, SealedLen(100 + 16 + 64 + 80));
        assert_eq!(plan.outgoing.target(), format!("/{bucket}/a%20b"));
        let expected = ["content-length: 260", "content-type: text/plain"];
        assert_eq!(lines(&plan.outgoing.headers), expected);
        assert_eq!(plan.reply, Reply::Sealed(order.clone()));
    }
}

#[test]
fn claims_about_plaintext_do_not_reach_a_backend_that_stores_ciphertext() {
    let claims = [
        ("content-md5", "rL0Y20zC+Fzt72VPzMSk2A=="),
        ("x-amz-checksum-crc32", "AAAAAA=="),
        ("x-amz-sdk-checksum-algorithm", "CRC32"),
    ];
    let sealed = put("aes-x", &claims).plan(3);
    assert_eq!(lines(&sealed.outgoing.headers), ["content-length: 163"]);
    let left_alone = put("open-x", &claims).plan(3);
    assert_eq!(
        lines(&left_alone.outgoing.headers),
        [
            "content-length: 3",
            "content-md5: rL0Y20zC+Fzt72VPzMSk2A==",
            "x-amz-checksum-crc32: AAAAAA=="
        ]
    );
    assert_eq!(left_alone.body, RequestBody::Relay { plain_len: 3 });
}

#[test]
fn what_describes_the_object_is_kept() {
    let described = [
        ("cache-control", "no-store"),
        ("content-disposition", "attachment"),
        ("content-encoding", "gzip,aws-chunked"),
        ("content-language", "de"),
        ("expires", "Wed, 21 Oct 2026 07:28:00 GMT"),
        ("x-amz-meta-own", "1, 2"),
        ("x-amz-storage-class", "STANDARD_IA"),
        ("x-amz-tagging", "a=b"),
    ];
    let plan = put("aes-x", &described).plan(0);
    let mut expected: Vec<_> = described.iter().map(|(n, v)| format!("{n}: {v}")).collect();
    expected[2] = "content-encoding: gzip".to_owned();
    expected.insert(3, "content-length: 144".to_owned());
    expected.sort();
    assert_eq!(lines(&plan.outgoing.headers), expected);
}

#[test]
fn the_gateways_own_metadata_is_refused_under_every_rule() {
    for bucket in ["aes-x", "sm4-x", "mixed-x", "open-x"] {
        for name in [
            "x-amz-meta-sealgate",
            "x-amz-meta-sealgate-mac",
            "x-amz-meta-sealgate2",
        ] {
            let refusal = put(bucket, &[(name, "x")]).refusal(1);
            assert_eq!(refusal.code, ErrorCode::InvalidArgument, "{bucket} {name}");
        }
    }
}

#[test]
fn headers_that_nobody_knows_are_refused() {
    for name in ["x-amz-new-thing", "x-amz-fwd-header-x"] {
        assert_eq!(
            put("aes-x", &[(name, "1")]).refusal(1).code,
            ErrorCode::NotImplemented
        );
    }
}

#[test]
fn five_gibibytes_are_the_limit_of_what_is_stored() {
    const LIMIT: u64 = 5 << 30;
    assert!(put("open-x", &[]).draft(LIMIT).is_ok());
    assert_eq!(
        put("open-x", &[]).refusal(LIMIT + 1).code,
        ErrorCode::EntityTooLarge
    );
    let fits = crypto::whole_plain_len(SealedLen(LIMIT)).map_or_else(
        || (0..200).find_map(|less| crypto::whole_plain_len(SealedLen(LIMIT - less))),
        Some,
    );
    let fits = fits.unwrap().0;
    assert!(put("aes-x", &[]).draft(fits).is_ok());
    assert_eq!(
        put("aes-x", &[]).refusal(fits + 1).code,
        ErrorCode::EntityTooLarge
    );
}

#[test]
fn conditions_speak_of_the_backends_etag() {
    let hex = "0123456789abcdef0123456789abcdef";
    let asked = format!("\"{hex}-0\"");
    for (bucket, expected) in [
        ("aes-x", format!("if-match: \"{hex}\"")),
        ("mixed-x", format!("if-match: \"{hex}\"")),
        ("open-x", format!("if-match: \"{hex}-0\"")),
    ] {
        let plan = put(bucket, &[("if-match", &asked)]).plan(0);
        assert!(
            lines(&plan.outgoing.headers).contains(&expected),
            "{bucket}"
        );
    }
    let plan = put("aes-x", &[("if-none-match", "*")]).plan(0);
    assert!(lines(&plan.outgoing.headers).contains(&"if-none-match: *".to_owned()));
}

#[test]
#[should_panic(expected = "permit is for another call")]
fn a_permit_for_another_object_is_a_defect() {
    let mut asked = put("aes-x", &[]);
    asked.permit = ask_empty("PUT", "/aes-x/other", &[]).permit;
    let _ = asked.draft(1);
}
