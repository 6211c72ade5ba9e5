//! When and for where a signature was made: timestamp and credential scope.

use http::HeaderMap;
use time::OffsetDateTime;
use time::PrimitiveDateTime;
use time::format_description::well_known::Rfc2822;
use time::macros::format_description;

use crate::Error;
use crate::ErrorCode;
use crate::header;

/// What a signing key is good for: one day in one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    /// `yyyymmdd`.
    pub date: String,
    pub region: String,
}

impl Scope {
    /// As it stands in the string to sign.
    pub fn render(&self) -> String {
        format!("{}/{}/s3/aws4_request", self.date, self.region)
    }
}

/// The string to sign of a request (AWS, "Create a signed AWS API request", step 3).
pub(crate) fn string_to_sign(timestamp: &str, scope: &Scope, canonical_sha256: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256\n{timestamp}\n{}\n{canonical_sha256}",
        scope.render()
    )
}

/// `yyyymmddThhmmssZ`.
pub(crate) fn render_time(time: OffsetDateTime) -> String {
    let time = time.to_offset(time::UtcOffset::UTC);
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second) = time.to_hms();
    format!(
        "{year:04}{:02}{day:02}T{hour:02}{minute:02}{second:02}Z",
        u8::from(month)
    )
}

/// `yyyy-mm-ddThh:mm:ssZ`, as S3 tells its own time in errors.
pub(crate) fn render_server_time(time: OffsetDateTime) -> String {
    let time = time.to_offset(time::UtcOffset::UTC);
    let (hour, minute, second) = time.to_hms();
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", time.date())
}

/// The time a request says it was signed: `x-amz-date`, without one `Date`.
///
/// Errors: `AccessDenied` without a usable one, as S3 answers.
pub(crate) fn time_of(headers: &HeaderMap) -> Result<OffsetDateTime, Error> {
    time_in(headers, parse_basic)
}

/// The same for Version 2, which is older than the short form: either header has either form.
pub(crate) fn time_of_version_2(headers: &HeaderMap) -> Result<OffsetDateTime, Error> {
    time_in(headers, parse_any)
}

fn time_in(
    headers: &HeaderMap,
    parse_amz_date: fn(&str) -> Option<OffsetDateTime>,
) -> Result<OffsetDateTime, Error> {
    let time = match header::single(headers, header::AMZ_DATE)? {
        Some(text) => parse_amz_date(text),
        None => header::single(headers, "date")?.and_then(parse_any),
    };
    time.ok_or_else(|| {
        Error::new(ErrorCode::AccessDenied)
            .with_message("AWS authentication requires a valid Date or x-amz-date header")
    })
}

/// The short form, a date of HTTP (RFC 9110 §5.6.7) or of mail (RFC 5322 §3.3, which is how AWS
/// writes those of Version 2).
fn parse_any(text: &str) -> Option<OffsetDateTime> {
    parse_basic(text)
        .or_else(|| httpdate::parse_http_date(text).ok().map(Into::into))
        .or_else(|| OffsetDateTime::parse(text, &Rfc2822).ok())
}

pub(crate) fn parse_basic(text: &str) -> Option<OffsetDateTime> {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    let time = PrimitiveDateTime::parse(text, format).ok()?.assume_utc();
    // One spelling per time: the text is signed, and the parser is more generous than the format.
    (render_time(time) == text).then_some(time)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn time(name: &'static str, value: &str) -> Result<String, ErrorCode> {
        let headers =
            HeaderMap::from_iter([(http::HeaderName::from_static(name), value.parse().unwrap())]);
        time_of(&headers)
            .map(render_time)
            .map_err(|error| error.code)
    }

    #[test]
    fn reads_both_headers() {
        assert_eq!(
            time("x-amz-date", "20130524T000000Z").unwrap(),
            "20130524T000000Z"
        );
        assert_eq!(
            time("date", "20130524T000000Z").unwrap(),
            "20130524T000000Z"
        );
        assert_eq!(
            time("date", "Fri, 24 May 2013 00:00:00 GMT").unwrap(),
            "20130524T000000Z"
        );
    }

    #[test]
    fn the_short_form_is_that_of_version_4_only() {
        for text in [
            "20130524T000000Z",
            "Fri, 24 May 2013 00:00:00 GMT",
            "Fri, 24 May 2013 00:00:00 +0000",
            "Fri, 24 May 2013 02:00:00 +0200",
        ] {
            for name in ["x-amz-date", "date"] {
                let headers = HeaderMap::from_iter([(
                    http::HeaderName::from_static(name),
                    text.parse().unwrap(),
                )]);
                let read = time_of_version_2(&headers).map(render_time);
                assert_eq!(read.as_deref(), Ok("20130524T000000Z"), "{name}: {text}");
            }
            assert!(time("date", text).is_ok(), "{text}");
            let is_short = text.ends_with('Z');
            assert_eq!(time("x-amz-date", text).is_ok(), is_short, "{text}");
        }
    }

    #[test]
    fn amz_date_wins() {
        let headers = HeaderMap::from_iter([
            (
                http::header::DATE,
                "Fri, 24 May 2013 00:00:00 GMT".parse().unwrap(),
            ),
            (
                header::AMZ_DATE.parse().unwrap(),
                "nonsense".parse().unwrap(),
            ),
        ]);
        assert_eq!(time_of(&headers).unwrap_err().code, ErrorCode::AccessDenied);
    }

    #[test]
    fn refuses_other_spellings() {
        for text in [
            "",
            "20130524",
            "20130524T000000",
            "20130524t000000z",
            "+20130524T000000Z",
            "20131324T000000Z",
            "20130524T240000Z",
            "2013-05-24T00:00:00Z",
        ] {
            assert_eq!(
                time("x-amz-date", text),
                Err(ErrorCode::AccessDenied),
                "{text}"
            );
        }
        assert_eq!(
            time_of(&HeaderMap::new()).unwrap_err().code,
            ErrorCode::AccessDenied
        );
    }
}
