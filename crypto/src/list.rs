//! The list of parts at the end of a parts object (FORMAT.md §4.5).
use std::ops::Range;

use crate::digests::Digests;
use crate::error::Error;
use crate::keys::ClosingKey;
use crate::size::PlainLen;
use crate::size::SealedLen;
use crate::suite::Suite;
use crate::table::PartTable;

/// One of the client's parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// 1 … 10 000.
    pub number: u32,
    /// Its plaintext bytes.
    pub plain_len: PlainLen,
}

/// What the end of a parts object says about its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartList {}

/// What the last bytes of a parts object held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tail {
    /// The list.
    List(PartList),
    /// A longer list: read this many bytes from the object's end.
    Longer(u64),
    /// No list: walk.
    Absent,
}

impl PartList {
    /// The list of these parts, ascending; `digests` are the object's.
    pub fn new(_suite: Suite, _parts: &[Part], _digests: Digests) -> Result<Self, Error> {
        todo!()
    }
    /// Writes the list into a parked segment. `salt` is random, new for every list written.
    pub fn fill(
        &self,
        _closing: &ClosingKey,
        _salt: [u8; 16],
        _parked: &mut [u8],
    ) -> Result<(), Error> {
        todo!()
    }
    /// Where in a parked segment of `plain_len` the list space lies, for `padding`.
    #[must_use]
    pub fn space(_plain_len: PlainLen) -> Option<Range<u64>> {
        todo!()
    }
    /// The padding of `len` bytes with the list in it, for `space`.
    pub fn padding(
        &self,
        _closing: &ClosingKey,
        _salt: [u8; 16],
        _len: usize,
    ) -> Result<Vec<u8>, Error> {
        todo!()
    }
    /// Looks for the list in the last bytes (1 KiB is enough for most) of an object.
    pub fn from_tail(
        _tail: &[u8],
        _stored: SealedLen,
        _closing: &ClosingKey,
        _suite: Suite,
    ) -> Result<Tail, Error> {
        todo!()
    }
    /// Plaintext bytes of the object.
    #[must_use]
    pub fn total(&self) -> PlainLen {
        todo!()
    }
    /// Number of the client's parts.
    #[must_use]
    pub fn count(&self) -> u32 {
        todo!()
    }
    /// The object's digests.
    #[must_use]
    pub fn digests(&self) -> &Digests {
        todo!()
    }
    /// Where every part lies; `None` if the list is too long to say it: walk.
    #[must_use]
    pub fn table(&self) -> Option<PartTable> {
        todo!()
    }
}
