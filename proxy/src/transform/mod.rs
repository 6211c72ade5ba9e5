//! The workshop: carries out what a plan says, on heads and bodies that stream through.

pub mod download;
pub mod head;
pub mod listing;
pub mod refusal;
pub mod upload;

use bytes::Bytes;
use bytes::BytesMut;

/// Pieces that leave one step together. Usually there is one, and it is not copied.
#[derive(Debug, Default)]
pub(crate) struct Pieces(Vec<Bytes>);

impl Pieces {
    pub fn push(&mut self, piece: impl Into<Bytes>) {
        self.0.push(piece.into());
    }

    pub fn len(&self) -> u64 {
        self.0.iter().map(|piece| piece.len() as u64).sum()
    }

    /// One run of bytes.
    pub fn join(mut self) -> Bytes {
        if self.0.len() <= 1 {
            return self.0.pop().unwrap_or_default();
        }
        let mut joined = BytesMut::with_capacity(self.0.iter().map(Bytes::len).sum());
        self.0
            .iter()
            .for_each(|piece| joined.extend_from_slice(piece));
        joined.freeze()
    }
}
