//! Which kind of signature a request carries, and where.

use crate::Error;
use crate::ErrorCode;
use crate::Head;
use crate::Query;
use crate::auth::authorization::Authorization;
use crate::auth::presigned::Presigned;
use crate::auth::v2;
use crate::header;
use crate::percent;

/// Query parameters that sign a URL, in any case: what one store takes for a signature, the next
/// may take for the same.
const VERSION_4: [&str; 3] = ["x-amz-algorithm", "x-amz-signature", "x-amz-credential"];
const VERSION_2: [&str; 2] = ["signature", "awsaccesskeyid"];

/// A signature, taken apart and not yet verified.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Mechanism {
    /// Version 4 in the header.
    Header(Authorization),
    /// Version 4 in the query.
    Presigned(Box<Presigned>),
    /// Version 2, wherever.
    Version2(v2::Signature),
    /// Nobody signed.
    None,
}

impl Mechanism {
    /// The signature of a request.
    ///
    /// Errors: `AccessDenied` for an empty header, `InvalidArgument` for two and for schemes nobody knows,
    /// `InvalidRequest` for OBS's, `NotImplemented` for Version 4A, and those of what cannot be
    /// read.
    pub fn of(head: &Head<'_>) -> Result<Self, Error> {
        let value = header::single(head.headers, header::AUTHORIZATION)?;
        let (v4, v2) = (
            has_any(head.raw_query, &VERSION_4),
            has_any(head.raw_query, &VERSION_2),
        );
        match value {
            Some(_) if v4 || v2 => Err(two()),
            None if v4 && v2 => Err(two()),
            None if v4 => Presigned::of(head).map(Box::new).map(Self::Presigned),
            None if v2 => {
                let query = Query::parse(head.raw_query)?;
                v2::Signature::in_query(&query).map(Self::Version2)
            }
            None => Ok(Self::None),
            Some("") => Err(Error::new(ErrorCode::AccessDenied)),
            Some(value) => Self::in_header(value),
        }
    }

    fn in_header(value: &str) -> Result<Self, Error> {
        let (scheme, rest) = value.split_once(' ').ok_or_else(|| {
            invalid_argument(
                value,
                "Authorization header is invalid -- one and only one ' ' (space) required.",
            )
        })?;
        match scheme {
            "AWS4-HMAC-SHA256" => Authorization::parse(rest).map(Self::Header),
            "AWS4-ECDSA-P256-SHA256" => Err(Error::new(ErrorCode::NotImplemented)
                .with_message("Signature Version 4A is not implemented.")),
            "AWS" => v2::Signature::in_header(rest).map(Self::Version2),
            "OBS" if rest.contains(':') => Err(Error::new(ErrorCode::InvalidRequest).with_message(
                "The authorization mechanism you have provided is not supported. \
                 Please use AWS4-HMAC-SHA256.",
            )),
            _ => Err(invalid_argument(value, "Unsupported Authorization Type")),
        }
    }
}

/// Whether the query has a parameter of these names, in any case.
pub(crate) fn has_any(raw_query: &str, names: &[&str]) -> bool {
    raw_query.split('&').any(|piece| {
        let name = percent::decode_query(piece.split('=').next().unwrap_or_default());
        names
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
    })
}

/// Two ways to sign one request.
pub(super) fn two() -> Error {
    Error::new(ErrorCode::InvalidArgument).with_message(
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, \
         Signature query string parameter or the Authorization header should be specified",
    )
}

fn invalid_argument(value: &str, message: &str) -> Error {
    // Only the scheme is quoted: after the blank there may be a signature.
    let scheme = value.split(' ').next().unwrap_or_default();
    Error::new(ErrorCode::InvalidArgument)
        .with_message(message)
        .with_detail("ArgumentName", "Authorization")
        .with_detail(
            "ArgumentValue",
            if value.contains(' ') { scheme } else { "" },
        )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use http::HeaderMap;

    use super::*;

    const GOOD: &str = "AWS4-HMAC-SHA256 Credential=AK/20130524/us-east-1/s3/aws4_request,\
                        SignedHeaders=host;x-amz-date,Signature=00";

    fn of(value: Option<&str>, raw_query: &str) -> Result<Mechanism, Error> {
        let mut headers = HeaderMap::new();
        if let Some(value) = value {
            headers.insert(http::header::AUTHORIZATION, value.parse().unwrap());
        }
        Mechanism::of(&Head {
            method: &http::Method::GET,
            raw_path: "/",
            raw_query,
            headers: &headers,
        })
    }

    #[test]
    fn tells_the_schemes_apart() {
        assert_eq!(of(None, "").unwrap(), Mechanism::None);
        assert!(matches!(of(Some(GOOD), "").unwrap(), Mechanism::Header(_)));
        assert!(matches!(
            of(Some("AWS AK:c2ln"), "").unwrap(),
            Mechanism::Version2(_)
        ));
        let query = "AWSAccessKeyId=AK&Expires=1&Signature=x";
        assert!(matches!(of(None, query).unwrap(), Mechanism::Version2(_)));
    }

    #[test]
    fn answers_other_mechanisms_as_s3_does() {
        for (value, code) in [
            (Some(""), ErrorCode::AccessDenied),
            (Some("OBS AK:c2ln"), ErrorCode::InvalidRequest),
            (Some("AWS HAHAHA"), ErrorCode::InvalidArgument),
            (Some("Bearer token"), ErrorCode::InvalidArgument),
            (Some("AWS4-HMAC-SHA256"), ErrorCode::InvalidArgument),
            (
                Some("AWS4-ECDSA-P256-SHA256 Credential=a"),
                ErrorCode::NotImplemented,
            ),
        ] {
            assert_eq!(of(value, "").unwrap_err().code, code, "{value:?}");
        }
    }

    #[test]
    fn half_a_signature_in_the_query_never_passes() {
        for (query, code) in [
            (
                "X-Amz-Signature=0",
                ErrorCode::AuthorizationQueryParametersError,
            ),
            (
                "x-amz-algorithm",
                ErrorCode::AuthorizationQueryParametersError,
            ),
            (
                "%58-Amz-Credential=1",
                ErrorCode::AuthorizationQueryParametersError,
            ),
            ("a=b&Signature=x", ErrorCode::AccessDenied),
            ("AWSAccessKeyId=A", ErrorCode::AccessDenied),
            (
                "AWSAccessKeyId=A&X-Amz-Signature=0",
                ErrorCode::InvalidArgument,
            ),
        ] {
            assert_eq!(of(None, query).unwrap_err().code, code, "{query}");
            assert_eq!(
                of(Some(GOOD), query).unwrap_err().code,
                ErrorCode::InvalidArgument
            );
        }
    }

    #[test]
    fn quotes_no_signature() {
        for value in ["Basic c2VjcmV0", "c2VjcmV0", "AWS c2VjcmV0"] {
            let error = of(Some(value), "").unwrap_err();
            assert!(!format!("{error:?}").contains("c2VjcmV0"));
        }
    }
}
