//! AWS Signature Version 2, in the header and in the query (AWS, "Signing and authenticating REST
//! requests", of 2006). It covers method, date, `x-amz-*` headers, path and the sub-resources
//! listed here, and nothing else: no body and no other parameter.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Hmac;
use hmac::KeyInit as _;
use hmac::Mac as _;
use http::HeaderMap;
use sha1::Sha1;
use subtle::ConstantTimeEq as _;
use time::OffsetDateTime;

use crate::Error;
use crate::ErrorCode;
use crate::Head;
use crate::Query;
use crate::SecretKey;
use crate::header;
use crate::route;

/// Parameters that belong to the resource, sorted. Others that mean something are not covered by
/// the signature and refused.
const SIGNED: [&str; 36] = [
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "defaultObjectAcl",
    "delete",
    "inventory",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "partNumber",
    "policy",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "select",
    "select-type",
    "storageClass",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
    "x-amz-security-token",
];

/// A signature of Version 2.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub access_key: String,
    value: String,
    /// Of a presigned URL: when it ends, seconds since 1970, as sent.
    pub expires: Option<String>,
}

impl Signature {
    /// What follows `AWS ` in the header.
    pub fn in_header(text: &str) -> Result<Self, Error> {
        let (access_key, signature) = text
            .trim()
            .rsplit_once(':')
            .filter(|(key, signature)| !key.is_empty() && !signature.is_empty())
            .ok_or_else(|| {
                Error::new(ErrorCode::InvalidArgument)
                    .with_message(
                        "AWS authorization header is invalid. Expected AwsAccessKeyId:signature",
                    )
                    .with_detail("ArgumentName", "Authorization")
            })?;
        Ok(Self {
            access_key: access_key.to_owned(),
            value: signature.to_owned(),
            expires: None,
        })
    }

    /// `AWSAccessKeyId`, `Expires` and `Signature`.
    pub fn in_query(query: &Query) -> Result<Self, Error> {
        let wanted = |name| query.get(name).filter(|value| !value.is_empty());
        let (Some(access_key), Some(expires), Some(signature)) = (
            wanted("AWSAccessKeyId"),
            wanted("Expires"),
            wanted("Signature"),
        ) else {
            return Err(Error::new(ErrorCode::AccessDenied).with_message(
                "Query-string authentication requires the Signature, Expires and AWSAccessKeyId \
                 parameters",
            ));
        };
        Ok(Self {
            access_key: access_key.to_owned(),
            value: signature.to_owned(),
            expires: Some(expires.to_owned()),
        })
    }

    /// When a presigned URL ends.
    pub fn end(&self) -> Result<Option<OffsetDateTime>, Error> {
        let Some(expires) = &self.expires else {
            return Ok(None);
        };
        let seconds = expires.parse().ok();
        let end = seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
        end.map(Some).ok_or_else(|| {
            Error::new(ErrorCode::AccessDenied).with_message(format!(
                "Invalid date (should be seconds since epoch): {expires}"
            ))
        })
    }

    /// Verifies; `host_bucket` is the bucket that the host names.
    pub fn verify(
        &self,
        head: &Head<'_>,
        host_bucket: Option<&str>,
        secret: &SecretKey,
    ) -> Result<(), Error> {
        let query = Query::parse(head.raw_query)?;
        if let Some((name, _)) = query.pairs().find(|pair| is_uncovered(*pair)) {
            return Err(Error::new(ErrorCode::InvalidRequest).with_message(format!(
                "Signature Version 2 does not cover `{name}`. Please use AWS4-HMAC-SHA256."
            )));
        }
        let with_slash = format!("{}/", head.raw_path);
        // A bucket is the same with and without a slash, and clients sign either.
        let is_bucket = host_bucket.is_none() && head.raw_path.rfind('/') == Some(0);
        let paths = [Some(head.raw_path), is_bucket.then_some(&*with_slash)];
        for raw_path in paths.into_iter().flatten() {
            let head = Head { raw_path, ..*head };
            let text = string_to_sign(&head, &query, host_bucket, self.expires.as_deref());
            if is_signed(secret, &text, &self.value) {
                return Ok(());
            }
        }
        Err(Error::new(ErrorCode::SignatureDoesNotMatch)
            .with_detail("AWSAccessKeyId", &*self.access_key)
            .with_detail("StringToSign", shown(head, &query, host_bucket, self)))
    }
}

/// Whether the parameter says what is asked for, and anyone could add it to a signed request.
/// `list-type` only says how to tell it, and clients of Version 2 do send it.
fn is_uncovered((name, value): (&str, &str)) -> bool {
    route::is_meaningful(name, value) && !SIGNED.contains(&name) && name != "list-type"
}

/// Whether `signature` is that of `text`. In constant time.
pub(crate) fn is_signed(secret: &SecretKey, text: &[u8], signature: &str) -> bool {
    let right = STANDARD.encode(mac(secret, text));
    right.as_bytes().ct_eq(signature.as_bytes()).into()
}

