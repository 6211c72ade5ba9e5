//! What a client says about an object besides its content.

use hyper::HeaderMap;
use hyper::header::HeaderName;
use hyper::header::HeaderValue;
use s3s::S3Result;
use s3s::dto::Metadata;
use s3s::dto::Timestamp;
use s3s::dto::TimestampFormat;
use s3s::s3_error;
use serde::Deserialize;
use serde::Serialize;

/// Headers, user metadata, tags and storage class, as given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Attributes {
    pub(crate) content_type: Option<String>,
    pub(crate) content_encoding: Option<String>,
    pub(crate) content_language: Option<String>,
    pub(crate) content_disposition: Option<String>,
    pub(crate) cache_control: Option<String>,
    /// An HTTP date.
    pub(crate) expires: Option<String>,
    pub(crate) redirect: Option<String>,
    pub(crate) storage_class: Option<String>,
    /// As sent in `x-amz-tagging`.
    pub(crate) tagging: Option<String>,
    /// Name without `x-amz-meta-`, and value exactly as it came.
    pub(crate) metadata: Vec<(String, String)>,
}

/// The attributes in the fields of a `PutObject`, `CopyObject` or `CreateMultipartUpload` input.
macro_rules! attributes_of {
    ($input:expr, $headers:expr) => {
        $crate::attributes::Attributes {
            content_type: $input.content_type.clone(),
            content_encoding: $crate::attributes::stored_encoding(
                $input.content_encoding.as_deref(),
            ),
            content_language: $input.content_language.clone(),
            content_disposition: $input.content_disposition.clone(),
            cache_control: $input.cache_control.clone(),
            expires: $input
                .expires
                .as_ref()
                .and_then($crate::attributes::http_date),
            redirect: $input.website_redirect_location.clone(),
            storage_class: $input
                .storage_class
                .as_ref()
                .map(|class| class.as_str().to_owned()),
            tagging: $input.tagging.clone(),
            metadata: $crate::attributes::user_metadata($headers, $input.metadata.as_ref())?,
        }
    };
}
pub(crate) use attributes_of;

impl Attributes {
    /// The user metadata as response headers.
    ///
    /// Not by way of `s3s`, which rewrites values that look like RFC 2047 words.
    pub(crate) fn metadata_headers(&self) -> HeaderMap {
        let pairs = self.metadata.iter().filter_map(|(name, value)| {
            let name = HeaderName::try_from(format!("{METADATA_PREFIX}{name}")).ok()?;
            Some((name, HeaderValue::from_bytes(value.as_bytes()).ok()?))
        });
        pairs.collect()
    }

    /// How many tags there are; `None` for none.
    pub(crate) fn tag_count(&self) -> Option<i32> {
        let tagging = self
            .tagging
            .as_deref()
            .filter(|tagging| !tagging.is_empty())?;
        i32::try_from(tagging.split('&').count()).ok()
    }

    /// The storage class as S3 names it in listings.
    pub(crate) fn listed_class(&self) -> String {
        self.storage_class
            .clone()
            .unwrap_or_else(|| STANDARD.to_owned())
    }

    /// The storage class as S3 names it in headers: the standard one is left out.
    pub(crate) fn shown_class(&self) -> Option<String> {
        self.storage_class.clone().filter(|class| class != STANDARD)
    }
}

/// The encoding without `aws-chunked`, which describes the transfer and not the object.
pub(crate) fn stored_encoding(given: Option<&str>) -> Option<String> {
    let kept: Vec<&str> = given?
        .split(',')
        .map(str::trim)
        .filter(|token| *token != "aws-chunked")
        .collect();
    (!kept.is_empty()).then(|| kept.join(","))
}

/// The RFC 9110 form of a time.
pub(crate) fn http_date(time: &Timestamp) -> Option<String> {
    let mut text = Vec::new();
    time.format(TimestampFormat::HttpDate, &mut text).ok()?;
    String::from_utf8(text).ok()
}

/// User metadata exactly as sent; `parsed` stands in where there were no headers (a form).
pub(crate) fn user_metadata(
    headers: &HeaderMap,
    parsed: Option<&Metadata>,
) -> S3Result<Vec<(String, String)>> {
    let mut metadata: Vec<(String, String)> = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().strip_prefix(METADATA_PREFIX)?, value)))
        .map(|(name, value)| {
            (
                name.to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into(),
            )
        })
        .collect();
    if metadata.is_empty() {
        metadata.extend(
            parsed
                .into_iter()
                .flatten()
                .map(|(n, v)| (n.clone(), v.clone())),
        );
    }
    metadata.sort();
    let size: usize = metadata
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if size > METADATA_BYTES_MAX {
        return Err(s3_error!(
            MetadataTooLarge,
            "Your metadata headers exceed the maximum allowed metadata size"
        ));
    }
    Ok(metadata)
}

/// How user metadata is named on the wire.
const METADATA_PREFIX: &str = "x-amz-meta-";
/// The class of objects for which none was named.
const STANDARD: &str = "STANDARD";
/// Names and values of user metadata together (AWS: "Working with object metadata").
const METADATA_BYTES_MAX: usize = 2048;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn aws_chunked_is_not_stored() {
        for (given, stored) in [
            ("aws-chunked", None),
            ("aws-chunked,gzip", Some("gzip")),
            ("gzip, aws-chunked", Some("gzip")),
            ("gzip,br", Some("gzip,br")),
        ] {
            assert_eq!(stored_encoding(Some(given)).as_deref(), stored, "{given}");
        }
        assert_eq!(stored_encoding(None), None);
    }

    #[test]
    fn metadata_is_bounded_at_two_kibibytes() {
        let of = |size: usize| Metadata::from([("n".to_owned(), "v".repeat(size - 1))]);
        assert!(user_metadata(&HeaderMap::new(), Some(&of(METADATA_BYTES_MAX))).is_ok());
        let refused = user_metadata(&HeaderMap::new(), Some(&of(METADATA_BYTES_MAX + 1)));
        assert_eq!(refused.unwrap_err().code().as_str(), "MetadataTooLarge");
    }

    #[test]
    fn words_of_rfc_2047_stay_as_they_came() {
        let value = "=?UTF-8?B?w6k=?= \"a\\b\", c";
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-meta-seal", HeaderValue::from_static(value));
        let metadata = user_metadata(&headers, None).unwrap();
        let shown = Attributes {
            metadata,
            ..Attributes::default()
        }
        .metadata_headers();
        assert_eq!(shown, headers);
    }
}
