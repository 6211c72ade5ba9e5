//! Digests of plaintext, and their 56 bytes in footers and lists (FORMAT.md §4.3, §4.5).

use crate::error::Error;

/// Bytes of digests as they stand in a footer or list.
pub(crate) const DIGESTS_LEN: usize = 56;

const MD5_FLAG: u8 = 1;

/// What is known of a plaintext. Never leaves the seal but to the object's reader.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digests {
    /// MD5; of a parts object, S3's MD5 of the parts' MD5s.
    pub md5: Option<[u8; 16]>,
    /// The additional checksum that the client asked for.
    pub sum: Option<Checksum>,
}

/// An S3 additional checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// How it was computed.
    pub algorithm: ChecksumAlgorithm,
    /// Over what.
    pub kind: ChecksumType,
    /// [`ChecksumAlgorithm::value_len`] bytes.
    pub value: Vec<u8>,
}

/// Algorithms of `x-amz-checksum-*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChecksumAlgorithm {
    /// CRC-32 (ISO-HDLC).
    Crc32,
    /// CRC-32C (Castagnoli).
    Crc32c,
    /// CRC-64/NVME.
    Crc64Nvme,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

/// S3's checksum type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChecksumType {
    /// Over the object's bytes.
    FullObject,
    /// Over the parts' checksums.
    Composite,
}

impl ChecksumAlgorithm {
    const ALL: [Self; 5] = [
        Self::Crc32,
        Self::Crc32c,
        Self::Crc64Nvme,
        Self::Sha1,
        Self::Sha256,
    ];

    /// The name in `priv` and in S3.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// The algorithm with exactly this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }

    /// Bytes of a value.
    #[must_use]
    pub const fn value_len(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    const fn id(self) -> u8 {
        match self {
            Self::Crc32 => 1,
            Self::Crc32c => 2,
            Self::Crc64Nvme => 3,
            Self::Sha1 => 4,
            Self::Sha256 => 5,
        }
    }

    fn from_id(id: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.id() == id)
    }
}

impl ChecksumType {
    /// The name in `priv` and in S3.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FullObject => "FULL_OBJECT",
            Self::Composite => "COMPOSITE",
        }
    }

    /// The type with exactly this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::FullObject, Self::Composite]
            .into_iter()
            .find(|kind| kind.name() == name)
    }

    const fn id(self) -> u8 {
        match self {
            Self::FullObject => 1,
            Self::Composite => 2,
        }
    }

    const fn from_id(id: u8) -> Option<Self> {
        match id {
            1 => Some(Self::FullObject),
            2 => Some(Self::Composite),
            _ => None,
        }
    }
}

impl Checksum {
    pub(crate) fn checked(self) -> Result<Self, Error> {
        let right = self.value.len() == self.algorithm.value_len();
        if right {
            Ok(self)
        } else {
            Err(Error::DigestLength)
        }
    }
}

impl Digests {
    /// Whether there is nothing in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.md5.is_none() && self.sum.is_none()
    }

    /// `flags ‖ algorithm ‖ type ‖ 5 zero ‖ MD5 16 ‖ checksum 32`.
    pub(crate) fn render(&self) -> Result<[u8; DIGESTS_LEN], Error> {
        let mut out = [0; DIGESTS_LEN];
        if let Some(md5) = &self.md5 {
            out[0] = MD5_FLAG;
            out[8..24].copy_from_slice(md5);
        }
        if let Some(sum) = self.sum.clone().map(Checksum::checked).transpose()? {
            out[1] = sum.algorithm.id();
            out[2] = sum.kind.id();
            // INVARIANT: `checked` leaves 4 to 32 bytes.
            out[24..24 + sum.value.len()].copy_from_slice(&sum.value);
        }
        Ok(out)
    }

    /// The inverse; `None` for everything `render` does not make.
    pub(crate) fn parse(bytes: &[u8; DIGESTS_LEN]) -> Option<Self> {
        let flag = bytes[0] == MD5_FLAG;
        let md5 = flag.then(|| bytes[8..24].try_into().ok()).flatten();
        let sum = match bytes[1] {
            0 => None,
            id => Some(parse_sum(id, bytes[2], &bytes[24..])?),
        };
        let parsed = Self { md5, sum };
        // Unknown flags, unused fields: whatever is not what we would write.
        (parsed.render().ok()? == *bytes).then_some(parsed)
    }
}

fn parse_sum(id: u8, kind: u8, value: &[u8]) -> Option<Checksum> {
    let algorithm = ChecksumAlgorithm::from_id(id)?;
    let value = value.get(..algorithm.value_len())?.to_vec();
    Some(Checksum {
        algorithm,
        kind: ChecksumType::from_id(kind)?,
        value,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn all() -> Digests {
        let value = (1..=20).collect();
        let algorithm = ChecksumAlgorithm::Sha1;
        let sum = Checksum {
            algorithm,
            kind: ChecksumType::Composite,
            value,
        };
        Digests {
            md5: Some([9; 16]),
            sum: Some(sum),
        }
    }

    #[test]
    fn digests_come_back() {
        let cases = [
            Digests::default(),
            all(),
            Digests { md5: None, ..all() },
            Digests { sum: None, ..all() },
        ];
        for digests in cases {
            assert_eq!(Digests::parse(&digests.render().unwrap()), Some(digests));
        }
    }

    #[test]
    fn refuses_unknown_values_and_unused_bytes() {
        for (at, value) in [
            (0, 2),
            (0, 3),
            (1, 6),
            (2, 3),
            (2, 0),
            (3, 1),
            (7, 1),
            (55, 1),
        ] {
            let mut bytes = all().render().unwrap();
            bytes[at] = value;
            assert_eq!(Digests::parse(&bytes), None, "byte {at} = {value}");
        }
        let mut unused = [0; DIGESTS_LEN];
        unused[8] = 1;
        assert_eq!(Digests::parse(&unused), None);
        unused = [0; DIGESTS_LEN];
        unused[2] = 1;
        assert_eq!(Digests::parse(&unused), None);
    }

    #[test]
    fn refuses_a_value_of_the_wrong_length() {
        let mut digests = all();
        digests.sum.as_mut().unwrap().value.pop();
        assert_eq!(digests.render(), Err(Error::DigestLength));
    }
}
