//! The `Authorization` header of Signature Version 4.

use crate::Error;
use crate::ErrorCode;
use crate::Head;
use crate::auth::scope::Scope;
use crate::header;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Query parameters that sign a URL: Signature Version 4, Version 2, OBS.
const QUERY_SIGNATURES: [&str; 5] = [
    "x-amz-algorithm",
    "x-amz-signature",
    "x-amz-credential",
    "signature",
    "awsaccesskeyid",
];

/// The header, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Authorization {
    pub access_key: String,
    pub scope: Scope,
    /// Lower case, sorted, each once.
    pub signed_headers: Vec<String>,
    pub signature: String,
}

impl Authorization {
    /// The signature of a request, wherever it is, as far as it is in a header and of Version 4.
    ///
    /// Errors: `AccessDenied` without any signature, `NotImplemented` for one in the query,
    /// `InvalidRequest` for other mechanisms, `InvalidArgument` and `AuthorizationHeaderMalformed`
    /// for what cannot be read.
    pub fn of(head: &Head<'_>) -> Result<Self, Error> {
        let value = header::single(head.headers, header::AUTHORIZATION)?;
        match (value, has_query_signature(head.raw_query)) {
            (Some(_), true) => Err(Error::new(ErrorCode::InvalidArgument).with_message(
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, \
                 Signature query string parameter or the Authorization header should be specified",
            )),
            (None, true) => Err(Error::new(ErrorCode::NotImplemented)
                .with_message("Presigned URLs are not implemented.")),
            (None | Some(""), false) => Err(Error::new(ErrorCode::AccessDenied)),
            (Some(value), false) => Self::parse(value),
        }
    }

    fn parse(value: &str) -> Result<Self, Error> {
        let (scheme, rest) = value.split_once(' ').ok_or_else(|| {
            invalid_argument(
                value,
                "Authorization header is invalid -- one and only one ' ' (space) required.",
            )
        })?;
        match scheme {
            ALGORITHM => Self::parse_components(rest),
            "AWS4-ECDSA-P256-SHA256" => Err(Error::new(ErrorCode::NotImplemented)
                .with_message("Signature Version 4A is not implemented.")),
            // Version 2 and OBS look like `AWS key:signature`.
            "AWS" | "OBS" if rest.contains(':') => Err(Error::new(ErrorCode::InvalidRequest)
                .with_message(
                    "The authorization mechanism you have provided is not supported. \
                     Please use AWS4-HMAC-SHA256.",
                )),
            _ => Err(invalid_argument(value, "Unsupported Authorization Type")),
        }
    }

    /// `Credential=…, SignedHeaders=…, Signature=…` in any order, with or without the blanks.
    fn parse_components(text: &str) -> Result<Self, Error> {
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for component in text.split(',').map(str::trim) {
            let (name, value) = component.split_once('=').unwrap_or((component, ""));
            let place = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                _ => return Err(malformed("it has a component that is not known")),
            };
            if place.replace(value).is_some() {
                return Err(malformed("it has a component twice"));
            }
        }
        let credential = credential.ok_or_else(|| malformed("missing Credential="))?;
        let signed_headers = signed_headers.ok_or_else(|| malformed("missing SignedHeaders="))?;
        let signature = signature.ok_or_else(|| malformed("missing Signature="))?;
        let (access_key, scope) = parse_credential(credential)?;
        Ok(Self {
            access_key: access_key.to_owned(),
            scope,
            signed_headers: parse_names(signed_headers)?,
            signature: signature.to_owned(),
        })
    }
}

/// Splits `key/date/region/s3/aws4_request` from its end: a key may have slashes of its own.
fn parse_credential(text: &str) -> Result<(&str, Scope), Error> {
    let mut pieces = text.rsplitn(5, '/');
    let mut next = || pieces.next().filter(|piece| !piece.is_empty());
    let (Some(terminator), Some(service), Some(region), Some(date), Some(access_key)) =
        (next(), next(), next(), next(), next())
    else {
        return Err(malformed(
            "the Credential is mal-formed; expecting \
             \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\"",
        ));
    };
    if service != "s3" {
        return Err(malformed(&format!(
            "incorrect service \"{service}\". This endpoint belongs to \"s3\""
        )));
    }
    if terminator != "aws4_request" {
        return Err(malformed(&format!(
            "incorrect terminal \"{terminator}\". This endpoint uses \"aws4_request\""
        )));
    }
    Ok((
        access_key,
        Scope {
            date: date.to_owned(),
            region: region.to_owned(),
        },
    ))
}

