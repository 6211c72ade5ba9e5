#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;

use super::*;
use crate::context::Context;
use crate::digests::Checksum;
use crate::digests::ChecksumAlgorithm;
use crate::digests::ChecksumType;
use crate::digests::Digests;
use crate::error::Error;
use crate::keys::BucketKey;
use crate::keys::CustomerKey;
use crate::keys::Dek;
use crate::keys::WrappingKey;
use crate::size::PlainLen;
use crate::size::WHOLE_LEN_MAX;
use crate::suite::Layout;
use crate::suite::Sse;
use crate::suite::Suite;

const CONTEXT: Context<'static> = Context {
    bucket: "bucket",
    object: "a/b",
};
const BUCKET_KEY: BucketKey = BucketKey::new([3; 32]);
const SALT: [u8; 16] = [4; 16];

fn dek() -> Dek {
    Dek::new([1; 32])
}

fn draft() -> EnvelopeDraft {
    EnvelopeDraft {
        suite: Suite::Aes256Gcm,
        layout: Layout::Whole,
        sse: Sse::Kms,
        key_id: Some("arn:aws:kms:eu-west-1:1:key/k".to_owned()),
        project: None,
        bucket_key: true,
        encryption_context: Some(b"{\"a\":\"b\"}".to_vec()),
        by: KeySource::Named {
            name: "main".to_owned(),
            bucket_key: vec![8; 70],
        },
        size: Some(PlainLen(12)),
        digests: Digests {
            md5: Some([7; 16]),
            sum: None,
        },
        foot: Foot {
            md5: false,
            sum: true,
        },
    }
}

fn seal(draft: EnvelopeDraft) -> Result<EnvelopeText, Error> {
    draft.seal(&dek(), &WrappingKey::Bucket(&BUCKET_KEY), &CONTEXT, SALT)
}

fn verify(text: &EnvelopeText) -> Result<Envelope, Error> {
    UnverifiedEnvelope::parse(&text.json, &text.mac)?
        .verify(&WrappingKey::Bucket(&BUCKET_KEY), &CONTEXT)
}

/// The JSON of `draft()` with one replacement, parsed.
fn parse_with(from: &str, to: &str) -> Result<UnverifiedEnvelope, Error> {
    let text = seal(draft()).unwrap();
    assert!(text.json.contains(from), "`{from}` in {}", text.json);
    UnverifiedEnvelope::parse(&text.json.replacen(from, to, 1), &text.mac)
}

fn is_malformed(parsed: &Result<UnverifiedEnvelope, Error>) -> bool {
    matches!(parsed, Err(Error::EnvelopeMalformed(_)))
}

#[test]
fn a_sealed_draft_says_the_same_when_verified() {
    let text = seal(draft()).unwrap();
    let unverified = UnverifiedEnvelope::parse(&text.json, &text.mac).unwrap();
    assert_eq!(unverified.key_name(), Some("main"));
    assert_eq!(unverified.bucket_key(), Some(&[8; 70][..]));
    let envelope = verify(&text).unwrap();
    assert_eq!(envelope.suite(), Suite::Aes256Gcm);
    assert_eq!(envelope.layout(), Layout::Whole);
    assert_eq!(envelope.sse(), Sse::Kms);
    assert_eq!(envelope.key_id(), draft().key_id.as_deref());
    assert_eq!(envelope.project(), None);
    assert!(envelope.bucket_key_enabled());
    assert_eq!(envelope.encryption_context(), Some(&b"{\"a\":\"b\"}"[..]));
    assert_eq!(envelope.size(), Some(PlainLen(12)));
    assert_eq!(
        envelope.foot(),
        Foot {
            md5: false,
            sum: true
        }
    );
    assert_eq!(envelope.digests(), draft().digests);
    assert_eq!(envelope.dek().bytes(), dek().bytes());
}

