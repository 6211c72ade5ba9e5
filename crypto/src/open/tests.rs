#![allow(clippy::unwrap_used)]
// Lengths in tests are small: they fit every integer type.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss
)]

use proptest::prelude::*;

use super::*;
use crate::digests::Checksum;
use crate::digests::ChecksumAlgorithm;
use crate::digests::ChecksumType;
use crate::list::PartList;
use crate::list::Tail;
use crate::part_foot::PartFoot;
use crate::seal::Sealer;
use crate::seal::added_segment;
use crate::size::SealedLen;
use crate::size::whole_sealed_len;
use crate::table::PartTable;
use crate::walk::Walk;

const DEK: Dek = Dek::new([1; 32]);
const CHUNK: usize = 65_536;

fn text(len: usize) -> Vec<u8> {
    (0..=250).cycle().take(len).collect()
}

fn digests() -> Digests {
    let (algorithm, kind) = (ChecksumAlgorithm::Crc64Nvme, ChecksumType::FullObject);
    Digests {
        md5: Some([5; 16]),
        sum: Some(Checksum {
            algorithm,
            kind,
            value: vec![6; 8],
        }),
    }
}

fn run(mut sealer: Sealer, plain: &[u8], split: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut sink = |piece: Vec<u8>| out.extend(piece);
    for piece in plain.chunks(split.max(1)) {
        sealer.push(piece, &mut sink).unwrap();
    }
    sealer.finish(&digests(), &mut sink).unwrap();
    out
}

fn seal_whole(suite: Suite, plain: &[u8], split: usize) -> Vec<u8> {
    let sealer = Sealer::whole(&DEK, suite, PlainLen(plain.len() as u64)).unwrap();
    let expected = sealer.sealed_len().0;
    let out = run(sealer, plain, split);
    assert_eq!(out.len() as u64, expected);
    out
}

/// What came out, and how it ended.
fn open(mut opener: Opener, sealed: &[u8], split: usize) -> (Vec<u8>, Result<Digests, Error>) {
    let mut out = Vec::new();
    let mut sink = |piece: Vec<u8>| out.extend(piece);
    for piece in sealed.chunks(split.max(1)) {
        if let Err(error) = opener.push(piece, &mut sink) {
            assert_eq!(
                opener.push(piece, &mut sink),
                Err(error.clone()),
                "dead after an error"
            );
            assert_eq!(opener.finish(&mut sink), Err(error.clone()));
            return (out, Err(error));
        }
    }
    let ended = opener.finish(&mut sink);
    (out, ended)
}

fn open_whole(
    suite: Suite,
    sealed: &[u8],
    size: usize,
    split: usize,
) -> (Vec<u8>, Result<Digests, Error>) {
    open(
        Opener::whole(&DEK, suite, PlainLen(size as u64)).unwrap(),
        sealed,
        split,
    )
}

#[derive(Clone, Copy, Debug)]
enum Ending {
    Added,
    Parked,
}

/// A parts object, its parts as given: (number, length).
fn seal_parts(suite: Suite, parts: &[(u32, usize)], ending: Ending) -> (Vec<u8>, Vec<u8>) {
    let closing = DEK.closing_key(suite);
    let listed: Vec<_> = parts
        .iter()
        .map(|&(number, len)| crate::list::Part {
            number,
            plain_len: PlainLen(len as u64),
        })
        .collect();
    let list = PartList::new(suite, &listed, digests()).unwrap();
    let (mut plain, mut sealed) = (Vec::new(), Vec::new());
    for (at, part) in listed.iter().enumerate() {
        let body = text(part.plain_len.0 as usize);
        let salt = [part.number as u8; 32];
        let is_parked = at + 1 == listed.len() && matches!(ending, Ending::Parked);
        let writer = if is_parked {
            Sealer::parked(&DEK, suite, part.number, part.plain_len, salt)
        } else {
            Sealer::part(&DEK, suite, part.number, false, part.plain_len, salt)
        };
        let mut segment = run(writer.unwrap(), &body, 10_000);
        if is_parked {
            list.fill(&closing, [9; 16], &mut segment).unwrap();
        }
        sealed.extend(segment);
        plain.extend(body);
    }
    if matches!(ending, Ending::Added) {
        let number = parts.last().unwrap().0 + 1;
        let added = added_segment(&closing, suite, number, [8; 32], &list, [9; 16]).unwrap();
        assert_eq!(added.len(), 16_528);
        sealed.extend(added);
    }
    (plain, sealed)
}

