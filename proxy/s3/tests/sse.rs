//! The headers of server-side encryption, cell by cell.
#![allow(clippy::unwrap_used)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use md5::Digest as _;
use md5::Md5;
use s3::Dialect;
use s3::Error;
use s3::ErrorCode;
use s3::Operation;
use s3::SseAsked;
use s3::SseHeader;
use s3::SseMode;
use s3::SseTold;

/// The columns of the tables below.
const COLUMNS: [Operation; 10] = [
    Operation::CreateBucket,
    Operation::PutObject,
    Operation::PostObject,
    Operation::GetObject,
    Operation::HeadObject,
    Operation::CopyObject,
    Operation::CreateMultipartUpload,
    Operation::UploadPart,
    Operation::UploadPartCopy,
    Operation::CompleteMultipartUpload,
];

/// Which requests carry what: `x` in the columns above.
const REQUESTS: [(SseHeader, &str); 12] = [
    (SseHeader::Mode, "xxx--xx---"),
    (SseHeader::DataEncryption, "xxx--xx---"),
    (SseHeader::KeyId, "xxx--xx---"),
    (SseHeader::Project, "x---------"),
    (SseHeader::Context, "-xx--xx---"),
    (SseHeader::BucketKey, "-xx--xx---"),
    (SseHeader::CustomerAlgorithm, "-xxxxxxxxx"),
    (SseHeader::CustomerKey, "-xxxxxxxxx"),
    (SseHeader::CustomerKeyMd5, "-xxxxxxxxx"),
    (SseHeader::SourceAlgorithm, "-----x--x-"),
    (SseHeader::SourceKey, "-----x--x-"),
    (SseHeader::SourceKeyMd5, "-----x--x-"),
];

/// Which answers tell what.
const ANSWERS: [(SseHeader, &str); 12] = [
    (SseHeader::Mode, "xxxxxxxxxx"),
    (SseHeader::DataEncryption, "xxxxx-----"),
    (SseHeader::KeyId, "xxxxxxxxxx"),
    (SseHeader::Project, "xxxxxxxxxx"),
    (SseHeader::Context, "-xx--xx---"),
    (SseHeader::BucketKey, "-xxxxxxxxx"),
    (SseHeader::CustomerAlgorithm, "-xxxxxxxxx"),
    (SseHeader::CustomerKey, "----------"),
    (SseHeader::CustomerKeyMd5, "-xxxxxxxxx"),
    (SseHeader::SourceAlgorithm, "----------"),
    (SseHeader::SourceKey, "----------"),
    (SseHeader::SourceKeyMd5, "----------"),
];

const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

#[test]
fn every_cell_of_the_tables_holds() {
    for ((header, asks), (same, answers)) in REQUESTS.into_iter().zip(ANSWERS) {
        assert_eq!(header, same);
        for (operation, (asks, tells)) in COLUMNS.into_iter().zip(asks.chars().zip(answers.chars()))
        {
            let cell = format!("{header:?} of {operation:?}");
            assert_eq!(s3::carries(operation, header), asks == 'x', "{cell}");
            assert_eq!(s3::tells(operation, header), tells == 'x', "{cell}");
        }
    }
}

#[test]
fn what_an_operation_does_not_carry_is_refused_in_both_dialects() {
    for (header, asks) in REQUESTS {
        for (operation, asks) in COLUMNS.into_iter().zip(asks.chars()) {
            for dialect in [Dialect::S3, Dialect::Obs] {
                let Some(name) = header.name(dialect).filter(|_| asks == '-') else {
                    continue;
                };
                let headers = map(&[(name, "x")]);
                let asked = SseAsked::read(&headers).unwrap();
                let error = asked.check(operation).map(drop).unwrap_err();
                assert_eq!(
                    error.code,
                    ErrorCode::InvalidArgument,
                    "{name} {operation:?}"
                );
                assert_eq!(
                    error.message,
                    format!("{name} header is not supported for this operation.")
                );
            }
        }
    }
}