#[test]
fn a_customer_key_opens_only_its_own_object() {
    let (key, other) = (CustomerKey::new([5; 32]), CustomerKey::new([6; 32]));
    let customer = EnvelopeDraft {
        sse: Sse::Customer,
        key_id: None,
        bucket_key: false,
        by: KeySource::Customer,
        suite: Suite::Sm4Gcm,
        ..draft()
    };
    let text = customer
        .seal(&dek(), &WrappingKey::Customer(&key), &CONTEXT, SALT)
        .unwrap();
    let parsed = UnverifiedEnvelope::parse(&text.json, &text.mac).unwrap();
    assert_eq!((parsed.key_name(), parsed.bucket_key()), (None, None));
    let verify = |key, context| parsed.clone().verify(&WrappingKey::Customer(key), context);
    assert!(verify(&key, &CONTEXT).is_ok());
    assert_eq!(verify(&other, &CONTEXT).unwrap_err(), Error::KeyBlob);
    let elsewhere = Context {
        object: "a/c",
        ..CONTEXT
    };
    assert_eq!(verify(&key, &elsewhere).unwrap_err(), Error::KeyBlob);
    let bucket = parsed.verify(&WrappingKey::Bucket(&BUCKET_KEY), &CONTEXT);
    assert_eq!(bucket.unwrap_err(), Error::WrappingKind);
}

#[test]
fn every_altered_member_is_noticed() {
    let text = seal(draft()).unwrap();
    for (at, byte) in text.json.bytes().enumerate() {
        for other in [byte ^ 1, byte ^ 4, b'"', b' '] {
            if other == byte || !other.is_ascii() {
                continue;
            }
            let mut json = text.json.clone().into_bytes();
            json[at] = other;
            let json = String::from_utf8(json).unwrap();
            let mac = text.mac.clone();
            assert!(
                verify(&EnvelopeText { json, mac }).is_err(),
                "byte {at} to {other}"
            );
        }
    }
}

#[test]
fn a_wrong_mac_is_named() {
    let text = seal(draft()).unwrap();
    let mac = encode(&[0; 32]);
    let wrong = EnvelopeText { mac, ..text };
    assert_eq!(verify(&wrong).unwrap_err(), Error::EnvelopeMac);
}

#[test]
fn private_members_that_do_not_open_are_named() {
    let text = seal(draft()).unwrap();
    let at = text.json.find("\"priv\":\"").unwrap() + 8;
    let mut json = text.json.into_bytes();
    json[at] = if json[at] == b'A' { b'B' } else { b'A' };
    let context = CONTEXT.of_dek(Suite::Aes256Gcm, Layout::Whole, Sse::Kms);
    let mac = encode(&crate::derive::envelope_mac(
        Suite::Aes256Gcm,
        &dek(),
        &context,
        &json,
    ));
    let json = String::from_utf8(json).unwrap();
    assert_eq!(
        verify(&EnvelopeText { json, mac }).unwrap_err(),
        Error::PrivateMembers
    );
}

#[test]
fn entries_are_both_there_or_neither() {
    let text = seal(draft()).unwrap();
    let (json, mac) = (Some(&text.json[..]), Some(&text.mac[..]));
    assert!(UnverifiedEnvelope::from_entries(json, mac).is_ok());
    assert!(is_malformed(&UnverifiedEnvelope::from_entries(json, None)));
    assert!(is_malformed(&UnverifiedEnvelope::from_entries(None, mac)));
    assert_eq!(
        UnverifiedEnvelope::from_entries(None, None).unwrap_err(),
        Error::NotSealed
    );
    assert_eq!(
        UnverifiedEnvelope::absent(b"SGS1..."),
        Error::EnvelopeMissing
    );
    assert_eq!(UnverifiedEnvelope::absent(b"SGS"), Error::NotSealed);
}

