//! Sealing a segment, push style (FORMAT.md §4).
//!
//! The last chunk, padding and footer come out of `finish` only: an upload whose body has not
//! verified stays short of its declared length and cannot become an object.

use std::fmt;

use crate::aead::SegmentKey;
use crate::aead::TAG_LEN;
use crate::digests::Digests;
use crate::error::Error;
use crate::footer::Footer;
use crate::header::Header;
use crate::header::Role;
use crate::keys::ClosingKey;
use crate::keys::Dek;
use crate::list::PartList;
use crate::size::FOOTER_LEN;
use crate::size::HEADER_LEN;
use crate::size::PlainLen;
use crate::size::SealedLen;
use crate::suite::Suite;

/// Seals one segment. Holds at most one chunk, and gives each in one piece with what must stand
/// before or behind it: the header before the first, padding and footer behind the last.
pub struct Sealer {
    header: Header,
    key: SegmentKey,
    /// Plaintext bytes taken so far.
    taken: u64,
    /// Index of the chunk that is being filled.
    index: u64,
    /// That chunk, behind the header if it is the first.
    chunk: Vec<u8>,
}

impl Sealer {
    /// A whole object. The DEK seals this one body, ever (FORMAT.md §2.1).
    pub fn whole(dek: &Dek, suite: Suite, plain_len: PlainLen) -> Result<Self, Error> {
        Ok(Self::new(dek, Header::whole(suite, plain_len)?))
    }

    /// A part that goes to the backend. `last` is for part 10 000 when it is not short, and
    /// refused elsewhere; `salt` is random and new for every attempt to upload.
    pub fn part(
        dek: &Dek,
        suite: Suite,
        number: u32,
        last: bool,
        plain_len: PlainLen,
        salt: [u8; 32],
    ) -> Result<Self, Error> {
        let role = if last { Role::Final } else { Role::Inner };
        Ok(Self::new(
            dek,
            Header::part(suite, number, role, plain_len, salt)?,
        ))
    }

    /// A short part, to be parked: its list space is empty until [`PartList::fill`].
    pub fn parked(
        dek: &Dek,
        suite: Suite,
        number: u32,
        plain_len: PlainLen,
        salt: [u8; 32],
    ) -> Result<Self, Error> {
        let header = Header::part(suite, number, Role::Parked, plain_len, salt)?;
        if header.padding_len() < PartList::SPACE_MIN {
            return Err(Error::PartPlace);
        }
        Ok(Self::new(dek, header))
    }

    fn new(dek: &Dek, header: Header) -> Self {
        let key = SegmentKey::of(dek, &header);
        Self {
            header,
            key,
            taken: 0,
            index: 0,
            chunk: Vec::new(),
        }
    }

    /// All bytes that will come out: the backend's Content-Length.
    #[must_use]
    pub const fn sealed_len(&self) -> SealedLen {
        self.header.sealed_len()
    }

    /// Takes plaintext in pieces of any size, gives sealed bytes to `sealed`.
    pub fn push(&mut self, plain: &[u8], sealed: &mut dyn FnMut(Vec<u8>)) -> Result<(), Error> {
        let more = u64::try_from(plain.len()).map_err(|_| Error::BodyTooLong)?;
        if more > self.header.plain_len.0 - self.taken {
            return Err(Error::BodyTooLong);
        }
        self.taken += more;
        self.fill(plain, sealed)
    }

    /// Gives what was withheld. Refuses a body shorter than announced.
    ///
    /// `digests` are those that `foot` of the envelope names, or a part's own.
    pub fn finish(
        mut self,
        digests: &Digests,
        sealed: &mut dyn FnMut(Vec<u8>),
    ) -> Result<(), Error> {
        let plain_len = self.header.plain_len.0;
        if self.taken < plain_len {
            return Err(Error::BodyTooShort {
                missing: plain_len - self.taken,
            });
        }
        let footer = Footer {
            digests: digests.clone(),
            plain_len,
        };
        let footer = self.key.seal_footer(footer.render()?)?;
        if plain_len == 0 {
            self.begin_chunk();
        } else {
            self.seal_chunk()?;
        }
        let mut last = self.chunk;
        last.resize(last.len() + as_usize(self.header.padding_len()), 0);
        last.extend_from_slice(&footer);
        sealed(last);
        Ok(())
    }

    fn fill(&mut self, mut plain: &[u8], sealed: &mut dyn FnMut(Vec<u8>)) -> Result<(), Error> {
        while !plain.is_empty() {
            if self.chunk.is_empty() {
                self.begin_chunk();
            }
            let full = self.start() + as_usize(self.header.chunk_plain_len(self.index));
            let (now, later) = plain.split_at(plain.len().min(full - self.chunk.len()));
            self.chunk.extend_from_slice(now);
            plain = later;
            if self.chunk.len() == full && !self.at_last_chunk() {
                self.seal_chunk()?;
                self.index += 1;
                sealed(std::mem::take(&mut self.chunk));
            }
        }
        Ok(())
    }

    /// Takes room for all that comes out with the chunk.
    fn begin_chunk(&mut self) {
        let mut room = self.start();
        if self.header.plain_len.0 > 0 {
            room += as_usize(self.header.chunk_plain_len(self.index)) + TAG_LEN;
        }
        if self.index + 1 >= self.header.chunks() {
            room += as_usize(self.header.padding_len() + FOOTER_LEN);
        }
        self.chunk.reserve_exact(room);
        if self.index == 0 {
            self.chunk.extend_from_slice(&self.header.render());
        }
    }

