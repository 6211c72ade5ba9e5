//! Sealing a segment, push style.
use crate::digests::Digests;
use crate::error::Error;
use crate::keys::ClosingKey;
use crate::keys::Dek;
use crate::list::PartList;
use crate::size::PlainLen;
use crate::size::SealedLen;
use crate::suite::Suite;

/// Seals one segment. The last chunk, padding and footer come out of `finish` only.
pub struct Sealer {}

impl Sealer {
    /// A whole object.
    pub fn whole(_dek: &Dek, _suite: Suite, _plain_len: PlainLen) -> Result<Self, Error> {
        todo!()
    }
    /// A part that goes to the backend. `last` on part 10 000 that is not short, only.
    pub fn part(
        _dek: &Dek,
        _suite: Suite,
        _number: u32,
        _last: bool,
        _plain_len: PlainLen,
        _salt: [u8; 32],
    ) -> Result<Self, Error> {
        todo!()
    }
    /// A short part, parked with an empty list space.
    pub fn parked(
        _dek: &Dek,
        _suite: Suite,
        _number: u32,
        _plain_len: PlainLen,
        _salt: [u8; 32],
    ) -> Result<Self, Error> {
        todo!()
    }
    /// Stored bytes in all.
    #[must_use]
    pub fn sealed_len(&self) -> SealedLen {
        todo!()
    }
    /// Takes plaintext, gives sealed bytes.
    pub fn push(&mut self, _plain: &[u8], _sealed: &mut dyn FnMut(Vec<u8>)) -> Result<(), Error> {
        todo!()
    }
    /// Gives the withheld rest; refuses a body that is too short.
    pub fn finish(self, _digests: &Digests, _sealed: &mut dyn FnMut(Vec<u8>)) -> Result<(), Error> {
        todo!()
    }
}

/// The gateway's own last segment, complete: 16 528 bytes.
pub fn added_segment(
    _closing: &ClosingKey,
    _suite: Suite,
    _number: u32,
    _salt: [u8; 32],
    _list: &PartList,
    _list_salt: [u8; 16],
) -> Result<Vec<u8>, Error> {
    todo!()
}
