//! Listings: `ListBucketResult` (V1 and V2) and `ListVersionsResult`.

use std::borrow::Cow;
use std::ops::Range;

use crate::Error;
use crate::ErrorCode;
use crate::percent;
use crate::xml::tree::Element;
use crate::xml::tree::Malformed;
use crate::xml::write;

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

/// Rewrites a listing: asks `entry` for each object, in order, what to show instead of its size and
/// `ETag`. Where something is shown, elements about checksums, which speak of the stored bytes,
/// go. `None` leaves the object as it is. Everything else stays byte for byte.
///
/// Errors: `InternalError` when the backend's answer is no such listing, or an object has no name
/// or no size.
pub fn rewrite(
    xml: &[u8],
    entry: &mut dyn FnMut(&Entry<'_>) -> Option<Shown>,
) -> Result<Vec<u8>, Error> {
    try_rewrite(xml, entry).map_err(|Malformed| Error::new(ErrorCode::InternalError))
}

/// A page of a listing, version 2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// In the order of the listing.
    pub objects: Vec<Listed>,
    /// The token of the next page, if there is one.
    pub next: Option<String>,
}

/// One object of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name, decoded.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// The `ETag` without quotes; empty when the listing has none.
    pub etag: String,
    /// When it was written, as the store says it.
    pub last_modified: String,
}

/// Parses a page of `ListObjectsV2`; `None` when it is none.
#[must_use]
pub fn parse(xml: &[u8]) -> Option<Page> {
    parse_page(xml).ok()
}

fn parse_page(xml: &[u8]) -> Result<Page, Malformed> {
    let root = Element::parse(xml)?;
    if root.name != "ListBucketResult" {
        return Err(Malformed);
    }
    let is_encoded = is_encoded(&root)?;
    let objects = root.all("Contents").map(|object| {
        let key = key_of(object, is_encoded)?;
        let entry = read(object, &key)?;
        let last_modified = object.text_of("LastModified")?.unwrap_or_default().trim();
        Ok(Listed {
            key: entry.key.to_owned(),
            size: entry.size,
            etag: entry.etag.to_owned(),
            last_modified: last_modified.to_owned(),
        })
    });
    let objects = objects.collect::<Result<_, Malformed>>()?;
    let truncated = root.text_of("IsTruncated")?.map(str::trim) == Some("true");
    let next = root.text_of("NextContinuationToken")?;
    let next = next.filter(|next| truncated && !next.is_empty());
    if truncated && next.is_none() {
        return Err(Malformed);
    }
    Ok(Page {
        objects,
        next: next.map(str::to_owned),
    })
}

type Edit = (Range<usize>, String);

fn try_rewrite(
    xml: &[u8],
    entry: &mut dyn FnMut(&Entry<'_>) -> Option<Shown>,
) -> Result<Vec<u8>, Malformed> {
    let root = Element::parse(xml)?;
    if root.name != "ListBucketResult" && root.name != "ListVersionsResult" {
        return Err(Malformed);
    }
    let is_encoded = is_encoded(&root)?;
    let mut edits = Vec::new();
    for object in root.children.iter().filter(|child| is_object(child)) {
        let key = key_of(object, is_encoded)?;
        if let Some(shown) = entry(&read(object, &key)?) {
            show(object, &shown, &mut edits)?;
        }
    }
    write::splice(xml, edits).ok_or(Malformed)
}

fn is_encoded(root: &Element) -> Result<bool, Malformed> {
    match root.text_of("EncodingType")? {
        None | Some("") => Ok(false),
        Some("url") => Ok(true),
        Some(_) => Err(Malformed),
    }
}

/// `DeleteMarker` has neither size nor `ETag`.
fn is_object(element: &Element) -> bool {
    element.name == "Contents" || element.name == "Version"
}

fn key_of(object: &Element, is_encoded: bool) -> Result<Cow<'_, str>, Malformed> {
    let key = object.text_of("Key")?.ok_or(Malformed)?;
    if is_encoded {
        // S3 writes a blank as `+` and a plus sign as `%2B`.
        percent::decode_query_strict(key)
            .map(Cow::Owned)
            .ok_or(Malformed)
    } else {
        Ok(Cow::Borrowed(key))
    }
}

fn read<'a>(object: &'a Element, key: &'a str) -> Result<Entry<'a>, Malformed> {
    let size = object.text_of("Size")?.ok_or(Malformed)?;
    let etag = object.text_of("ETag")?.unwrap_or_default().trim();
    Ok(Entry {
        key,
        size: size.trim().parse().map_err(|_| Malformed)?,
        etag: etag
            .strip_prefix('"')
            .and_then(|etag| etag.strip_suffix('"'))
            .unwrap_or(etag),
        version_id: object.text_of("VersionId")?,
    })
}

fn show(object: &Element, shown: &Shown, edits: &mut Vec<Edit>) -> Result<(), Malformed> {
    if let Some(size) = object.one("Size")? {
        edits.push((size.inner.clone(), shown.size.to_string()));
    }
    if let Some(etag) = object.one("ETag")? {
        let mut xml = String::new();
        write::element(&mut xml, "ETag", &format!("\"{}\"", shown.etag));
        edits.push((etag.span.clone(), xml));
    }
    for checksum in object
        .children
        .iter()
        .filter(|child| child.name.starts_with("Checksum"))
    {
        edits.push((checksum.span.clone(), String::new()));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