    fn seal_chunk(&mut self) -> Result<(), Error> {
        let start = self.start();
        self.key
            .seal_chunk_behind(start, self.index, &mut self.chunk)
    }

    /// Where the chunk begins in its buffer.
    fn start(&self) -> usize {
        let header = as_usize(HEADER_LEN);
        if self.index == 0 { header } else { 0 }
    }

    fn at_last_chunk(&self) -> bool {
        self.index + 1 == self.header.chunks()
    }
}

impl fmt::Debug for Sealer {
    /// Leaves out plaintext.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

/// The gateway's own last segment, complete: 16 528 bytes (FORMAT.md §4.4).
///
/// `number` is above those of all parts; both salts are random and new for every Complete.
pub fn added_segment(
    closing: &ClosingKey,
    suite: Suite,
    number: u32,
    salt: [u8; 32],
    list: &PartList,
    list_salt: [u8; 16],
) -> Result<Vec<u8>, Error> {
    if number <= list.last_number() {
        return Err(Error::PartPlace);
    }
    let header = Header::part(suite, number, Role::Added, PlainLen(0), salt)?;
    let padding = list.padding(closing, list_salt, as_usize(header.padding_len()))?;
    let footer = SegmentKey::of_added(closing, &header).seal_footer([0; 64])?;
    Ok([&header.render()[..], &padding, &footer].concat())
}

/// Lengths of chunks and padding, 5 MiB at most.
pub(crate) fn as_usize(len: u64) -> usize {
    // INVARIANT: FORMAT.md §4.2 caps what is held in memory far below 4 GiB.
    usize::try_from(len).unwrap_or_else(|_| unreachable!("{len} bytes in memory"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const DEK: Dek = Dek::new([1; 32]);

    fn whole(len: u64) -> Sealer {
        Sealer::whole(&DEK, Suite::Aes256Gcm, PlainLen(len)).unwrap()
    }

    /// Bytes that came out of `push`, and of `finish`.
    fn lengths(mut sealer: Sealer, plain: &[u8]) -> (usize, usize) {
        let (mut pushed, mut finished) = (0, 0);
        sealer
            .push(plain, &mut |piece| pushed += piece.len())
            .unwrap();
        sealer
            .finish(&Digests::default(), &mut |piece| finished += piece.len())
            .unwrap();
        (pushed, finished)
    }

    #[test]
    fn the_last_chunk_comes_out_of_finish_only() {
        for (plain, pushed, finished) in [
            (0, 0, 64 + 80),
            (1, 0, 64 + 17 + 80),
            (65_535, 0, 64 + 65_551 + 80),
            (65_536, 0, 64 + 65_552 + 80),
            (65_537, 64 + 65_552, 17 + 80),
            (131_072, 64 + 65_552, 65_552 + 80),
        ] {
            let body = vec![7; plain];
            assert_eq!(
                lengths(whole(plain as u64), &body),
                (pushed, finished),
                "{plain}"
            );
        }
    }

    #[test]
    fn a_part_is_padded_before_its_footer() {
        let sealer = Sealer::part(&DEK, Suite::Sm4Gcm, 1, false, PlainLen(1), [0; 32]).unwrap();
        assert_eq!(sealer.sealed_len(), SealedLen(16_529));
        assert_eq!(lengths(sealer, &[7]), (0, 64 + 17 + 16 * 1023 + 80));
    }

    #[test]
    fn every_chunk_leaves_in_one_piece_that_needed_no_more_room() {
        for (plain, pieces) in [
            (0, &[64 + 80][..]),
            (1, &[64 + 17 + 80]),
            (65_537, &[64 + 65_552, 17 + 80]),
            (196_608, &[64 + 65_552, 65_552, 65_552 + 80]),
        ] {
            let mut out = Vec::new();
            let mut sink = |piece: Vec<u8>| out.push((piece.len(), piece.capacity()));
            let mut sealer = whole(plain as u64);
            sealer.push(&vec![7; plain], &mut sink).unwrap();
            sealer.finish(&Digests::default(), &mut sink).unwrap();
            let expected: Vec<_> = pieces.iter().map(|&len| (len, len)).collect();
            assert_eq!(out, expected, "{plain}");
        }
    }

    #[test]
    fn refuses_more_and_less_than_announced() {
        let sink = &mut |_| ();
        assert_eq!(whole(3).push(&[0; 4], sink), Err(Error::BodyTooLong));
        let mut sealer = whole(3);
        sealer.push(&[0; 2], sink).unwrap();
        assert_eq!(sealer.push(&[0; 2], sink), Err(Error::BodyTooLong));
        let short = sealer.finish(&Digests::default(), sink);
        assert_eq!(short, Err(Error::BodyTooShort { missing: 1 }));
    }

    #[test]
    fn last_is_for_part_10_000_only() {
        let last = |number| {
            Sealer::part(&DEK, Suite::Aes256Gcm, number, true, PlainLen(1), [0; 32]).map(|_| ())
        };
        assert_eq!(last(10_000), Ok(()));
        assert_eq!(last(9_999), Err(Error::PartPlace));
    }

    #[test]
    fn a_part_too_long_to_hold_a_list_is_not_parked() {
        let parked =
            |len| Sealer::parked(&DEK, Suite::Aes256Gcm, 1, PlainLen(len), [0; 32]).map(|_| ());
        assert_eq!(parked(60 << 20), Ok(()));
        assert_eq!(parked(64 << 20), Err(Error::PartPlace));
    }
}