#[test]
fn names_lead_back_to_their_header() {
    for dialect in [Dialect::S3, Dialect::Obs] {
        for header in SseHeader::ALL {
            if let Some(name) = header.name(dialect) {
                assert_eq!(SseHeader::from_name(name), Some((header, dialect)));
            }
        }
    }
    assert_eq!(
        SseHeader::from_name("x-amz-server-side-encryption-other"),
        None
    );
}

#[test]
fn each_dialect_has_its_own_words_for_modes() {
    for (name, value, expected) in [
        (
            "x-amz-server-side-encryption",
            "AES256",
            Some(SseMode::Aes256),
        ),
        (
            "x-amz-server-side-encryption",
            "aws:AES256",
            Some(SseMode::Aes256),
        ),
        (
            "x-amz-server-side-encryption",
            "aws:kms",
            Some(SseMode::Kms),
        ),
        (
            "x-amz-server-side-encryption",
            "aws:kms:dsse",
            Some(SseMode::Dsse),
        ),
        ("x-amz-server-side-encryption", "kms", None),
        ("x-amz-server-side-encryption", "aes256", None),
        ("x-amz-server-side-encryption", "aws:fsx", None),
        (
            "x-obs-server-side-encryption",
            "AES256",
            Some(SseMode::Aes256),
        ),
        ("x-obs-server-side-encryption", "kms", Some(SseMode::Kms)),
        ("x-obs-server-side-encryption", "aws:kms", None),
        ("x-obs-server-side-encryption", "obs", None),
    ] {
        let headers = map(&[(name, value)]);
        let asked = SseAsked::read(&headers).unwrap();
        assert_eq!(asked.modes().next(), expected, "{name}: {value}");
        let checked = asked.check(Operation::PutObject).map(drop);
        assert_eq!(checked.is_ok(), expected.is_some(), "{name}: {value}");
    }
}

#[test]
fn encryption_is_said_once_and_in_one_dialect() {
    let mut twice = map(&[("x-amz-server-side-encryption", "AES256")]);
    let again = HeaderValue::from_static("AES256");
    twice.append("x-amz-server-side-encryption", again);
    let both = map(&[
        ("x-amz-server-side-encryption", "AES256"),
        ("x-obs-server-side-encryption", "AES256"),
    ]);
    let mixed = map(&[
        ("x-amz-server-side-encryption", "aws:kms"),
        ("x-obs-server-side-encryption-kms-key-id", "k"),
    ]);
    for headers in [twice, both, mixed] {
        let error = SseAsked::read(&headers).map(drop).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidArgument);
    }
}

/// AWS's answers, in the order in which AWS finds them.
#[test]
fn a_customers_key_is_refused_as_on_aws() {
    const INVALID: ErrorCode = ErrorCode::InvalidArgument;
    let key = STANDARD.encode(KEY);
    let md5 = STANDARD.encode(Md5::digest(KEY));
    let short = STANDARD.encode(&KEY[..31]);
    let short_md5 = STANDARD.encode(Md5::digest(&KEY[..31]));
    let other = STANDARD.encode(Md5::digest(b"other"));
    for (mode, algorithm, key, md5, code, message) in [
        (
            "AES256",
            "AES256",
            &*key,
            &*md5,
            INVALID,
            "is incompatible with",
        ),
        ("aws:kms", "AES192", "", "", INVALID, "is incompatible with"),
        (
            "",
            "",
            &*key,
            &*md5,
            INVALID,
            "a valid encryption algorithm",
        ),
        ("", "", "", &*md5, INVALID, "a valid encryption algorithm"),
        ("", "AES256", "", "", INVALID, "an appropriate secret key"),
        ("", "AES192", "", "", INVALID, "an appropriate secret key"),
        (
            "",
            "AES192",
            &*short,
            "",
            ErrorCode::InvalidEncryptionAlgorithmError,
            "Supported value: AES256.",
        ),
        (
            "",
            "AES256",
            &*short,
            &*short_md5,
            INVALID,
            "secret key was invalid",
        ),
        ("", "AES256", "!", &*md5, INVALID, "secret key was invalid"),
        ("", "AES256", &*key, "", INVALID, "client calculated MD5"),
        ("", "AES256", &*key, "!", INVALID, "improperly encoded"),
        (
            "",
            "AES256",
            &*key,
            &*other,
            INVALID,
            "did not match the hash",
        ),
    ] {
        let error = refused(&customer(mode, algorithm, key, md5), Operation::PutObject);
        assert_eq!(error.code, code, "{mode} {algorithm} {key} {md5}");
        assert!(error.message.contains(message), "{}", error.message);
        assert_eq!(
            error.details.first(),
            Some(&("ArgumentName", "x-amz-server-side-encryption".to_owned()))
        );
    }
}

