//! Checksums of objects that come in parts (AWS, User Guide, "Checking object integrity"): of the
//! whole, or of the parts' own checksums.

use http::HeaderMap;

use super::Checksum;
use super::ChecksumAlgorithm;
use super::crc;
use super::crc_value;
use crate::Error;
use crate::ErrorCode;
use crate::header;

/// Over what an object's checksum is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChecksumType {
    /// Over the object's bytes.
    FullObject,
    /// Over the checksums of its parts.
    Composite,
}

/// The checksum that an upload was begun with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartsChecksum {
    /// Of every part, and of the object.
    pub algorithm: ChecksumAlgorithm,
    /// Of the object.
    pub kind: ChecksumType,
}

/// What `CompleteMultipartUpload` claims of the object.
#[derive(Clone, PartialEq, Eq)]
pub struct ObjectChecksum {
    /// How it was computed.
    pub algorithm: ChecksumAlgorithm,
    /// The value.
    pub value: Vec<u8>,
    /// Of how many parts, where the client says it (`value-N`).
    pub parts: Option<usize>,
}

impl ChecksumType {
    /// AWS's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FullObject => "FULL_OBJECT",
            Self::Composite => "COMPOSITE",
        }
    }

    /// The type of a name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let is = |kind: &Self| kind.name().eq_ignore_ascii_case(name);
        [Self::FullObject, Self::Composite].into_iter().find(is)
    }
}

impl PartsChecksum {
    /// Reads the headers of `CreateMultipartUpload`; without a type the algorithm's own default.
    ///
    /// Errors: `InvalidRequest` for names that S3 does not know, for a type without an algorithm,
    /// and for the pairs that S3 has not.
    pub fn parse(headers: &HeaderMap) -> Result<Option<Self>, Error> {
        let algorithm = header::single(headers, "x-amz-checksum-algorithm")?;
        let kind = header::single(headers, "x-amz-checksum-type")?;
        let Some(algorithm) = algorithm else {
            return match kind {
                None => Ok(None),
                Some(_) => Err(refused(
                    "The x-amz-checksum-type header can only be used with the \
                     x-amz-checksum-algorithm header.",
                )),
            };
        };
        let algorithm = ChecksumAlgorithm::from_name(algorithm).ok_or_else(|| {
            refused(
                "Checksum algorithm provided is unsupported. Please try again with any of the \
                 valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
            )
        })?;
        let kind = match kind {
            None => default_type(algorithm),
            Some(name) => ChecksumType::from_name(name)
                .ok_or_else(|| refused("Value for x-amz-checksum-type header is invalid."))?,
        };
        let known = match kind {
            ChecksumType::FullObject => algorithm.has_full_objects(),
            ChecksumType::Composite => algorithm != ChecksumAlgorithm::Crc64Nvme,
        };
        if known {
            return Ok(Some(Self { algorithm, kind }));
        }
        Err(refused(format!(
            "The {} checksum type cannot be used with the {} checksum algorithm.",
            kind.name(),
            algorithm.name().to_lowercase(),
        )))
    }

    /// The object's value, from its parts' values and lengths in bytes, in their order.
    #[must_use]
    pub fn combine<'a>(&self, parts: impl IntoIterator<Item = (&'a [u8], u64)>) -> Vec<u8> {
        let parts = parts.into_iter();
        let of_all = match self.kind {
            ChecksumType::FullObject => crc(self.algorithm),
            ChecksumType::Composite => None,
        };
        let Some(crc) = of_all else {
            let mut sum = Checksum::new(self.algorithm);
            parts.for_each(|(value, _)| sum.update(value));
            return sum.finish();
        };
        let number = |value: &[u8]| {
            let shifted = |sum: u64, byte: &u8| (sum << 8) | u64::from(*byte);
            value.iter().fold(0, shifted)
        };
        let none = number(&Checksum::new(self.algorithm).finish());
        let combined = parts.fold(none, |sum, (value, len)| {
            crc_fast::checksum_combine(crc, sum, number(value), len)
        });
        crc_value(combined, self.algorithm)
    }
}

impl ObjectChecksum {
    /// Reads the headers of `CompleteMultipartUpload`.
    ///
    /// Errors: `InvalidRequest` for a value that cannot be read, and for several.
    pub fn parse(headers: &HeaderMap) -> Result<Option<Self>, Error> {
        let mut found = None;
        for algorithm in ChecksumAlgorithm::ALL {
            let name = algorithm.header_name();
            let Some(text) = header::single(headers, name)? else {
                continue;
            };
            let (value, parts) = match text.split_once('-') {
                Some((value, parts)) => (value, Some(parts.parse().ok())),
                None => (text, None),
            };
            let value = algorithm.parse_value(value);
            let (Some(value), Some(parts)) = (value, parts.map_or(Some(None), |n| n.map(Some)))
            else {
                return Err(refused(format!("Value for {name} header is invalid.")));
            };
            let claim = Self {
                algorithm,
                value,
                parts,
            };
            if found.replace(claim).is_some() {
                return Err(refused(
                    "Expecting a single x-amz-checksum- header. Multiple checksum Types are not \
                     allowed.",
                ));
            }
        }
        Ok(found)
    }
}

