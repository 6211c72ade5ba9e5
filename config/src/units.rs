//! Numbers with a dimension: they carry a unit, and without one they are refused.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::Deserialize;
use serde::Deserializer;
use serde::de;

/// A number of bytes: `1B`, `64KiB`, `5MiB`, `1GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub u64);

/// A length of time: `250ms`, `30s`, `15m`, `1h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Length(pub Duration);

/// A length of time as the file writes it: `250ms`, `30s`, `15m`, `1h`.
pub fn duration(text: &str) -> Result<Duration, String> {
    Length::parse(text).map(|length| length.0)
}

impl Size {
    fn parse(text: &str) -> Result<Self, String> {
        measure(text, SIZES, "`64KiB`").map(Self)
    }
}

impl Length {
    fn parse(text: &str) -> Result<Self, String> {
        measure(text, TIMES, "`30s`")
            .map(Duration::from_millis)
            .map(Self)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Measured {
            parse: Self::parse,
            of: PhantomData,
        })
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Measured {
            parse: Self::parse,
            of: PhantomData,
        })
    }
}

struct Measured<T, P: Fn(&str) -> Result<T, String>> {
    parse: P,
    of: PhantomData<T>,
}

impl<T, P: Fn(&str) -> Result<T, String>> de::Visitor<'_> for Measured<T, P> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number with its unit")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.parse)(text).map_err(E::custom)
    }

    /// A plain number: the text of the refusal is the same as for `"5"` in quotes.
    fn visit_f64<E: de::Error>(self, _: f64) -> Result<T, E> {
        (self.parse)("0").map_err(E::custom)
    }
}

fn measure(text: &str, units: &[(&str, u64)], example: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = text.strip_prefix(digits).unwrap_or_default();
    let Some((_, factor)) = units.iter().find(|(name, _)| *name == unit) else {
        let names: Vec<_> = units.iter().map(|(name, _)| format!("`{name}`")).collect();
        return Err(format!(
            "needs a unit, one of {}: {example}, for instance",
            names.join(", ")
        ));
    };
    let number = digits
        .parse::<u64>()
        .ok()
        .filter(|_| !digits.starts_with('+'));
    let number = number.ok_or_else(|| format!("not a whole number with its unit: {example} is"))?;
    number
        .checked_mul(*factor)
        .ok_or_else(|| "too large".to_owned())
}

const SIZES: &[(&str, u64)] = &[
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

const TIMES: &[(&str, u64)] = &[("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bytes_times_their_unit() {
        for (text, bytes) in [
            ("0B", 0),
            ("1B", 1),
            ("64KiB", 65_536),
            ("5MiB", 5_242_880),
            ("1GiB", 1_073_741_824),
            ("18446744073709551615B", u64::MAX),
        ] {
            assert_eq!(Size::parse(text), Ok(Size(bytes)), "{text}");
        }
    }

    #[test]
    fn times_are_numbers_times_their_unit() {
        for (text, ms) in [
            ("250ms", 250),
            ("30s", 30_000),
            ("15m", 900_000),
            ("1h", 3_600_000),
        ] {
            assert_eq!(
                Length::parse(text),
                Ok(Length(Duration::from_millis(ms))),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_numbers_without_a_unit_and_units_without_a_number() {
        for text in [
            "5", "", "B", "KiB", "5KB", "5MB", "5kib", "5 MiB", "-1B", "+1B", "1.5MiB",
        ] {
            assert!(Size::parse(text).is_err(), "{text}");
        }
        for text in ["5", "s", "5S", "5sec", "5M", "1d", "1h30m"] {
            assert!(Length::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn refuses_what_overflows() {
        assert_eq!(Size::parse("17179869184GiB"), Err("too large".to_owned()));
        assert!(Size::parse("17179869183GiB").is_ok());
        assert!(Size::parse("18446744073709551616B").is_err());
    }
}
