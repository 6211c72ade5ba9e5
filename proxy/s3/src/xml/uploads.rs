//! The list of unfinished uploads, `ListMultipartUploadsResult`.

use std::borrow::Cow;

use crate::Error;
use crate::ErrorCode;
use crate::PartsChecksum;
use crate::percent;
use crate::xml::tree::Element;
use crate::xml::tree::Malformed;
use crate::xml::write;

/// An upload as the backend lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// The object's name, decoded.
    pub key: String,
    /// The upload's id.
    pub id: String,
}

/// Whether names are percent-encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoded {
    /// Where the document says so.
    AsSaid,
    /// Though the document does not say so: Ceph RGW 16 encodes them when asked to, and keeps
    /// silent about it.
    Anyhow,
}

/// What becomes of a listed upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// It stays as it is.
    AsListed,
    /// It stays, and this is the checksum that it was begun with.
    With(Option<PartsChecksum>),
    /// Clients do not see it.
    Hidden,
}

/// Rewrites a listing: `show` says of each upload, in order, what becomes of it. Everything else
/// stays byte for byte.
///
/// Errors: `InternalError` when the backend's answer is no such listing.
pub fn rewrite(
    xml: &[u8],
    encoded: Encoded,
    show: &mut dyn FnMut(&Upload) -> Shown,
) -> Result<Vec<u8>, Error> {
    try_rewrite(xml, encoded, show).map_err(|Malformed| Error::new(ErrorCode::InternalError))
}

fn try_rewrite(
    xml: &[u8],
    encoded: Encoded,
    show: &mut dyn FnMut(&Upload) -> Shown,
) -> Result<Vec<u8>, Malformed> {
    let root = Element::parse(xml)?;
    if root.name != "ListMultipartUploadsResult" {
        return Err(Malformed);
    }
    let said = root.text_of("EncodingType")?;
    let is_encoded = said == Some("url") || (said.is_none() && encoded == Encoded::Anyhow);
    let mut edits = Vec::new();
    for listed in root.all("Upload") {
        let key = listed.text_of("Key")?.ok_or(Malformed)?;
        let key = if is_encoded {
            Cow::Owned(percent::decode_query_strict(key).ok_or(Malformed)?)
        } else {
            Cow::Borrowed(key)
        };
        let upload = Upload {
            key: key.into_owned(),
            id: listed.text_of("UploadId")?.ok_or(Malformed)?.to_owned(),
        };
        match show(&upload) {
            Shown::AsListed => {}
            Shown::Hidden => edits.push((listed.span.clone(), String::new())),
            Shown::With(checksum) => {
                for name in ["ChecksumAlgorithm", "ChecksumType"] {
                    if let Some(element) = listed.one(name)? {
                        edits.push((element.span.clone(), String::new()));
                    }
                }
                let mut said = String::new();
                if let Some(PartsChecksum { algorithm, kind }) = checksum {
                    write::element(&mut said, "ChecksumAlgorithm", algorithm.name());
                    write::element(&mut said, "ChecksumType", kind.name());
                }
                edits.push((listed.inner.end..listed.inner.end, said));
            }
        }
    }
    write::splice(xml, edits).ok_or(Malformed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::ChecksumAlgorithm;
    use crate::ChecksumType;

    const XML: &str = "<ListMultipartUploadsResult><EncodingType>url</EncodingType><Upload><Key>a\
        +%2B</Key><UploadId>1</UploadId></Upload> <Upload><Key>b</Key><UploadId>2</UploadId>\
        <ChecksumType>x</ChecksumType></Upload></ListMultipartUploadsResult>";

    fn rewritten(show: &mut dyn FnMut(&Upload) -> Shown) -> String {
        String::from_utf8(rewrite(XML.as_bytes(), Encoded::AsSaid, show).unwrap()).unwrap()
    }

    #[test]
    fn what_is_not_touched_stays_byte_for_byte() {
        let mut seen = Vec::new();
        let same = rewritten(&mut |upload| {
            seen.push((upload.key.clone(), upload.id.clone()));
            Shown::AsListed
        });
        assert_eq!(same, XML);
        let (one, two) = (("a +", "1"), ("b", "2"));
        let expected = [one, two].map(|(key, id)| (key.to_owned(), id.to_owned()));
        assert_eq!(seen, expected);
    }

    #[test]
    fn hidden_uploads_are_gone_and_checksums_are_the_clients() {
        let checksum = PartsChecksum {
            algorithm: ChecksumAlgorithm::Crc32,
            kind: ChecksumType::Composite,
        };
        let shown = rewritten(&mut |upload| match upload.id.as_str() {
            "1" => Shown::Hidden,
            _ => Shown::With(Some(checksum)),
        });
        assert!(shown.ends_with(
            "</EncodingType> <Upload><Key>b</Key><UploadId>2</UploadId><ChecksumAlgorithm>CRC32\
             </ChecksumAlgorithm><ChecksumType>COMPOSITE</ChecksumType></Upload>\
             </ListMultipartUploadsResult>"
        ));
        assert!(!rewritten(&mut |_| Shown::With(None)).contains("Checksum"));
    }

    #[test]
    fn names_may_be_encoded_without_a_word() {
        let xml = XML.replace("<EncodingType>url</EncodingType>", "");
        for (encoded, name) in [(Encoded::Anyhow, "a +"), (Encoded::AsSaid, "a+%2B")] {
            let mut names = Vec::new();
            let mut note = |upload: &Upload| {
                names.push(upload.key.clone());
                Shown::AsListed
            };
            rewrite(xml.as_bytes(), encoded, &mut note).unwrap();
            assert_eq!(names, [name, "b"]);
        }
    }

    #[test]
    fn other_documents_are_refused() {
        for xml in [
            "",
            "<Other/>",
            "<ListMultipartUploadsResult><Upload/></ListMultipartUploadsResult>",
        ] {
            assert!(rewrite(xml.as_bytes(), Encoded::AsSaid, &mut |_| Shown::AsListed).is_err());
        }
    }
}