#[test]
fn refuses_unknown_repeated_null_and_mistyped_members() {
    for (from, to) in [
        ("{\"v\":1", "{\"v\":1,\"x\":1"),
        ("{\"v\":1", "{\"v\":1,\"v\":1"),
        ("{\"v\":1", "{\"v\":1,\"size\":12"),
        ("{\"v\":1", "{\"v\":1,\"project\":null"),
        ("{\"v\":1", "{\"v\":\"1\""),
        ("{\"v\":1", "{\"v\":1.0"),
        ("{\"v\":1", "{\"v\":-1"),
        ("{\"v\":1,", "{"),
        ("\"size\":12", "\"size\":null"),
        ("\"size\":12", "\"size\":\"12\""),
        ("\"size\":12", "\"size\":12.0"),
        ("\"size\":12", "\"size\":-12"),
        ("\"size\":12", "\"size\":1e1"),
        ("\"bucket_key\":true", "\"bucket_key\":false"),
        ("\"bucket_key\":true", "\"bucket_key\":1"),
        ("\"foot\":[\"sum\"]", "\"foot\":[]"),
        ("\"foot\":[\"sum\"]", "\"foot\":[\"sum\",\"sum\"]"),
        ("\"foot\":[\"sum\"]", "\"foot\":[\"sha\"]"),
        ("\"foot\":[\"sum\"]", "\"foot\":\"sum\""),
        ("\"layout\":\"whole\"", "\"layout\":\"Whole\""),
        ("\"layout\":\"whole\"", "\"layout\":\"parts\""),
        ("\"sse\":\"kms\"", "\"sse\":\"C\""),
        ("\"sse\":\"kms\"", "\"sse\":\"dsse\""),
        ("\"sse\":\"kms\"", "\"sse\":\"AES256\""),
        ("\"by\":\"main\"", "\"by\":\"customer\""),
        ("\"suite\":", "\"suit\":"),
        ("\"suite\":\"AES256-GCM\"", "\"suite\":1"),
        ("]}", "]} "),
        ("]}", "]}{}"),
        ("]}", "],}"),
        ("main", "ma%in"),
        ("main", "ma+in"),
        ("main", "maïn"),
        ("main", "\\ud800"),
    ] {
        assert!(is_malformed(&parse_with(from, to)), "{from} to {to}");
    }
}

#[test]
fn unknown_versions_and_suites_are_named_whatever_else_stands_there() {
    let version = parse_with("{\"v\":1", "{\"v\":2,\"new\":{}");
    assert_eq!(version.unwrap_err(), Error::VersionUnknown(2));
    let suite = parse_with("AES256-GCM\"", "AES512\",\"new\":1");
    assert_eq!(suite.unwrap_err(), Error::SuiteUnknown);
}

#[test]
fn base64_is_strict() {
    let dek = encode(&[0; 64]);
    let with = |dek: &str| {
        let json = format!(
            "{{\"v\":1,\"suite\":\"SM4-GCM\",\"layout\":\"parts\",\"sse\":\"AES256\",\"by\":\"k\",\
             \"bk\":\"\",\"dek\":\"{dek}\"}}"
        );
        UnverifiedEnvelope::parse(&json, &encode(&[0; 32]))
    };
    assert!(with(&dek).is_ok());
    let unused_bits = [&dek[..85], "B"].concat();
    let padded = format!("{dek}==");
    let standard = ["/", &dek[1..]].concat();
    for bad in [
        &unused_bits,
        &padded,
        &standard,
        &dek[..85],
        &encode(&[0; 63]),
        &encode(&[0; 65]),
    ] {
        assert!(is_malformed(&with(bad)), "{bad}");
    }
    for mac in [encode(&[0; 31]), encode(&[0; 33]), String::new()] {
        let text = seal(draft()).unwrap();
        assert!(
            is_malformed(&UnverifiedEnvelope::parse(&text.json, &mac)),
            "{mac}"
        );
    }
}

#[test]
fn awkward_text_is_escaped_and_comes_back() {
    let name = "100% a+b \u{7f}\0\n\"\\ ü 钥 🔑";
    let by = KeySource::Named {
        name: name.to_owned(),
        bucket_key: vec![],
    };
    let text = seal(EnvelopeDraft { by, ..draft() }).unwrap();
    assert!(text.json.bytes().all(|byte| matches!(byte, 0x21..=0x7E)));
    assert!(!text.json.contains(['%', '+', ' ']));
    assert!(
        text.json
            .contains("100\\u0025\\u0020a\\u002bb\\u0020\\u007f\\u0000\\n\\\"\\\\\\u0020")
    );
    assert_eq!(verify(&text).unwrap().key_name(), Some(name));
}

