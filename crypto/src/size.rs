//! Sizes before and after sealing: exact, total functions with inverses (FORMAT.md §5).

use crate::aead::TAG_LEN;
use crate::error::Error;
use crate::suite::Layout;

/// Bytes of plaintext.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PlainLen(pub u64);

/// Bytes as stored in the backend.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SealedLen(pub u64);

/// The longest whole object, in plaintext: 5 TiB.
pub const WHOLE_LEN_MAX: PlainLen = PlainLen(5 << 40);

/// The longest part, in plaintext: 5 GiB.
pub const PART_LEN_MAX: PlainLen = PlainLen(5 << 30);

/// The highest part number, and the most segments an object can have.
pub const PARTS_MAX: u32 = 10_000;

/// Bytes a segment of a parts object has more than its plaintext, whatever its length.
pub const PART_OVERHEAD: u64 = HEADER_LEN + CHUNKS_PER_PART_MAX * TAG + FOOTER_LEN;

/// Chunks of a whole object, and the shortest of a part.
pub(crate) const CHUNK_LEN: u64 = 65_536;
pub(crate) const SEALED_CHUNK_LEN: u64 = CHUNK_LEN + TAG;
pub(crate) const CHUNKS_PER_PART_MAX: u64 = 1024;
pub(crate) const HEADER_LEN: u64 = 64;
/// Stored bytes of a segment's footer.
pub const FOOTER_LEN: u64 = 80;
/// Bytes of a chunk's tag.
pub(crate) const TAG: u64 = TAG_LEN as u64;

/// Long parts have longer chunks, in steps of this.
const PART_CHUNK_STEP: u64 = 4096;
const WHOLE_OVERHEAD: u64 = HEADER_LEN + FOOTER_LEN;

/// Stored size of a whole object; `None` above [`WHOLE_LEN_MAX`].
#[must_use]
pub fn whole_sealed_len(plain: PlainLen) -> Option<SealedLen> {
    let sealed = SealedLen(plain.0.checked_add(whole_growth(plain.0))?);
    (plain <= WHOLE_LEN_MAX).then_some(sealed)
}

/// Plaintext of a whole object of this stored size; `None` if no plaintext gives it.
#[must_use]
pub fn whole_plain_len(sealed: SealedLen) -> Option<PlainLen> {
    let chunks = sealed.0.checked_sub(WHOLE_OVERHEAD)?;
    let (full, rest) = (chunks / SEALED_CHUNK_LEN, chunks % SEALED_CHUNK_LEN);
    let last = match rest {
        0 => 0,
        1..=TAG => return None,
        _ => rest - TAG,
    };
    let plain = PlainLen(full * CHUNK_LEN + last);
    (plain <= WHOLE_LEN_MAX).then_some(plain)
}

/// Stored size of a part; `None` above [`PART_LEN_MAX`].
#[must_use]
pub fn part_sealed_len(plain: PlainLen) -> Option<SealedLen> {
    (plain <= PART_LEN_MAX).then(|| SealedLen(plain.0 + PART_OVERHEAD))
}

/// Plaintext of a parts object of this stored size and number of segments (the `-S` of its `ETag`);
/// `None` if no parts give it.
#[must_use]
pub fn parts_plain_len(sealed: SealedLen, segments: u32) -> Option<PlainLen> {
    if segments == 0 || segments > PARTS_MAX {
        return None;
    }
    let segments = u64::from(segments);
    let plain = sealed.0.checked_sub(segments * PART_OVERHEAD)?;
    (plain <= segments * PART_LEN_MAX.0).then_some(PlainLen(plain))
}

impl Layout {
    /// Refuses a stored size that no plaintext gives in this layout, whatever the number of
    /// segments: what a reader compares before it reads the body (FORMAT.md §8).
    pub fn possible_sealed_len(self, sealed: SealedLen) -> Result<SealedLen, Error> {
        let possible = match self {
            Self::Whole => whole_plain_len(sealed).is_some(),
            Self::Parts => sealed.0 >= PART_OVERHEAD,
        };
        if possible {
            Ok(sealed)
        } else {
            Err(Error::StoredSizeImpossible(sealed.0))
        }
    }
}

/// Plaintext bytes of each chunk but the last, of a part with `plain` bytes.
pub(crate) const fn part_chunk_len(plain: u64) -> u64 {
    let steps = plain.div_ceil(PART_CHUNK_STEP * CHUNKS_PER_PART_MAX);
    let len = steps * PART_CHUNK_STEP;
    if len > CHUNK_LEN { len } else { CHUNK_LEN }
}

