//! Listings in plaintext: sizes by arithmetic and `ETags` by mapping, without a look-up
//! (FORMAT.md §5, §7).

use crypto::PlainLen;
use crypto::SealedLen;
use s3::xml::list::Entry;
use s3::xml::list::Shown;

use crate::plan::is_parts_etag;
use crate::plan::swap_etag;

/// How a sealed object appears. Nothing when no plaintext gives the stored size: the object is
/// not ours and is shown as it is stored.
#[must_use]
pub fn shown(entry: &Entry<'_>) -> Option<Shown> {
    let size = plain_len(entry.etag, SealedLen(entry.size))?;
    Some(Shown {
        size: size.0,
        etag: swap_etag(entry.etag),
    })
}

fn plain_len(etag: &str, sealed: SealedLen) -> Option<PlainLen> {
    match is_parts_etag(etag) {
        Some(segments) => crypto::parts_plain_len(sealed, segments),
        None => crypto::whole_plain_len(sealed),
    }
}
