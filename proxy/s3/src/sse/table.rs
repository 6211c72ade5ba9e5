//! The one table of headers and operations.
//!
//! Huawei: OBS user guide, "Server-Side Encryption", tables of the APIs; Amazon: S3 API reference,
//! headers of each operation.

use crate::Dialect;
use crate::Operation;

/// A header of server-side encryption, whatever it is called in a dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SseHeader {
    /// The mode: `AES256`, `aws:kms` or `kms`, `aws:kms:dsse`.
    Mode,
    /// The cipher: `AES256` or `SM4`.
    DataEncryption,
    /// The id of the key.
    KeyId,
    /// The project of that key.
    Project,
    /// What the key is bound to, base64 of a JSON map.
    Context,
    /// Whether a bucket key stands between.
    BucketKey,
    /// `AES256`, with a key of the client's own.
    CustomerAlgorithm,
    /// That key, base64.
    CustomerKey,
    /// Its MD5, base64.
    CustomerKeyMd5,
    /// The same of the key that opens a copy's source.
    SourceAlgorithm,
    /// That key, base64.
    SourceKey,
    /// Its MD5, base64.
    SourceKeyMd5,
}

use SseHeader as H;

impl SseHeader {
    /// Every header, in the order of the tables.
    pub const ALL: [Self; 12] = [
        Self::Mode,
        Self::DataEncryption,
        Self::KeyId,
        Self::Project,
        Self::Context,
        Self::BucketKey,
        Self::CustomerAlgorithm,
        Self::CustomerKey,
        Self::CustomerKeyMd5,
        Self::SourceAlgorithm,
        Self::SourceKey,
        Self::SourceKeyMd5,
    ];

    /// Its name in a dialect, lower case; nothing where that dialect has none.
    #[must_use]
    pub const fn name(self, dialect: Dialect) -> Option<&'static str> {
        let (s3, obs) = match self {
            Self::Mode => (
                Some("x-amz-server-side-encryption"),
                Some("x-obs-server-side-encryption"),
            ),
            Self::DataEncryption => (None, Some("x-obs-server-side-data-encryption")),
            Self::KeyId => (
                Some("x-amz-server-side-encryption-aws-kms-key-id"),
                Some("x-obs-server-side-encryption-kms-key-id"),
            ),
            Self::Project => (None, Some("x-obs-sse-kms-key-project-id")),
            Self::Context => (Some("x-amz-server-side-encryption-context"), None),
            Self::BucketKey => (
                Some("x-amz-server-side-encryption-bucket-key-enabled"),
                Some("x-obs-server-side-encryption-bucket-key-enabled"),
            ),
            Self::CustomerAlgorithm => (
                Some("x-amz-server-side-encryption-customer-algorithm"),
                Some("x-obs-server-side-encryption-customer-algorithm"),
            ),
            Self::CustomerKey => (
                Some("x-amz-server-side-encryption-customer-key"),
                Some("x-obs-server-side-encryption-customer-key"),
            ),
            Self::CustomerKeyMd5 => (
                Some("x-amz-server-side-encryption-customer-key-md5"),
                Some("x-obs-server-side-encryption-customer-key-md5"),
            ),
            Self::SourceAlgorithm => (
                Some("x-amz-copy-source-server-side-encryption-customer-algorithm"),
                Some("x-obs-copy-source-server-side-encryption-customer-algorithm"),
            ),
            Self::SourceKey => (
                Some("x-amz-copy-source-server-side-encryption-customer-key"),
                Some("x-obs-copy-source-server-side-encryption-customer-key"),
            ),
            Self::SourceKeyMd5 => (
                Some("x-amz-copy-source-server-side-encryption-customer-key-md5"),
                Some("x-obs-copy-source-server-side-encryption-customer-key-md5"),
            ),
        };
        match dialect {
            Dialect::S3 => s3,
            Dialect::Obs => obs,
        }
    }

    /// Whether it speaks of a key of the client's own.
    #[must_use]
    pub fn is_of_customer(self) -> bool {
        CUSTOMER.contains(&self) || SOURCE.contains(&self)
    }

    /// The header of that name, lower case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<(Self, Dialect)> {
        let dialects = [Dialect::S3, Dialect::Obs];
        let mut all = dialects
            .into_iter()
            .flat_map(|dialect| Self::ALL.map(|header| (header, dialect)));
        all.find(|(header, dialect)| header.name(*dialect) == Some(name))
    }
}

/// Encryption that is chosen with a write.
const CHOICE: &[H] = &[
    H::Mode,
    H::DataEncryption,
    H::KeyId,
    H::Context,
    H::BucketKey,
];
const CUSTOMER: &[H] = &[H::CustomerAlgorithm, H::CustomerKey, H::CustomerKeyMd5];
const SOURCE: &[H] = &[H::SourceAlgorithm, H::SourceKey, H::SourceKeyMd5];
const BUCKET: &[H] = &[H::Mode, H::DataEncryption, H::KeyId, H::Project];

/// What is told of an object.
const DONE: &[H] = &[
    H::Mode,
    H::KeyId,
    H::Project,
    H::BucketKey,
    H::CustomerAlgorithm,
    H::CustomerKeyMd5,
];
const CIPHER: &[H] = &[H::DataEncryption];
const BOUND: &[H] = &[H::Context];

/// Whether requests of the operation carry the header.
#[must_use]
pub fn carries(operation: Operation, header: SseHeader) -> bool {
    use Operation as O;
    let groups: &[&[H]] = match operation {
        O::PutObject | O::PostObject | O::CreateMultipartUpload => &[CHOICE, CUSTOMER],
        O::CopyObject => &[CHOICE, CUSTOMER, SOURCE],
        O::UploadPartCopy => &[CUSTOMER, SOURCE],
        O::UploadPart
        | O::CompleteMultipartUpload
        | O::GetObject
        | O::HeadObject
        | O::GetObjectAttributes
        | O::ListParts => &[CUSTOMER],
        O::CreateBucket => &[BUCKET],
        _ => &[],
    };
    groups.iter().any(|group| group.contains(&header))
}

/// Whether answers of the operation tell it, where there is something to tell.
#[must_use]
pub fn tells(operation: Operation, header: SseHeader) -> bool {
    use Operation as O;
    let groups: &[&[H]] = match operation {
        O::PutObject | O::PostObject => &[DONE, CIPHER, BOUND],
        O::GetObject | O::HeadObject => &[DONE, CIPHER],
        O::CopyObject | O::CreateMultipartUpload => &[DONE, BOUND],
        O::UploadPart | O::UploadPartCopy | O::CompleteMultipartUpload => &[DONE],
        O::CreateBucket => &[BUCKET],
        _ => &[],
    };
    groups.iter().any(|group| group.contains(&header))
}