fn open_parts(suite: Suite, sealed: &[u8], split: usize) -> (Vec<u8>, Result<Digests, Error>) {
    open(Opener::parts(&DEK, suite, None), sealed, split)
}

fn table_from_tail(suite: Suite, sealed: &[u8]) -> PartTable {
    let stored = SealedLen(sealed.len() as u64);
    let closing = DEK.closing_key(suite);
    let tail = &sealed[sealed.len() - 1024..];
    match PartList::from_tail(tail, stored, &closing, suite).unwrap() {
        Tail::List(list) => list.table().unwrap(),
        other => unreachable!("{other:?}"),
    }
}

fn walk(suite: Suite, sealed: &[u8], list: Option<PartList>) -> Result<PartTable, Error> {
    let mut walk = Walk::new(&DEK, suite, SealedLen(sealed.len() as u64), list);
    while let Some(range) = walk.wants() {
        walk.step(&sealed[range.start as usize..sealed.len().min(range.end as usize)])?;
    }
    walk.finish()
}

fn open_parts_span(
    table: &PartTable,
    sealed: &[u8],
    range: std::ops::Range<u64>,
    split: usize,
) -> Vec<u8> {
    let span = table.span(range.clone()).unwrap();
    assert_eq!(span.plain(), range);
    let slice = |range: std::ops::Range<u64>| &sealed[range.start as usize..range.end as usize];
    let head = span.head().map_or(&[][..], slice);
    let body = [head, slice(span.sealed())].concat();
    let (out, ended) = open(Opener::parts_span(&DEK, &span), &body, split);
    ended.unwrap();
    out
}

#[test]
fn whole_objects_come_back_at_every_boundary_and_split() {
    let sizes = [
        0,
        1,
        CHUNK - 1,
        CHUNK,
        CHUNK + 1,
        2 * CHUNK - 1,
        2 * CHUNK,
        2 * CHUNK + 1,
    ];
    for size in sizes {
        let plain = text(size);
        let sealed = seal_whole(Suite::Aes256Gcm, &plain, 1000);
        for split in [1, 7, 64, 4096, CHUNK, CHUNK + 16, CHUNK + 80, usize::MAX] {
            let (out, ended) = open_whole(Suite::Aes256Gcm, &sealed, size, split);
            assert_eq!(ended, Ok(digests()), "{size} by {split}");
            assert!(out == plain, "{size} by {split}");
        }
    }
}

#[test]
fn the_split_of_the_plaintext_does_not_show() {
    let plain = text(2 * CHUNK + 5);
    let at_once = seal_whole(Suite::Aes256Gcm, &plain, usize::MAX);
    for split in [1, 4096, CHUNK - 1, CHUNK, CHUNK + 1] {
        assert!(
            seal_whole(Suite::Aes256Gcm, &plain, split) == at_once,
            "{split}"
        );
    }
}

#[test]
fn every_flipped_byte_of_a_small_object_is_detected() {
    for suite in Suite::ALL {
        let sealed = seal_whole(suite, &text(100), 100);
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            let (out, ended) = open_whole(suite, &altered, 100, 33);
            assert!(ended.is_err() && out.is_empty(), "byte {at}");
        }
    }
}

