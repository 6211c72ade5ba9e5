//! Who signed, for when and where, and over which headers: Signature Version 4 in its header.

use crate::Error;
use crate::ErrorCode;
use crate::auth::scope::Scope;

/// The header, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authorization {
    pub access_key: String,
    pub scope: Scope,
    /// Lower case, sorted, each once.
    pub signed_headers: Vec<String>,
    pub signature: String,
}

impl Authorization {
    /// What follows the scheme in the header: `Credential=…, SignedHeaders=…, Signature=…` in any
    /// order, with or without the blanks.
    ///
    /// Errors: `AuthorizationHeaderMalformed` for what cannot be read.
    pub fn parse(text: &str) -> Result<Self, Error> {
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
pub(crate) fn parse_credential(text: &str) -> Result<(&str, Scope), Error> {
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

pub(crate) fn parse_names(text: &str) -> Result<Vec<String>, Error> {
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

/// `AuthorizationHeaderMalformed` with S3's beginning of the sentence.
pub(crate) fn malformed(why: &str) -> Error {
    Error::new(ErrorCode::AuthorizationHeaderMalformed)
        .with_message(format!("The authorization header is malformed; {why}."))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const GOOD: &str = "Credential=AK/20130524/us-east-1/s3/aws4_request,\
                        SignedHeaders=host;x-amz-date,Signature=00";

    #[test]
    fn reads_components_with_and_without_blanks() {
        let tight = Authorization::parse(GOOD).unwrap();
        assert_eq!(tight.access_key, "AK");
        assert_eq!(tight.scope.render(), "20130524/us-east-1/s3/aws4_request");
        assert_eq!(tight.signed_headers, ["host", "x-amz-date"]);
        for blanks in [", ", " , "] {
            let loose = Authorization::parse(&GOOD.replace(',', blanks)).unwrap();
            assert_eq!(loose, tight);
        }
    }

    #[test]
    fn an_access_key_may_contain_slashes() {
        let authorization = Authorization::parse(&GOOD.replace("AK/", "a/b/")).unwrap();
        assert_eq!(authorization.access_key, "a/b");
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
            let error = Authorization::parse(&GOOD.replacen(from, to, 1)).unwrap_err();
            assert_eq!(
                error.code,
                ErrorCode::AuthorizationHeaderMalformed,
                "{from} -> {to}"
            );
        }
    }
}
