//! Listings: `ListBucketResult` (V1 and V2) and `ListVersionsResult`.

use std::ops::Range;

use crate::Error;
use crate::percent;

use super::reader;
use super::reader::Element;
use super::reader::malformed;

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

/// Rewrites a listing: asks `entry` for each object what to show instead of its size and `ETag`,
/// and drops the checksum elements of those that it answers for. All else stays byte for byte.
pub fn rewrite(
    xml: &[u8],
    entry: &mut dyn FnMut(&Entry<'_>) -> Option<Shown>,
) -> Result<Vec<u8>, Error> {
    let encoded = is_encoded(xml)?;
    let mut edits = Vec::new();
    let mut object = Object::default();
    reader::read(xml, ROOT, &mut |element| match element.path.as_str() {
        "Contents" => std::mem::take(&mut object).show(encoded, entry, &mut edits),
        path => match path.strip_prefix("Contents/") {
            Some(member) => object.take(member.to_owned(), element),
            None => Ok(()),
        },
    })?;
    Ok(reader::splice(xml, &edits))
}

const ROOT: &str = "ListBucketResult";

type Edit = (Range<usize>, String);

/// What one `Contents` held, in the order of the document.
#[derive(Default)]
struct Object {
    key: Option<String>,
    size: Option<(u64, Range<usize>)>,
    etag: Option<(String, Range<usize>)>,
    checksums: Vec<Range<usize>>,
}

impl Object {
    fn take(&mut self, member: String, element: Element) -> Result<(), Error> {
        match member.as_str() {
            "Key" => self.key = Some(element.text),
            "Size" => {
                let size = element.text.trim().parse().map_err(|_| malformed())?;
                self.size = Some((size, element.inner));
            }
            "ETag" => {
                let etag = element.text.trim().trim_matches('"').to_owned();
                self.etag = Some((etag, element.inner));
            }
            "ChecksumAlgorithm" | "ChecksumType" => self.checksums.push(element.outer),
            _ => {}
        }
        Ok(())
    }

    fn show(
        self,
        encoded: bool,
        entry: &mut dyn FnMut(&Entry<'_>) -> Option<Shown>,
        edits: &mut Vec<Edit>,
    ) -> Result<(), Error> {
        let (key, (size, size_at)) = (
            self.key.ok_or_else(malformed)?,
            self.size.ok_or_else(malformed)?,
        );
        let key = match encoded {
            true => percent::decode_query_strict(&key).ok_or_else(malformed)?,
            false => key,
        };
        let (etag, etag_at) = self.etag.unwrap_or_default();
        let asked = Entry {
            key: &key,
            size,
            etag: &etag,
            version_id: None,
        };
        let Some(shown) = entry(&asked) else {
            return Ok(());
        };
        let mut own = vec![(size_at, shown.size.to_string())];
        if !etag_at.is_empty() {
            own.push((etag_at, format!("&quot;{}&quot;", shown.etag)));
        }
        own.extend(
            self.checksums
                .into_iter()
                .map(|range| (range, String::new())),
        );
        own.sort_by_key(|(range, _)| range.start);
        edits.extend(own);
        Ok(())
    }
}

/// Whether keys are percent-encoded; the element that says so may stand behind them.
fn is_encoded(xml: &[u8]) -> Result<bool, Error> {
    let mut encoded = false;
    reader::read(xml, ROOT, &mut |element| {
        encoded |= element.path == "EncodingType" && element.text.eq_ignore_ascii_case("url");
        Ok(())
    })?;
    Ok(encoded)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn listing(contents: &str, rest: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?>\n<ListBucketResult xmlns=\"n\"><Name>b</Name>{contents}\
             <CommonPrefixes><Prefix>Contents/</Prefix></CommonPrefixes>{rest}</ListBucketResult>"
        )
    }

    fn seen(xml: &str) -> Vec<(String, u64, String)> {
        let mut seen = Vec::new();
        let kept = rewrite(xml.as_bytes(), &mut |entry| {
            seen.push((entry.key.to_owned(), entry.size, entry.etag.to_owned()));
            None
        })
        .unwrap();
        assert_eq!(kept, xml.as_bytes(), "what is not answered for stays");
        seen
    }

    #[test]
    fn replaces_size_and_etag_in_any_order() {
        let before = "<Contents><ETag>&quot;e&quot;</ETag><ChecksumAlgorithm>CRC32</ChecksumAlgorithm>\
                      <Size>9</Size><Key> a&amp;b </Key><X>&#13;</X></Contents>";
        let after = "<Contents><ETag>&quot;f-0&quot;</ETag><Size>5</Size><Key> a&amp;b </Key><X>&#13;</X></Contents>";
        let shown = rewrite(listing(before, "").as_bytes(), &mut |entry| {
            assert_eq!((entry.key, entry.size, entry.etag), (" a&b ", 9, "e"));
            Some(Shown {
                size: 5,
                etag: "f-0".into(),
            })
        });
        assert_eq!(
            String::from_utf8(shown.unwrap()).unwrap(),
            listing(after, "")
        );
    }

    #[test]
    fn decodes_keys_when_the_listing_says_so() {
        let contents = "<Contents><Key>a%2Bb+c%C3%BC</Key><Size>1</Size></Contents>";
        let encoded = listing(contents, "<EncodingType>url</EncodingType>");
        assert_eq!(seen(&encoded), [("a+b cü".to_owned(), 1, String::new())]);
        assert_eq!(
            seen(&listing(contents, "")),
            [("a%2Bb+c%C3%BC".to_owned(), 1, String::new())]
        );
    }

    #[test]
    fn refuses_an_object_without_key_or_size() {
        for contents in [
            "<Contents><Size>1</Size></Contents>",
            "<Contents><Key>a</Key></Contents>",
            "<Contents><Key>a</Key><Size>-1</Size></Contents>",
        ] {
            assert!(
                rewrite(listing(contents, "").as_bytes(), &mut |_| None).is_err(),
                "{contents}"
            );
        }
    }
}
