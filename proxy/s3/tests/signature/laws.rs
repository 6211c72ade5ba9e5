//! Verify accepts what sign made, and nothing else.

use std::fmt::Write as _;

use http::HeaderName;
use http::HeaderValue;
use http::Method;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use s3::ErrorCode;

use crate::request::NOW;
use crate::request::REGION;
use crate::request::Request;

/// A request's parts before they are spelled. Names are distinct by their index.
#[derive(Clone, Debug)]
struct Parts {
    method: Method,
    path: Vec<u8>,
    query: Vec<(Vec<u8>, Vec<u8>)>,
    headers: Vec<String>,
    payload: String,
}

fn parts() -> impl Strategy<Value = Parts> {
    let methods = [
        Method::GET,
        Method::PUT,
        Method::POST,
        Method::HEAD,
        Method::DELETE,
    ];
    // Bytes that mean something to somebody, and any others.
    let byte = || prop_oneof![prop::sample::select(&b"/.+ %~&=?#;"[..]), any::<u8>()];
    let payloads = ["UNSIGNED-PAYLOAD".to_owned(), "0b".repeat(32)];
    (
        prop::sample::select(methods.to_vec()),
        vec(byte(), 0..20),
        vec((vec(byte(), 1..6), vec(byte(), 0..8)), 0..4),
        vec("[!-~]([ -~]{0,10}[!-~])?", 0..4),
        prop::sample::select(payloads.to_vec()),
    )
        .prop_map(|(method, path, query, headers, payload)| Parts {
            method,
            path,
            query,
            headers,
            payload,
        })
}

/// Escapes what must be, and of the rest every byte for which `choice` is odd; in capitals or not.
fn escape(bytes: &[u8], keep: &[u8], choice: &[u8]) -> String {
    let mut choice = choice.iter().cycle();
    let mut text = String::new();
    for byte in bytes {
        let choice = choice.next().copied().unwrap_or_default();
        let may_stay = byte.is_ascii_alphanumeric() || keep.contains(byte);
        match (may_stay, choice % 4) {
            (true, 0 | 2) => text.push(char::from(*byte)),
            (_, 3) => write!(text, "%{byte:02x}").unwrap(),
            _ => write!(text, "%{byte:02X}").unwrap(),
        }
    }
    text
}

impl Parts {
    /// Spelled in one of many ways; unsigned.
    fn spell(&self, choice: &[u8]) -> Request {
        let path = escape(&self.path, b"-._~/+!$'()*,;:@&=", choice);
        let query = self.query.iter().map(|(name, value)| {
            let name = escape(name, b"-._~/!$'()*,;:@", choice);
            format!("{name}={}", escape(value, b"-._~/!$'()*,;:@=", choice))
        });
        let query: Vec<String> = query.collect();
        let mut request = Request::new(self.method.clone(), &format!("/{path}"), &query.join("&"));
        for (index, value) in self.headers.iter().enumerate() {
            let name = HeaderName::try_from(format!("x-amz-meta-{index}")).unwrap();
            request
                .headers
                .insert(name, HeaderValue::from_str(value).unwrap());
        }
        request
    }

    fn signed(&self, choice: &[u8]) -> Request {
        self.spell(choice).signed_at(NOW, &self.payload)
    }

    /// The query's meaning: order does not count.
    fn sorted_query(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut query = self.query.clone();
        query.sort();
        query
    }
}

fn code(request: &Request) -> Option<ErrorCode> {
    request.verify().err().map(|error| error.code)
}

