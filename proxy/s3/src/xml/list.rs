//! Listings: `ListBucketResult` (V1 and V2) and `ListVersionsResult`.

use crate::Error;
use crate::ErrorCode;

/// One object of a listing, as the backend shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The object's name, decoded (`encoding-type=url` too).
    pub key: &'a str,
    /// The backend's size in bytes.
    pub size: u64,
    /// The backend's `ETag` without quotes; empty when the listing has none.
    pub etag: &'a str,
    /// The version, in a listing of versions.
    pub version_id: Option<&'a str>,
}

/// What a listing shall show instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The size in bytes.
    pub size: u64,
    /// The `ETag` without quotes.
    pub etag: String,
}

/// Rewrites a listing: asks `entry` for each object what to show instead of its size and `ETag`.
pub fn rewrite(
    xml: &[u8],
    entry: &mut dyn FnMut(&Entry<'_>) -> Option<Shown>,
) -> Result<Vec<u8>, Error> {
    let _ = (xml, entry);
    Err(Error::new(ErrorCode::NotImplemented))
}
