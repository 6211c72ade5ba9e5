//! `GetObjectAttributes`: which attributes are asked for, and the body that tells them.

use http::HeaderMap;

use crate::Error;
use crate::ErrorCode;
use crate::xml::write;

/// The header that names what is asked for.
pub const ASKED: &str = "x-amz-object-attributes";

/// What a client wants to know of an object
/// (AWS, API reference, `GetObjectAttributes`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // five names, each there or not
pub struct Asked {
    /// `ETag`.
    pub etag: bool,
    /// `Checksum`.
    pub checksum: bool,
    /// `ObjectParts`.
    pub parts: bool,
    /// `StorageClass`.
    pub storage_class: bool,
    /// `ObjectSize`.
    pub size: bool,
}

impl Asked {
    /// Reads [`ASKED`].
    ///
    /// Errors: `InvalidRequest` when nothing is asked for, `InvalidArgument` for what S3 does not
    /// know.
    pub fn parse(headers: &HeaderMap) -> Result<Self, Error> {
        let mut asked = Self::default();
        for value in headers.get_all(ASKED) {
            for name in value.to_str().unwrap_or("?").split(',') {
                *asked.of(name.trim())? = true;
            }
        }
        if asked == Self::default() {
            return Err(Error::new(ErrorCode::InvalidRequest).with_message(
                "The x-amz-object-attributes header specifying the attributes to be retrieved is \
                 either missing or empty",
            ));
        }
        Ok(asked)
    }

    fn of(&mut self, name: &str) -> Result<&mut bool, Error> {
        match name {
            "ETag" => Ok(&mut self.etag),
            "Checksum" => Ok(&mut self.checksum),
            "ObjectParts" => Ok(&mut self.parts),
            "StorageClass" => Ok(&mut self.storage_class),
            "ObjectSize" => Ok(&mut self.size),
            _ => Err(Error::new(ErrorCode::InvalidArgument)
                .with_message("Invalid attribute name specified.")
                .with_detail("ArgumentName", ASKED)),
        }
    }
}

/// What is told; `None` is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes<'a> {
    /// Without quotes.
    pub etag: Option<&'a str>,
    /// Algorithm as in `ChecksumCRC32`, value in base64, and type.
    pub checksum: Option<(&'a str, &'a str, &'a str)>,
    /// As `x-amz-storage-class` has it.
    pub storage_class: Option<&'a str>,
    /// Bytes.
    pub size: Option<u64>,
}

impl Attributes<'_> {
    /// The body.
    #[must_use]
    pub fn render(&self) -> String {
        let mut xml = write::DECLARATION.to_owned();
        xml.push_str(
            "<GetObjectAttributesResponse xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">",
        );
        write::optional(&mut xml, "ETag", self.etag);
        if let Some((algorithm, value, kind)) = self.checksum {
            xml.push_str("<Checksum>");
            write::element(&mut xml, &format!("Checksum{algorithm}"), value);
            write::element(&mut xml, "ChecksumType", kind);
            xml.push_str("</Checksum>");
        }
        write::optional(&mut xml, "StorageClass", self.storage_class);
        let size = self.size.map(|size| size.to_string());
        write::optional(&mut xml, "ObjectSize", size.as_deref());
        xml.push_str("</GetObjectAttributesResponse>");
        xml
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use http::HeaderValue;

    use super::*;

    fn asked(values: &[&'static str]) -> Result<Asked, Error> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ASKED, HeaderValue::from_static(value));
        }
        Asked::parse(&headers)
    }

    #[test]
    fn names_may_come_in_one_header_or_several() {
        let expected = Asked {
            etag: true,
            size: true,
            ..Asked::default()
        };
        assert_eq!(asked(&["ETag,ObjectSize"]).unwrap(), expected);
        assert_eq!(asked(&["ETag", "ObjectSize , ETag"]).unwrap(), expected);
    }

    #[test]
    fn nothing_and_the_unknown_are_refused() {
        assert_eq!(asked(&[]).unwrap_err().code, ErrorCode::InvalidRequest);
        for unknown in ["", "etag", "ETag,Colour"] {
            assert_eq!(
                asked(&[unknown]).unwrap_err().code,
                ErrorCode::InvalidArgument
            );
        }
    }

    #[test]
    fn only_what_is_known_is_told() {
        let attributes = Attributes {
            checksum: Some(("CRC32", "AAAAAA==", "FULL_OBJECT")),
            size: Some(7),
            ..Attributes::default()
        };
        assert!(attributes.render().ends_with(
            "/\"><Checksum><ChecksumCRC32>AAAAAA==</ChecksumCRC32>\
             <ChecksumType>FULL_OBJECT</ChecksumType></Checksum><ObjectSize>7</ObjectSize>\
             </GetObjectAttributesResponse>"
        ));
    }
}
