//! The last 80 bytes of a segment, opened: 64 bytes (FORMAT.md §4.3).

use crate::digests::DIGESTS_LEN;
use crate::digests::Digests;
use crate::error::Error;
use crate::size::PlainLen;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Footer {
    pub(crate) digests: Digests,
    pub(crate) plain_len: u64,
}

impl Footer {
    pub(crate) fn render(&self) -> Result<[u8; 64], Error> {
        let mut out = [0; 64];
        out[..DIGESTS_LEN].copy_from_slice(&self.digests.render()?);
        out[DIGESTS_LEN..].copy_from_slice(&self.plain_len.to_be_bytes());
        Ok(out)
    }

    /// Refuses unknown values, and a length that is not the header's.
    pub(crate) fn parse(bytes: &[u8; 64], header_len: PlainLen) -> Result<Self, Error> {
        let (digests, len) = bytes.split_first_chunk().ok_or(Error::FooterDisagrees)?;
        let digests = Digests::parse(digests).ok_or(Error::FooterDisagrees)?;
        if len != header_len.0.to_be_bytes() {
            return Err(Error::FooterDisagrees);
        }
        Ok(Self {
            digests,
            plain_len: header_len.0,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn footers_come_back() {
        let digests = Digests {
            md5: Some([5; 16]),
            sum: None,
        };
        let footer = Footer {
            digests,
            plain_len: 77,
        };
        let bytes = footer.render().unwrap();
        assert_eq!(Footer::parse(&bytes, PlainLen(77)), Ok(footer));
    }

    #[test]
    fn refuses_another_length_than_the_headers() {
        let bytes = Footer {
            digests: Digests::default(),
            plain_len: 77,
        }
        .render()
        .unwrap();
        assert_eq!(
            Footer::parse(&bytes, PlainLen(78)),
            Err(Error::FooterDisagrees)
        );
    }
}