#[test]
fn a_key_of_a_wrong_length_is_only_a_wrong_key_when_it_is_read_with() {
    let short = STANDARD.encode(&KEY[..31]);
    let md5 = STANDARD.encode(Md5::digest(&KEY[..31]));
    let headers = customer("", "AES256", &short, &md5);
    let asked = SseAsked::read(&headers).unwrap();
    let key = asked.check(Operation::GetObject).unwrap().unwrap();
    assert_eq!(key.expose(), None);
}

#[test]
fn a_right_key_is_taken_and_never_shown() {
    let md5 = STANDARD.encode(Md5::digest(KEY));
    let headers = customer("", "AES256", &STANDARD.encode(KEY), &md5);
    let asked = SseAsked::read(&headers).unwrap();
    let key = asked.check(Operation::PutObject).unwrap().unwrap();
    assert_eq!(key.expose().map(|bytes| &bytes[..]), Some(KEY));
    assert_eq!(key.md5(), md5);
    assert_eq!(format!("{key:?}"), "CustomerKey(***)");
}

#[test]
fn what_belongs_to_a_named_key_needs_that_mode() {
    const NEEDS: &str = "requires HTTP header";
    let mode = "x-amz-server-side-encryption";
    let id = "x-amz-server-side-encryption-aws-kms-key-id";
    let context = "x-amz-server-side-encryption-context";
    let bucket_key = "x-amz-server-side-encryption-bucket-key-enabled";
    for (headers, message) in [
        (vec![(id, "k")], NEEDS),
        (vec![(mode, "AES256"), (id, "k")], NEEDS),
        (vec![(mode, "aws:kms"), (id, "")], NEEDS),
        (vec![(mode, "AES256"), (context, "e30=")], NEEDS),
        (vec![(mode, "aes:kms")], "method specified is not supported"),
        (vec![(mode, "aws:kms"), (context, "e30")], "Base64-encoded"),
        (vec![(mode, "aws:kms"), (context, "W10=")], "Base64-encoded"),
        (
            vec![(mode, "aws:kms"), (bucket_key, "yes")],
            "true or false",
        ),
    ] {
        let error = refused(&map(&headers), Operation::PutObject);
        assert_eq!(error.code, ErrorCode::InvalidArgument);
        assert!(
            error.message.contains(message),
            "{headers:?}: {}",
            error.message
        );
    }
}

#[test]
fn sm4_needs_a_named_key_and_aes_any_mode() {
    let mode = "x-obs-server-side-encryption";
    let cipher = "x-obs-server-side-data-encryption";
    for (headers, fits) in [
        (vec![(mode, "kms"), (cipher, "SM4")], true),
        (vec![(mode, "kms"), (cipher, "AES256")], true),
        (vec![(mode, "AES256"), (cipher, "AES256")], true),
        (vec![(mode, "AES256"), (cipher, "SM4")], false),
        (vec![(cipher, "SM4")], false),
        (vec![(cipher, "AES256")], false),
        (vec![(mode, "kms"), (cipher, "sm4")], false),
    ] {
        let headers = map(&headers);
        let asked = SseAsked::read(&headers).unwrap();
        let checked = asked.check(Operation::PutObject).map(drop);
        assert_eq!(checked.is_ok(), fits, "{headers:?}");
    }
}

