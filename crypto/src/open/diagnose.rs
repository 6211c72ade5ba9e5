//! What a chunk that does not open at its position is instead (FORMAT.md §8): for the operator,
//! since a rotten disk does not swap chunks.

use super::Segment;
use crate::error::Error;

/// How far on either side to look; bounds the work that a forged body can cause.
const NEIGHBOURS: u64 = 4;

/// `None` if it opens at no position near by: it was altered.
pub(super) fn displaced(segment: &Segment, index: u64, sealed: &[u8]) -> Option<Error> {
    let around = index.saturating_sub(NEIGHBOURS)..=index + NEIGHBOURS;
    // The next one first: a chunk that was cut out is the likelier cause.
    let found = std::iter::once(index + 1)
        .chain(around.filter(|&other| other != index))
        .filter(|&other| other < segment.header.chunks())
        .find(|&other| segment.key.open_chunk_from(other, sealed).is_ok())?;
    if found == index + 1 {
        return Some(Error::ChunkMissing { chunk: index });
    }
    Some(Error::ChunkSwapped {
        chunk: index,
        found,
    })
}
