//! Consecutive parts of equal length, as they stand in a list.

use super::Part;
use crate::size::PARTS_MAX;
use crate::size::PlainLen;

/// `u32 first number ‖ u32 count ‖ u64 plain_len`.
pub(super) const RUN_LEN: usize = 16;

/// `count` parts of equal length from number `first`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) first: u32,
    pub(super) count: u32,
    pub(super) plain_len: PlainLen,
}

impl Run {
    pub(super) fn parts(self) -> impl Iterator<Item = Part> {
        let Self {
            first,
            count,
            plain_len,
        } = self;
        (first..first + count).map(move |number| Part { number, plain_len })
    }
}

/// Maximal runs of ascending parts.
pub(super) fn of(parts: &[Part]) -> Vec<Run> {
    let same = |one: &Part, next: &Part| one.runs_on_with(*next);
    let run = |parts: &[Part]| {
        let first = parts.first()?;
        let count = u32::try_from(parts.len()).ok()?;
        Some(Run {
            first: first.number,
            count,
            plain_len: first.plain_len,
        })
    };
    parts.chunk_by(same).filter_map(run).collect()
}

/// The inverse of what a list renders: believes no count and no number before it is within limits.
pub(super) fn parse(run_count: u32, bytes: &[u8]) -> Option<Vec<Run>> {
    let (runs, rest) = bytes.as_chunks::<RUN_LEN>();
    if u32::try_from(runs.len()) != Ok(run_count) || !rest.is_empty() {
        return None;
    }
    runs.iter().map(parse_run).collect()
}

fn parse_run(bytes: &[u8; RUN_LEN]) -> Option<Run> {
    let (first, rest) = bytes.split_first_chunk()?;
    let (count, plain_len) = rest.split_first_chunk()?;
    let (first, count) = (u32::from_be_bytes(*first), u32::from_be_bytes(*count));
    let plain_len = PlainLen(u64::from_be_bytes(plain_len.try_into().ok()?));
    let behind = first.checked_add(count)?;
    let within = first >= 1 && count >= 1 && behind <= PARTS_MAX + 1;
    within.then_some(Run {
        first,
        count,
        plain_len,
    })
}