#[test]
fn every_truncation_is_detected_and_releases_only_what_has_verified() {
    let plain = text(CHUNK + 9);
    let sealed = seal_whole(Suite::Aes256Gcm, &plain, CHUNK);
    let cuts = (0..200)
        .chain(CHUNK - 50..CHUNK + 200)
        .filter(|&len| len < sealed.len());
    for len in cuts {
        let (out, ended) = open_whole(Suite::Aes256Gcm, &sealed[..len], plain.len(), 5000);
        assert_eq!(ended, Err(Error::SegmentTruncated), "{len}");
        let released = if len >= 64 + CHUNK + 16 { CHUNK } else { 0 };
        assert_eq!(out.len(), released, "{len}");
    }
}

#[test]
fn trailing_bytes_hold_the_last_chunk_back() {
    let mut sealed = seal_whole(Suite::Sm4Gcm, &text(10), 10);
    sealed.extend_from_slice(b"SGS1");
    let (out, ended) = open_whole(Suite::Sm4Gcm, &sealed, 10, 1);
    assert_eq!((out.len(), ended), (0, Err(Error::TrailingBytes)));
}

#[test]
fn displaced_chunks_are_told_from_altered_ones() {
    let plain = text(3 * CHUNK + 7);
    let sealed = seal_whole(Suite::Aes256Gcm, &plain, CHUNK);
    let chunk = |i: usize| 64 + i * (CHUNK + 16)..64 + (i + 1) * (CHUNK + 16);
    let mut swapped = sealed.clone();
    swapped[chunk(0)].copy_from_slice(&sealed[chunk(2)]);
    swapped[chunk(2)].copy_from_slice(&sealed[chunk(0)]);
    let missing = [&sealed[..chunk(1).start], &sealed[chunk(1).end..]].concat();
    let mut altered = sealed;
    altered[chunk(1).start] ^= 1;
    for split in [1000, usize::MAX] {
        let ended = |sealed: &[u8]| open_whole(Suite::Aes256Gcm, sealed, plain.len(), split).1;
        assert_eq!(
            ended(&swapped),
            Err(Error::ChunkSwapped { chunk: 0, found: 2 })
        );
        assert_eq!(ended(&missing), Err(Error::ChunkMissing { chunk: 1 }));
        assert_eq!(ended(&altered), Err(Error::ChunkAltered { chunk: 1 }));
    }
}

#[test]
fn a_footer_with_other_digests_than_named_is_refused() {
    let sealed = seal_whole(Suite::Aes256Gcm, &text(10), 10);
    let opened = |foot| {
        let opener = Opener::whole(&DEK, Suite::Aes256Gcm, PlainLen(10)).unwrap();
        open(opener.with_foot(foot), &sealed, 10).1
    };
    assert!(
        opened(Foot {
            md5: true,
            sum: true
        })
        .is_ok()
    );
    assert_eq!(
        opened(Foot {
            md5: true,
            sum: false
        }),
        Err(Error::FooterDisagrees)
    );
    assert_eq!(opened(Foot::default()), Err(Error::FooterDisagrees));
}

#[test]
fn a_footer_alone_gives_the_digests_of_its_object_only() {
    for suite in [Suite::Aes256Gcm, Suite::Sm4Gcm] {
        for len in [0, 1, CHUNK, CHUNK + 1] {
            let sealed = seal_whole(suite, &text(len), CHUNK);
            let footer = &sealed[sealed.len() - FOOTER_LEN as usize..];
            let of = |len: usize| Opener::footer(&DEK, suite, PlainLen(len as u64)).unwrap();
            let (plain, read) = open(of(len), footer, 7);
            assert_eq!((plain, read), (Vec::new(), Ok(digests())));
            assert!(open(of(len + 1), footer, 80).1.is_err());
            assert!(open(of(len), &footer[1..], 80).1.is_err());
            let mut altered = footer.to_vec();
            altered[40] ^= 1;
            assert!(open(of(len), &altered, 80).1.is_err());
        }
    }
}