/// `request` with another target.
fn moved(mut request: Request, target: &Request) -> Request {
    request.path.clone_from(&target.path);
    request.query.clone_from(&target.query);
    request
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn verify_accepts_what_sign_made(parts in parts(), choice in vec(any::<u8>(), 1..20)) {
        prop_assert_eq!(code(&parts.signed(&choice)), None);
    }

    #[test]
    fn the_spelling_of_a_target_does_not_count(
        parts in parts(),
        choice in vec(any::<u8>(), 1..20),
        other in vec(any::<u8>(), 1..20),
    ) {
        let request = moved(parts.signed(&choice), &parts.spell(&other));
        prop_assert_eq!(code(&request), None);
    }

    #[test]
    fn another_target_is_refused(
        parts in parts(),
        choice in vec(any::<u8>(), 1..20),
        other in parts(),
    ) {
        let other_path = Parts { path: other.path, ..parts.clone() };
        let other_query = Parts { query: other.query, ..parts.clone() };
        for target in [other_path, other_query] {
            let same = target.path == parts.path && target.sorted_query() == parts.sorted_query();
            let request = moved(parts.signed(&choice), &target.spell(&choice));
            let expected = (!same).then_some(ErrorCode::SignatureDoesNotMatch);
            prop_assert_eq!(code(&request), expected);
        }
    }

    #[test]
    fn a_byte_more_or_less_in_the_path_is_refused(
        parts in parts(),
        choice in vec(any::<u8>(), 1..20),
        at in any::<Index>(),
        byte in any::<u8>(),
    ) {
        let at = at.index(parts.path.len() + 1);
        let mut longer = parts.clone();
        longer.path.insert(at, byte);
        let refused = Some(ErrorCode::SignatureDoesNotMatch);
        let request = moved(parts.signed(&choice), &longer.spell(&choice));
        prop_assert_eq!(code(&request), refused);
        let request = moved(longer.signed(&choice), &parts.spell(&choice));
        prop_assert_eq!(code(&request), refused);
    }

    #[test]
    fn another_method_is_refused(parts in parts(), choice in vec(any::<u8>(), 1..20)) {
        let signed = parts.signed(&choice);
        for method in ["GET", "PUT", "POST", "HEAD", "DELETE", "get"] {
            let method: Method = method.parse().unwrap();
            let is_same = method == parts.method;
            let request = Request { method, ..signed.clone() };
            let expected = (!is_same).then_some(ErrorCode::SignatureDoesNotMatch);
            prop_assert_eq!(code(&request), expected);
        }
    }

    #[test]
    fn another_signed_header_is_refused(
        parts in parts(),
        choice in vec(any::<u8>(), 1..20),
        at in any::<Index>(),
    ) {
        let signed = parts.signed(&choice);
        let mut names: Vec<HeaderName> = signed.headers.keys().cloned().collect();
        names.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        names.retain(|name| name != "authorization");
        let name = at.get(&names).clone();
        let value = signed.headers[&name].to_str().unwrap().to_owned();
        let with = |value: String| {
            let mut request = signed.clone();
            request.headers.insert(name.clone(), HeaderValue::try_from(value).unwrap());
            request
        };
        let mut without = signed.clone();
        without.headers.remove(&name);
        for request in [with(format!("{value}x")), with(format!("x {value}")), without] {
            prop_assert!(code(&request).is_some(), "{}", name);
        }
        // Blanks around a value are HTTP's, not the value's.
        prop_assert_eq!(code(&with(format!("  {value}\t"))), None);
    }

    #[test]
    fn an_added_header_is_refused(parts in parts(), choice in vec(any::<u8>(), 1..20)) {
        let request = parts.signed(&choice).with("x-amz-meta-z", "a");
        prop_assert_eq!(code(&request), Some(ErrorCode::AccessDenied));
    }

    #[test]
    fn another_signature_is_refused(
        parts in parts(),
        choice in vec(any::<u8>(), 1..20),
        at in 0..64usize,
    ) {
        let mut request = parts.signed(&choice);
        let mut text = request.headers["authorization"].to_str().unwrap().to_owned();
        let at = text.len() - 64 + at;
        let digit = if text.as_bytes()[at] == b'0' { "1" } else { "0" };
        text.replace_range(at..=at, digit);
        request.headers.insert("authorization", text.parse().unwrap());
        prop_assert_eq!(code(&request), Some(ErrorCode::SignatureDoesNotMatch));
        text.truncate(text.len() - 1);
        request.headers.insert("authorization", text.parse().unwrap());
        prop_assert_eq!(code(&request), Some(ErrorCode::SignatureDoesNotMatch));
    }

    #[test]
    fn any_second_within_the_limit_is_accepted(parts in parts(), skew in -2000..=2000i64) {
        let request = parts.signed(&[0]);
        let verdict = request.verify_at(NOW + time::Duration::seconds(skew), REGION);
        prop_assert_eq!(verdict.is_ok(), skew.abs() <= 900);
    }

    #[test]
    fn no_authorization_makes_it_panic(text in "[ -~]{0,80}", tail in "[ -~]{0,80}") {
        for text in [text.clone(), format!("AWS4-HMAC-SHA256 Credential={text}, {tail}")] {
            let mut request = Request::plain();
            request.headers.insert("authorization", text.parse().unwrap());
            prop_assert!(request.verify().is_err());
        }
    }
}
