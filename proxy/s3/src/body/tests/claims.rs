//! What heads claim of bodies, and claims that cannot be.

use http::HeaderMap;
use http::HeaderValue;

use super::upload::Kind;
use super::upload::Upload;
use crate::ChecksumAlgorithm;
use crate::ErrorCode;
use crate::UNSIGNED_PAYLOAD;
use crate::storable_content_encoding;

type Headers<'a> = &'a [(&'static str, &'a str)];

const CRC32: (&str, &str) = ("x-amz-checksum-crc32", "AAAAAA==");

fn refusal(payload: &str, headers: Headers<'_>) -> Option<ErrorCode> {
    let upload = Upload::new(payload, headers);
    upload.body().err().map(|failure| failure.code)
}

#[test]
fn a_body_has_one_length() {
    for (headers, refused) in [
        (&[("content-length", "0")][..], None),
        (&[("content-length", "18446744073709551615")], None),
        (&[], Some(ErrorCode::MissingContentLength)),
        (
            &[("transfer-encoding", "chunked")],
            Some(ErrorCode::MissingContentLength),
        ),
        (
            &[("content-length", "5"), ("transfer-encoding", "chunked")],
            Some(ErrorCode::InvalidRequest),
        ),
        (&[("content-length", "")], Some(ErrorCode::InvalidArgument)),
        (
            &[("content-length", "-1")],
            Some(ErrorCode::InvalidArgument),
        ),
        (
            &[("content-length", "+1")],
            Some(ErrorCode::InvalidArgument),
        ),
        (
            &[("content-length", "1,1")],
            Some(ErrorCode::InvalidArgument),
        ),
        (
            &[("content-length", "0x1")],
            Some(ErrorCode::InvalidArgument),
        ),
        (
            &[("content-length", "18446744073709551616")],
            Some(ErrorCode::InvalidArgument),
        ),
        // Without frames the length inside frames means nothing.
        (
            &[("x-amz-decoded-content-length", "5")],
            Some(ErrorCode::MissingContentLength),
        ),
    ] {
        assert_eq!(refusal(UNSIGNED_PAYLOAD, headers), refused, "{headers:?}");
    }
}

#[test]
fn with_frames_the_length_is_that_inside() {
    const INSIDE: &str = "x-amz-decoded-content-length";
    for kind in Kind::ALL {
        for (headers, refused) in [
            (&[(INSIDE, "5")][..], None),
            (&[(INSIDE, "5"), ("content-length", "99")], None),
            (&[(INSIDE, "5"), ("transfer-encoding", "chunked")], None),
            (
                &[("content-length", "99")],
                Some(ErrorCode::MissingContentLength),
            ),
            (&[(INSIDE, "five")], Some(ErrorCode::InvalidArgument)),
            (&[(INSIDE, "-5")], Some(ErrorCode::InvalidArgument)),
            (
                &[
                    (INSIDE, "5"),
                    ("content-length", "9"),
                    ("transfer-encoding", "chunked"),
                ],
                Some(ErrorCode::InvalidRequest),
            ),
        ] {
            assert_eq!(
                refusal(kind.keyword(), headers),
                refused,
                "{kind:?} {headers:?}"
            );
        }
        let upload = Upload::new(kind.keyword(), &[(INSIDE, "5"), ("content-length", "99")]);
        assert_eq!(upload.body().unwrap().plain_len(), 5);
    }
}

#[test]
fn there_is_at_most_one_checksum_and_it_can_be_read() {
    let length = ("content-length", "5");
    for (headers, refused) in [
        (&[CRC32][..], None),
        (&[CRC32, ("x-amz-sdk-checksum-algorithm", "crc32")], None),
        (&[CRC32, ("content-md5", "XUFAKrxLKna5cZ2REBfFkg==")], None),
        (&[("x-amz-checksum-algorithm", "CRC32")], None),
        (&[("x-amz-checksum-type", "FULL_OBJECT")], None),
        (
            &[CRC32, ("x-amz-checksum-crc32c", "AAAAAA==")],
            Some(ErrorCode::InvalidRequest),
        ),
        (
            &[("x-amz-checksum-crc32", "AAAA")],
            Some(ErrorCode::InvalidRequest),
        ),
        (
            &[("x-amz-checksum-crc32", "")],
            Some(ErrorCode::InvalidRequest),
        ),
        (
            &[("x-amz-checksum-md4", "AAAAAA==")],
            Some(ErrorCode::NotImplemented),
        ),
        (
            &[("x-amz-checksum-", "AAAAAA==")],
            Some(ErrorCode::NotImplemented),
        ),
        (
            &[("x-amz-sdk-checksum-algorithm", "CRC32")],
            Some(ErrorCode::InvalidRequest),
        ),
        (
            &[CRC32, ("x-amz-sdk-checksum-algorithm", "SHA1")],
            Some(ErrorCode::InvalidRequest),
        ),
        (
            &[CRC32, ("x-amz-sdk-checksum-algorithm", "none")],
            Some(ErrorCode::InvalidRequest),
        ),
        (
            &[CRC32, ("x-amz-trailer", "x-amz-checksum-crc32")],
            Some(ErrorCode::InvalidRequest),
        ),
    ] {
        let headers = [&[length], headers].concat();
        assert_eq!(refusal(UNSIGNED_PAYLOAD, &headers), refused, "{headers:?}");
    }
}