const fn whole_growth(plain: u64) -> u64 {
    plain.div_ceil(CHUNK_LEN) * TAG + WHOLE_OVERHEAD
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn whole_sizes_at_the_boundaries() {
        let table = [
            (0, 144),
            (1, 161),
            (65_535, 65_695),
            (65_536, 65_696),
            (65_537, 65_713),
            (131_071, 131_247),
            (131_072, 131_248),
            (131_073, 131_265),
        ];
        for (plain, sealed) in table {
            assert_eq!(
                whole_sealed_len(PlainLen(plain)),
                Some(SealedLen(sealed)),
                "{plain}"
            );
            assert_eq!(
                whole_plain_len(SealedLen(sealed)),
                Some(PlainLen(plain)),
                "{sealed}"
            );
        }
    }

    #[test]
    fn limits_hold_at_n_and_n_plus_1() {
        let longest = whole_sealed_len(WHOLE_LEN_MAX);
        assert!(longest.is_some());
        assert_eq!(longest.and_then(whole_plain_len), Some(WHOLE_LEN_MAX));
        assert_eq!(whole_sealed_len(PlainLen(WHOLE_LEN_MAX.0 + 1)), None);
        assert_eq!(
            longest.and_then(|l| whole_plain_len(SealedLen(l.0 + 17))),
            None
        );
        assert_eq!(whole_sealed_len(PlainLen(u64::MAX)), None);
        assert_eq!(whole_plain_len(SealedLen(u64::MAX)), None);
        assert!(part_sealed_len(PART_LEN_MAX).is_some());
        assert_eq!(part_sealed_len(PlainLen(PART_LEN_MAX.0 + 1)), None);
        let most = SealedLen((PART_LEN_MAX.0 + PART_OVERHEAD) * 10_000);
        assert!(parts_plain_len(most, 10_000).is_some());
        assert_eq!(parts_plain_len(SealedLen(most.0 + 1), 10_000), None);
        assert_eq!(parts_plain_len(most, 10_001), None);
        assert_eq!(parts_plain_len(most, 0), None);
    }

    #[test]
    fn impossible_sizes_are_refused() {
        for sealed in (0..144).chain(145..=160).chain(65_697..=65_712) {
            assert_eq!(whole_plain_len(SealedLen(sealed)), None, "{sealed}");
            assert!(
                Layout::Whole
                    .possible_sealed_len(SealedLen(sealed))
                    .is_err()
            );
        }
        assert!(
            Layout::Parts
                .possible_sealed_len(SealedLen(PART_OVERHEAD - 1))
                .is_err()
        );
        assert!(
            Layout::Parts
                .possible_sealed_len(SealedLen(PART_OVERHEAD))
                .is_ok()
        );
    }

    #[test]
    fn parts_have_at_most_1024_chunks() {
        assert_eq!(PART_OVERHEAD, 16_528);
        assert_eq!(part_chunk_len(0), CHUNK_LEN);
        assert_eq!(part_chunk_len(64 << 20), CHUNK_LEN);
        assert_eq!(part_chunk_len((64 << 20) + 1), CHUNK_LEN + 4096);
        assert_eq!(part_chunk_len(PART_LEN_MAX.0), 5 << 20);
    }

    proptest! {
        #[test]
        fn plain_and_sealed_length_are_inverse(plain in 0..=WHOLE_LEN_MAX.0) {
            let sealed = whole_sealed_len(PlainLen(plain));
            prop_assert_eq!(sealed.and_then(whole_plain_len), Some(PlainLen(plain)));
        }

        #[test]
        fn every_sealed_length_with_a_plain_one_leads_back(sealed in 0..3_000_000_u64) {
            if let Some(plain) = whole_plain_len(SealedLen(sealed)) {
                prop_assert_eq!(whole_sealed_len(plain), Some(SealedLen(sealed)));
            }
        }

        #[test]
        fn lengths_of_parts_add_up(plain in prop::collection::vec(0..=PART_LEN_MAX.0, 1..50)) {
            let sealed = plain.iter().filter_map(|&len| part_sealed_len(PlainLen(len)));
            let sealed = SealedLen(sealed.map(|len| len.0).sum());
            let segments = u32::try_from(plain.len()).unwrap_or(0);
            let total = PlainLen(plain.iter().sum());
            prop_assert_eq!(parts_plain_len(sealed, segments), Some(total));
        }

        #[test]
        fn chunks_of_a_part_fit(plain in 0..=PART_LEN_MAX.0) {
            prop_assert!(plain.div_ceil(part_chunk_len(plain)) <= CHUNKS_PER_PART_MAX);
        }
    }
}