#[test]
fn the_footer_of_a_part_gives_the_digests_of_that_part_only() {
    for suite in [Suite::Aes256Gcm, Suite::Sm4Gcm] {
        for ending in [Ending::Added, Ending::Parked] {
            let (_, sealed) = seal_parts(suite, &[(1, 70_000), (4, 0), (5, 9)], ending);
            let table = table_from_tail(suite, &sealed);
            let slice =
                |range: std::ops::Range<u64>| &sealed[range.start as usize..range.end as usize];
            let feet: Vec<_> = table.feet().collect();
            let parts: Vec<_> = feet.iter().map(PartFoot::part).collect();
            assert_eq!(parts, table.parts());
            for foot in &feet {
                let (header, footer) = (slice(foot.header()), slice(foot.footer()));
                assert_eq!(foot.open(&DEK, header, footer), Ok(digests()));
                for other in feet.iter().filter(|other| *other != foot) {
                    let of_other = other.open(&DEK, header, slice(other.footer()));
                    assert_eq!(of_other, Err(Error::ListDisagrees));
                    let footer = slice(other.footer());
                    assert_eq!(foot.open(&DEK, header, footer), Err(Error::FooterAltered));
                }
                assert!(foot.open(&DEK, &header[1..], footer).is_err());
            }
        }
    }
}

#[test]
fn a_body_of_another_size_suite_or_key_does_not_open() {
    let sealed = seal_whole(Suite::Aes256Gcm, &text(10), 10);
    let ended = |dek: &Dek, suite, size| {
        open(
            Opener::whole(dek, suite, PlainLen(size)).unwrap(),
            &sealed,
            500,
        )
        .1
    };
    assert_eq!(ended(&DEK, Suite::Sm4Gcm, 10), Err(Error::HeaderOther));
    assert_eq!(ended(&DEK, Suite::Aes256Gcm, 11), Err(Error::HeaderOther));
    let other = Dek::new([2; 32]);
    assert_eq!(
        ended(&other, Suite::Aes256Gcm, 10),
        Err(Error::ChunkAltered { chunk: 0 })
    );
}

#[test]
fn whole_spans_at_the_boundaries() {
    let plain = text(2 * CHUNK + 5);
    let size = plain.len() as u64;
    let sealed = seal_whole(Suite::Aes256Gcm, &plain, CHUNK);
    let edges = [
        0,
        1,
        65_535,
        65_536,
        65_537,
        131_071,
        131_072,
        131_073,
        size - 1,
        size,
    ];
    for start in edges {
        for end in edges.into_iter().filter(|&end| end > start) {
            let span = Span::of_whole(PlainLen(size), start..end).unwrap();
            let part = &sealed[span.sealed().start as usize..span.sealed().end as usize];
            let opener = Opener::span(&DEK, Suite::Aes256Gcm, PlainLen(size), &span).unwrap();
            let (out, ended) = open(opener, part, 9999);
            assert!(ended.is_ok(), "{start}..{end}: {ended:?}");
            assert!(out == plain[start as usize..end as usize], "{start}..{end}");
        }
    }
    for (start, end) in [
        (0, 0),
        (5, 5),
        (size, size),
        (size, size + 1),
        (0, size + 1),
    ] {
        assert_eq!(Span::of_whole(PlainLen(size), start..end), None);
    }
}

#[test]
fn parts_objects_come_back_read_in_full_by_range_and_by_walking() {
    let cases: [&[(u32, usize)]; 5] = [
        &[(1, 0)],
        &[(1, 5)],
        &[(1, CHUNK), (2, CHUNK), (3, CHUNK + 1)],
        &[(2, 3), (5, 0), (9, 70_000), (10, 0)],
        &[(3, 0), (4, 1), (9998, 2)],
    ];
    for suite in Suite::ALL {
        for parts in cases {
            for ending in [Ending::Added, Ending::Parked] {
                let (plain, sealed) = seal_parts(suite, parts, ending);
                for split in [1000, 65_000, usize::MAX] {
                    let (out, ended) = open_parts(suite, &sealed, split);
                    assert_eq!(ended, Ok(digests()), "{parts:?} {ending:?}");
                    assert!(out == plain, "{parts:?} {ending:?}");
                }
                let table = table_from_tail(suite, &sealed);
                assert_eq!(table.total().0, plain.len() as u64);
                assert_eq!(walk(suite, &sealed, None), Err(Error::ListAltered));
                let size = plain.len() as u64;
                let ranges = [
                    (0, 1),
                    (0, size),
                    (size.saturating_sub(1), size),
                    (size / 2, size / 2 + 1),
                ];
                for (start, end) in ranges
                    .into_iter()
                    .filter(|&(start, end)| start < end && end <= size)
                {
                    let out = open_parts_span(&table, &sealed, start..end, 20_000);
                    assert!(
                        out == plain[start as usize..end as usize],
                        "{parts:?} {start}..{end}"
                    );
                }
            }
        }
    }
}

