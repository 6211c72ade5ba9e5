//! Defects of the body of a whole object.

use crypto::Digests;

use super::Vector;
use super::good::digests;
use super::object::Object;
use super::object::Spec;

const CHUNK: usize = 65_536;

pub fn all() -> Vec<Vector> {
    let mut all = headers();
    all.extend(chunks());
    all.extend(lengths());
    all.extend(footers());
    all
}

fn object(name: &'static str) -> Object {
    Spec::whole(name, 100).seal()
}

/// With bytes of the only segment replaced.
fn put(name: &'static str, at: usize, bytes: &[u8]) -> Object {
    let mut object = object(name);
    object.segments[0][at..at + bytes.len()].copy_from_slice(bytes);
    object
}

fn headers() -> Vec<Vector> {
    let malformed = |object: Object, description| object.broken(description, "header_malformed", 0);
    let other = |object: Object, description| object.broken(description, "header_other", 0);
    let too_long = put(
        "header_length_impossible",
        16,
        &((5_u64 << 40) + 1).to_be_bytes(),
    );
    vec![
        malformed(put("header_magic", 0, b"SGS2"), "not `SGS1`"),
        malformed(
            put("header_suite_id", 4, &[3]),
            "a suite id that is not of §1",
        ),
        malformed(put("header_layout", 5, &[2]), "layout 2"),
        malformed(put("header_flags", 7, &[1]), "*last* on a whole object"),
        malformed(
            put("header_number", 11, &[1]),
            "a part number on a whole object",
        ),
        malformed(
            put("header_zero_field", 15, &[1]),
            "a zero field that is not zero",
        ),
        malformed(put("header_salt", 24, &[1]), "a salt on a whole object"),
        malformed(put("header_end", 63, &[1]), "the last 8 bytes are not zero"),
        too_long.broken("plain_len above 5 TiB", "length_impossible", 0),
        other(
            put("header_other_suite", 4, &[2]),
            "suite id of the other suite",
        ),
        other(
            put("header_other_length", 23, &[101]),
            "plain_len is not `size`",
        ),
        other(
            put("header_other_layout", 5, &[1, 0, 0, 0, 0, 0, 1]),
            "header of a part",
        ),
    ]
}

fn chunks() -> Vec<Vector> {
    let mut tag = object("chunk_tag_altered");
    tag.segments[0][64 + 100] ^= 1;
    let mut altered = object("chunk_altered");
    altered.segments[0][64] ^= 1;
    let mut foreign = object("segment_of_another_object");
    foreign.segments = Spec::whole("segment_of_another_object, the other", 100)
        .seal()
        .segments;
    let mut second = Spec::whole("chunk_altered_second", CHUNK + 10).seal();
    second.segments[0][64 + CHUNK + 16] ^= 1;
    vec![
        altered.broken("one bit of a chunk", "chunk_altered", 0),
        tag.broken("one bit of a chunk's tag", "chunk_altered", 0),
        foreign.broken(
            "the body of another object of this size",
            "chunk_altered",
            0,
        ),
        second.broken("one bit of the second chunk", "chunk_altered", CHUNK),
        swapped(),
        missing(),
    ]
}

fn swapped() -> Vector {
    let mut object = Spec::whole("chunk_swapped", 3 * CHUNK).seal();
    let (first, third) = (64, 64 + 2 * (CHUNK + 16));
    let (head, tail) = object.segments[0].split_at_mut(third);
    head[first..first + CHUNK + 16].swap_with_slice(&mut tail[..CHUNK + 16]);
    object.broken("chunks 0 and 2 changed places", "chunk_swapped", 0)
}

fn missing() -> Vector {
    let mut object = Spec::whole("chunk_missing", 2 * CHUNK + 10).seal();
    object.segments[0].drain(64..64 + CHUNK + 16);
    object.broken("chunk 0 was cut out", "chunk_missing", 0)
}

fn lengths() -> Vec<Vector> {
    let mut last_chunk = Spec::whole("last_chunk_missing", CHUNK + 100).seal();
    last_chunk.segments[0].drain(64 + CHUNK + 16..64 + CHUNK + 16 + 116);
    let cut = |name, at| {
        let mut object = object(name);
        object.segments[0].truncate(at);
        object
    };
    let mut trailing = object("trailing_bytes");
    trailing.segments[0].extend([0; 20]);
    let mut twice = object("trailing_segment");
    twice.segments.push(twice.segments[0].clone());
    let truncated = "segment_truncated";
    let impossible = "stored_size_impossible";
    vec![
        last_chunk.broken(
            "the last chunk was cut out, the footer is there",
            truncated,
            CHUNK,
        ),
        cut("segment_truncated", 200).broken("cut inside the footer", truncated, 0),
        cut("footer_missing", 180).broken("the footer was cut off", truncated, 0),
        trailing.broken("20 bytes behind the footer", "trailing_bytes", 0),
        twice.broken("a whole object twice", "trailing_bytes", 0),
        cut("stored_size_impossible", 150).broken("no plaintext gives 150 bytes", impossible, 0),
        cut("body_empty", 0).broken("no plaintext gives 0 bytes", impossible, 0),
    ]
}

fn footers() -> Vec<Vector> {
    let mut altered = object("footer_altered");
    altered.segments[0][200] ^= 1;
    let mut empty = Spec::whole("footer_altered_empty", 0).seal();
    empty.segments[0][100] ^= 1;
    let forged = |name, description, at: usize, value: u8| {
        let mut footer = [0; 64];
        footer[63] = 100;
        footer[at] = value;
        object(name)
            .forge_footer(0, &footer)
            .broken(description, "footer_disagrees", 0)
    };
    let sealed = Spec {
        digests: digests(),
        ..Spec::whole("footer_without_named", 100)
    }
    .seal();
    let mut bare = [0; 64];
    bare[63] = 100;
    let unnamed = Spec {
        digests: Digests {
            sum: None,
            ..digests()
        },
        amend: |draft| draft.foot.md5 = false,
        ..Spec::whole("footer_with_unnamed", 100)
    };
    vec![
        altered.broken("one bit of the footer", "footer_altered", 0),
        empty.broken(
            "one bit of the footer of an empty object",
            "footer_altered",
            0,
        ),
        forged(
            "footer_length",
            "another plain_len than the header's",
            63,
            99,
        ),
        forged("footer_flag_unknown", "flags bit 1", 0, 2),
        forged("footer_algorithm_unknown", "checksum algorithm 6", 1, 6),
        forged(
            "footer_type_alone",
            "a checksum type without an algorithm",
            2,
            1,
        ),
        forged("footer_unused", "an unused byte is not zero", 3, 1),
        forged("footer_md5_unflagged", "an MD5 without its flag", 8, 1),
        sealed.forge_footer(0, &bare).broken(
            "digests that `foot` names are not there",
            "footer_disagrees",
            0,
        ),
        unnamed
            .seal()
            .broken("an MD5 that `foot` does not name", "footer_disagrees", 0),
    ]
}