fn default_type(algorithm: ChecksumAlgorithm) -> ChecksumType {
    match algorithm {
        ChecksumAlgorithm::Crc64Nvme => ChecksumType::FullObject,
        _ => ChecksumType::Composite,
    }
}

fn refused(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::InvalidRequest).with_message(message.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use http::HeaderName;
    use http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    fn sum_of(algorithm: ChecksumAlgorithm, bytes: &[u8]) -> Vec<u8> {
        let mut sum = Checksum::new(algorithm);
        sum.update(bytes);
        sum.finish()
    }

    #[test]
    fn the_sum_of_the_whole_follows_from_its_parts() {
        let bytes: Vec<u8> = (0..=255).cycle().take(70_000).collect();
        for algorithm in [
            ChecksumAlgorithm::Crc32,
            ChecksumAlgorithm::Crc32c,
            ChecksumAlgorithm::Crc64Nvme,
        ] {
            let kind = ChecksumType::FullObject;
            let all = PartsChecksum { algorithm, kind };
            for cuts in [vec![], vec![0], vec![1], vec![65_536], vec![3, 3, 69_999]] {
                let edges = [vec![0], cuts, vec![bytes.len()]].concat();
                let parts: Vec<_> = edges.windows(2).map(|w| &bytes[w[0]..w[1]]).collect();
                let values: Vec<_> = parts.iter().map(|part| sum_of(algorithm, part)).collect();
                let lens = parts.iter().map(|part| part.len() as u64);
                let pairs = values.iter().map(Vec::as_slice).zip(lens);
                assert_eq!(all.combine(pairs), sum_of(algorithm, &bytes), "{edges:?}");
            }
        }
    }

    #[test]
    fn a_composite_is_the_sum_of_sums() {
        for algorithm in ChecksumAlgorithm::ALL {
            let kind = ChecksumType::Composite;
            let all = PartsChecksum { algorithm, kind };
            let values = [sum_of(algorithm, b"one"), sum_of(algorithm, b"two")];
            let pairs = values.iter().map(|value| (value.as_slice(), 3));
            assert_eq!(all.combine(pairs), sum_of(algorithm, &values.concat()));
        }
    }

    #[test]
    fn only_the_pairs_that_s3_has_are_taken() {
        const NAME: &str = "x-amz-checksum-algorithm";
        const TYPE: &str = "x-amz-checksum-type";
        let kinds = |name| {
            let of = |kind| PartsChecksum::parse(&headers(&[(NAME, name), (TYPE, kind)])).is_ok();
            let plain = PartsChecksum::parse(&headers(&[(NAME, name)]));
            let default = plain.unwrap().unwrap().kind.name();
            (of("FULL_OBJECT"), of("COMPOSITE"), default)
        };
        assert_eq!(kinds("CRC32"), (true, true, "COMPOSITE"));
        assert_eq!(kinds("crc32c"), (true, true, "COMPOSITE"));
        assert_eq!(kinds("CRC64NVME"), (true, false, "FULL_OBJECT"));
        assert_eq!(kinds("SHA1"), (false, true, "COMPOSITE"));
        assert_eq!(kinds("SHA256"), (false, true, "COMPOSITE"));
        assert_eq!(PartsChecksum::parse(&headers(&[])).unwrap(), None);
        for bad in [
            headers(&[(TYPE, "COMPOSITE")]),
            headers(&[(NAME, "MD4")]),
            headers(&[(NAME, "CRC32"), (TYPE, "WHOLE")]),
        ] {
            let refused = PartsChecksum::parse(&bad).unwrap_err();
            assert_eq!(refused.code, ErrorCode::InvalidRequest);
        }
    }

    #[test]
    fn a_claim_may_say_of_how_many_parts() {
        let parse = |value| {
            let claim = ObjectChecksum::parse(&headers(&[("x-amz-checksum-crc32", value)]));
            claim.map(|claim| claim.unwrap().parts)
        };
        assert_eq!(parse("AAAAAA==").unwrap(), None);
        assert_eq!(parse("AAAAAA==-12").unwrap(), Some(12));
        for bad in ["AAAAAA==-", "AAAAAA==-x", "AAAA", ""] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        let two = [
            ("x-amz-checksum-crc32", "AAAAAA=="),
            ("x-amz-checksum-crc32c", "AAAAAA=="),
        ];
        assert!(ObjectChecksum::parse(&headers(&two)).is_err());
    }
}
