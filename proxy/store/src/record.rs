//! What is written beside the content: one JSON file per object, upload and part.

use std::sync::Arc;
use std::time::Duration;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use s3s::dto::ETag;
use s3s::dto::Timestamp;
use serde::Deserialize;
use serde::Serialize;

use crate::attributes::Attributes;
use crate::blob::Blob;
use crate::checksums::Checksums;

/// The version of every object of a bucket without versions.
pub(crate) const NULL_VERSION: &str = "null";

/// Seconds since 1970: S3 shows and compares times in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Seconds(u64);

impl Seconds {
    pub(crate) fn now() -> Self {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
        Self(elapsed.unwrap_or_default().as_secs())
    }
}

impl From<Seconds> for Timestamp {
    fn from(seconds: Seconds) -> Self {
        (UNIX_EPOCH + Duration::from_secs(seconds.0)).into()
    }
}

/// A bucket as recorded.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct BucketRecord {
    pub(crate) created: Seconds,
}

/// One blob's share of an object or part.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Segment {
    pub(crate) blob: String,
    /// In bytes.
    pub(crate) size: u64,
}

/// An object as recorded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ObjectRecord {
    pub(crate) key: String,
    pub(crate) version: String,
    /// Without quotes.
    pub(crate) etag: String,
    /// In bytes.
    pub(crate) size: u64,
    pub(crate) modified: Seconds,
    pub(crate) attributes: Attributes,
    #[serde(default)]
    pub(crate) checksums: Checksums,
    /// The content, in order.
    pub(crate) segments: Vec<Segment>,
    /// The parts of a multipart upload, by number; empty for an object put as a whole.
    #[serde(default)]
    pub(crate) parts: Vec<PartEntry>,
}

/// A part of a completed object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PartEntry {
    pub(crate) number: i32,
    /// In bytes.
    pub(crate) size: u64,
}

/// A multipart upload as recorded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct UploadRecord {
    pub(crate) key: String,
    pub(crate) initiated: Seconds,
    pub(crate) attributes: Attributes,
    /// The checksum promised at the beginning: algorithm and type.
    #[serde(default)]
    pub(crate) checksum: Option<(String, String)>,
}

/// An uploaded part as recorded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PartRecord {
    pub(crate) number: i32,
    /// The MD5 of the content, as hex.
    pub(crate) etag: String,
    pub(crate) modified: Seconds,
    #[serde(default)]
    pub(crate) checksums: Checksums,
    pub(crate) segment: Segment,
}

/// An object: its record and the content that the record names.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) record: ObjectRecord,
    /// As many as `record.segments`, in the same order.
    pub(crate) blobs: Vec<Arc<Blob>>,
}

/// An uploaded part and its content.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) record: PartRecord,
    pub(crate) blob: Arc<Blob>,
}

impl Object {
    pub(crate) fn etag(&self) -> ETag {
        ETag::Strong(self.record.etag.clone())
    }
}
