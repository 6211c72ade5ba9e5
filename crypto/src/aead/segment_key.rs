//! The key of one segment, the only maker of its nonces (FORMAT.md §4.2, §4.3).

use super::Cipher;
use super::NONCE_LEN;
use super::Refused;
use super::TAG_LEN;
use crate::derive;
use crate::error::Error;
use crate::header::Header;
use crate::header::Place;
use crate::header::Role;
use crate::keys::ClosingKey;
use crate::keys::Dek;
use crate::size::PlainLen;
use crate::suite::Suite;

/// Seals and opens the chunks of one segment in place. Not for two bodies: the same key, position
/// and different bytes would repeat a nonce.
///
/// The associated data is empty: the key is bound to the segment's header and to the object, the
/// nonce to the position (FORMAT.md §4.3).
pub struct SegmentKey {
    cipher: Cipher,
    iv: [u8; NONCE_LEN],
}

impl SegmentKey {
    /// The key of a whole object of `plain_len` bytes.
    pub fn of_whole(dek: &Dek, suite: Suite, plain_len: PlainLen) -> Result<Self, Error> {
        Ok(Self::of(dek, &Header::whole(suite, plain_len)?))
    }

    /// From the DEK; that of an added segment from the closing key.
    pub(crate) fn of(dek: &Dek, header: &Header) -> Self {
        match header.place {
            Place::Part {
                role: Role::Added, ..
            } => Self::of_added(&dek.closing_key(header.suite), header),
            _ => Self::from_root(dek.bytes(), header),
        }
    }

    pub(crate) fn of_added(closing: &ClosingKey, header: &Header) -> Self {
        Self::from_root(closing.bytes(), header)
    }

    fn from_root(root: &[u8; 32], header: &Header) -> Self {
        let derived = derive::segment(header.suite, root, &header.salt, &header.render());
        let (key, iv) = derived.split();
        Self {
            cipher: Cipher::new(header.suite, key),
            iv,
        }
    }

    /// Seals chunk `index` in place and appends its tag.
    pub fn seal_chunk(&self, index: u64, chunk: &mut Vec<u8>) -> Result<(), Error> {
        self.seal_chunk_behind(0, index, chunk)
    }

    /// Seals chunk `index`, which is all of `buffer` from `start`, in place and appends its tag.
    pub(crate) fn seal_chunk_behind(
        &self,
        start: usize,
        index: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let chunk = buffer.get_mut(start..).ok_or(Error::SealRefused)?;
        let tag = self.seal(Kind::Chunk, index, chunk)?;
        buffer.extend_from_slice(&tag);
        Ok(())
    }

    /// Opens chunk `index` in place and cuts its tag off. On failure the chunk is of no use.
    pub fn open_chunk(&self, index: u64, chunk: &mut Vec<u8>) -> Result<(), Error> {
        let altered = Error::ChunkAltered { chunk: index };
        let Some(at) = chunk.len().checked_sub(TAG_LEN) else {
            return Err(altered);
        };
        let (body, tag) = chunk.split_at_mut(at);
        let nonce = self.nonce(Kind::Chunk, index);
        self.cipher
            .open(nonce, &[], body, tag)
            .map_err(|Refused| altered)?;
        chunk.truncate(at);
        Ok(())
    }

    /// Opens chunk `index` into a new buffer; `sealed` stays as it is.
    pub fn open_chunk_from(&self, index: u64, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        self.open_from(Kind::Chunk, index, sealed)
            .map_err(|Refused| Error::ChunkAltered { chunk: index })
    }

    pub(crate) fn seal_footer(&self, footer: [u8; 64]) -> Result<Vec<u8>, Error> {
        let mut sealed = footer.to_vec();
        let tag = self.seal(Kind::Footer, 0, &mut sealed)?;
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    pub(crate) fn open_footer(&self, sealed: &[u8]) -> Result<[u8; 64], Error> {
        let plain = self.open_from(Kind::Footer, 0, sealed).ok();
        plain
            .and_then(|plain| plain.try_into().ok())
            .ok_or(Error::FooterAltered)
    }

    fn seal(&self, kind: Kind, index: u64, in_out: &mut [u8]) -> Result<[u8; TAG_LEN], Error> {
        let nonce = self.nonce(kind, index);
        self.cipher
            .seal(nonce, &[], in_out)
            .map_err(|Refused| Error::SealRefused)
    }

    fn open_from(&self, kind: Kind, index: u64, sealed: &[u8]) -> Result<Vec<u8>, Refused> {
        let at = sealed.len().checked_sub(TAG_LEN).ok_or(Refused)?;
        let (body, tag) = sealed.split_at(at);
        let mut plain = vec![0; at];
        self.cipher
            .open_to(self.nonce(kind, index), &[], body, tag, &mut plain)?;
        Ok(plain)
    }

    /// `iv XOR (u32 kind ‖ u64 index)`, FORMAT.md §4.2.
    fn nonce(&self, kind: Kind, index: u64) -> [u8; NONCE_LEN] {
        let kind = (kind as u32).to_be_bytes();
        let mut nonce = self.iv;
        for (byte, mask) in nonce
            .iter_mut()
            .zip(kind.into_iter().chain(index.to_be_bytes()))
        {
            *byte ^= mask;
        }
        nonce
    }
}

impl std::fmt::Debug for SegmentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SegmentKey(***)")
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Chunk = 0,
    Footer = 1,
}
