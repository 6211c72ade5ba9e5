//! `CopyObjectResult` and `CopyPartResult`.

use crate::ChecksumAlgorithm;
use crate::ChecksumType;
use crate::ErrorCode;
use crate::xml::tree::Element;
use crate::xml::write;

/// What a store's copy came to; it may say under status 200 that it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Copied {
    /// The copy's `ETag`, without quotes, and its date.
    Object {
        /// Without quotes.
        etag: String,
        /// As the store writes it.
        last_modified: String,
    },
    /// An error.
    Refused(Option<ErrorCode>),
}

/// Parses a store's answer to `CopyObject`; `None` when it is neither.
#[must_use]
pub fn parse(xml: &[u8]) -> Option<Copied> {
    let root = Element::parse(xml).ok()?;
    let text = |name| root.text_of(name).ok().flatten();
    match root.name.as_str() {
        "CopyObjectResult" | "CopyPartResult" => Some(Copied::Object {
            etag: text("ETag")?.trim().trim_matches('"').to_owned(),
            last_modified: text("LastModified").unwrap_or_default().to_owned(),
        }),
        "Error" => Some(Copied::Refused(text("Code").and_then(ErrorCode::from_name))),
        _ => None,
    }
}

/// A checksum as clients see it: algorithm, value, and of an object its type.
pub type Sum<'a> = (ChecksumAlgorithm, &'a str, Option<ChecksumType>);

/// Renders the answer to `CopyObject`.
#[must_use]
pub fn render(etag: &str, last_modified: &str, checksum: Option<Sum<'_>>) -> String {
    result("CopyObjectResult", etag, last_modified, checksum)
}

/// Renders the answer to `UploadPartCopy`; `checksum` in base64.
#[must_use]
pub fn render_part(
    etag: &str,
    last_modified: &str,
    checksum: Option<&(ChecksumAlgorithm, String)>,
) -> String {
    let checksum = checksum.map(|(algorithm, value)| (*algorithm, value.as_str(), None));
    result("CopyPartResult", etag, last_modified, checksum)
}

fn result(name: &str, etag: &str, last_modified: &str, checksum: Option<Sum<'_>>) -> String {
    let mut xml = write::DECLARATION.to_owned();
    xml.push('<');
    xml.push_str(name);
    xml.push_str(" xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    write::element(&mut xml, "LastModified", last_modified);
    write::element(&mut xml, "ETag", &format!("\"{etag}\""));
    if let Some((algorithm, value, kind)) = checksum {
        write::checksum(&mut xml, algorithm, value);
        write::optional(&mut xml, "ChecksumType", kind.map(ChecksumType::name));
    }
    xml.push_str("</");
    xml.push_str(name);
    xml.push('>');
    xml
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rendered_is_what_is_parsed() {
        let copied = Copied::Object {
            etag: "abc-0".to_owned(),
            last_modified: "2026-01-01T00:00:00.000Z".to_owned(),
        };
        let xml = render("abc-0", "2026-01-01T00:00:00.000Z", None);
        assert_eq!(parse(xml.as_bytes()), Some(copied));
    }

    #[test]
    fn an_error_under_200_is_an_error() {
        let xml = b"<Error><Code>InternalError</Code></Error>";
        let refused = Copied::Refused(Some(ErrorCode::InternalError));
        assert_eq!(parse(xml), Some(refused));
        assert_eq!(parse(b"<Other/>"), None);
    }
}
