//! The bodies of multipart uploads (AWS, API reference, `CreateMultipartUpload`,
//! `CompleteMultipartUpload`, `ListParts`).

use crate::ChecksumAlgorithm;
use crate::ChecksumType;
use crate::Error;
use crate::ErrorCode;
use crate::PartsChecksum;
use crate::xml::tree::Element;
use crate::xml::tree::Malformed;
use crate::xml::write;

const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// The most parts that an upload may have.
const PARTS_MAX: usize = 10_000;

/// A part as `CompleteMultipartUpload` lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPart {
    /// 1 … 10 000.
    pub number: u32,
    /// The `ETag` without quotes.
    pub etag: String,
    /// The part's checksum, where the client repeats it.
    pub checksum: Option<Sum>,
}

/// A checksum's algorithm and value.
pub type Sum = (ChecksumAlgorithm, Vec<u8>);

/// A part as `ListParts` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPart {
    /// 1 … 10 000.
    pub number: u32,
    /// The `ETag` without quotes.
    pub etag: String,
    /// Bytes.
    pub size: u64,
    /// When it came, as the store writes it.
    pub last_modified: String,
    /// Its checksum, where it is known.
    pub checksum: Option<Sum>,
}

/// A page of `ListParts`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartsPage {
    /// Ascending.
    pub parts: Vec<StoredPart>,
    /// Where the next page begins, if there is one.
    pub next: Option<u32>,
    /// The elements about owner, initiator and storage class, as the store wrote them.
    pub about: String,
}

/// What `CompleteMultipartUpload` came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completed {
    /// The object's `ETag`, without quotes; empty where the store does not tell it.
    Object(String),
    /// An error, which may come under status 200.
    Refused(Option<ErrorCode>),
}

/// The upload id in the answer to `CreateMultipartUpload`; `None` when it is no such answer.
#[must_use]
pub fn upload_id(xml: &[u8]) -> Option<String> {
    let root = Element::parse(xml).ok()?;
    let id = root.text_of("UploadId").ok()??;
    (root.name == "InitiateMultipartUploadResult" && !id.is_empty()).then(|| id.to_owned())
}

/// Renders the answer to `CreateMultipartUpload`.
#[must_use]
pub fn initiated(bucket: &str, key: &str, upload: &str) -> String {
    document("InitiateMultipartUploadResult", |xml| {
        write::element(xml, "Bucket", bucket);
        write::element(xml, "Key", key);
        write::element(xml, "UploadId", upload);
    })
}

/// Parses the request of `CompleteMultipartUpload`.
///
/// Errors: `MalformedXML`; `InvalidPartOrder`; `InvalidRequest` without a part.
pub fn parse_complete(xml: &[u8]) -> Result<Vec<ListedPart>, Error> {
    let listed = listed(xml).map_err(|Malformed| Error::new(ErrorCode::MalformedXml))?;
    if listed.is_empty() {
        return Err(Error::new(ErrorCode::InvalidRequest)
            .with_message("You must specify at least one part"));
    }
    let ascends = listed.windows(2).all(|two| match two {
        [one, next] => one.number < next.number,
        _ => true,
    });
    if ascends {
        Ok(listed)
    } else {
        Err(Error::new(ErrorCode::InvalidPartOrder))
    }
}

/// Renders the request of `CompleteMultipartUpload`.
#[must_use]
pub fn complete(parts: &[ListedPart]) -> String {
    document("CompleteMultipartUpload", |xml| {
        for part in parts {
            xml.push_str("<Part>");
            write::element(xml, "PartNumber", &part.number.to_string());
            write::element(xml, "ETag", &format!("\"{}\"", part.etag));
            xml.push_str("</Part>");
        }
    })
}

/// Parses the answer to `CompleteMultipartUpload`; `None` when it is neither success nor error.
#[must_use]
pub fn parse_completed(xml: &[u8]) -> Option<Completed> {
    let root = Element::parse(xml).ok()?;
    match root.name.as_str() {
        "CompleteMultipartUploadResult" => {
            let etag = root.text_of("ETag").ok()?;
            Some(Completed::Object(bare(etag.unwrap_or_default())))
        }
        "Error" => {
            let code = root.text_of("Code").ok()?.and_then(ErrorCode::from_name);
            Some(Completed::Refused(code))
        }
        _ => None,
    }
}

/// What `CompleteMultipartUpload` is answered.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// Where it is.
    pub location: &'a str,
    /// The bucket as the client names it.
    pub bucket: &'a str,
    /// The object.
    pub key: &'a str,
    /// Without quotes.
    pub etag: &'a str,
    /// Its checksum as clients see it, and over what.
    pub checksum: Option<(ChecksumAlgorithm, &'a str, ChecksumType)>,
}

/// Renders the answer to `CompleteMultipartUpload`.
#[must_use]
pub fn completed(object: &Object<'_>) -> String {
    document("CompleteMultipartUploadResult", |xml| {
        write::element(xml, "Location", object.location);
        write::element(xml, "Bucket", object.bucket);
        write::element(xml, "Key", object.key);
        write::element(xml, "ETag", &format!("\"{}\"", object.etag));
        if let Some((algorithm, value, kind)) = object.checksum {
            write::checksum(xml, algorithm, value);
            write::element(xml, "ChecksumType", kind.name());
        }
    })
}