#[test]
fn answers_tell_each_mode_in_the_words_of_the_dialect() {
    let kms = SseTold {
        mode: SseMode::Kms,
        sm4: true,
        key_id: Some("id".to_owned()),
        project: Some("p".to_owned()),
        bucket_key: true,
        context: Some(b"{}".to_vec()),
        customer_md5: None,
    };
    let plain = SseTold {
        mode: SseMode::Aes256,
        sm4: false,
        key_id: None,
        project: None,
        bucket_key: false,
        context: None,
        customer_md5: None,
    };
    let own = SseTold {
        mode: SseMode::Customer,
        customer_md5: Some("md5".to_owned()),
        ..plain.clone()
    };
    let put = Operation::PutObject;
    let copy = Operation::CopyObject;
    for (told, operation, dialect, expected) in [
        (
            &plain,
            put,
            Dialect::S3,
            vec!["x-amz-server-side-encryption: AES256"],
        ),
        (
            &plain,
            put,
            Dialect::Obs,
            vec!["x-obs-server-side-encryption: AES256"],
        ),
        (
            &kms,
            put,
            Dialect::S3,
            vec![
                "x-amz-server-side-encryption-aws-kms-key-id: id",
                "x-amz-server-side-encryption-bucket-key-enabled: true",
                "x-amz-server-side-encryption-context: e30=",
                "x-amz-server-side-encryption: aws:kms",
            ],
        ),
        (
            &kms,
            put,
            Dialect::Obs,
            vec![
                "x-obs-server-side-data-encryption: SM4",
                "x-obs-server-side-encryption-bucket-key-enabled: true",
                "x-obs-server-side-encryption-kms-key-id: id",
                "x-obs-server-side-encryption: kms",
                "x-obs-sse-kms-key-project-id: p",
            ],
        ),
        (
            &kms,
            copy,
            Dialect::Obs,
            vec![
                "x-obs-server-side-encryption-bucket-key-enabled: true",
                "x-obs-server-side-encryption-kms-key-id: id",
                "x-obs-server-side-encryption: kms",
                "x-obs-sse-kms-key-project-id: p",
            ],
        ),
        (
            &own,
            copy,
            Dialect::S3,
            vec![
                "x-amz-server-side-encryption-customer-algorithm: AES256",
                "x-amz-server-side-encryption-customer-key-md5: md5",
            ],
        ),
        (&kms, Operation::ListParts, Dialect::S3, vec![]),
        (&kms, Operation::GetObjectAttributes, Dialect::S3, vec![]),
        (&kms, Operation::DeleteObject, Dialect::S3, vec![]),
    ] {
        let mut head = HeaderMap::new();
        told.tell(operation, dialect, &mut head);
        let mut lines: Vec<_> = head
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.sort();
        assert_eq!(lines, expected, "{operation:?} {dialect:?}");
    }
}

fn refused(headers: &HeaderMap, operation: Operation) -> Error {
    let asked = SseAsked::read(headers).unwrap();
    asked.check(operation).map(drop).unwrap_err()
}

/// Headers of SSE-C, without those that are empty.
fn customer(mode: &str, algorithm: &str, key: &str, md5: &str) -> HeaderMap {
    let all = [
        ("x-amz-server-side-encryption", mode),
        ("x-amz-server-side-encryption-customer-algorithm", algorithm),
        ("x-amz-server-side-encryption-customer-key", key),
        ("x-amz-server-side-encryption-customer-key-md5", md5),
    ];
    let there: Vec<_> = all
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    map(&there)
}

fn map(headers: &[(&str, &str)]) -> HeaderMap {
    let entries = headers.iter().map(|(name, value)| {
        let name = HeaderName::try_from(*name).unwrap();
        (name, HeaderValue::try_from(*value).unwrap())
    });
    entries.collect()
}
