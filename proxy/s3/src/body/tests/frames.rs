//! Frames: lengths, order, signatures, lines.

use bytes::Bytes;

use super::upload::Kind;
use super::upload::Upload;
use super::upload::Verdict;
use super::upload::Wire;
use super::upload::value;
use crate::ChecksumAlgorithm;
use crate::ErrorCode;
use crate::body::frames::SIZE_LINE_LEN_MAX;

const CRC: ChecksumAlgorithm = ChecksumAlgorithm::Crc32;

/// An upload that announces `plain_len` bytes, with frames as `data` and what follows them.
fn receive(kind: Kind, plain_len: usize, data: &[&[u8]]) -> Verdict {
    let upload = Upload::framed(kind, plain_len as u64, CRC);
    let wire = upload.wire().body(data, kind.has_trailer().then_some(CRC));
    upload.receive_in_every_split(&wire)
}

/// An upload of one byte, with frames as `write` writes them.
fn written(kind: Kind, write: &dyn Fn(&mut Wire<'_>)) -> Verdict {
    let upload = Upload::framed(kind, 1, CRC);
    let mut wire = upload.wire();
    write(&mut wire);
    upload.receive_in_every_split(&wire.bytes)
}

/// Three frames with data and the last one, each with its signature.
fn four_frames() -> (Upload, Vec<Vec<u8>>) {
    let upload = Upload::framed(Kind::Signed, 3 * 8192, CRC);
    let mut frames = Vec::new();
    let mut wire = upload.wire();
    for letter in [b'a', b'b', b'c'] {
        wire.frame(&[letter; 8192]);
        frames.push(std::mem::take(&mut wire.bytes));
    }
    wire.end();
    wire.raw("\r\n");
    frames.push(wire.bytes);
    (upload, frames)
}

#[test]
fn bodies_come_out_as_they_went_in() {
    for kind in Kind::ALL {
        for len in [0, 1, 8191, 8192, 8193] {
            let data = vec![b'a'; len];
            let frames: Vec<&[u8]> = data.chunks(8192).collect();
            assert_eq!(receive(kind, len, &frames), Ok(data), "{kind:?} {len}");
        }
    }
}

#[test]
fn every_single_cut_of_a_long_frame_is_the_same() {
    let upload = Upload::framed(Kind::SignedTrailer, 8193, CRC);
    let data = vec![b'a'; 8193];
    let frames: Vec<&[u8]> = data.chunks(8192).collect();
    let wire = upload.wire().body(&frames, Some(CRC));
    for at in 0..=wire.len() {
        let (first, second) = wire.split_at(at);
        assert_eq!(upload.receive(&[first, second]).as_ref(), Ok(&data), "{at}");
    }
}

#[test]
fn only_the_last_signed_frame_may_be_short() {
    let (short, long, one) = (&[b'a'; 8191][..], &[b'a'; 8192][..], &b"b"[..]);
    for kind in [Kind::Signed, Kind::SignedTrailer] {
        let refused = Err(ErrorCode::InvalidChunkSizeError);
        assert_eq!(receive(kind, 8192, &[short, one]), refused);
        assert_eq!(receive(kind, 2, &[one, one]), refused);
        assert!(receive(kind, 16383, &[long, short]).is_ok());
        assert!(receive(kind, 16385, &[long, long, one]).is_ok());
    }
    // Software development kits frame unsigned bodies as the data comes.
    assert!(receive(Kind::UnsignedTrailer, 8192, &[short, one]).is_ok());
}

#[test]
fn refuses_more_and_less_than_announced() {
    for kind in Kind::ALL {
        for (announced, len) in [(0, 1), (1, 0), (1, 2), (8192, 8191), (8192, 8193)] {
            let data = vec![b'a'; len];
            let frames: Vec<&[u8]> = data.chunks(8192).collect();
            let refused = Err(ErrorCode::IncompleteBody);
            assert_eq!(
                receive(kind, announced, &frames),
                refused,
                "{kind:?} {announced} {len}"
            );
        }
    }
}

#[test]
fn no_beginning_of_a_body_is_a_body() {
    for kind in Kind::ALL {
        let upload = Upload::framed(kind, 5, CRC);
        let wire = upload
            .wire()
            .body(&[b"hello"], kind.has_trailer().then_some(CRC));
        for end in 0..wire.len() {
            let verdict = upload.receive(&[&wire[..end]]);
            assert_eq!(verdict, Err(ErrorCode::IncompleteBody), "{kind:?} {end}");
        }
    }
}

#[test]
fn nothing_may_follow_the_end() {
    for kind in Kind::ALL {
        let upload = Upload::framed(kind, 5, CRC);
        let wire = upload
            .wire()
            .body(&[b"hello"], kind.has_trailer().then_some(CRC));
        for more in [&b"\0"[..], b"\n", b"\r\n", b"0\r\n\r\n", &wire] {
            let verdict = upload.receive_in_every_split(&[&wire, more].concat());
            assert_eq!(verdict, Err(ErrorCode::IncompleteBody), "{kind:?} {more:?}");
        }
    }
}

#[test]
fn refuses_frames_missing_repeated_or_out_of_order() {
    let (upload, frames) = four_frames();
    let receive = |order: &[usize]| {
        let wire: Vec<&[u8]> = order.iter().map(|index| &*frames[*index]).collect();
        upload.receive_in_every_split(&wire.concat())
    };
    assert!(receive(&[0, 1, 2, 3]).is_ok());
    for order in [&[0, 1, 2][..], &[0, 1, 3], &[0, 3], &[3]] {
        assert_eq!(receive(order), Err(ErrorCode::IncompleteBody), "{order:?}");
    }
    for order in [[1, 0, 2, 3], [0, 2, 1, 3], [0, 0, 1, 3], [1, 2, 0, 3]] {
        let refused = Err(ErrorCode::SignatureDoesNotMatch);
        assert_eq!(receive(&order), refused, "{order:?}");
    }
}

#[test]
fn refuses_a_wrong_signature_of_any_frame() {
    let (upload, frames) = four_frames();
    for index in 0..frames.len() {
        let mut altered = frames.clone();
        let label = altered[index].windows(10).position(|w| w == b"signature=");
        let digit = &mut altered[index][label.unwrap() + 10];
        *digit = if *digit == b'0' { b'1' } else { b'0' };
        let verdict = upload.receive_in_every_split(&altered.concat());
        assert_eq!(verdict, Err(ErrorCode::SignatureDoesNotMatch), "{index}");
    }
}

#[test]
fn refuses_altered_data_of_any_frame() {
    let (upload, frames) = four_frames();
    for index in 0..3 {
        for from_end in [3, 8194] {
            let mut altered = frames.clone();
            let at = altered[index].len() - from_end;
            altered[index][at] ^= 1;
            let verdict = upload.receive_in_every_split(&altered.concat());
            assert_eq!(verdict, Err(ErrorCode::SignatureDoesNotMatch), "{index}");
        }
    }
}

#[test]
fn frames_of_another_request_do_not_count() {
    let (_, frames) = four_frames();
    let other = Upload::framed(Kind::SignedTrailer, 3 * 8192, CRC);
    let verdict = other.receive(&[&frames.concat()]);
    assert_eq!(verdict, Err(ErrorCode::SignatureDoesNotMatch));
}

/// The end of a body that says `a`.
fn end(wire: &mut Wire<'_>, kind: Kind) {
    wire.end();
    if kind.has_trailer() {
        wire.trailer(CRC.header_name(), &value(CRC, b"a"));
    }
    wire.raw("\r\n");
}

#[test]
fn sizes_are_1_to_16_hex_digits() {
    for kind in Kind::ALL {
        let of_size = |size: &str| {
            written(kind, &|wire| {
                wire.line(size, b"a");
                wire.raw("a\r\n");
                end(wire, kind);
            })
        };
        for size in ["1", "01", "0000000000000001"] {
            assert_eq!(of_size(size), Ok(b"a".to_vec()), "{kind:?} {size}");
        }
        for size in [
            "",
            "1\r",
            "2",
            "+1",
            "-1",
            " 1",
            "1 ",
            "0x1",
            "g",
            "1;a=b",
            "\u{e4}",
            "00000000000000001",
            "7fffffffffffffff",
            "8000000000000000",
            "ffffffffffffffff",
            "10000000000000001",
        ] {
            assert_eq!(
                of_size(size),
                Err(ErrorCode::IncompleteBody),
                "{kind:?} {size}"
            );
        }
    }
}

#[test]
fn sizes_near_2_to_the_64_do_not_wrap_around() {
    for kind in Kind::ALL {
        for (announced, sizes) in [
            (u64::MAX, &["ffffffffffffffff"][..]),
            (0, &["ffffffffffffffff", "1"]),
            (1, &["8000000000000000", "8000000000000001"]),
        ] {
            let upload = Upload::framed(kind, announced, CRC);
            let mut wire = upload.wire();
            for size in sizes {
                wire.line(size, b"a");
                wire.raw("a\r\n");
            }
            end(&mut wire, kind);
            let verdict = upload.receive(&[&wire.bytes]);
            assert_eq!(
                verdict,
                Err(ErrorCode::IncompleteBody),
                "{kind:?} {sizes:?}"
            );
        }
    }
}

#[test]
fn lines_end_with_carriage_return_and_line_feed() {
    for kind in Kind::ALL {
        let good = |wire: &mut Wire<'_>| {
            wire.frame(b"a");
            end(wire, kind);
        };
        assert!(written(kind, &good).is_ok());
        for (from, to) in [
            ("\r\na\r\n", "\na\r\n"),
            ("\r\na\r\n", "\ra\r\n"),
            ("\r\na\r\n", "\r\na\n"),
            ("\r\na\r\n", "\r\na"),
            ("\r\na\r\n", "\r\naa\r\n"),
            ("\r\na\r\n", "\r\na\r\r\n"),
            ("\r\na\r\n", "\r\na\r\n\r\n"),
        ] {
            let verdict = written(kind, &|wire| {
                good(wire);
                let text = String::from_utf8(std::mem::take(&mut wire.bytes)).unwrap();
                wire.raw(&text.replacen(from, to, 1));
            });
            assert_eq!(verdict, Err(ErrorCode::IncompleteBody), "{kind:?} {to:?}");
        }
    }
}