/// 100 parts of alternating lengths have 100 runs: too many for 1 KiB.
#[test]
fn a_long_list_costs_a_second_read() {
    let suite = Suite::Aes256Gcm;
    let parts: Vec<_> = (1..=100)
        .map(|number| (number, (number % 2) as usize))
        .collect();
    let (_, sealed) = seal_parts(suite, &parts, Ending::Added);
    let stored = SealedLen(sealed.len() as u64);
    let closing = DEK.closing_key(suite);
    let look = |len: usize| {
        PartList::from_tail(&sealed[sealed.len() - len..], stored, &closing, suite).unwrap()
    };
    let need = 120 + 16 * 100 + 112;
    assert_eq!(look(1024), Tail::Longer(need as u64));
    assert_eq!(look(need - 1), Tail::Longer(need as u64));
    assert!(matches!(look(need), Tail::List(_)));
}

#[test]
fn runs_that_do_not_fit_are_learned_by_walking() {
    let suite = Suite::Aes256Gcm;
    // 1014 runs fit into the padding of an empty segment, 1015 do not.
    for count in [1014, 1015] {
        let parts: Vec<_> = (1..=count)
            .map(|number| (number, (number % 2) as usize))
            .collect();
        let (plain, sealed) = seal_parts(suite, &parts, Ending::Added);
        let (out, ended) = open_parts(suite, &sealed, 100_000);
        assert_eq!(ended, Ok(digests()));
        assert!(out == plain);
        let stored = SealedLen(sealed.len() as u64);
        let tail = &sealed[sealed.len() - 16_528..];
        let Tail::List(list) =
            PartList::from_tail(tail, stored, &DEK.closing_key(suite), suite).unwrap()
        else {
            unreachable!()
        };
        assert_eq!(list.table().is_some(), count == 1014);
        if list.table().is_none() {
            let table = walk(suite, &sealed, Some(list)).unwrap();
            assert_eq!(table.parts().len(), 1015);
            assert_eq!(
                open_parts_span(&table, &sealed, 100..400, 999),
                plain[100..400]
            );
        }
    }
}

#[test]
fn missing_inserted_and_reordered_parts_are_detected() {
    let suite = Suite::Aes256Gcm;
    let (_, sealed) = seal_parts(suite, &[(1, 10), (2, 20), (4, 30)], Ending::Added);
    let lens = [
        0,
        16_538,
        16_538 + 16_548,
        16_538 + 16_548 + 16_558,
        sealed.len(),
    ];
    let segment = |at: usize| &sealed[lens[at]..lens[at + 1]];
    let ended = |order: &[usize]| {
        let body: Vec<u8> = order.iter().flat_map(|&at| segment(at)).copied().collect();
        open_parts(suite, &body, 3000).1.map(|_| ())
    };
    assert_eq!(ended(&[0, 1, 2, 3]), Ok(()));
    assert_eq!(ended(&[0, 2, 3]), Err(Error::PartSequence));
    assert_eq!(ended(&[1, 0, 2, 3]), Err(Error::PartSequence));
    assert_eq!(ended(&[0, 0, 1, 2, 3]), Err(Error::PartSequence));
    assert_eq!(ended(&[3]), Err(Error::PartSequence));
    assert_eq!(ended(&[0, 1, 2]), Err(Error::LastSegmentMissing));
    assert_eq!(ended(&[]), Err(Error::LastSegmentMissing));
    assert_eq!(ended(&[0, 1, 2, 3, 3]), Err(Error::SegmentAfterLast));
}

