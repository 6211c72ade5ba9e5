//! Checksums in the words of S3 and of the sealed format, which know nothing of each other.

use crypto::Checksum;
use s3::xml::multipart::Sum;

/// The checksum of all bytes of an object or part, as the format keeps it.
#[must_use]
pub fn of_all((algorithm, value): Sum) -> Checksum {
    kept(algorithm, s3::ChecksumType::FullObject, value)
}

/// A checksum of an object that came in parts, as the format keeps it.
#[must_use]
pub fn of_parts(checksum: s3::PartsChecksum, value: Vec<u8>) -> Checksum {
    kept(checksum.algorithm, checksum.kind, value)
}

/// A checksum as clients see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// How it was computed.
    pub algorithm: s3::ChecksumAlgorithm,
    /// Over what; of a single part it is not told.
    pub kind: Option<s3::ChecksumType>,
    /// Base64; of a composite with the number of parts.
    pub value: String,
}

/// The checksum of an object, of so many parts where it came in parts.
#[must_use]
pub fn shown(checksum: &Checksum, parts: Option<u32>) -> Shown {
    let (s3::PartsChecksum { algorithm, kind }, value) = told(checksum);
    let mut value = algorithm.render_value(value);
    if let (s3::ChecksumType::Composite, Some(parts)) = (kind, parts) {
        value = format!("{value}-{parts}");
    }
    Shown {
        algorithm,
        kind: Some(kind),
        value,
    }
}

/// The checksum of a single part.
#[must_use]
pub fn of_one_part(checksum: &Checksum) -> Shown {
    Shown {
        kind: None,
        ..shown(checksum, None)
    }
}

/// What the format keeps, in the words of S3.
#[must_use]
pub fn told(checksum: &Checksum) -> (s3::PartsChecksum, &[u8]) {
    let algorithm = match checksum.algorithm {
        crypto::ChecksumAlgorithm::Crc32 => s3::ChecksumAlgorithm::Crc32,
        crypto::ChecksumAlgorithm::Crc32c => s3::ChecksumAlgorithm::Crc32c,
        crypto::ChecksumAlgorithm::Crc64Nvme => s3::ChecksumAlgorithm::Crc64Nvme,
        crypto::ChecksumAlgorithm::Sha1 => s3::ChecksumAlgorithm::Sha1,
        crypto::ChecksumAlgorithm::Sha256 => s3::ChecksumAlgorithm::Sha256,
    };
    let kind = match checksum.kind {
        crypto::ChecksumType::FullObject => s3::ChecksumType::FullObject,
        crypto::ChecksumType::Composite => s3::ChecksumType::Composite,
    };
    (s3::PartsChecksum { algorithm, kind }, &checksum.value)
}

fn kept(algorithm: s3::ChecksumAlgorithm, kind: s3::ChecksumType, value: Vec<u8>) -> Checksum {
    let algorithm = match algorithm {
        s3::ChecksumAlgorithm::Crc32 => crypto::ChecksumAlgorithm::Crc32,
        s3::ChecksumAlgorithm::Crc32c => crypto::ChecksumAlgorithm::Crc32c,
        s3::ChecksumAlgorithm::Crc64Nvme => crypto::ChecksumAlgorithm::Crc64Nvme,
        s3::ChecksumAlgorithm::Sha1 => crypto::ChecksumAlgorithm::Sha1,
        s3::ChecksumAlgorithm::Sha256 => crypto::ChecksumAlgorithm::Sha256,
    };
    let kind = match kind {
        s3::ChecksumType::FullObject => crypto::ChecksumType::FullObject,
        s3::ChecksumType::Composite => crypto::ChecksumType::Composite,
    };
    Checksum {
        algorithm,
        kind,
        value,
    }
}
