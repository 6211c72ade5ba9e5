//! Opening segments, push style.
use crate::digests::Digests;
use crate::envelope::Envelope;
use crate::envelope::Foot;
use crate::error::Error;
use crate::keys::Dek;
use crate::size::PlainLen;
use crate::span::Span;
use crate::suite::Suite;
use crate::table::PartSpan;

/// Opens a body, releasing only authenticated bytes.
pub struct Opener {}

impl Opener {
    /// A full read of the object of this envelope, of either layout.
    pub fn of(_envelope: &Envelope) -> Result<Self, Error> {
        todo!()
    }
    /// A full read of a whole object.
    pub fn whole(_dek: &Dek, _suite: Suite, _size: PlainLen) -> Result<Self, Error> {
        todo!()
    }
    /// A range of a whole object.
    pub fn span(_dek: &Dek, _suite: Suite, _size: PlainLen, _span: &Span) -> Result<Self, Error> {
        todo!()
    }
    /// A full read of a parts object; `size` if the envelope has one.
    #[must_use]
    pub fn parts(_dek: &Dek, _suite: Suite, _size: Option<PlainLen>) -> Self {
        todo!()
    }
    /// A range of a parts object: the bytes of `span.head()`, then those of `span.sealed()`.
    pub fn parts_span(_dek: &Dek, _suite: Suite, _span: &PartSpan) -> Result<Self, Error> {
        todo!()
    }
    /// Refuses a footer that holds other digests.
    #[must_use]
    pub fn with_foot(self, _foot: Foot) -> Self {
        todo!()
    }
    /// Takes sealed bytes, gives plaintext.
    pub fn push(&mut self, _sealed: &[u8], _plain: &mut dyn FnMut(Vec<u8>)) -> Result<(), Error> {
        todo!()
    }
    /// The body has ended: gives what was withheld, and the digests of footer or list.
    pub fn finish(self, _plain: &mut dyn FnMut(Vec<u8>)) -> Result<Digests, Error> {
        todo!()
    }
}