#[test]
fn the_last_chunk_waits_for_the_last_segment() {
    let suite = Suite::Aes256Gcm;
    let (plain, sealed) = seal_parts(suite, &[(1, CHUNK + 10), (2, 20)], Ending::Added);
    let (out, ended) = open_parts(suite, &sealed[..sealed.len() - 1], 1000);
    assert_eq!(
        (out.len(), ended),
        (plain.len() - 20, Err(Error::SegmentTruncated))
    );
    let without = &sealed[..sealed.len() - 16_528];
    let (out, ended) = open_parts(suite, without, 1000);
    assert_eq!(
        (out.len(), ended),
        (plain.len() - 20, Err(Error::LastSegmentMissing))
    );
}

#[test]
fn every_flipped_byte_of_a_parts_object_is_detected() {
    let suite = Suite::Aes256Gcm;
    for ending in [Ending::Added, Ending::Parked] {
        let (_, sealed) = seal_parts(suite, &[(1, 10), (2, 20)], ending);
        for at in (0..sealed.len())
            .step_by(7)
            .chain(sealed.len() - 300..sealed.len())
        {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            let (out, ended) = open_parts(suite, &altered, usize::MAX);
            assert!(ended.is_err() && out.len() <= 10, "byte {at}: {ended:?}");
        }
    }
}

#[test]
fn the_size_of_an_envelope_binds_a_parts_object() {
    let suite = Suite::Aes256Gcm;
    let (_, sealed) = seal_parts(suite, &[(1, 10)], Ending::Added);
    let ended = |size| {
        open(
            Opener::parts(&DEK, suite, Some(PlainLen(size))),
            &sealed,
            500,
        )
        .1
    };
    assert_eq!(ended(10), Ok(digests()));
    assert_eq!(ended(11), Err(Error::ListDisagrees));
}

#[test]
fn a_list_that_does_not_explain_the_stored_size_disagrees() {
    let suite = Suite::Sm4Gcm;
    let (_, sealed) = seal_parts(suite, &[(1, 10)], Ending::Added);
    let stored = |len| PartList::from_tail(&sealed, SealedLen(len), &DEK.closing_key(suite), suite);
    let len = sealed.len() as u64;
    assert!(matches!(stored(len), Ok(Tail::List(_))));
    assert_eq!(stored(len + 1), Err(Error::ListDisagrees));
    assert_eq!(stored(len + 16_528), Err(Error::ListDisagrees));
    assert_eq!(stored(16_527), Err(Error::StoredSizeImpossible(16_527)));
}

#[test]
fn spans_refuse_headers_that_the_list_does_not_name() {
    let suite = Suite::Aes256Gcm;
    let (_, sealed) = seal_parts(suite, &[(1, 10), (2, 10), (3, 10)], Ending::Added);
    let table = table_from_tail(suite, &sealed);
    let span = table.span(0..10).unwrap();
    let range = span.sealed();
    let shifted = (range.start + 16_538) as usize..(range.end + 16_538) as usize;
    let ended = open(Opener::parts_span(&DEK, &span), &sealed[shifted], 99).1;
    assert_eq!(ended, Err(Error::ListDisagrees));
}

#[test]
fn spans_refuse_a_last_segment_before_the_end_of_the_list() {
    let suite = Suite::Aes256Gcm;
    let (_, sealed) = seal_parts(suite, &[(1, 10), (2, 20)], Ending::Added);
    let (_, ends_early) = seal_parts(suite, &[(1, 10)], Ending::Parked);
    let table = table_from_tail(suite, &sealed);
    let span = table.span(0..10).unwrap();
    let ended = open(Opener::parts_span(&DEK, &span), &ends_early, 99).1;
    assert_eq!(ended, Err(Error::ListDisagrees));
}

