//! What a single part's footer says of its plaintext (FORMAT.md §4.3).

use std::ops::Range;

use crate::aead::SegmentKey;
use crate::digests::Digests;
use crate::error::Error;
use crate::footer::Footer;
use crate::header::Header;
use crate::header::Role;
use crate::keys::Dek;
use crate::list::Part;
use crate::size::FOOTER_LEN;
use crate::size::HEADER_LEN;
use crate::size::PART_OVERHEAD;
use crate::suite::Suite;

/// The footer of one part of an object whose table is known, and the header that it opens under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartFoot {
    suite: Suite,
    part: Part,
    /// Where the part's segment begins, stored bytes.
    start: u64,
}

impl PartFoot {
    pub(crate) const fn new(suite: Suite, part: Part, start: u64) -> Self {
        Self { suite, part, start }
    }

    /// Whose footer it is.
    #[must_use]
    pub const fn part(&self) -> Part {
        self.part
    }

    /// The stored bytes of the whole part.
    #[must_use]
    pub const fn segment(&self) -> Range<u64> {
        self.start..self.footer().end
    }

    /// The stored bytes of the part's header.
    #[must_use]
    pub const fn header(&self) -> Range<u64> {
        self.start..self.start + HEADER_LEN
    }

    /// The stored bytes of its footer.
    #[must_use]
    pub const fn footer(&self) -> Range<u64> {
        let end = self.start + self.part.plain_len.0 + PART_OVERHEAD;
        end - FOOTER_LEN..end
    }

    /// The part's own digests, from the bytes of [`PartFoot::header`] and [`PartFoot::footer`].
    pub fn open(&self, dek: &Dek, header: &[u8], footer: &[u8]) -> Result<Digests, Error> {
        let header = header.try_into().map_err(|_| Error::SegmentTruncated)?;
        let header = Header::parse(header)?;
        let (number, role) = header.in_parts_of(self.suite)?;
        let found = Part {
            number,
            plain_len: header.plain_len,
        };
        if found != self.part || role == Role::Added {
            return Err(Error::ListDisagrees);
        }
        let footer = SegmentKey::of(dek, &header).open_footer(footer)?;
        Ok(Footer::parse(&footer, header.plain_len)?.digests)
    }
}
