//! The checksums of S3 (`x-amz-checksum-*`): their names, values and computation.

mod parts;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc_fast::CrcAlgorithm;
use sha1::Sha1;
use sha2::Digest as _;
use sha2::Sha256;

pub use self::parts::ChecksumType;
pub use self::parts::ObjectChecksum;
pub use self::parts::PartsChecksum;
use crate::header::CHECKSUM_PREFIX;

/// An algorithm for `x-amz-checksum-*`; values are big-endian, in base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChecksumAlgorithm {
    /// CRC-32 (ISO-HDLC), 4 bytes.
    Crc32,
    /// CRC-32C (Castagnoli, iSCSI), 4 bytes.
    Crc32c,
    /// CRC-64/NVME, 8 bytes.
    Crc64Nvme,
    /// SHA-1, 20 bytes.
    Sha1,
    /// SHA-256, 32 bytes.
    Sha256,
}

impl ChecksumAlgorithm {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Crc32,
        Self::Crc32c,
        Self::Crc64Nvme,
        Self::Sha1,
        Self::Sha256,
    ];

    /// AWS's name, as in `<ChecksumAlgorithm>`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// The header (or trailer) that carries the value.
    #[must_use]
    pub fn header_name(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    /// The algorithm of AWS's name, in any case (SDKs send both).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// The algorithm of a header's or trailer's name, in any case.
    #[must_use]
    pub fn from_header(name: &str) -> Option<Self> {
        let (prefix, name) = name.split_at_checked(CHECKSUM_PREFIX.len())?;
        prefix
            .eq_ignore_ascii_case(CHECKSUM_PREFIX)
            .then(|| Self::from_name(name))
            .flatten()
    }

    /// The bytes of a value.
    #[must_use]
    pub fn value_len(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// Whether the checksum of the whole follows from those of its parts.
    #[must_use]
    pub fn has_full_objects(self) -> bool {
        crc(self).is_some()
    }

    /// Parses a header's value; `None` unless it is base64 of the right length.
    #[must_use]
    pub fn parse_value(self, text: &str) -> Option<Vec<u8>> {
        STANDARD
            .decode(text)
            .ok()
            .filter(|value| value.len() == self.value_len())
    }

    /// Renders a value for a header; undoes [`Self::parse_value`].
    #[must_use]
    pub fn render_value(self, value: &[u8]) -> String {
        STANDARD.encode(value)
    }
}

/// A checksum being computed.
pub struct Checksum(Running);

enum Running {
    Crc(crc_fast::Digest, ChecksumAlgorithm),
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Checksum {
    /// Of no bytes yet.
    #[must_use]
    pub fn new(algorithm: ChecksumAlgorithm) -> Self {
        Self(match (crc(algorithm), algorithm) {
            (Some(crc), _) => Running::Crc(crc_fast::Digest::new(crc), algorithm),
            (None, ChecksumAlgorithm::Sha1) => Running::Sha1(Sha1::new()),
            (None, _) => Running::Sha256(Sha256::new()),
        })
    }

    /// Takes more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            Running::Crc(digest, _) => digest.update(bytes),
            Running::Sha1(digest) => digest.update(bytes),
            Running::Sha256(digest) => digest.update(bytes),
        }
    }

    /// The value: [`ChecksumAlgorithm::value_len`] bytes.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        match self.0 {
            Running::Crc(digest, algorithm) => crc_value(digest.finalize(), algorithm),
            Running::Sha1(digest) => digest.finalize().to_vec(),
            Running::Sha256(digest) => digest.finalize().to_vec(),
        }
    }
}

/// The library's name of a CRC; nothing for the others.
fn crc(algorithm: ChecksumAlgorithm) -> Option<CrcAlgorithm> {
    match algorithm {
        ChecksumAlgorithm::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
        ChecksumAlgorithm::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
        ChecksumAlgorithm::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
        ChecksumAlgorithm::Sha1 | ChecksumAlgorithm::Sha256 => None,
    }
}

fn crc_value(crc: u64, algorithm: ChecksumAlgorithm) -> Vec<u8> {
    let bytes = crc.to_be_bytes();
    let unused = bytes.len() - algorithm.value_len();
    bytes.into_iter().skip(unused).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn names_lead_back_to_their_algorithm() {
        for algorithm in ChecksumAlgorithm::ALL {
            assert_eq!(
                ChecksumAlgorithm::from_name(algorithm.name()),
                Some(algorithm)
            );
            assert_eq!(
                ChecksumAlgorithm::from_header(algorithm.header_name()),
                Some(algorithm)
            );
        }
        assert_eq!(
            ChecksumAlgorithm::from_header("X-Amz-Checksum-CRC32C"),
            Some(ChecksumAlgorithm::Crc32c)
        );
        for name in [
            "x-amz-checksum-",
            "x-amz-checksum-mode",
            "crc32",
            "x-amz-checksum-crc321",
            "é",
        ] {
            assert_eq!(ChecksumAlgorithm::from_header(name), None);
        }
    }

    /// The check values of the CRC catalogue and of FIPS 180 for "123456789".
    #[test]
    fn computes_the_published_check_values() {
        for (algorithm, hex) in [
            (ChecksumAlgorithm::Crc32, "cbf43926"),
            (ChecksumAlgorithm::Crc32c, "e3069283"),
            (ChecksumAlgorithm::Crc64Nvme, "ae8b14860a799888"),
            (
                ChecksumAlgorithm::Sha1,
                "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
            ),
            (
                ChecksumAlgorithm::Sha256,
                "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
            ),
        ] {
            let mut checksum = Checksum::new(algorithm);
            checksum.update(b"1234");
            checksum.update(b"56789");
            assert_eq!(
                crate::hex::render(&checksum.finish()),
                hex,
                "{}",
                algorithm.name()
            );
        }
    }

    #[test]
    fn values_have_exactly_the_length_of_the_algorithm() {
        for algorithm in ChecksumAlgorithm::ALL {
            let value = vec![7; algorithm.value_len()];
            let text = algorithm.render_value(&value);
            assert_eq!(algorithm.parse_value(&text), Some(value.clone()));
            for len in [0, value.len() - 1, value.len() + 1] {
                assert_eq!(
                    algorithm.parse_value(&algorithm.render_value(&vec![7; len])),
                    None
                );
            }
        }
        assert_eq!(ChecksumAlgorithm::Crc32.parse_value("y/Q5Jg"), None);
        assert_eq!(ChecksumAlgorithm::Crc32.parse_value("bad"), None);
    }
}