#[test]
fn a_trailer_is_one_checksum_and_the_kind_has_room_for_it() {
    let length = ("x-amz-decoded-content-length", "5");
    for (kind, trailer, is_ok) in [
        (Kind::SignedTrailer, "x-amz-checksum-crc32", true),
        (Kind::UnsignedTrailer, "X-Amz-Checksum-Sha256", true),
        (Kind::Signed, "x-amz-checksum-crc32", false),
        (Kind::UnsignedTrailer, "", false),
        (Kind::UnsignedTrailer, "x-amz-meta-a", false),
        (
            Kind::UnsignedTrailer,
            "x-amz-checksum-crc32,x-amz-checksum-sha1",
            false,
        ),
        (Kind::UnsignedTrailer, "x-amz-checksum-mode", false),
    ] {
        let refused = refusal(kind.keyword(), &[length, ("x-amz-trailer", trailer)]);
        let expected = (!is_ok).then_some(ErrorCode::InvalidRequest);
        assert_eq!(refused, expected, "{kind:?} {trailer}");
    }
    let both = [length, CRC32, ("x-amz-trailer", "x-amz-checksum-crc32")];
    let refused = refusal(Kind::UnsignedTrailer.keyword(), &both);
    assert_eq!(refused, Some(ErrorCode::InvalidRequest));
}

#[test]
fn content_md5_is_base64_of_16_bytes() {
    for text in [
        "",
        "bad",
        "XUFAKrxLKna5cZ2REBfFkg",
        "XUFAKrxLKna5cZ2REBfFkh==",
        "AAAA",
    ] {
        let headers = [("content-length", "5"), ("content-md5", text)];
        let refused = refusal(UNSIGNED_PAYLOAD, &headers);
        assert_eq!(refused, Some(ErrorCode::InvalidDigest), "{text}");
    }
}

#[test]
fn claims_are_named() {
    let upload = Upload::framed(Kind::SignedTrailer, 5, ChecksumAlgorithm::Sha256);
    let body = upload.body().unwrap();
    assert_eq!(body.claims().trailer, Some(ChecksumAlgorithm::Sha256));
    assert_eq!(body.claims().checksum, None);
    assert_eq!(body.claims().content_md5, None);
}

#[test]
fn nothing_about_the_plaintext_is_printed() {
    let headers = [
        ("content-length", "5"),
        ("content-md5", "XUFAKrxLKna5cZ2REBfFkg=="),
        CRC32,
    ];
    let upload = Upload::new(&"ab".repeat(32), &headers);
    let body = upload.body().unwrap();
    let printed = format!("{body:?} {:?}", body.claims());
    assert!(
        !printed.contains("[0") && !printed.contains("93"),
        "{printed}"
    );
}

#[test]
fn the_transfers_encoding_is_not_the_objects() {
    let storable = |values: &[&'static str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("content-encoding", HeaderValue::from_static(value));
        }
        storable_content_encoding(&headers)
    };
    for (values, expected) in [
        (&[][..], None),
        (&[""], None),
        (&["aws-chunked"], None),
        (&["AWS-Chunked, "], None),
        (&["gzip"], Some("gzip")),
        (&["aws-chunked,gzip"], Some("gzip")),
        (&["gzip, aws-chunked, br"], Some("gzip,br")),
        (&["aws-chunked", "gzip"], Some("gzip")),
        (&["aws-chunkedx"], Some("aws-chunkedx")),
    ] {
        assert_eq!(storable(values).as_deref(), expected, "{values:?}");
    }
}
