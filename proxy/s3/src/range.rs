//! The `Range` header (RFC 9110 §14.2), as far as S3 obeys it: one range of bytes.

use std::ops::Range;

/// One range, as the client asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeHeader {
    /// `bytes=a-b`: first and last byte, both inclusive.
    FromTo(u64, u64),
    /// `bytes=a-`: everything from byte a on.
    From(u64),
    /// `bytes=-n`: the last n bytes.
    Suffix(u64),
}

/// No byte of the object lies in the range: 416 `InvalidRange`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsatisfiable;

impl RangeHeader {
    /// Parses the header's value. `None` for several ranges, another unit or anything malformed:
    /// S3 then answers the whole object.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let (unit, range) = value.trim().split_once('=')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (first, last) = range.trim().split_once('-')?;
        match (first.trim(), last.trim()) {
            ("", n) => Some(Self::Suffix(number(n)?)),
            (a, "") => Some(Self::From(number(a)?)),
            (a, b) => Some(Self::FromTo(number(a)?, number(b)?))
                .filter(|range| !matches!(range, Self::FromTo(a, b) if a > b)),
        }
    }

    /// The bytes it means of an object of `len` bytes; never empty.
    pub fn resolve(self, len: u64) -> Result<Range<u64>, Unsatisfiable> {
        let range = match self {
            Self::FromTo(first, last) => first..last.saturating_add(1).min(len),
            Self::From(first) => first..len,
            Self::Suffix(count) => len.saturating_sub(count)..len,
        };
        if range.is_empty() {
            Err(Unsatisfiable)
        } else {
            Ok(range)
        }
    }
}

/// Digits only; beyond 64 bits there is no object, so the largest number stands for all of them.
fn number(digits: &str) -> Option<u64> {
    let only_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    only_digits.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_three_forms() {
        assert_eq!(
            RangeHeader::parse("bytes=0-9"),
            Some(RangeHeader::FromTo(0, 9))
        );
        assert_eq!(
            RangeHeader::parse("bytes=9-9"),
            Some(RangeHeader::FromTo(9, 9))
        );
        assert_eq!(RangeHeader::parse("bytes=7-"), Some(RangeHeader::From(7)));
        assert_eq!(
            RangeHeader::parse(" Bytes = -5 "),
            Some(RangeHeader::Suffix(5))
        );
        assert_eq!(
            RangeHeader::parse("bytes=1-99999999999999999999"),
            Some(RangeHeader::FromTo(1, u64::MAX))
        );
    }

    #[test]
    fn ignores_several_and_malformed_ranges() {
        for value in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=1-2,4-5",
            "bytes=5-4",
            "bytes=a-b",
            "items=0-1",
            "bytes=+1-2",
            "bytes=--1",
            "bytes=1-2-3",
            "bytes=0x1-2",
        ] {
            assert_eq!(RangeHeader::parse(value), None, "{value}");
        }
    }

    #[test]
    fn resolves_at_the_boundaries() {
        use RangeHeader::{From, FromTo, Suffix};
        for (range, len, expected) in [
            (FromTo(0, 0), 1, Ok(0..1)),
            (FromTo(0, u64::MAX), 10, Ok(0..10)),
            (FromTo(9, 9), 10, Ok(9..10)),
            (FromTo(10, 10), 10, Err(Unsatisfiable)),
            (From(9), 10, Ok(9..10)),
            (From(10), 10, Err(Unsatisfiable)),
            (From(u64::MAX), u64::MAX, Err(Unsatisfiable)),
            (Suffix(1), 10, Ok(9..10)),
            (Suffix(11), 10, Ok(0..10)),
            (Suffix(0), 10, Err(Unsatisfiable)),
        ] {
            assert_eq!(range.resolve(len), expected, "{range:?} of {len}");
        }
    }

    #[test]
    fn no_range_of_an_empty_object_can_be_satisfied() {
        for range in [
            RangeHeader::FromTo(0, 0),
            RangeHeader::From(0),
            RangeHeader::Suffix(1),
        ] {
            assert_eq!(range.resolve(0), Err(Unsatisfiable));
        }
    }

    /// Every range within and around every small object, against a definition byte by byte.
    #[test]
    fn resolves_to_the_bytes_that_are_meant() {
        let bytes = |len: u64, is_meant: &dyn Fn(u64) -> bool| {
            let meant: Vec<u64> = (0..len).filter(|byte| is_meant(*byte)).collect();
            match meant[..] {
                [] => Err(Unsatisfiable),
                [first, ..] => Ok(first..first + meant.len() as u64),
            }
        };
        for len in 0..7 {
            for a in 0..9 {
                let expected = bytes(len, &|byte| byte >= a);
                assert_eq!(RangeHeader::From(a).resolve(len), expected, "{a}- of {len}");
                let expected = bytes(len, &|byte| byte + a >= len);
                assert_eq!(
                    RangeHeader::Suffix(a).resolve(len),
                    expected,
                    "-{a} of {len}"
                );
                for b in a..9 {
                    let expected = bytes(len, &|byte| (a..=b).contains(&byte));
                    let range = RangeHeader::FromTo(a, b);
                    assert_eq!(range.resolve(len), expected, "{a}-{b} of {len}");
                }
            }
        }
    }

    #[test]
    fn numbers_end_at_2_to_the_64() {
        use RangeHeader::{From, FromTo, Suffix};
        const MAX: u64 = u64::MAX;
        for (value, range, resolved) in [
            (
                "bytes=18446744073709551614-",
                From(MAX - 1),
                Ok(MAX - 1..MAX),
            ),
            ("bytes=18446744073709551615-", From(MAX), Err(Unsatisfiable)),
            ("bytes=18446744073709551616-", From(MAX), Err(Unsatisfiable)),
            ("bytes=0-18446744073709551615", FromTo(0, MAX), Ok(0..MAX)),
            ("bytes=0-18446744073709551616", FromTo(0, MAX), Ok(0..MAX)),
            ("bytes=-18446744073709551616", Suffix(MAX), Ok(0..MAX)),
            ("bytes=-0", Suffix(0), Err(Unsatisfiable)),
            ("bytes=00-007", FromTo(0, 7), Ok(0..8)),
        ] {
            assert_eq!(RangeHeader::parse(value), Some(range), "{value}");
            assert_eq!(range.resolve(MAX), resolved, "{value}");
        }
    }
}