#[test]
fn the_length_limit_holds_at_n_and_n_plus_1() {
    let with = |len: usize| {
        seal(EnvelopeDraft {
            project: Some("p".repeat(len)),
            ..draft()
        })
    };
    let base = with(0).unwrap().json.len();
    let longest = with(1536 - base).unwrap();
    assert_eq!(longest.json.len(), 1536);
    assert!(verify(&longest).is_ok());
    assert_eq!(with(1537 - base), Err(Error::EnvelopeTooLong(1537)));
    let longer = longest.json.replacen("ppp", "pppp", 1);
    assert!(is_malformed(&UnverifiedEnvelope::parse(
        &longer,
        &longest.mac
    )));
}

#[test]
fn the_encryption_context_has_at_most_512_bytes() {
    let with = |len| {
        seal(EnvelopeDraft {
            encryption_context: Some(vec![b'x'; len]),
            ..draft()
        })
        .is_ok()
    };
    assert!(with(512));
    assert!(!with(513));
}

#[test]
fn sizes_have_limits() {
    let whole = |size| seal(EnvelopeDraft { size, ..draft() }).is_ok();
    assert!(whole(Some(WHOLE_LEN_MAX)));
    assert!(!whole(Some(PlainLen(WHOLE_LEN_MAX.0 + 1))));
    assert!(!whole(None));
    let parts = |size| {
        let (digests, foot) = (Digests::default(), Foot::default());
        seal(EnvelopeDraft {
            layout: Layout::Parts,
            size,
            digests,
            foot,
            ..draft()
        })
        .is_ok()
    };
    assert!(parts(None));
    assert!(parts(Some(PlainLen(50_000 << 30))));
    assert!(!parts(Some(PlainLen((50_000 << 30) + 1))));
}

#[test]
fn drafts_that_contradict_themselves_are_refused() {
    let refused = |draft| matches!(seal(draft), Err(Error::EnvelopeMalformed(_)));
    assert!(refused(EnvelopeDraft {
        key_id: None,
        ..draft()
    }));
    assert!(refused(EnvelopeDraft {
        sse: Sse::S3,
        ..draft()
    }));
    assert!(refused(EnvelopeDraft {
        sse: Sse::Dsse,
        ..draft()
    }));
    assert!(refused(EnvelopeDraft {
        layout: Layout::Parts,
        ..draft()
    }));
    assert!(refused(EnvelopeDraft {
        foot: Foot {
            md5: true,
            sum: false
        },
        ..draft()
    }));
    let by = KeySource::Named {
        name: "customer".to_owned(),
        bucket_key: vec![],
    };
    assert!(refused(EnvelopeDraft { by, ..draft() }));
    assert_eq!(
        seal(EnvelopeDraft {
            by: KeySource::Customer,
            ..draft()
        }),
        Err(Error::WrappingKind)
    );
}

#[test]
fn rewrapping_keeps_the_dek_and_what_the_envelope_says() {
    let envelope = verify(&seal(draft()).unwrap()).unwrap();
    let key = BucketKey::new([9; 32]);
    let by = KeySource::Named {
        name: "next".to_owned(),
        bucket_key: vec![1],
    };
    let text = envelope
        .rewrap(by, &WrappingKey::Bucket(&key), [5; 16])
        .unwrap();
    let parsed = UnverifiedEnvelope::parse(&text.json, &text.mac).unwrap();
    let envelope = parsed.verify(&WrappingKey::Bucket(&key), &CONTEXT).unwrap();
    assert_eq!(envelope.dek().bytes(), dek().bytes());
    assert_eq!(envelope.digests(), draft().digests);
    assert_eq!(envelope.key_name(), Some("next"));
}

