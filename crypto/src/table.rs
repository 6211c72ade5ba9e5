//! Where the parts of a parts object lie.
use std::ops::Range;

use crate::error::Error;
use crate::keys::Dek;
use crate::list::Part;
use crate::list::PartList;
use crate::size::PlainLen;
use crate::size::SealedLen;
use crate::suite::Suite;

/// Proven numbers and lengths of the client's parts. May be remembered (FORMAT.md §6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartTable {}

impl PartTable {
    /// The parts, ascending.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        todo!()
    }
    /// Plaintext bytes of the object.
    #[must_use]
    pub fn total(&self) -> PlainLen {
        todo!()
    }
    /// The plain range of a part.
    #[must_use]
    pub fn range_of(&self, _number: u32) -> Option<Range<u64>> {
        todo!()
    }
    /// The span of a plain range; `None` if it is empty or does not lie inside.
    #[must_use]
    pub fn span(&self, _range: Range<u64>) -> Option<PartSpan> {
        todo!()
    }
}

/// Which sealed bytes of a parts object hold a plain range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartSpan {}

impl PartSpan {
    /// Bytes to push first: the header of the first part, unless `sealed` begins with it.
    #[must_use]
    pub fn head(&self) -> Option<Range<u64>> {
        todo!()
    }
    /// Bytes to push then.
    #[must_use]
    pub fn sealed(&self) -> Range<u64> {
        todo!()
    }
    /// The plain range that comes out.
    #[must_use]
    pub fn plain(&self) -> Range<u64> {
        todo!()
    }
}

/// Learns the parts from headers and footers alone.
pub struct Walk {}

impl Walk {
    /// `list` is the one that `from_tail` found, if it was too long to hold the parts.
    #[must_use]
    pub fn new(_dek: &Dek, _suite: Suite, _stored: SealedLen, _list: Option<PartList>) -> Self {
        todo!()
    }
    /// The bytes to read next; `None` when done.
    #[must_use]
    pub fn wants(&self) -> Option<Range<u64>> {
        todo!()
    }
    /// Takes exactly the bytes of `wants`.
    pub fn step(&mut self, _bytes: &[u8]) -> Result<(), Error> {
        todo!()
    }
    /// The proven table.
    pub fn finish(self) -> Result<PartTable, Error> {
        todo!()
    }
}