/// Parses a page of `ListParts`; `None` when it is none.
#[must_use]
pub fn parse_parts(xml: &[u8]) -> Option<PartsPage> {
    parts_page(xml).ok()
}

/// What a page of `ListParts` is of, and which of its parts it shows.
#[derive(Clone, Copy, Debug)]
pub struct ShownParts<'a> {
    /// The bucket as the client names it.
    pub bucket: &'a str,
    /// The object.
    pub key: &'a str,
    /// The upload.
    pub upload: &'a str,
    /// Parts up to this number are left out.
    pub marker: u32,
    /// How many a page may show.
    pub max_parts: usize,
    /// Elements about owner, initiator and storage class.
    pub about: &'a str,
    /// The checksum that the upload was begun with.
    pub checksum: Option<PartsChecksum>,
}

/// Renders a page of `ListParts` from all `parts`, which ascend.
#[must_use]
pub fn parts(shown: &ShownParts<'_>, parts: &[StoredPart]) -> String {
    let after: Vec<&StoredPart> = parts
        .iter()
        .filter(|part| part.number > shown.marker)
        .collect();
    let page = after
        .get(..shown.max_parts.min(after.len()))
        .unwrap_or_default();
    let last = page.last().map_or(shown.marker, |part| part.number);
    document("ListPartsResult", |xml| {
        write::element(xml, "Bucket", shown.bucket);
        write::element(xml, "Key", shown.key);
        write::element(xml, "UploadId", shown.upload);
        write::element(xml, "PartNumberMarker", &shown.marker.to_string());
        write::element(xml, "NextPartNumberMarker", &last.to_string());
        write::element(xml, "MaxParts", &shown.max_parts.to_string());
        let truncated = page.len() < after.len();
        write::element(xml, "IsTruncated", if truncated { "true" } else { "false" });
        for part in page {
            xml.push_str("<Part>");
            write::element(xml, "PartNumber", &part.number.to_string());
            write::element(xml, "LastModified", &part.last_modified);
            write::element(xml, "ETag", &format!("\"{}\"", part.etag));
            write::element(xml, "Size", &part.size.to_string());
            if let Some((algorithm, value)) = &part.checksum {
                write::checksum(xml, *algorithm, &algorithm.render_value(value));
            }
            xml.push_str("</Part>");
        }
        xml.push_str(shown.about);
        if let Some(PartsChecksum { algorithm, kind }) = shown.checksum {
            write::element(xml, "ChecksumAlgorithm", algorithm.name());
            write::element(xml, "ChecksumType", kind.name());
        }
    })
}

fn checksum(part: &Element) -> Result<Option<Sum>, Malformed> {
    let mut found = None;
    for algorithm in ChecksumAlgorithm::ALL {
        let Some(text) = part.text_of(&write::checksum_name(algorithm))? else {
            continue;
        };
        let value = algorithm.parse_value(text.trim()).ok_or(Malformed)?;
        if found.replace((algorithm, value)).is_some() {
            return Err(Malformed);
        }
    }
    Ok(found)
}

fn document(name: &str, content: impl FnOnce(&mut String)) -> String {
    let mut xml = format!("{}<{name} xmlns=\"{NAMESPACE}\">", write::DECLARATION);
    content(&mut xml);
    xml.push_str("</");
    xml.push_str(name);
    xml.push('>');
    xml
}

fn listed(xml: &[u8]) -> Result<Vec<ListedPart>, Malformed> {
    let root = Element::parse(xml)?;
    if root.name != "CompleteMultipartUpload" {
        return Err(Malformed);
    }
    let parts = root.all("Part").map(|part| {
        let number = part
            .text_of("PartNumber")?
            .and_then(number)
            .ok_or(Malformed)?;
        let etag = part.text_of("ETag")?.ok_or(Malformed)?;
        Ok(ListedPart {
            number,
            etag: bare(etag),
            checksum: checksum(part)?,
        })
    });
    let parts: Vec<ListedPart> = parts.collect::<Result<_, Malformed>>()?;
    (parts.len() <= PARTS_MAX).then_some(parts).ok_or(Malformed)
}

fn parts_page(xml: &[u8]) -> Result<PartsPage, Malformed> {
    let root = Element::parse(xml)?;
    if root.name != "ListPartsResult" {
        return Err(Malformed);
    }
    let text = std::str::from_utf8(xml).map_err(|_| Malformed)?;
    let mut page = PartsPage::default();
    for part in root.all("Part") {
        page.parts.push(StoredPart {
            number: part
                .text_of("PartNumber")?
                .and_then(number)
                .ok_or(Malformed)?,
            etag: bare(part.text_of("ETag")?.ok_or(Malformed)?),
            size: part
                .text_of("Size")?
                .and_then(|size| size.trim().parse().ok())
                .ok_or(Malformed)?,
            last_modified: part.text_of("LastModified")?.unwrap_or_default().to_owned(),
            checksum: checksum(part)?,
        });
    }
    for name in ["Initiator", "Owner", "StorageClass"] {
        if let Some(element) = root.one(name)? {
            page.about
                .push_str(text.get(element.span.clone()).unwrap_or_default());
        }
    }
    if root.text_of("IsTruncated")? == Some("true") {
        let next = root.text_of("NextPartNumberMarker")?.and_then(number);
        page.next = Some(next.ok_or(Malformed)?);
    }
    Ok(page)
}

fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits)?;
    (1..=10_000).contains(&number).then_some(number)
}

fn bare(etag: &str) -> String {
    etag.trim().trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn listed_part(number: u32, etag: &str) -> ListedPart {
        ListedPart {
            number,
            etag: etag.to_owned(),
            checksum: None,
        }
    }

    #[test]
    fn what_is_rendered_is_what_is_parsed() {
        let parts = [listed_part(1, "a"), listed_part(7, "b-<&>")];
        assert_eq!(parse_complete(complete(&parts).as_bytes()).unwrap(), parts);
        let xml = initiated("bucket", "a & b", "id<1>");
        assert_eq!(upload_id(xml.as_bytes()).as_deref(), Some("id<1>"));
        let xml = completed(&Object {
            location: "http://h/b/k",
            bucket: "b",
            key: "k",
            etag: "abc-2",
            checksum: Some((ChecksumAlgorithm::Sha1, "v-2", ChecksumType::Composite)),
        });
        assert!(xml.contains("<ChecksumSHA1>v-2</ChecksumSHA1><ChecksumType>COMPOSITE<"));
        assert_eq!(
            parse_completed(xml.as_bytes()),
            Some(Completed::Object("abc-2".to_owned()))
        );
    }

    #[test]
    fn pages_go_on_where_they_ended() {
        let parts: Vec<StoredPart> = [1, 3, 4, 9]
            .map(|number| StoredPart {
                number,
                etag: format!("e{number}"),
                size: u64::from(number),
                last_modified: "2026-01-01T00:00:00.000Z".to_owned(),
                checksum: Some((ChecksumAlgorithm::Crc32, vec![0, 0, 0, 7])),
            })
            .into();
        let mut shown = ShownParts {
            bucket: "b",
            key: "k",
            upload: "u",
            marker: 0,
            max_parts: 3,
            about: "<StorageClass>STANDARD</StorageClass>",
            checksum: None,
        };
        let page = parse_parts(super::parts(&shown, &parts).as_bytes()).unwrap();
        assert_eq!(page.parts, parts[..3]);
        assert_eq!(page.next, Some(4));
        assert_eq!(page.about, shown.about);
        shown.marker = 4;
        let page = parse_parts(super::parts(&shown, &parts).as_bytes()).unwrap();
        assert_eq!((page.parts.as_slice(), page.next), (&parts[3..], None));
        shown.max_parts = 0;
        let page = super::parts(&shown, &parts);
        assert!(page.contains("<IsTruncated>true</IsTruncated>"), "{page}");
    }

    #[test]
    fn lists_that_are_none_are_refused() {
        let part =
            |number: &str| format!("<Part><PartNumber>{number}</PartNumber><ETag>e</ETag></Part>");
        let list =
            |parts: &str| format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
        for (xml, code) in [
            (String::new(), ErrorCode::MalformedXml),
            ("<Part/>".to_owned(), ErrorCode::MalformedXml),
            (list(""), ErrorCode::InvalidRequest),
            (list("<Part/>"), ErrorCode::MalformedXml),
            (list(&part("0")), ErrorCode::MalformedXml),
            (list(&part("10001")), ErrorCode::MalformedXml),
            (list(&part("+1")), ErrorCode::MalformedXml),
            (list(&part("x")), ErrorCode::MalformedXml),
            (
                list(
                    "<Part><PartNumber>1</PartNumber><ETag>e</ETag><ChecksumCRC32>?</ChecksumCRC32></Part>",
                ),
                ErrorCode::MalformedXml,
            ),
            (list(&(part("2") + &part("1"))), ErrorCode::InvalidPartOrder),
            (list(&(part("1") + &part("1"))), ErrorCode::InvalidPartOrder),
        ] {
            let refused = parse_complete(xml.as_bytes()).unwrap_err();
            assert_eq!(refused.code, code, "{xml}");
        }
        assert_eq!(
            parse_complete(list(&part("10000")).as_bytes())
                .unwrap()
                .len(),
            1
        );
    }

    #[test]
    fn an_error_under_200_is_an_error() {
        let xml = b"<Error><Code>InvalidPart</Code></Error>";
        assert_eq!(
            parse_completed(xml),
            Some(Completed::Refused(Some(ErrorCode::InvalidPart)))
        );
        let xml = b"<Error><Code>Tomorrow</Code></Error>";
        assert_eq!(parse_completed(xml), Some(Completed::Refused(None)));
        assert_eq!(parse_completed(b"<Other/>"), None);
        assert_eq!(upload_id(b"<Error><UploadId>x</UploadId></Error>"), None);
    }
}
