//! Signature Version 4 in the query: presigned URLs
//! (AWS, "Authenticating requests: using query parameters").

use time::Duration;
use time::OffsetDateTime;

use crate::Error;
use crate::ErrorCode;
use crate::Head;
use crate::Query;
use crate::auth::authorization::Authorization;
use crate::auth::authorization::parse_credential;
use crate::auth::authorization::parse_names;
use crate::auth::payload::UNSIGNED_PAYLOAD;
use crate::auth::scope;
use crate::header;
use crate::percent;

/// The parameter that the signature itself does not cover.
const SIGNATURE: &str = "X-Amz-Signature";

/// A week, the longest that a URL may be good for.
const EXPIRES_MAX: i64 = 604_800;

/// A presigned URL, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Presigned {
    pub authorization: Authorization,
    pub time: OffsetDateTime,
    pub expires: Duration,
    /// What `x-amz-content-sha256` says, in the query or as a header.
    pub payload: String,
    /// The query without the signature, as sent.
    pub raw_query: String,
}

impl Presigned {
    /// The signature in the query of `head`.
    ///
    /// Errors: `AuthorizationQueryParametersError` for what is missing or cannot be read,
    /// `NotImplemented` for Version 4A.
    pub fn of(head: &Head<'_>) -> Result<Self, Error> {
        let query = Query::parse(head.raw_query)?;
        let wanted = |name| query.get(name).filter(|value| !value.is_empty());
        let (
            Some(algorithm),
            Some(credential),
            Some(date),
            Some(expires),
            Some(signed_headers),
            Some(signature),
        ) = (
            wanted("X-Amz-Algorithm"),
            wanted("X-Amz-Credential"),
            wanted("X-Amz-Date"),
            wanted("X-Amz-Expires"),
            wanted("X-Amz-SignedHeaders"),
            wanted(SIGNATURE),
        )
        else {
            return Err(unfit(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, \
                 X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and \
                 X-Amz-Expires parameters.",
            ));
        };
        match algorithm {
            "AWS4-HMAC-SHA256" => {}
            "AWS4-ECDSA-P256-SHA256" => {
                return Err(Error::new(ErrorCode::NotImplemented)
                    .with_message("Signature Version 4A is not implemented."));
            }
            _ => {
                return Err(unfit(
                    "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and \
                     AWS4-ECDSA-P256-SHA256\"",
                ));
            }
        }
        let (access_key, scope) =
            parse_credential(credential).map_err(|_| unfit("Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\"."))?;
        let signed_headers =
            parse_names(signed_headers).map_err(|_| unfit("X-Amz-SignedHeaders must name host"))?;
        let time = scope::parse_basic(date).ok_or_else(|| {
            unfit("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
        })?;
        let payload = match query.get("X-Amz-Content-Sha256") {
            Some(payload) => payload,
            None => {
                header::single(head.headers, header::CONTENT_SHA256)?.unwrap_or(UNSIGNED_PAYLOAD)
            }
        };
        Ok(Self {
            authorization: Authorization {
                access_key: access_key.to_owned(),
                scope,
                signed_headers,
                signature: signature.to_owned(),
            },
            time,
            expires: lifetime(expires)?,
            payload: payload.to_owned(),
            raw_query: without_signature(head.raw_query),
        })
    }

    /// Whether the URL is good at `now`; its maker's clock may run `skew_max` fast.
    pub fn is_good(&self, now: OffsetDateTime, skew_max: Duration) -> Result<(), Error> {
        if self.time - now > skew_max {
            return Err(
                Error::new(ErrorCode::AccessDenied).with_message("Request is not valid yet")
            );
        }
        let end = self.time + self.expires;
        if now <= end {
            return Ok(());
        }
        Err(expired(end, now)
            .with_detail("X-Amz-Expires", self.expires.whole_seconds().to_string()))
    }
}

/// What S3 says of a URL whose time is over.
pub(crate) fn expired(end: OffsetDateTime, now: OffsetDateTime) -> Error {
    Error::new(ErrorCode::AccessDenied)
        .with_message("Request has expired")
        .with_detail("Expires", scope::render_server_time(end))
        .with_detail("ServerTime", scope::render_server_time(now))
}

fn lifetime(text: &str) -> Result<Duration, Error> {
    let seconds: i64 = text
        .parse()
        .map_err(|_| unfit("X-Amz-Expires should be a number"))?;
    if seconds < 0 {
        return Err(unfit("X-Amz-Expires must be non-negative"));
    }
    if seconds > EXPIRES_MAX {
        return Err(unfit(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given \
             X-Amz-Expires must be less than 604800 seconds",
        ));
    }
    Ok(Duration::seconds(seconds))
}

fn without_signature(raw_query: &str) -> String {
    let pieces: Vec<&str> = raw_query
        .split('&')
        .filter(|piece| {
            let name = piece.split('=').next().unwrap_or_default();
            percent::decode_query(name) != SIGNATURE.as_bytes()
        })
        .collect();
    pieces.join("&")
}

fn unfit(why: &str) -> Error {
    Error::new(ErrorCode::AuthorizationQueryParametersError).with_message(why)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use http::HeaderMap;

    use super::*;

    const GOOD: &str = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK%2F20130524%2Fus-east-1\
        %2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400\
        &X-Amz-SignedHeaders=host&X-Amz-Signature=00";

    fn of(raw_query: &str) -> Result<Presigned, Error> {
        Presigned::of(&Head {
            method: &http::Method::GET,
            raw_path: "/",
            raw_query,
            headers: &HeaderMap::new(),
        })
    }

    fn good_at(seconds: i64) -> Result<(), ErrorCode> {
        let presigned = of(GOOD).unwrap();
        let now = presigned.time + Duration::seconds(seconds);
        let good = presigned.is_good(now, Duration::minutes(15));
        good.map_err(|error| error.code)
    }

    #[test]
    fn the_signature_is_left_out_of_what_is_signed() {
        let presigned = of(&format!("prefix=a&{GOOD}&x=1")).unwrap();
        assert!(!presigned.raw_query.contains("Signature=00"));
        assert!(presigned.raw_query.starts_with("prefix=a&X-Amz-Algorithm="));
        assert!(
            presigned
                .raw_query
                .ends_with("&X-Amz-SignedHeaders=host&x=1")
        );
        assert_eq!(presigned.payload, UNSIGNED_PAYLOAD);
    }

    #[test]
    fn a_url_is_good_from_its_date_until_it_expires() {
        for (seconds, good) in [
            (-901, false),
            (-900, true),
            (0, true),
            (86_400, true),
            (86_401, false),
        ] {
            let expected = if good {
                Ok(())
            } else {
                Err(ErrorCode::AccessDenied)
            };
            assert_eq!(good_at(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn every_parameter_is_wanted_and_read_strictly() {
        let code = ErrorCode::AuthorizationQueryParametersError;
        for name in [
            "Algorithm",
            "Credential",
            "Date",
            "Expires",
            "SignedHeaders",
            "Signature",
        ] {
            let without = GOOD.replace(&format!("X-Amz-{name}="), &format!("X-Amz-No{name}="));
            assert_eq!(of(&without).unwrap_err().code, code, "{name}");
        }
        for (from, to) in [
            ("86400", "604801"),
            ("86400", "-1"),
            ("86400", "1h"),
            ("20130524T000000Z", "20130524"),
            ("HMAC-SHA256", "HMAC-MD5"),
            ("%2Fs3%2F", "%2Fec2%2F"),
            ("SignedHeaders=host", "SignedHeaders=date"),
        ] {
            assert_eq!(of(&GOOD.replace(from, to)).unwrap_err().code, code, "{to}");
        }
        assert!(of(&GOOD.replace("86400", "604800")).is_ok());
        assert!(of(&GOOD.replace("86400", "0")).is_ok());
    }
}
