//! `<Tagging>`: the tags of an object as a document, and as the header of an upload.

use crate::Error;
use crate::ErrorCode;
use crate::percent;
use crate::xml::tree::Element;
use crate::xml::tree::Malformed;

/// The document as the value of `x-amz-tagging`: `name=value` pairs like those of a query
/// (AWS, API reference, `PutObject`).
///
/// Errors: `MalformedXML`.
pub fn as_header(xml: &[u8]) -> Result<String, Error> {
    pairs(xml).map_err(|Malformed| Error::new(ErrorCode::MalformedXml))
}

fn pairs(xml: &[u8]) -> Result<String, Malformed> {
    let root = Element::parse(xml)?;
    if root.name != "Tagging" {
        return Err(Malformed);
    }
    let tags = root.one("TagSet")?.ok_or(Malformed)?;
    let mut pairs = Vec::new();
    for tag in tags.all("Tag") {
        let part = |name| tag.text_of(name)?.ok_or(Malformed);
        let encode = |text: &str| percent::encode(text.as_bytes());
        pairs.push(format!(
            "{}={}",
            encode(part("Key")?),
            encode(part("Value")?)
        ));
    }
    Ok(pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_become_pairs() {
        let xml = "<Tagging xmlns=\"x\"><TagSet><Tag><Key>a b</Key><Value>1&amp;2</Value></Tag>\
                   <Tag><Key>c</Key><Value/></Tag></TagSet></Tagging>";
        assert_eq!(as_header(xml.as_bytes()).as_deref(), Ok("a%20b=1%262&c="));
        assert_eq!(
            as_header(b"<Tagging><TagSet/></Tagging>").as_deref(),
            Ok("")
        );
    }

    #[test]
    fn what_holds_no_tags_is_refused() {
        for xml in [
            "",
            "a=b",
            "<Tagging/>",
            "<TagSet/>",
            "<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>",
            "<Tagging><TagSet><Tag><Key>a</Key><Key>b</Key><Value/></Tag></TagSet></Tagging>",
        ] {
            let refused = as_header(xml.as_bytes()).map_err(|error| error.code);
            assert_eq!(refused, Err(ErrorCode::MalformedXml), "{xml}");
        }
    }
}
