//! The first 64 bytes of a segment (FORMAT.md §4.1).

use crate::error::Error;
use crate::size::CHUNK_LEN;
use crate::size::CHUNKS_PER_PART_MAX;
use crate::size::FOOTER_LEN;
use crate::size::HEADER_LEN;
use crate::size::PART_LEN_MAX;
use crate::size::PARTS_MAX;
use crate::size::PlainLen;
use crate::size::SealedLen;
use crate::size::TAG;
use crate::size::WHOLE_LEN_MAX;
use crate::size::part_chunk_len;
use crate::suite::Suite;

/// What every segment begins with.
pub(crate) const MAGIC: [u8; 4] = *b"SGS1";

const LAST: u16 = 1;
const ADDED: u16 = 2;
const LIST: u16 = 4;

/// A well-formed header: the lengths in it are possible, but nothing in it is proven yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) suite: Suite,
    pub(crate) place: Place,
    pub(crate) plain_len: PlainLen,
    pub(crate) salt: [u8; 32],
}

/// Where in its object a segment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Whole,
    Part { number: u32, role: Role },
}

/// What a segment of a parts object says about the object's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Another segment follows.
    Inner,
    /// *last* without *list*: part 10 000 of a gapless object.
    Final,
    /// *last* and *list*: a client's part that was parked, with the list in its padding.
    Parked,
    /// *last*, *added* and *list*: the gateway's own, empty, not among the client's parts.
    Added,
}

impl Role {
    pub(crate) const fn is_last(self) -> bool {
        !matches!(self, Self::Inner)
    }

    pub(crate) const fn has_list(self) -> bool {
        matches!(self, Self::Parked | Self::Added)
    }

    const fn flags(self) -> u16 {
        match self {
            Self::Inner => 0,
            Self::Final => LAST,
            Self::Parked => LAST | LIST,
            Self::Added => LAST | ADDED | LIST,
        }
    }

    fn from_flags(flags: u16) -> Option<Self> {
        [Self::Inner, Self::Final, Self::Parked, Self::Added]
            .into_iter()
            .find(|role| role.flags() == flags)
    }
}

impl Header {
    pub(crate) fn whole(suite: Suite, plain_len: PlainLen) -> Result<Self, Error> {
        Self {
            suite,
            place: Place::Whole,
            plain_len,
            salt: [0; 32],
        }
        .within_limits()
    }

    pub(crate) fn part(
        suite: Suite,
        number: u32,
        role: Role,
        plain_len: PlainLen,
        salt: [u8; 32],
    ) -> Result<Self, Error> {
        let place = Place::Part { number, role };
        if !place.is_allowed() {
            return Err(Error::PartPlace);
        }
        Self {
            suite,
            place,
            plain_len,
            salt,
        }
        .within_limits()
    }

    pub(crate) fn render(&self) -> [u8; 64] {
        let (layout, flags, number) = match self.place {
            Place::Whole => (0, 0, 0),
            Place::Part { number, role } => (1, role.flags(), number),
        };
        let mut out = [0; 64];
        out[..4].copy_from_slice(&MAGIC);
        out[4] = self.suite.id();
        out[5] = layout;
        out[6..8].copy_from_slice(&flags.to_be_bytes());
        out[8..12].copy_from_slice(&number.to_be_bytes());
        out[16..24].copy_from_slice(&self.plain_len.0.to_be_bytes());
        out[24..56].copy_from_slice(&self.salt);
        out
    }

    /// The inverse of `render`: whatever it would not write is malformed.
    pub(crate) fn parse(bytes: &[u8; 64]) -> Result<Self, Error> {
        let header = Self::parse_fields(bytes).ok_or(Error::HeaderMalformed)?;
        if header.render() != *bytes || !header.place.is_allowed() {
            return Err(Error::HeaderMalformed);
        }
        if header.place == Place::Whole && header.salt != [0; 32] {
            return Err(Error::HeaderMalformed);
        }
        header.within_limits()
    }

    fn parse_fields(bytes: &[u8; 64]) -> Option<Self> {
        let flags = u16::from_be_bytes(bytes[6..8].try_into().ok()?);
        let number = u32::from_be_bytes(bytes[8..12].try_into().ok()?);
        let place = match bytes[5] {
            0 => Place::Whole,
            1 => Place::Part {
                number,
                role: Role::from_flags(flags)?,
            },
            _ => return None,
        };
        let plain_len = PlainLen(u64::from_be_bytes(bytes[16..24].try_into().ok()?));
        let salt = bytes[24..56].try_into().ok()?;
        Some(Self {
            suite: Suite::from_id(bytes[4])?,
            place,
            plain_len,
            salt,
        })
    }

    fn within_limits(self) -> Result<Self, Error> {
        let limit = match self.place {
            Place::Whole => WHOLE_LEN_MAX,
            Place::Part {
                role: Role::Added, ..
            } => PlainLen(0),
            Place::Part { .. } => PART_LEN_MAX,
        };
        let possible = self.plain_len <= limit;
        if possible {
            Ok(self)
        } else {
            Err(Error::LengthImpossible(self.plain_len.0))
        }
    }