#[test]
fn memory_does_not_follow_an_unproven_length() {
    let suite = Suite::Aes256Gcm;
    let header = Header::part(
        suite,
        1,
        crate::header::Role::Inner,
        PlainLen(5 << 30),
        [0; 32],
    );
    let mut opener = Opener::parts(&DEK, suite, None);
    opener.push(&header.unwrap().render(), &mut |_| ()).unwrap();
    opener.push(&[0; 10], &mut |_| ()).unwrap();
    assert!(opener.buffer.capacity() <= CHUNK + 16);
    opener.push(&vec![0; 3 << 20], &mut |_| ()).unwrap();
    assert!(opener.buffer.capacity() <= 5 << 20);
}

/// 10 000 parts, the last one full: no list, and every number.
#[test]
fn a_gapless_object_of_10_000_parts_needs_no_list() {
    let suite = Suite::Aes256Gcm;
    let part = |number: u32| {
        let last = number == 10_000;
        let sealer = Sealer::part(&DEK, suite, number, last, PlainLen(1), [1; 32]).unwrap();
        run(sealer, &[7], 1)
    };
    for (skip, expected) in [(0, Ok(Digests::default())), (5, Err(Error::PartSequence))] {
        let mut opener = Opener::parts(&DEK, suite, None);
        let pushed = (1..=10_000)
            .filter(|&number| number != skip)
            .try_for_each(|number| opener.push(&part(number), &mut |_| ()));
        assert_eq!(pushed.and_then(|()| opener.finish(&mut |_| ())), expected);
    }
    let segment = |at: u64| part(u32::try_from(at / 16_529 + 1).unwrap());
    let mut walk = Walk::new(&DEK, suite, SealedLen(16_529 * 10_000), None);
    while let Some(range) = walk.wants() {
        let here = segment(range.start);
        let next = if range.end - range.start == 144 {
            segment(range.end)
        } else {
            vec![]
        };
        let start = (range.start % 16_529) as usize;
        let bytes = [&here[start..], &next].concat();
        walk.step(&bytes[..(range.end - range.start) as usize])
            .unwrap();
    }
    let table = walk.finish().unwrap();
    assert_eq!(table.total(), PlainLen(10_000));
    let span = table.span(9_999..10_000).unwrap();
    let (out, ended) = open(Opener::parts_span(&DEK, &span), &part(10_000), 999);
    assert_eq!((out, ended), (vec![7], Ok(Digests::default())));
}

#[test]
fn a_walk_proves_every_header_and_the_end() {
    let suite = Suite::Sm4Gcm;
    // 1015 runs do not fit: the list that is found holds none.
    let parts: Vec<_> = (1..=1015)
        .map(|number| (number, (number % 2) as usize))
        .collect();
    let (_, sealed) = seal_parts(suite, &parts, Ending::Added);
    let stored = SealedLen(sealed.len() as u64);
    let tail = &sealed[sealed.len() - 1024..];
    let found = PartList::from_tail(tail, stored, &DEK.closing_key(suite), suite);
    let Ok(Tail::List(list)) = found else {
        unreachable!()
    };
    let walk = |sealed: &[u8]| walk(suite, sealed, Some(list.clone())).map(|_| ());
    let without =
        |range: std::ops::Range<usize>| [&sealed[..range.start], &sealed[range.end..]].concat();
    let mut altered = sealed.clone();
    altered[16_529 + 23] ^= 1;
    assert_eq!(walk(&sealed), Ok(()));
    assert!(matches!(
        walk(&altered),
        Err(Error::FooterAltered | Error::HeaderMalformed)
    ));
    assert_eq!(
        walk(&without(16_529..16_529 + 16_528)),
        Err(Error::PartSequence)
    );
    let end = sealed.len();
    assert_eq!(
        walk(&sealed[..end - 16_528]),
        Err(Error::LastSegmentMissing)
    );
    assert_eq!(walk(&sealed[..end - 1]), Err(Error::SegmentTruncated));
    assert_eq!(walk(&sealed[..end - 16_520]), Err(Error::SegmentTruncated));
    assert_eq!(
        walk(&[&sealed[..], &[0]].concat()),
        Err(Error::TrailingBytes)
    );
    let twice = [&sealed[..], &sealed[end - 16_528..]].concat();
    assert_eq!(walk(&twice), Err(Error::SegmentAfterLast));
}