#[test]
fn signed_frames_carry_one_lower_case_signature() {
    let good = |wire: &mut Wire<'_>| {
        wire.frame(b"a");
        end(wire, Kind::Signed);
    };
    for (edit, code) in [
        ("upper", ErrorCode::SignatureDoesNotMatch),
        ("empty", ErrorCode::SignatureDoesNotMatch),
        ("none", ErrorCode::IncompleteBody),
        ("label", ErrorCode::IncompleteBody),
        ("twice", ErrorCode::IncompleteBody),
    ] {
        let verdict = written(Kind::Signed, &|wire| {
            good(wire);
            let text = String::from_utf8(std::mem::take(&mut wire.bytes)).unwrap();
            let (line, rest) = text.split_once('\r').unwrap();
            let signature = line.strip_prefix("1;chunk-signature=").unwrap();
            let line = match edit {
                "upper" => format!("1;chunk-signature={}", signature.to_uppercase()),
                "empty" => "1;chunk-signature=".to_owned(),
                "none" => "1".to_owned(),
                "label" => format!("1;Chunk-Signature={signature}"),
                _ => format!("1;chunk-signature={signature};chunk-signature={signature}"),
            };
            wire.raw(&format!("{line}\r{rest}"));
        });
        assert_eq!(verdict, Err(code), "{edit}");
    }
}

#[test]
fn an_error_breaks_the_body_for_good() {
    let (upload, frames) = four_frames();
    let mut body = upload.body().unwrap();
    let mut plain = vec![Bytes::from_static(b"before")];
    let mut altered = frames[0].clone();
    altered[100] ^= 1;
    assert!(body.push(altered.into(), &mut plain).is_err());
    assert_eq!(
        plain,
        ["before"],
        "nothing of the altered frame is let through"
    );
    for frame in &frames {
        assert!(body.push(frame.clone().into(), &mut plain).is_err());
    }
    assert_eq!(plain.len(), 1);
    assert_eq!(body.finish().unwrap_err().code, ErrorCode::IncompleteBody);
}

#[test]
fn lines_are_bounded() {
    for kind in Kind::ALL {
        let upload = Upload::framed(kind, u64::MAX, CRC);
        let mut body = upload.body().unwrap();
        let mut plain = Vec::new();
        let bytes = std::iter::repeat_n(Bytes::from_static(b"1"), 1000);
        let taken = bytes
            .map_while(|byte| body.push(byte, &mut plain).ok())
            .count();
        assert_eq!(taken, SIZE_LINE_LEN_MAX, "{kind:?}");
    }
}
