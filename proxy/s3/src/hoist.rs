//! Headers in the guise of parameters: a presigned URL has no other place for what its maker says of
//! the object, so SDKs put it into the query, and S3 reads it there.

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;

use crate::Error;
use crate::ErrorCode;
use crate::Query;
use crate::SseHeader;
use crate::route::UNPACKS_ARCHIVES;

/// Those that describe the object or are judged with it, besides those of encryption.
const HOISTED: [&str; 14] = [
    "x-amz-acl",
    "x-amz-bypass-governance-retention",
    "x-amz-expected-bucket-owner",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write-acp",
    "x-amz-object-lock-legal-hold",
    "x-amz-object-lock-mode",
    "x-amz-object-lock-retain-until-date",
    "x-amz-request-payer",
    "x-amz-storage-class",
    "x-amz-tagging",
    "x-amz-website-redirect-location",
];

/// Whether the parameter `name`, in any case, is a header.
pub(crate) fn is_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let describes = name.starts_with("x-amz-meta-") && !UNPACKS_ARCHIVES.contains(&&*name);
    describes || HOISTED.contains(&&*name) || SseHeader::from_name(&name).is_some()
}

/// Whether the parameter says a key of the client's own, which must not stand in a URL.
fn is_secret(name: &str) -> bool {
    let header = SseHeader::from_name(&name.to_ascii_lowercase());
    header.is_some_and(|(header, _)| header.is_of_customer())
}

/// The headers that a request on an object has in its query.
///
/// Errors: `InvalidArgument` for a value that no header can have, for one that is there twice, and
/// for a customer's key.
pub fn hoisted(query: &Query) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    for (parameter, value) in query.pairs().filter(|pair| is_header(pair.0)) {
        let unfit = || {
            Error::new(ErrorCode::InvalidArgument)
                .with_message("The value of a query parameter is invalid.")
                .with_detail("ArgumentName", parameter)
        };
        if is_secret(parameter) {
            return Err(Error::new(ErrorCode::InvalidArgument)
                .with_message("A key of your own must be sent in headers, never in a URL.")
                .with_detail("ArgumentName", parameter));
        }
        let name = HeaderName::try_from(parameter).map_err(|_| unfit())?;
        let value = HeaderValue::try_from(value.as_bytes()).map_err(|_| unfit())?;
        if headers.insert(name, value).is_some() {
            return Err(unfit());
        }
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn parameters_become_headers() {
        let query =
            Query::parse("X-Amz-Acl=private&x-amz-meta-a=b%20c&x-id=PutObject&acl").unwrap();
        let headers = hoisted(&query).unwrap();
        assert_eq!(headers.len(), 2);
        assert_eq!(headers["x-amz-acl"], "private");
        assert_eq!(headers["x-amz-meta-a"], "b c");
    }

    #[test]
    fn ambiguous_and_impossible_values_are_refused() {
        for raw in [
            "x-amz-acl=a&X-Amz-Acl=b",
            "x-amz-meta-a=%0d%0ax-amz-acl:%20public-read",
            "x-amz-meta-a%20b=c",
        ] {
            let refused = hoisted(&Query::parse(raw).unwrap());
            assert_eq!(
                refused.unwrap_err().code,
                ErrorCode::InvalidArgument,
                "{raw}"
            );
        }
    }

    #[test]
    fn what_must_not_stand_in_a_url_is_no_header() {
        for name in [
            "x-amz-copy-source",
            "x-amz-security-token",
            "x-obs-acl",
            "x-amz-meta-snowball-auto-extract",
        ] {
            assert!(!is_header(name), "{name}");
        }
    }

    #[test]
    fn a_key_of_the_clients_is_refused_in_a_url() {
        for name in SseHeader::ALL {
            let Some(name) = name.name(crate::Dialect::Obs) else {
                continue;
            };
            let query = Query::parse(&format!("{name}=x")).unwrap();
            assert_eq!(hoisted(&query).is_err(), is_secret(name), "{name}");
        }
    }

    #[test]
    fn the_names_are_sorted() {
        assert!(HOISTED.is_sorted());
    }
}
