//! The list of buckets, `ListAllMyBucketsResult`.

use crate::Error;
use crate::ErrorCode;
use crate::xml::tree::Element;
use crate::xml::tree::Malformed;
use crate::xml::write;

/// The listing without the buckets for which `keep` is false; everything else byte for byte.
///
/// Errors: `InternalError` when the backend's answer is no such listing, or a bucket has no name.
pub fn retain(xml: &[u8], keep: &mut dyn FnMut(&str) -> bool) -> Result<Vec<u8>, Error> {
    try_retain(xml, keep).map_err(|Malformed| Error::new(ErrorCode::InternalError))
}

fn try_retain(xml: &[u8], keep: &mut dyn FnMut(&str) -> bool) -> Result<Vec<u8>, Malformed> {
    let root = Element::parse(xml)?;
    if root.name != "ListAllMyBucketsResult" {
        return Err(Malformed);
    }
    let mut edits = Vec::new();
    for bucket in root
        .all("Buckets")
        .flat_map(|buckets| buckets.all("Bucket"))
    {
        if !keep(bucket.text_of("Name")?.ok_or(Malformed)?) {
            edits.push((bucket.span.clone(), String::new()));
        }
    }
    write::splice(xml, edits).ok_or(Malformed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const XML: &str = "<?xml version=\"1.0\"?>\n<ListAllMyBucketsResult xmlns=\"x\"><Owner><ID>o\
        </ID></Owner><Buckets><Bucket><Name>one</Name><CreationDate>d</CreationDate></Bucket>\n \
        <Bucket><CreationDate>d</CreationDate><Name>two</Name></Bucket></Buckets>\
        <Bucket><Name>two</Name></Bucket></ListAllMyBucketsResult>";

    fn retain_str(xml: &str, keep: &mut dyn FnMut(&str) -> bool) -> Result<String, ErrorCode> {
        let kept = retain(xml.as_bytes(), keep).map_err(|error| error.code)?;
        Ok(String::from_utf8(kept).unwrap())
    }

    #[test]
    fn keeps_every_byte_of_what_may_be_seen() {
        assert_eq!(retain_str(XML, &mut |_| true).unwrap(), XML);
        let without_one = XML.replace(
            "<Bucket><Name>one</Name><CreationDate>d</CreationDate></Bucket>",
            "",
        );
        assert_eq!(
            retain_str(XML, &mut |name| name != "one").unwrap(),
            without_one
        );
    }

    #[test]
    fn no_hidden_name_remains() {
        let xml = retain_str(XML, &mut |_| false).unwrap();
        assert!(!xml.contains("one"));
        assert!(xml.contains("<Buckets>\n </Buckets>"));
    }

    #[test]
    fn refuses_answers_it_cannot_read() {
        for xml in [
            "",
            "<Error/>",
            "<ListAllMyBucketsResult>",
            "<ListAllMyBucketsResult><Buckets><Bucket/></Buckets></ListAllMyBucketsResult>",
        ] {
            assert_eq!(
                retain_str(xml, &mut |_| true),
                Err(ErrorCode::InternalError),
                "{xml}"
            );
        }
    }
}