fn parse_names(text: &str) -> Result<Vec<String>, Error> {
    let mut names: Vec<String> = text.split(';').map(str::to_ascii_lowercase).collect();
    names.sort();
    names.dedup();
    if names.iter().any(String::is_empty) {
        return Err(malformed("SignedHeaders has an empty name"));
    }
    if !names.iter().any(|name| name == "host") {
        return Err(malformed("SignedHeaders must contain host"));
    }
    Ok(names)
}

fn has_query_signature(raw_query: &str) -> bool {
    raw_query.split('&').any(|piece| {
        let name = crate::percent::decode_query(piece.split('=').next().unwrap_or_default());
        QUERY_SIGNATURES
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
    })
}

/// `AuthorizationHeaderMalformed` with S3's beginning of the sentence.
pub(crate) fn malformed(why: &str) -> Error {
    Error::new(ErrorCode::AuthorizationHeaderMalformed)
        .with_message(format!("The authorization header is malformed; {why}."))
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

    fn of(value: Option<&str>, raw_query: &str) -> Result<Authorization, Error> {
        let mut headers = HeaderMap::new();
        if let Some(value) = value {
            headers.insert(http::header::AUTHORIZATION, value.parse().unwrap());
        }
        let method = http::Method::GET;
        Authorization::of(&Head {
            method: &method,
            raw_path: "/",
            raw_query,
            headers: &headers,
        })
    }

    #[test]
    fn reads_components_with_and_without_blanks() {
        let tight = of(Some(GOOD), "").unwrap();
        assert_eq!(tight.access_key, "AK");
        assert_eq!(tight.scope.render(), "20130524/us-east-1/s3/aws4_request");
        assert_eq!(tight.signed_headers, ["host", "x-amz-date"]);
        assert_eq!(of(Some(&GOOD.replace(',', ", ")), "").unwrap(), tight);
        assert_eq!(of(Some(&GOOD.replace(',', " , ")), "").unwrap(), tight);
    }

    #[test]
    fn an_access_key_may_contain_slashes() {
        let authorization = of(Some(&GOOD.replace("AK/", "a/b/")), "").unwrap();
        assert_eq!(authorization.access_key, "a/b");
    }

    #[test]
    fn answers_other_mechanisms_as_s3_does() {
        for (value, code) in [
            (None, ErrorCode::AccessDenied),
            (Some(""), ErrorCode::AccessDenied),
            (Some("AWS AK:c2ln"), ErrorCode::InvalidRequest),
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
    fn signatures_in_the_query_never_pass() {
        for query in [
            "X-Amz-Signature=0",
            "x-amz-algorithm",
            "a=b&Signature=x",
            "%58-Amz-Credential=1",
            "AWSAccessKeyId=A",
        ] {
            assert_eq!(
                of(None, query).unwrap_err().code,
                ErrorCode::NotImplemented,
                "{query}"
            );
            assert_eq!(
                of(Some(GOOD), query).unwrap_err().code,
                ErrorCode::InvalidArgument
            );
        }
    }

    #[test]
    fn refuses_malformed_components() {
        for (from, to) in [
            ("Credential=", "Credentials="),
            ("AK/", ""),
            ("AK/", "/"),
            ("/s3/", "/ec2/"),
            ("aws4_request", "aws3_request"),
            ("host;", ""),
            ("host;", "host;;"),
            (",Signature=00", ""),
            (",Signature=00", ",Signature=00,Signature=00"),
            (",Signature=00", ",Signature=00,"),
        ] {
            let error = of(Some(&GOOD.replacen(from, to, 1)), "").unwrap_err();
            assert_eq!(
                error.code,
                ErrorCode::AuthorizationHeaderMalformed,
                "{from} -> {to}"
            );
        }
    }

    #[test]
    fn quotes_no_signature() {
        for value in ["Basic c2VjcmV0", "c2VjcmV0"] {
            let error = of(Some(value), "").unwrap_err();
            assert!(!format!("{error:?}").contains("c2VjcmV0"));
        }
    }
}
