//! Where the parts of a parts object lie, and which sealed bytes hold a plain range of it
//! (FORMAT.md §6).

use std::ops::Range;

use crate::aead::TAG_LEN;
use crate::list::Part;
use crate::part_foot::PartFoot;
use crate::size::HEADER_LEN;
use crate::size::PART_OVERHEAD;
use crate::size::PlainLen;
use crate::size::part_chunk_len;
use crate::suite::Suite;

/// Proven numbers and lengths of the client's parts. Comes from a list that opened or from a walk
/// only; may be remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartTable {
    suite: Suite,
    parts: Vec<Part>,
    digest: [u8; 32],
}

impl PartTable {
    /// `parts` ascend and are proven; `digest` is that of FORMAT.md §4.5 over them.
    pub(crate) const fn new(suite: Suite, parts: Vec<Part>, digest: [u8; 32]) -> Self {
        Self {
            suite,
            parts,
            digest,
        }
    }

    /// The parts, ascending.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Plaintext bytes of the object.
    #[must_use]
    pub fn total(&self) -> PlainLen {
        PlainLen(self.parts.iter().map(|part| part.plain_len.0).sum())
    }

    /// The plain range of part `number`.
    #[must_use]
    pub fn range_of(&self, number: u32) -> Option<Range<u64>> {
        self.placed()
            .find(|placed| placed.part.number == number)
            .map(|placed| placed.plain())
    }

    /// The parts' footers, in order.
    pub fn feet(&self) -> impl Iterator<Item = PartFoot> {
        let placed = self.placed();
        placed.map(|placed| PartFoot::new(self.suite, placed.part, placed.sealed_start))
    }

    /// The span of a plain range; `None` if it is empty or does not lie inside.
    #[must_use]
    pub fn span(&self, range: Range<u64>) -> Option<PartSpan> {
        if range.is_empty() || range.end > self.total().0 {
            return None;
        }
        let touched: Vec<_> = self
            .placed()
            .skip_while(|placed| placed.plain().end <= range.start)
            .take_while(|placed| placed.plain().start < range.end)
            .collect();
        let (first, last) = (*touched.first()?, *touched.last()?);
        let first_chunk = (range.start - first.plain_start) / first.chunk_len();
        let end_chunk = (range.end - last.plain_start).div_ceil(last.chunk_len());
        let skip = range.start - first.plain_start - first_chunk * first.chunk_len();
        let head = (first_chunk > 0).then(|| first.sealed_start..first.sealed_start + HEADER_LEN);
        let start = if first_chunk > 0 {
            first.chunk_start(first_chunk)
        } else {
            first.sealed_start
        };
        let sealed = start..last.end_behind(end_chunk);
        let to_end = last.part.number == self.parts.last()?.number;
        let parts = touched.into_iter().map(|placed| placed.part).collect();
        let (suite, digest) = (self.suite, self.digest);
        Some(PartSpan {
            suite,
            plain: range,
            head,
            sealed,
            parts,
            first_chunk,
            end_chunk,
            skip,
            to_end,
            digest,
        })
    }

    fn placed(&self) -> impl Iterator<Item = Placed> {
        self.parts.iter().scan((0, 0), |(plain, sealed), part| {
            let placed = Placed {
                part: *part,
                plain_start: *plain,
                sealed_start: *sealed,
            };
            *plain += part.plain_len.0;
            *sealed += part.plain_len.0 + PART_OVERHEAD;
            Some(placed)
        })
    }
}

/// Which sealed bytes of a parts object hold a plain range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartSpan {
    pub(crate) suite: Suite,
    plain: Range<u64>,
    head: Option<Range<u64>>,
    sealed: Range<u64>,
    /// The parts touched, in order.
    pub(crate) parts: Vec<Part>,
    /// Of the first part touched.
    pub(crate) first_chunk: u64,
    /// Of the last part touched: the chunk behind the span.
    pub(crate) end_chunk: u64,
    /// Plain bytes of the first chunk before the range.
    pub(crate) skip: u64,
    /// Whether the last part touched is the object's last.
    pub(crate) to_end: bool,
    pub(crate) digest: [u8; 32],
}

impl PartSpan {
    /// Bytes to push first: the header of the first part, unless `sealed` begins with it.
    #[must_use]
    pub fn head(&self) -> Option<Range<u64>> {
        self.head.clone()
    }

    /// Bytes to push then.
    #[must_use]
    pub fn sealed(&self) -> Range<u64> {
        self.sealed.clone()
    }

    /// The plain range that comes out.
    #[must_use]
    pub fn plain(&self) -> Range<u64> {
        self.plain.clone()
    }
}

#[derive(Clone, Copy)]
struct Placed {
    part: Part,
    plain_start: u64,
    sealed_start: u64,
}

impl Placed {
    fn plain(&self) -> Range<u64> {
        self.plain_start..self.plain_start + self.part.plain_len.0
    }

    const fn chunk_len(&self) -> u64 {
        part_chunk_len(self.part.plain_len.0)
    }

    const fn chunk_start(&self, chunk: u64) -> u64 {
        self.sealed_start + HEADER_LEN + chunk * (self.chunk_len() + TAG_LEN as u64)
    }

    /// Where the span ends: behind a chunk, or behind the segment if that chunk is its last, which
    /// is not released before padding and footer have verified.
    const fn end_behind(&self, end_chunk: u64) -> u64 {
        if end_chunk == self.part.plain_len.0.div_ceil(self.chunk_len()) {
            self.sealed_start + self.part.plain_len.0 + PART_OVERHEAD
        } else {
            self.chunk_start(end_chunk)
        }
    }
}
