//! Defects of the body of a parts object.

use crypto::Dek;
use crypto::Digests;
use crypto::PlainLen;
use crypto::Sealer;
use crypto::Suite;

use super::Vector;
use super::forge::List;
use super::forge::list_padding;
use super::object::Body;
use super::object::Object;
use super::object::Spec;
use super::object::fixed;
use super::object::run;
use super::object::salt16;
use super::object::text;

pub fn all() -> Vec<Vector> {
    let mut all = headers();
    all.extend(sequence());
    all.extend(ends());
    all.extend(paddings());
    all.extend(lists());
    all
}

/// Two parts and an added segment.
fn added(name: &'static str) -> Object {
    Spec::of(name, Body::Added(&[(1, 10), (2, 20)])).seal()
}

/// One part and an added segment.
fn one_added(name: &'static str) -> Object {
    Spec::of(name, Body::Added(&[(1, 10)])).seal()
}

/// One parked part.
fn parked(name: &'static str) -> Object {
    Spec::of(name, Body::Parked(&[(1, 40)])).seal()
}

fn put(mut object: Object, segment: usize, at: usize, bytes: &[u8]) -> Object {
    object.segments[segment][at..at + bytes.len()].copy_from_slice(bytes);
    object
}

fn headers() -> Vec<Vector> {
    let malformed = |object: Object, description| object.broken(description, "header_malformed", 0);
    let impossible = |object: Object, description, released| {
        object.broken(description, "length_impossible", released)
    };
    let long = ((5_u64 << 30) + 1).to_be_bytes();
    let added_long = put(
        Spec::of("part_added_with_length", Body::Added(&[(1, 10)])).seal(),
        1,
        23,
        &[1],
    );
    vec![
        malformed(
            put(parked("part_number_zero"), 0, 11, &[0]),
            "part number 0",
        ),
        malformed(
            put(parked("part_number_10001"), 0, 10, &[0x27, 0x11]),
            "part number 10 001",
        ),
        malformed(
            put(parked("part_last_early"), 0, 7, &[1]),
            "*last* without *list* on part 1",
        ),
        malformed(
            put(parked("part_flags_list_alone"), 0, 7, &[4]),
            "*list* without *last*",
        ),
        malformed(
            put(parked("part_flags_unknown"), 0, 7, &[13]),
            "flags bit 3",
        ),
        impossible(
            put(parked("part_length_impossible"), 0, 16, &long),
            "5 GiB and one byte",
            0,
        ),
        impossible(added_long, "an added segment with plaintext", 0),
        put(parked("part_other_suite"), 0, 4, &[2]).broken(
            "suite id of the other",
            "header_other",
            0,
        ),
        put(parked("part_other_layout"), 0, 5, &[0; 7])
            .edit_salt()
            .broken("header of a whole object", "header_other", 0),
        put(parked("part_renumbered"), 0, 11, &[2]).broken(
            "the number was altered: the key is bound to it",
            "chunk_altered",
            0,
        ),
    ]
}

impl Object {
    /// A whole object has no salt.
    fn edit_salt(mut self) -> Self {
        self.segments[0][24..56].fill(0);
        self
    }
}

fn sequence() -> Vec<Vector> {
    let order = |name, order: &[usize], description, released| {
        let mut object = added(name);
        object.segments = order
            .iter()
            .map(|&at| object.segments[at].clone())
            .collect();
        object.broken(description, "part_sequence", released)
    };
    let mut inserted = Spec::of("part_inserted", Body::Parked(&[(1, 10), (5, 20)])).seal();
    inserted.segments.insert(1, part(&inserted, 3, false));
    let mut replaced = Spec::of("part_replaced", Body::Parked(&[(1, 10), (5, 20)])).seal();
    replaced.segments[0] = part(&replaced, 1, false);
    let mut gap = parked("part_10000_with_gap");
    gap.segments[0] = part(&gap, 10_000, true);
    vec![
        order("part_missing", &[0, 2], "part 2 was left out", 0),
        order("part_order", &[1, 0], "parts changed places", 0),
        order("part_repeated", &[0, 0], "part 1 twice", 0),
        inserted.broken("a part that Complete did not list", "part_sequence", 20),
        replaced.broken(
            "another upload of part 1, of another length",
            "part_sequence",
            11,
        ),
        gap.broken(
            "*last* without *list* on part 10 000, alone",
            "part_sequence",
            0,
        ),
    ]
}

/// Another part of the same upload; part 1 is a byte longer than the one listed.
fn part(object: &Object, number: u32, last: bool) -> Vec<u8> {
    let salt = fixed(object.spec.name, "another part");
    let dek = Dek::new(object.dek);
    let len = 10 + usize::from(number == 1);
    let len64 = PlainLen(len as u64);
    let sealer = Sealer::part(&dek, Suite::Aes256Gcm, number, last, len64, salt).unwrap();
    run(sealer, &text(len), &Digests::default())
}