#[test]
fn nothing_prints_plaintext() {
    let mut sealer = Sealer::whole(&DEK, Suite::Aes256Gcm, PlainLen(100)).unwrap();
    sealer.push(&[77; 50], &mut |_| ()).unwrap();
    assert!(!format!("{sealer:?}").contains("77, 77"));
    let mut opener = Opener::whole(&DEK, Suite::Aes256Gcm, PlainLen(100)).unwrap();
    let body = seal_whole(Suite::Aes256Gcm, &[77; 100], 100);
    opener.push(&body, &mut |_| ()).unwrap();
    assert!(opener.held.is_some());
    assert!(!format!("{opener:?}").contains("77, 77"));
}

#[test]
fn the_sizes_in_a_listing_are_those_of_the_bodies() {
    for size in [0, 1, CHUNK, CHUNK + 1] {
        let sealed = seal_whole(Suite::Aes256Gcm, &text(size), CHUNK);
        let expected = whole_sealed_len(PlainLen(size as u64));
        assert_eq!(expected, Some(SealedLen(sealed.len() as u64)));
    }
}

/// (size, start, length) of a range that lies inside.
fn ranges() -> impl Strategy<Value = (u64, u64, u64)> {
    (1..300_000_u64)
        .prop_flat_map(|size| (Just(size), 0..size))
        .prop_flat_map(|(size, start)| (Just(size), Just(start), 1..=size - start))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn open_and_seal_are_inverse_for_whole(
        size in 0..200_000_usize,
        into in 1..100_000_usize,
        out_of in 1..100_000_usize,
        sm4 in prop::bool::weighted(0.2),
    ) {
        let suite = if sm4 { Suite::Sm4Gcm } else { Suite::Aes256Gcm };
        let plain = text(size);
        let sealed = seal_whole(suite, &plain, into);
        let (out, ended) = open_whole(suite, &sealed, size, out_of);
        prop_assert_eq!(ended, Ok(digests()));
        prop_assert!(out == plain);
    }

    #[test]
    fn whole_spans_are_slices(
        (size, start, len) in ranges(),
        split in 1..100_000_usize,
    ) {
        let plain = text(size as usize);
        let sealed = seal_whole(Suite::Aes256Gcm, &plain, CHUNK);
        let span = Span::of_whole(PlainLen(size), start..start + len).unwrap();
        let part = &sealed[span.sealed().start as usize..span.sealed().end as usize];
        let opener = Opener::span(&DEK, Suite::Aes256Gcm, PlainLen(size), &span).unwrap();
        let (out, ended) = open(opener, part, split);
        prop_assert!(ended.is_ok());
        prop_assert!(out == plain[start as usize..(start + len) as usize]);
    }

    #[test]
    fn open_and_seal_are_inverse_for_parts(
        lens in prop::collection::vec(0..90_000_usize, 1..6),
        gaps in prop::collection::vec(1..5_u32, 6),
        parked in any::<bool>(),
        split in 1..100_000_usize,
        (from, to) in (0.0..1.0_f64, 0.0..1.0_f64),
    ) {
        let suite = Suite::Aes256Gcm;
        let numbers = gaps.iter().scan(0, |number, gap| { *number += gap; Some(*number) });
        let parts: Vec<_> = numbers.zip(lens).collect();
        let ending = if parked { Ending::Parked } else { Ending::Added };
        let (plain, sealed) = seal_parts(suite, &parts, ending);
        let (out, ended) = open_parts(suite, &sealed, split);
        prop_assert_eq!(ended, Ok(digests()));
        prop_assert!(out == plain);
        let size = plain.len() as f64;
        let (a, b) = ((from * size) as u64, (to * size) as u64);
        let (start, end) = (a.min(b), a.max(b));
        if start < end {
            let out = open_parts_span(&table_from_tail(suite, &sealed), &sealed, start..end, split);
            prop_assert!(out == plain[start as usize..end as usize]);
        }
    }
}
