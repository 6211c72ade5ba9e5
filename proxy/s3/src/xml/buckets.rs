//! The list of buckets, `ListAllMyBucketsResult`.

use crate::Error;
use crate::ErrorCode;

/// The listing without the buckets for which `keep` is false; everything else byte for byte.
pub fn retain(xml: &[u8], keep: &mut dyn FnMut(&str) -> bool) -> Result<Vec<u8>, Error> {
    let _ = (xml, keep);
    Err(Error::new(ErrorCode::NotImplemented))
}