    /// Number and role in a parts object of this suite; anything else belongs to another object.
    pub(crate) fn in_parts_of(&self, suite: Suite) -> Result<(u32, Role), Error> {
        match self.place {
            Place::Part { number, role } if self.suite == suite => Ok((number, role)),
            _ => Err(Error::HeaderOther),
        }
    }

    pub(crate) const fn is_last(&self) -> bool {
        matches!(self.place, Place::Part { role, .. } if role.is_last())
    }

    /// Plaintext bytes of every chunk but the last.
    pub(crate) const fn chunk_len(&self) -> u64 {
        match self.place {
            Place::Whole => CHUNK_LEN,
            Place::Part { .. } => part_chunk_len(self.plain_len.0),
        }
    }

    pub(crate) const fn chunks(&self) -> u64 {
        self.plain_len.0.div_ceil(self.chunk_len())
    }

    /// Plaintext bytes of chunk `index`, which is below `chunks()`.
    pub(crate) fn chunk_plain_len(&self, index: u64) -> u64 {
        self.chunk_len()
            .min(self.plain_len.0 - index * self.chunk_len())
    }

    pub(crate) const fn padding_len(&self) -> u64 {
        match self.place {
            Place::Whole => 0,
            Place::Part { .. } => TAG * (CHUNKS_PER_PART_MAX - self.chunks()),
        }
    }

    pub(crate) const fn sealed_len(&self) -> SealedLen {
        let chunks = self.plain_len.0 + TAG * self.chunks();
        SealedLen(HEADER_LEN + chunks + self.padding_len() + FOOTER_LEN)
    }
}

impl Place {
    fn is_allowed(self) -> bool {
        match self {
            Self::Whole => true,
            Self::Part {
                number,
                role: Role::Final,
            } => number == PARTS_MAX,
            Self::Part { number, .. } => (1..=PARTS_MAX).contains(&number),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn part(number: u32, role: Role) -> Result<Header, Error> {
        Header::part(Suite::Sm4Gcm, number, role, PlainLen(0), [3; 32])
    }

    #[test]
    fn headers_come_back() {
        let whole = Header::whole(Suite::Aes256Gcm, PlainLen(70_000)).unwrap();
        let parts = [Role::Inner, Role::Parked, Role::Added].map(|role| part(7, role).unwrap());
        for header in [whole, part(10_000, Role::Final).unwrap()]
            .into_iter()
            .chain(parts)
        {
            assert_eq!(Header::parse(&header.render()), Ok(header));
        }
    }

    #[test]
    fn part_numbers_have_limits() {
        for (number, role, allowed) in [
            (0, Role::Inner, false),
            (1, Role::Inner, true),
            (10_000, Role::Inner, true),
            (10_001, Role::Inner, false),
            (9_999, Role::Final, false),
            (10_000, Role::Final, true),
            (1, Role::Parked, true),
            (0, Role::Added, false),
        ] {
            assert_eq!(part(number, role).is_ok(), allowed, "{number} {role:?}");
        }
    }

    #[test]
    fn refuses_what_render_does_not_write() {
        let whole = Header::whole(Suite::Aes256Gcm, PlainLen(9))
            .unwrap()
            .render();
        let part = part(7, Role::Inner).unwrap().render();
        for (at, value) in [
            (0, b's'),
            (4, 0),
            (4, 3),
            (5, 2),
            (7, 1),
            (11, 1),
            (15, 1),
            (24, 1),
        ] {
            let mut bytes = whole;
            bytes[at] = value;
            assert_eq!(
                Header::parse(&bytes),
                Err(Error::HeaderMalformed),
                "byte {at} = {value}"
            );
        }
        for (at, value) in [
            (6, 1),
            (7, 1),
            (7, 2),
            (7, 3),
            (7, 4),
            (7, 6),
            (7, 8),
            (11, 0),
            (63, 1),
        ] {
            let mut bytes = part;
            bytes[at] = value;
            assert_eq!(
                Header::parse(&bytes),
                Err(Error::HeaderMalformed),
                "byte {at} = {value}"
            );
        }
    }

    #[test]
    fn refuses_impossible_lengths() {
        let longest = Header::whole(Suite::Aes256Gcm, WHOLE_LEN_MAX).unwrap();
        let mut bytes = longest.render();
        bytes[23] += 1;
        let longer = WHOLE_LEN_MAX.0 + 1;
        assert_eq!(Header::parse(&bytes), Err(Error::LengthImpossible(longer)));
        let mut added = part(2, Role::Added).unwrap().render();
        added[23] = 1;
        assert_eq!(Header::parse(&added), Err(Error::LengthImpossible(1)));
    }

    #[test]
    fn a_part_grows_by_the_same_whatever_its_length() {
        for len in [
            0,
            1,
            65_536,
            65_537,
            64 << 20,
            (64 << 20) + 1,
            PART_LEN_MAX.0,
        ] {
            let header =
                Header::part(Suite::Aes256Gcm, 1, Role::Inner, PlainLen(len), [0; 32]).unwrap();
            assert_eq!(header.sealed_len().0, len + 16_528, "{len}");
        }
    }
}
