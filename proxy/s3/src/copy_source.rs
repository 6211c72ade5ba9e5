//! `x-amz-copy-source`: from where an object is copied.

use http::HeaderMap;

use crate::BucketName;
use crate::Error;
use crate::ErrorCode;
use crate::ObjectName;
use crate::Query;
use crate::header;
use crate::percent;

/// The object that is copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopySource {
    /// Its bucket.
    pub bucket: BucketName,
    /// Its name.
    pub object: ObjectName,
    /// Its version; the current one without it.
    pub version_id: Option<String>,
}

impl CopySource {
    /// Parses `[/]bucket/key[?versionId=id]`, percent-encoded (AWS, API reference, `CopyObject`).
    ///
    /// Errors: `InvalidArgument`; those of [`BucketName::parse`] and [`ObjectName::parse`].
    pub fn parse(headers: &HeaderMap) -> Result<Self, Error> {
        let text = header::single(headers, "x-amz-copy-source")?.unwrap_or_default();
        let unfit = || {
            Error::new(ErrorCode::InvalidArgument)
                .with_message(
                    "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
                )
                .with_detail("ArgumentName", "x-amz-copy-source")
                .with_detail("ArgumentValue", text)
        };
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = percent::decode_strict(path).ok_or_else(unfit)?;
        let (bucket, object) = path.split_once('/').ok_or_else(unfit)?;
        if object.is_empty() {
            return Err(unfit());
        }
        let query = Query::parse(query)?;
        if query.pairs().any(|(name, _)| name != "versionId") {
            return Err(unfit());
        }
        Ok(Self {
            bucket: BucketName::parse(bucket)?,
            object: ObjectName::parse(object)?,
            version_id: query.get("versionId").map(str::to_owned),
        })
    }

    /// As it stands in the header.
    #[must_use]
    pub fn render(&self) -> String {
        let version = self
            .version_id
            .as_ref()
            .map(|id| percent::encode(id.as_bytes()));
        let version = version
            .map(|id| format!("?versionId={id}"))
            .unwrap_or_default();
        format!("/{}/{}{version}", self.bucket, self.object.encoded())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn parse(text: &str) -> Result<CopySource, ErrorCode> {
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static("x-amz-copy-source"),
            text.parse().unwrap(),
        )]);
        CopySource::parse(&headers).map_err(|error| error.code)
    }

    #[test]
    fn reads_what_clients_write() {
        for (text, object, version) in [
            ("bucket/key", "key", None),
            ("/bucket/key", "key", None),
            ("/bucket/a%20b/%2B%3F", "a b/+?", None),
            ("bucket/key?versionId=3%2Fa", "key", Some("3/a")),
            ("bucket%2Fkey", "key", None),
            ("/bucket//key/", "/key/", None),
        ] {
            let source = parse(text).unwrap();
            assert_eq!(source.bucket.as_str(), "bucket");
            assert_eq!(source.object.as_str(), object, "{text}");
            assert_eq!(source.version_id.as_deref(), version);
            assert_eq!(parse(&source.render()), Ok(source), "{text}");
        }
    }

    #[test]
    fn refuses_what_names_no_object() {
        for text in [
            "",
            "/",
            "bucket",
            "bucket/",
            "/bucket/",
            "bucket/%zz",
            "bucket/k?acl",
        ] {
            assert_eq!(parse(text), Err(ErrorCode::InvalidArgument), "{text}");
        }
        assert_eq!(parse("Bucket/key"), Err(ErrorCode::InvalidBucketName));
    }
}
