//! Learning the parts from headers and footers alone, where no list tells them (FORMAT.md §6).

use std::ops::Range;

use crate::aead::SegmentKey;
use crate::error::Error;
use crate::footer::Footer;
use crate::header::Header;
use crate::header::Role;
use crate::keys::Dek;
use crate::list::Part;
use crate::list::PartList;
use crate::seal::as_usize;
use crate::size::FOOTER_LEN;
use crate::size::HEADER_LEN;
use crate::size::PART_OVERHEAD;
use crate::size::SealedLen;
use crate::suite::Suite;
use crate::table::PartTable;
use crate::tally::Tally;

/// Walks a parts object: reads of 64, 144, …, 144 and 80 bytes, one for each segment and one more.
///
/// Each header is proven by its footer, which opens under no other header's key. Numbers ascend to
/// 10 000, so a walk is never longer.
#[derive(Debug)]
pub struct Walk {
    dek: Dek,
    suite: Suite,
    stored: SealedLen,
    list: Option<PartList>,
    tally: Tally,
    parts: Vec<Part>,
    at: At,
}

#[derive(Debug)]
enum At {
    FirstHeader,
    /// The header of the segment that starts here has been read, its footer not yet.
    Footer {
        header: Header,
        start: u64,
    },
    Done,
}

impl Walk {
    /// `stored` is the object's size; `list` the one that [`PartList::from_tail`] found if it had
    /// no room for the parts.
    #[must_use]
    pub fn new(dek: &Dek, suite: Suite, stored: SealedLen, list: Option<PartList>) -> Self {
        let (tally, parts) = (Tally::new(suite), Vec::new());
        Self {
            dek: dek.duplicate(),
            suite,
            stored,
            list,
            tally,
            parts,
            at: At::FirstHeader,
        }
    }

    /// The bytes to read next; `None` when done.
    #[must_use]
    pub fn wants(&self) -> Option<Range<u64>> {
        match &self.at {
            At::FirstHeader => Some(0..HEADER_LEN),
            At::Footer { header, start } => {
                let end = start + header.sealed_len().0;
                let next = if header.is_last() { 0 } else { HEADER_LEN };
                Some(end - FOOTER_LEN..end + next)
            }
            At::Done => None,
        }
    }

    /// Takes the bytes of [`Walk::wants`]; fewer are a truncated object.
    pub fn step(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match std::mem::replace(&mut self.at, At::Done) {
            At::FirstHeader => self.read_header(bytes, 0),
            At::Footer { header, start } => {
                let footer = bytes
                    .get(..as_usize(FOOTER_LEN))
                    .ok_or(Error::SegmentTruncated)?;
                self.read_footer(&header, footer)?;
                let end = start + header.sealed_len().0;
                if header.is_last() {
                    return self.close(&header, end);
                }
                if end == self.stored.0 {
                    return Err(Error::LastSegmentMissing);
                }
                self.read_header(bytes.get(as_usize(FOOTER_LEN)..).unwrap_or_default(), end)
            }
            At::Done => Ok(()),
        }
    }

    /// The table, once [`Walk::wants`] has nothing more to read and every step was right.
    pub fn finish(self) -> Result<PartTable, Error> {
        let complete = matches!(self.at, At::Done) && self.tally.count() > 0;
        if !complete {
            return Err(Error::LastSegmentMissing);
        }
        Ok(PartTable::new(self.suite, self.parts, self.tally.digest()))
    }

    fn read_header(&mut self, bytes: &[u8], start: u64) -> Result<(), Error> {
        let header = Header::parse(bytes.first_chunk().ok_or(Error::SegmentTruncated)?)?;
        let (number, _) = header.in_parts_of(self.suite)?;
        self.tally.follows(number)?;
        if start + header.sealed_len().0 > self.stored.0 {
            return Err(Error::SegmentTruncated);
        }
        self.at = At::Footer { header, start };
        Ok(())
    }

    fn read_footer(&mut self, header: &Header, footer: &[u8]) -> Result<(), Error> {
        let (number, role) = header.in_parts_of(self.suite)?;
        let footer = SegmentKey::of(&self.dek, header).open_footer(footer)?;
        let footer = Footer::parse(&footer, header.plain_len)?;
        self.tally.add_segment(header, &footer)?;
        if role != Role::Added {
            self.parts.push(Part {
                number,
                plain_len: header.plain_len,
            });
        }
        Ok(())
    }

    /// A walk that meets *list* without a list that opened has met an altered one.
    fn close(&mut self, header: &Header, end: u64) -> Result<(), Error> {
        match self.stored.0 - end {
            0 => (),
            1..PART_OVERHEAD => return Err(Error::TrailingBytes),
            _ => return Err(Error::SegmentAfterLast),
        }
        let (_, role) = header.in_parts_of(self.suite)?;
        match (role.has_list(), &self.list) {
            (true, None) => return Err(Error::ListAltered),
            (false, Some(_)) => return Err(Error::ListDisagrees),
            _ => (),
        }
        self.tally.close(header, self.list.as_ref()).map(|_| ())
    }
}