#[test]
fn rewrapping_never_goes_to_another_customer_key_or_kind() {
    let (key, other) = (CustomerKey::new([5; 32]), CustomerKey::new([6; 32]));
    let envelope = || {
        let by = KeySource::Customer;
        let draft = EnvelopeDraft {
            sse: Sse::Customer,
            key_id: None,
            bucket_key: false,
            by,
            ..draft()
        };
        let text = draft
            .seal(&dek(), &WrappingKey::Customer(&key), &CONTEXT, SALT)
            .unwrap();
        let parsed = UnverifiedEnvelope::parse(&text.json, &text.mac).unwrap();
        parsed
            .verify(&WrappingKey::Customer(&key), &CONTEXT)
            .unwrap()
    };
    let rewrap =
        |wrapping: WrappingKey<'_>| envelope().rewrap(KeySource::Customer, &wrapping, SALT);
    assert!(rewrap(WrappingKey::Customer(&key)).is_ok());
    assert_eq!(rewrap(WrappingKey::Customer(&other)), Err(Error::KeyBlob));
    assert_eq!(
        rewrap(WrappingKey::Bucket(&BUCKET_KEY)),
        Err(Error::WrappingKind)
    );
}

#[test]
fn envelopes_do_not_print_keys_or_digests() {
    let shown = format!("{:?}", verify(&seal(draft()).unwrap()).unwrap());
    assert!(!shown.contains("7, 7, 7, 7"), "{shown}");
    assert!(!shown.contains("1, 1, 1, 1"), "{shown}");
}

fn checksums() -> impl Strategy<Value = Checksum> {
    let algorithms = [
        ChecksumAlgorithm::Crc32,
        ChecksumAlgorithm::Crc32c,
        ChecksumAlgorithm::Crc64Nvme,
        ChecksumAlgorithm::Sha1,
        ChecksumAlgorithm::Sha256,
    ];
    let kinds = [ChecksumType::FullObject, ChecksumType::Composite];
    (
        prop::sample::select(algorithms.to_vec()),
        prop::sample::select(kinds.to_vec()),
        any::<u8>(),
    )
        .prop_map(|(algorithm, kind, byte)| Checksum {
            algorithm,
            kind,
            value: vec![byte; algorithm.value_len()],
        })
}

proptest! {
    #[test]
    fn parse_and_render_are_inverse(
        name in "\\PC{0,20}",
        key in "\\PC{0,20}",
        project in prop::option::of("\\PC{0,10}"),
        bucket_key in prop::collection::vec(any::<u8>(), 0..100),
        context in prop::option::of(prop::collection::vec(any::<u8>(), 0..100)),
        size in 0..=WHOLE_LEN_MAX.0,
        md5 in any::<Option<[u8; 16]>>(),
        sum in prop::option::of(checksums()),
        sm4 in any::<bool>(),
    ) {
        prop_assume!(name != "customer");
        let draft = EnvelopeDraft {
            suite: if sm4 { Suite::Sm4Gcm } else { Suite::Aes256Gcm },
            key_id: Some(key.clone()),
            project: project.clone(),
            encryption_context: context.clone(),
            by: KeySource::Named { name: name.clone(), bucket_key: bucket_key.clone() },
            size: Some(PlainLen(size)),
            digests: Digests { md5, sum: sum.clone() },
            foot: Foot { md5: md5.is_none(), sum: sum.is_none() },
            ..draft()
        };
        let text = seal(draft).unwrap();
        let parsed = UnverifiedEnvelope::parse(&text.json, &text.mac).unwrap();
        prop_assert_eq!(parsed.bucket_key(), Some(&bucket_key[..]));
        let envelope = verify(&text).unwrap();
        prop_assert_eq!(envelope.key_name(), Some(&name[..]));
        prop_assert_eq!(envelope.key_id(), Some(&key[..]));
        prop_assert_eq!(envelope.project(), project.as_deref());
        prop_assert_eq!(envelope.encryption_context(), context.as_deref());
        prop_assert_eq!(envelope.size(), Some(PlainLen(size)));
        prop_assert_eq!(envelope.foot(), Foot { md5: md5.is_none(), sum: sum.is_none() });
        prop_assert_eq!(envelope.digests(), Digests { md5, sum });
    }
}