fn ends() -> Vec<Vector> {
    let mut without = one_added("last_segment_missing");
    without.segments.pop();
    let mut cut = one_added("part_truncated");
    cut.segments[1].truncate(16_000);
    let mut cut_header = one_added("part_header_truncated");
    cut_header.segments[1].truncate(10);
    let mut behind = parked("segment_after_last");
    behind.segments.push(behind.segments[0].clone());
    let mut trailing = parked("parts_trailing_bytes");
    trailing.segments.push(b"SGS0".to_vec());
    let mut short = parked("parts_trailing_magic");
    short.segments.push(b"SGS".to_vec());
    let mut small = parked("parts_stored_size_impossible");
    small.segments[0].truncate(16_527);
    let mut footer = one_added("part_footer_altered");
    let at = footer.segments[0].len() - 1;
    footer.segments[0][at] ^= 1;
    let mut claims = [0; 64];
    claims[0] = 1;
    vec![
        without.broken("ends after a part", "last_segment_missing", 0),
        cut.broken("the added segment was cut", "segment_truncated", 0),
        cut_header.broken(
            "the added segment's header was cut",
            "segment_truncated",
            10,
        ),
        behind.broken("the last segment twice", "segment_after_last", 0),
        trailing.broken("four bytes behind the last segment", "trailing_bytes", 0),
        short.broken("three bytes behind the last segment", "trailing_bytes", 0),
        small.broken("shorter than an empty part", "stored_size_impossible", 0),
        footer.broken("one bit of a part's footer", "footer_altered", 0),
        one_added("added_footer_not_zero")
            .forge_footer(1, &claims)
            .broken("an added segment with an MD5", "footer_disagrees", 10),
    ]
}

fn paddings() -> Vec<Vector> {
    let mut part = one_added("padding_not_zero");
    part.segments[0][64 + 26 + 5] = 1;
    let mut list = parked("padding_before_list_not_zero");
    list.segments[0][64 + 56 + 5] = 1;
    vec![
        part.broken("a byte of a part's padding", "padding_not_zero", 0),
        list.broken("a byte before the list", "padding_not_zero", 0),
    ]
}

/// The list that `parked` has.
fn true_list() -> List {
    List {
        count: 1,
        total: 40,
        flags: 0,
        parts: vec![(1, 40)],
        runs: vec![(1, 1, 40)],
    }
}

fn lists() -> Vec<Vector> {
    let end = 16_528 + 40 - 80;
    let mut altered = parked("list_altered");
    altered.segments[0][end - 40] ^= 1;
    let mut other = parked("list_of_another_upload");
    let foreign = list_padding(
        &[9; 32],
        salt16("list_of_another_upload", "other"),
        &true_list().render(),
    );
    other.segments[0][end - foreign.len()..end].copy_from_slice(&foreign);
    let mut absent = parked("list_never_filled");
    absent.segments[0][64 + 56..end].fill(0);
    let frame = |name, at, value, description| {
        put(parked(name), 0, end - at, &[value]).broken(description, "list_altered", 0)
    };
    let size = parked("list_total_not_size").edit("}", ",\"size\":41}");
    let mut all = vec![
        altered.broken("one bit of the list", "list_altered", 0),
        other.broken("the list of another upload", "list_altered", 0),
        absent.broken("a parked part that no Complete filled", "list_altered", 0),
        frame(
            "list_frame_length",
            13,
            137,
            "a length that is not 8 modulo 16",
        ),
        frame("list_frame_length_short", 13, 104, "a length below 120"),
        frame(
            "list_frame_zeros",
            1,
            1,
            "the 12 zeros of the frame are not zero",
        ),
        size.broken(
            "`size` of the envelope is not the total",
            "list_disagrees",
            0,
        ),
    ];
    all.extend(forged_lists());
    all
}

fn forged_lists() -> Vec<Vector> {
    let forged = |name, description, list: List| {
        let object = parked(name).forge_list(&list.render());
        object.broken(description, "list_disagrees", 0)
    };
    let two = |runs| List {
        count: 2,
        total: 30,
        parts: vec![(1, 15), (2, 15)],
        runs,
        ..true_list()
    };
    let split = |name: &'static str| Spec::of(name, Body::Parked(&[(1, 15), (2, 15)])).seal();
    let left_out = List {
        runs: vec![],
        ..true_list()
    };
    vec![
        forged(
            "list_total",
            "the total is not the sum",
            List {
                total: 41,
                ..true_list()
            },
        ),
        forged(
            "list_count",
            "N is not the sum of the counts",
            List {
                count: 2,
                ..true_list()
            },
        ),
        forged(
            "list_count_zero",
            "N is 0",
            List {
                count: 0,
                total: 0,
                parts: vec![],
                ..true_list()
            },
        ),
        forged(
            "list_flag_unknown",
            "flags bit 1",
            List {
                flags: 2,
                ..true_list()
            },
        ),
        forged(
            "list_digest",
            "the digest is of other parts",
            List {
                parts: vec![(2, 40)],
                ..true_list()
            },
        ),
        put_frame(parked("list_runs_left_out"), &left_out).broken(
            "R is 0 although the runs fit",
            "list_disagrees",
            0,
        ),
        put_frame(
            split("list_runs_not_maximal"),
            &two(vec![(1, 1, 15), (2, 1, 15)]),
        )
        .broken("one run written as two", "list_disagrees", 15),
        forged(
            "list_run_empty",
            "a run of no parts",
            List {
                runs: vec![(1, 1, 40), (2, 0, 40)],
                ..true_list()
            },
        ),
    ]
}

/// Replaces the list and clears what the longer one before it leaves.
fn put_frame(mut object: Object, list: &List) -> Object {
    let bytes = object.segments.last_mut().unwrap();
    let end = bytes.len() - 80;
    bytes[end - 200..end].fill(0);
    object.forge_list(&list.render())
}
