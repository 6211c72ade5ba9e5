//! Trailers: announced, sent, signed, true.

use super::upload::Kind;
use super::upload::Upload;
use super::upload::Verdict;
use super::upload::Wire;
use super::upload::value;
use crate::ChecksumAlgorithm;
use crate::ErrorCode;
use crate::body::frames::TRAILER_LINE_LEN_MAX;

const CRC: ChecksumAlgorithm = ChecksumAlgorithm::Crc32;
const NAME: &str = "x-amz-checksum-crc32";
type Write<'a> = &'a dyn Fn(&mut Wire<'_>);

const KINDS: [Kind; 2] = [Kind::SignedTrailer, Kind::UnsignedTrailer];

/// The verdict on `hello` and a trailer as `write` writes it, blank line included.
fn trailer(kind: Kind, write: Write<'_>) -> Verdict {
    let upload = Upload::framed(kind, 5, CRC);
    let mut wire = upload.wire();
    wire.frame(b"hello");
    wire.end();
    write(&mut wire);
    upload.receive_in_every_split(&wire.bytes)
}

fn good(wire: &mut Wire<'_>) {
    wire.trailer(NAME, &value(CRC, b"hello"));
    wire.raw("\r\n");
}

#[test]
fn every_algorithm_can_be_a_trailer() {
    for kind in KINDS {
        for algorithm in ChecksumAlgorithm::ALL {
            let upload = Upload::framed(kind, 5, algorithm);
            let wire = upload.wire().body(&[b"hello"], Some(algorithm));
            let verdict = upload.receive_in_every_split(&wire);
            assert_eq!(verdict, Ok(b"hello".to_vec()), "{kind:?} {algorithm:?}");
            let mut wire = upload.wire();
            wire.frame(b"hello");
            wire.end();
            wire.trailer(algorithm.header_name(), &value(algorithm, b"hellp"));
            wire.raw("\r\n");
            let verdict = upload.receive_in_every_split(&wire.bytes);
            assert_eq!(verdict, Err(ErrorCode::BadDigest), "{kind:?} {algorithm:?}");
        }
    }
}

#[test]
fn what_is_announced_must_come_once_and_nothing_else() {
    let right = value(CRC, b"hello");
    for kind in KINDS {
        assert!(trailer(kind, &good).is_ok());
        let cases: [(&str, Write<'_>); 6] = [
            ("absent", &|wire| wire.raw("\r\n")),
            ("absent but signed", &|wire| {
                wire.trailer_signature("");
                wire.raw("\r\n");
            }),
            ("twice", &|wire| {
                wire.raw(&format!("{NAME}:{right}\r\n"));
                wire.trailer(NAME, &right);
                wire.raw("\r\n");
            }),
            ("another", &|wire| {
                let other = ChecksumAlgorithm::Crc32c;
                wire.trailer(other.header_name(), &value(other, b"hello"));
                wire.raw("\r\n");
            }),
            ("unknown before", &|wire| {
                wire.raw("x-amz-meta-a:b\r\n");
                good(wire);
            }),
            ("no colon", &|wire| {
                wire.raw("x-amz-checksum-crc32\r\n");
                good(wire);
            }),
        ];
        for (name, write) in cases {
            let verdict = trailer(kind, write);
            assert_eq!(verdict, Err(ErrorCode::MalformedTrailer), "{kind:?} {name}");
        }
    }
}

#[test]
fn values_must_be_base64_of_the_right_length() {
    for kind in KINDS {
        for value in [
            "",
            "AAAA",
            "AAAAAA",
            "AAAAAA=",
            "AAAAAAAA",
            "AAAAAB==",
            "\u{e4}AAAAA==",
        ] {
            let verdict = trailer(kind, &|wire| {
                wire.trailer(NAME, value);
                wire.raw("\r\n");
            });
            assert_eq!(verdict, Err(ErrorCode::InvalidRequest), "{kind:?} {value}");
        }
    }
}

#[test]
fn names_and_values_may_be_spelled_as_headers_may() {
    let right = value(CRC, b"hello");
    for kind in KINDS {
        let verdict = trailer(kind, &|wire| {
            wire.raw(&format!("X-Amz-Checksum-CRC32 : {right} \r\n"));
            wire.trailer_signature(&format!("{NAME}:{right}\n"));
            wire.raw("\r\n");
        });
        assert!(verdict.is_ok(), "{kind:?}");
    }
}

#[test]
fn a_signed_kind_needs_the_signature_of_its_trailer() {
    let right = value(CRC, b"hello");
    let line = format!("{NAME}:{right}\r\n");
    let wrong = "x-amz-trailer-signature:00\r\n";
    let cases: [(&str, Write<'_>, ErrorCode); 6] = [
        (
            "unsigned",
            &|wire| wire.raw(&format!("{line}\r\n\r\n")),
            ErrorCode::MalformedTrailer,
        ),
        (
            "unsigned, cut",
            &|wire| wire.raw(&format!("{line}\r\n")),
            ErrorCode::IncompleteBody,
        ),
        (
            "wrong",
            &|wire| wire.raw(&format!("{line}{wrong}\r\n")),
            ErrorCode::SignatureDoesNotMatch,
        ),
        (
            "of another value",
            &|wire| {
                wire.raw(&line);
                wire.trailer_signature("x-amz-checksum-crc32:AAAAAA==\n");
                wire.raw("\r\n");
            },
            ErrorCode::SignatureDoesNotMatch,
        ),
        (
            "before",
            &|wire| {
                wire.trailer_signature(&format!("{NAME}:{right}\n"));
                wire.raw(&format!("{line}\r\n"));
            },
            ErrorCode::MalformedTrailer,
        ),
        (
            "twice",
            &|wire| {
                wire.trailer(NAME, &right);
                wire.raw(wrong);
                wire.raw("\r\n");
            },
            ErrorCode::MalformedTrailer,
        ),
    ];
    for (name, write, code) in cases {
        assert_eq!(trailer(Kind::SignedTrailer, write), Err(code), "{name}");
    }
}

#[test]
fn what_was_refused_cannot_be_made_good() {
    let upload = Upload::framed(Kind::UnsignedTrailer, 5, CRC);
    let mut wire = upload.wire();
    wire.frame(b"hello");
    wire.end();
    let mut body = upload.body().unwrap();
    let mut plain = Vec::new();
    body.push(std::mem::take(&mut wire.bytes).into(), &mut plain)
        .unwrap();
    let failure = body.push("a:b\r\n".into(), &mut plain).unwrap_err();
    assert_eq!(failure.code, ErrorCode::MalformedTrailer);
    good(&mut wire);
    assert!(body.push(wire.bytes.into(), &mut plain).is_err());
    assert!(body.finish().is_err());
}

/// minio-go ends the checksum with a bare line feed and puts an empty line before its signature.
#[test]
fn the_spelling_of_minio_go_is_read() {
    let right = value(CRC, b"hello");
    let verdict = trailer(Kind::SignedTrailer, &|wire| {
        wire.raw(&format!("{NAME}:{right}\n\r\n"));
        wire.trailer_signature(&format!("{NAME}:{right}\n"));
        wire.raw("\r\n");
    });
    assert!(verdict.is_ok());
}

#[test]
fn an_unsigned_kind_has_no_signature() {
    let verdict = trailer(Kind::UnsignedTrailer, &|wire| {
        wire.trailer(NAME, &value(CRC, b"hello"));
        wire.raw("x-amz-trailer-signature:00\r\n\r\n");
    });
    assert_eq!(verdict, Err(ErrorCode::MalformedTrailer));
}

#[test]
fn a_kind_without_trailer_takes_none() {
    let upload = Upload::framed(Kind::Signed, 5, CRC);
    let cases: [Write<'_>; 3] = [&good, &|wire| wire.raw("a:b\r\n\r\n"), &|wire| {
        wire.trailer_signature("");
        wire.raw("\r\n");
    }];
    for (index, write) in cases.into_iter().enumerate() {
        let mut wire = upload.wire();
        wire.frame(b"hello");
        wire.end();
        write(&mut wire);
        let verdict = upload.receive_in_every_split(&wire.bytes);
        assert_eq!(verdict, Err(ErrorCode::MalformedTrailer), "{index}");
    }
}

#[test]
fn a_trailer_that_was_not_announced_is_refused() {
    for kind in KINDS {
        let upload = Upload::new(kind.keyword(), &[("x-amz-decoded-content-length", "5")]);
        let mut wire = upload.wire();
        wire.frame(b"hello");
        wire.end();
        good(&mut wire);
        let verdict = upload.receive_in_every_split(&wire.bytes);
        assert_eq!(verdict, Err(ErrorCode::MalformedTrailer), "{kind:?}");
        let bytes = upload.wire().body(&[b"hello"], None);
        assert!(upload.receive_in_every_split(&bytes).is_ok(), "{kind:?}");
    }
}

#[test]
fn lines_are_bounded() {
    let right = value(CRC, b"hello");
    let padded = |len: usize| {
        let blanks = " ".repeat(len - NAME.len() - right.len() - 2);
        format!("{NAME}:{blanks}{right}\r")
    };
    for (len, expected) in [
        (TRAILER_LINE_LEN_MAX, Ok(b"hello".to_vec())),
        (TRAILER_LINE_LEN_MAX + 1, Err(ErrorCode::MalformedTrailer)),
    ] {
        let line = padded(len);
        assert_eq!(line.len(), len);
        let verdict = trailer(Kind::UnsignedTrailer, &|wire| {
            wire.raw(&format!("{line}\n\r\n"));
        });
        assert_eq!(verdict, expected, "{len}");
    }
}
