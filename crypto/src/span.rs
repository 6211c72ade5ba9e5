//! Which sealed bytes of a whole object hold a plain range (FORMAT.md §6).

use std::ops::Range;

use crate::size::CHUNK_LEN;
use crate::size::HEADER_LEN;
use crate::size::PlainLen;
use crate::size::SEALED_CHUNK_LEN;
use crate::size::whole_sealed_len;

/// The chunks of a whole object that hold a plain range, with what to trim off their ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    size: PlainLen,
    plain: Range<u64>,
    sealed: Range<u64>,
}

impl Span {
    /// The span of `range` in a whole object of `size` bytes; `None` if the range is empty, does
    /// not lie inside, or the size is impossible.
    #[must_use]
    pub fn of_whole(size: PlainLen, range: Range<u64>) -> Option<Self> {
        let whole = whole_sealed_len(size)?;
        if range.is_empty() || range.end > size.0 {
            return None;
        }
        let start = HEADER_LEN + (range.start / CHUNK_LEN) * SEALED_CHUNK_LEN;
        let behind = HEADER_LEN + range.end.div_ceil(CHUNK_LEN) * SEALED_CHUNK_LEN;
        let has_last = range.end.div_ceil(CHUNK_LEN) == size.0.div_ceil(CHUNK_LEN);
        // The last chunk is not released before its footer has verified.
        let end = if has_last { whole.0 } else { behind };
        Some(Self {
            size,
            plain: range,
            sealed: start..end,
        })
    }

    /// The bytes to ask the backend for, all of which go into the opener.
    #[must_use]
    pub fn sealed(&self) -> Range<u64> {
        self.sealed.clone()
    }

    /// The plain range that comes out.
    #[must_use]
    pub fn plain(&self) -> Range<u64> {
        self.plain.clone()
    }

    pub(crate) const fn size(&self) -> PlainLen {
        self.size
    }

    pub(crate) fn first_chunk(&self) -> u64 {
        self.plain.start / CHUNK_LEN
    }

    /// The chunk behind the last one of the span.
    pub(crate) fn end_chunk(&self) -> u64 {
        self.plain.end.div_ceil(CHUNK_LEN)
    }
}