#[allow(clippy::expect_used)]
fn mac(secret: &SecretKey, text: &[u8]) -> [u8; 20] {
    // INVARIANT: HMAC takes keys of every length (RFC 2104 §2).
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.bytes()).expect("keys of every length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

fn string_to_sign(
    head: &Head<'_>,
    query: &Query,
    host_bucket: Option<&str>,
    expires: Option<&str>,
) -> Vec<u8> {
    render(head, query, host_bucket, expires, &|name, headers| {
        values(headers, name)
    })
}

/// The same for an error document, without secrets.
fn shown(
    head: &Head<'_>,
    query: &Query,
    host_bucket: Option<&str>,
    signature: &Signature,
) -> String {
    let masked = |name: &str, headers: &HeaderMap| {
        if header::is_sensitive(name) || name == header::CONTENT_SHA256 {
            b"***".to_vec()
        } else {
            values(headers, name)
        }
    };
    let text = render(
        head,
        query,
        host_bucket,
        signature.expires.as_deref(),
        &masked,
    );
    String::from_utf8_lossy(&text).into_owned()
}

fn render(
    head: &Head<'_>,
    query: &Query,
    host_bucket: Option<&str>,
    expires: Option<&str>,
    value: &dyn Fn(&str, &HeaderMap) -> Vec<u8>,
) -> Vec<u8> {
    let mut text = format!("{}\n", head.method).into_bytes();
    for name in ["content-md5", "content-type"] {
        text.extend(values(head.headers, name));
        text.push(b'\n');
    }
    match expires {
        Some(expires) => text.extend_from_slice(expires.as_bytes()),
        None if head.headers.contains_key(header::AMZ_DATE) => {}
        None => text.extend(values(head.headers, "date")),
    }
    text.push(b'\n');
    let mut names: Vec<&str> = head.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    for name in names.iter().filter(|name| name.starts_with("x-amz-")) {
        text.extend_from_slice(name.as_bytes());
        text.push(b':');
        text.extend(value(name, head.headers));
        text.push(b'\n');
    }
    text.extend_from_slice(resource(head, query, host_bucket).as_bytes());
    text
}

/// `CanonicalizedResource`: the path as sent behind the host's bucket, and the sub-resources with
/// their decoded values.
fn resource(head: &Head<'_>, query: &Query, host_bucket: Option<&str>) -> String {
    let mut resource = String::new();
    if let Some(bucket) = host_bucket {
        resource.push('/');
        resource.push_str(bucket);
    }
    resource.push_str(head.raw_path);
    let mut mark = '?';
    for name in SIGNED {
        let Some(value) = query.get(name) else {
            continue;
        };
        resource.push(mark);
        resource.push_str(name);
        if !value.is_empty() {
            resource.push('=');
            resource.push_str(value);
        }
        mark = '&';
    }
    resource
}

/// All values of a header joined by commas, each trimmed.
fn values(headers: &HeaderMap, name: &str) -> Vec<u8> {
    let values: Vec<&[u8]> = headers
        .get_all(name)
        .iter()
        .map(|value| value.as_bytes().trim_ascii())
        .collect();
    values.join(&b","[..])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    /// AWS's own examples, "Signing and authenticating REST requests".
    #[test]
    fn the_documented_examples_verify() {
        let date = "Tue, 27 Mar 2007 19:36:42 +0000";
        for (method, host_bucket, path, query, headers, signature) in [
            (
                http::Method::GET,
                None,
                "/awsexamplebucket1/photos/puppy.jpg",
                "",
                headers(&[("date", date)]),
                "qgk2+6Sv9/oM7G3qLEjTH1a1l1g=",
            ),
            (
                http::Method::GET,
                Some("awsexamplebucket1"),
                "/photos/puppy.jpg",
                "",
                headers(&[("date", date)]),
                "qgk2+6Sv9/oM7G3qLEjTH1a1l1g=",
            ),
        ] {
            let head = Head {
                method: &method,
                raw_path: path,
                raw_query: query,
                headers: &headers,
            };
            let text = format!("AKIAIOSFODNN7EXAMPLE:{signature}");
            let claimed = Signature::in_header(&text).unwrap();
            let secret = SecretKey::new(SECRET.to_owned());
            assert_eq!(claimed.verify(&head, host_bucket, &secret), Ok(()));
            let another = SecretKey::new("other".to_owned());
            assert!(claimed.verify(&head, host_bucket, &another).is_err());
        }
    }

    #[test]
    fn the_resource_has_its_sub_resources_sorted_and_decoded() {
        let raw_query = "uploads&prefix=p&response-content-type=a%2Fb&acl=&versionId=3";
        let headers = HeaderMap::new();
        let head = Head {
            method: &http::Method::GET,
            raw_path: "/b/k%20",
            raw_query,
            headers: &headers,
        };
        let query = Query::parse(raw_query).unwrap();
        assert_eq!(
            resource(&head, &query, None),
            "/b/k%20?acl&response-content-type=a/b&uploads&versionId=3"
        );
    }

    #[test]
    fn the_signed_parameters_are_sorted() {
        assert!(SIGNED.is_sorted());
    }

    #[test]
    fn what_the_signature_does_not_cover_is_refused() {
        for name in [
            "attributes",
            "encryption",
            "Acl",
            "quota",
            "append&position=1",
            "renameObject",
            "storagePolicy=",
            "annotation",
            "x-amz-copy-source=a",
            "tomorrow",
            "acl&tomorrow",
        ] {
            let head = Head {
                method: &http::Method::GET,
                raw_path: "/b/k",
                raw_query: name,
                headers: &HeaderMap::new(),
            };
            let claimed = Signature::in_header("AK:x").unwrap();
            let refused = claimed.verify(&head, None, &SecretKey::new(SECRET.to_owned()));
            assert_eq!(
                refused.unwrap_err().code,
                ErrorCode::InvalidRequest,
                "{name}"
            );
        }
    }
}
