//! The five additional checksums of S3.

use s3s::checksum::ChecksumHasher;
use s3s::crypto::Checksum as _;
use s3s::dto::Checksum;
use serde::Deserialize;
use serde::Serialize;

/// Base64 values as S3 shows them; a multipart object's may end in `-N`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Checksums {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) crc32: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) crc32c: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) crc64nvme: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sha1: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sha256: Option<String>,
    /// `COMPOSITE` or `FULL_OBJECT`; absent when there is no checksum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
}

impl From<Checksum> for Checksums {
    fn from(sum: Checksum) -> Self {
        Self {
            crc32: sum.checksum_crc32,
            crc32c: sum.checksum_crc32c,
            crc64nvme: sum.checksum_crc64nvme,
            sha1: sum.checksum_sha1,
            sha256: sum.checksum_sha256,
            kind: None,
        }
    }
}

impl Checksums {
    /// The values beside the names that S3 gives their algorithms.
    pub(crate) fn named(&self) -> [(&'static str, Option<&str>); 5] {
        [
            ("CRC32", self.crc32.as_deref()),
            ("CRC32C", self.crc32c.as_deref()),
            ("CRC64NVME", self.crc64nvme.as_deref()),
            ("SHA1", self.sha1.as_deref()),
            ("SHA256", self.sha256.as_deref()),
        ]
    }

    /// The first algorithm whose value here is not the one in `actual`.
    pub(crate) fn differs(&self, actual: &Self) -> Option<&'static str> {
        let pairs = self.named().into_iter().zip(actual.named());
        pairs
            .filter(|((_, expected), (_, actual))| expected.is_some() && expected != actual)
            .map(|((name, _), _)| name)
            .next()
    }

    /// A hasher for every algorithm that has a value here, and for `also` by name.
    pub(crate) fn hasher(&self, also: Option<&str>) -> ChecksumHasher {
        let mut hasher = ChecksumHasher::default();
        let wanted = self
            .named()
            .into_iter()
            .filter(|(_, value)| value.is_some());
        for name in wanted.map(|(name, _)| name).chain(also) {
            enable(&mut hasher, name);
        }
        hasher
    }

    /// Whether no algorithm has a value.
    pub(crate) fn is_empty(&self) -> bool {
        self.named().iter().all(|(_, value)| value.is_none())
    }

    /// The value slot of an algorithm by its S3 name.
    pub(crate) fn slot(&mut self, name: &str) -> Option<&mut Option<String>> {
        match name {
            "CRC32" => Some(&mut self.crc32),
            "CRC32C" => Some(&mut self.crc32c),
            "CRC64NVME" => Some(&mut self.crc64nvme),
            "SHA1" => Some(&mut self.sha1),
            "SHA256" => Some(&mut self.sha256),
            _ => None,
        }
    }
}

/// Unknown names are ignored: S3 added algorithms before, and clients repeat what servers say.
fn enable(hasher: &mut ChecksumHasher, name: &str) {
    match name {
        "CRC32" => hasher.crc32 = Some(s3s::crypto::Crc32::new()),
        "CRC32C" => hasher.crc32c = Some(s3s::crypto::Crc32c::new()),
        "CRC64NVME" => hasher.crc64nvme = Some(s3s::crypto::Crc64Nvme::new()),
        "SHA1" => hasher.sha1 = Some(s3s::crypto::Sha1::new()),
        "SHA256" => hasher.sha256 = Some(s3s::crypto::Sha256::new()),
        _ => {}
    }
}

/// The checksums that the fields of an S3 input or completed part carry.
macro_rules! checksums_of {
    ($input:expr) => {
        $crate::checksums::Checksums {
            crc32: $input.checksum_crc32.clone(),
            crc32c: $input.checksum_crc32c.clone(),
            crc64nvme: $input.checksum_crc64nvme.clone(),
            sha1: $input.checksum_sha1.clone(),
            sha256: $input.checksum_sha256.clone(),
            kind: None,
        }
    };
}
pub(crate) use checksums_of;

/// Sets the checksum fields of an S3 output.
macro_rules! show_checksums {
    ($output:expr, $checksums:expr) => {{
        let checksums: &$crate::checksums::Checksums = $checksums;
        $output.checksum_crc32 = checksums.crc32.clone();
        $output.checksum_crc32c = checksums.crc32c.clone();
        $output.checksum_crc64nvme = checksums.crc64nvme.clone();
        $output.checksum_sha1 = checksums.sha1.clone();
        $output.checksum_sha256 = checksums.sha256.clone();
    }};
}
pub(crate) use show_checksums;
