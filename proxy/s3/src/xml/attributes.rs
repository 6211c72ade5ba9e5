//! `GetObjectAttributes`: which attributes are asked for, and the body that tells them.

use http::HeaderMap;

use crate::ChecksumAlgorithm;
use crate::ChecksumType;
use crate::Error;
use crate::ErrorCode;
use crate::header;
use crate::xml::multipart::Sum;
use crate::xml::write;

/// The most parts that are told at a time.
const PAGE_MAX: usize = 1000;

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
    /// Algorithm, value as clients see it, and type.
    pub checksum: Option<(ChecksumAlgorithm, &'a str, ChecksumType)>,
    /// Of an object that came in parts.
    pub parts: Option<Parts>,
    /// As `x-amz-storage-class` has it.
    pub storage_class: Option<&'a str>,
    /// Bytes.
    pub size: Option<u64>,
}

/// The parts of an object, as `ObjectParts` tells them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// How many there are.
    pub count: usize,
    /// A page of them; none where no checksum goes with them.
    pub page: Option<Page>,
}

/// Some of an object's parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// What was asked for.
    pub asked: AskedParts,
    /// Number, bytes and checksum of each, ascending.
    pub parts: Vec<(u32, u64, Option<Sum>)>,
    /// Whether there are more behind.
    pub is_truncated: bool,
}

/// Which parts are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskedParts {
    /// How many at most (`x-amz-max-parts`).
    pub max: usize,
    /// Parts up to this number are left out (`x-amz-part-number-marker`).
    pub marker: u32,
}

impl Default for AskedParts {
    fn default() -> Self {
        Self {
            max: PAGE_MAX,
            marker: 0,
        }
    }
}

impl AskedParts {
    /// Reads the headers.
    ///
    /// Errors: `InvalidArgument` for what is no number.
    pub fn parse(headers: &HeaderMap) -> Result<Self, Error> {
        let number = |name: &'static str| {
            let Some(text) = header::single(headers, name)? else {
                return Ok(None);
            };
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let number = text.parse::<u32>().ok().filter(|_| digits);
            number.map(Some).ok_or_else(|| {
                Error::new(ErrorCode::InvalidArgument)
                    .with_message(format!("The value of the header {name} is invalid."))
                    .with_detail("ArgumentName", name)
                    .with_detail("ArgumentValue", text)
            })
        };
        let max = number("x-amz-max-parts")?.and_then(|max| usize::try_from(max).ok());
        Ok(Self {
            max: max.map_or(PAGE_MAX, |max| max.min(PAGE_MAX)),
            marker: number("x-amz-part-number-marker")?.unwrap_or(0),
        })
    }
}

impl Parts {
    fn render(&self, xml: &mut String) {
        xml.push_str("<ObjectParts>");
        if let Some(page) = &self.page {
            let truncated = if page.is_truncated { "true" } else { "false" };
            let last = page.parts.last().map_or(page.asked.marker, |part| part.0);
            write::element(xml, "IsTruncated", truncated);
            write::element(xml, "MaxParts", &page.asked.max.to_string());
            write::element(xml, "NextPartNumberMarker", &last.to_string());
            write::element(xml, "PartNumberMarker", &page.asked.marker.to_string());
            for (number, size, sum) in &page.parts {
                xml.push_str("<Part>");
                if let Some((algorithm, value)) = sum {
                    write::checksum(xml, *algorithm, &algorithm.render_value(value));
                }
                write::element(xml, "PartNumber", &number.to_string());
                write::element(xml, "Size", &size.to_string());
                xml.push_str("</Part>");
            }
        }
        write::element(xml, "PartsCount", &self.count.to_string());
        xml.push_str("</ObjectParts>");
    }
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
            write::checksum(&mut xml, algorithm, value);
            write::element(&mut xml, "ChecksumType", kind.name());
            xml.push_str("</Checksum>");
        }
        if let Some(parts) = &self.parts {
            parts.render(&mut xml);
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
            checksum: Some((
                ChecksumAlgorithm::Crc32,
                "AAAAAA==",
                ChecksumType::FullObject,
            )),
            size: Some(7),
            ..Attributes::default()
        };
        assert!(attributes.render().ends_with(
            "/\"><Checksum><ChecksumCRC32>AAAAAA==</ChecksumCRC32>\
             <ChecksumType>FULL_OBJECT</ChecksumType></Checksum><ObjectSize>7</ObjectSize>\
             </GetObjectAttributesResponse>"
        ));
    }

    #[test]
    fn parts_are_told_page_by_page() {
        let asked = AskedParts { max: 2, marker: 4 };
        let sum = Some((ChecksumAlgorithm::Crc32, vec![0; 4]));
        let page = Page {
            asked,
            parts: vec![(5, 9, sum), (7, 0, None)],
            is_truncated: true,
        };
        let attributes = Attributes {
            parts: Some(Parts {
                count: 5,
                page: Some(page),
            }),
            ..Attributes::default()
        };
        let xml = attributes.render();
        assert!(xml.contains(
            "<ObjectParts><IsTruncated>true</IsTruncated><MaxParts>2</MaxParts>\
             <NextPartNumberMarker>7</NextPartNumberMarker><PartNumberMarker>4</PartNumberMarker>\
             <Part><ChecksumCRC32>AAAAAA==</ChecksumCRC32><PartNumber>5</PartNumber>\
             <Size>9</Size></Part><Part><PartNumber>7</PartNumber><Size>0</Size></Part>\
             <PartsCount>5</PartsCount></ObjectParts>"
        ));
    }

    #[test]
    fn pages_have_bounds() {
        let asked = |name: &'static str, value| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            AskedParts::parse(&headers)
        };
        assert_eq!(asked("x-amz-max-parts", "7").unwrap().max, 7);
        assert_eq!(asked("x-amz-max-parts", "5000").unwrap().max, PAGE_MAX);
        assert_eq!(asked("x-amz-part-number-marker", "3").unwrap().marker, 3);
        for bad in ["", "-1", "x", "99999999999"] {
            assert!(asked("x-amz-max-parts", bad).is_err(), "{bad}");
        }
    }
}
