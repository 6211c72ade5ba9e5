//! `ETags` between client and backend, FORMAT.md §7. A sealed whole object whose backend `ETag` is
//! `hex` is `hex-0` to clients; a parts object keeps its `hex-N`.

use http::HeaderMap;
use http::HeaderValue;
use http::header;
use s3::ETagList;

use super::Objects;

/// Swaps `hex` and `hex-0` and leaves everything else. The mapping is its own inverse: a client's
/// `hex-0` becomes the backend's `hex`, and a client's bare `hex`, which no sealed object shows,
/// becomes `hex-0`, which no backend has.
#[must_use]
pub fn swap_etag(etag: &str) -> String {
    match etag.strip_suffix("-0") {
        Some(hex) if is_hex(hex) => hex.to_owned(),
        None if is_hex(etag) => format!("{etag}-0"),
        _ => etag.to_owned(),
    }
}

/// The number of segments when `etag` is a multipart one: `hex-N`, N from 1 to 10 000.
#[must_use]
pub fn is_parts_etag(etag: &str) -> Option<u32> {
    let (hex, count) = etag.split_once('-')?;
    if !is_hex(hex) || count.starts_with('0') || count.len() > 5 {
        return None;
    }
    count
        .parse()
        .ok()
        .filter(|count| (1..=10_000).contains(count))
}

/// A client's `ETag` as the backend knows it. Among mixed objects `hex-0` is a sealed one's and
/// `hex` an unsealed one's.
fn backend_etag(etag: &str, objects: Objects) -> String {
    match objects {
        Objects::Foreign => etag.to_owned(),
        Objects::Mixed if is_hex(etag) => etag.to_owned(),
        Objects::Sealed | Objects::Mixed => swap_etag(etag),
    }
}

/// Copies the client's conditions, with `ETags` as the backend knows them.
pub(super) fn copy(from: &HeaderMap, to: &mut HeaderMap, objects: Objects) {
    for name in [header::IF_MATCH, header::IF_NONE_MATCH] {
        for value in from.get_all(&name) {
            to.append(name.clone(), map_list(value, objects));
        }
    }
    for name in [header::IF_MODIFIED_SINCE, header::IF_UNMODIFIED_SINCE] {
        if let Some(value) = from.get(&name).filter(|value| is_date(value)) {
            to.insert(name, value.clone());
        }
    }
}

/// What is no date is no condition (RFC 9110 §13.1.3, §13.1.4), and not every store knows that.
fn is_date(value: &HeaderValue) -> bool {
    let text = value.to_str().ok();
    text.is_some_and(|text| httpdate::parse_http_date(text).is_ok())
}

/// Whether the client set a condition that the backend has to judge.
pub(super) fn present(headers: &HeaderMap) -> bool {
    [
        header::IF_MATCH,
        header::IF_NONE_MATCH,
        header::IF_MODIFIED_SINCE,
        header::IF_UNMODIFIED_SINCE,
    ]
    .iter()
    .any(|name| headers.contains_key(name))
}

/// Maps a list of entity tags. What is not a list of tags is left to the backend to refuse.
fn map_list(value: &HeaderValue, objects: Objects) -> HeaderValue {
    let list = value.to_str().ok().and_then(ETagList::parse);
    list.and_then(|list| list.map(|etag| backend_etag(etag, objects)))
        .and_then(|list| HeaderValue::try_from(list.to_string()).ok())
        .unwrap_or_else(|| value.clone())
}

fn is_hex(text: &str) -> bool {
    text.len() == 32
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEX: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn whole_objects_swap_and_parts_stay() {
        assert_eq!(swap_etag(HEX), format!("{HEX}-0"));
        assert_eq!(swap_etag(&format!("{HEX}-0")), HEX);
        assert_eq!(swap_etag(&format!("{HEX}-3")), format!("{HEX}-3"));
        assert_eq!(swap_etag("odd"), "odd");
    }

    #[test]
    fn counts_segments_of_multipart_etags_only() {
        let count = |suffix: &str| is_parts_etag(&format!("{HEX}{suffix}"));
        assert_eq!(count("-1"), Some(1));
        assert_eq!(count("-10000"), Some(10_000));
        for other in ["", "-0", "-01", "-10001", "-x", "-1-1", "-100000"] {
            assert_eq!(count(other), None, "{other}");
        }
    }

    #[test]
    fn conditions_keep_quotes_weakness_and_stars() {
        let mut from = HeaderMap::new();
        let list = format!("\"{HEX}-0\", W/\"{HEX}\", \"a,b\", {HEX}-0");
        from.insert(header::IF_MATCH, list.parse().unwrap());
        from.insert(header::IF_NONE_MATCH, HeaderValue::from_static("*"));
        let mut to = HeaderMap::new();
        copy(&from, &mut to, Objects::Sealed);
        assert_eq!(
            to[header::IF_MATCH],
            format!("\"{HEX}\", W/\"{HEX}-0\", \"a,b\", \"{HEX}\"")
        );
        assert_eq!(to[header::IF_NONE_MATCH], "*");
        copy(&from, &mut to, Objects::Foreign);
        assert!(present(&to));
    }

    #[test]
    fn mixed_rules_leave_the_tags_of_unsealed_objects() {
        assert_eq!(backend_etag(HEX, Objects::Mixed), HEX);
        assert_eq!(backend_etag(&format!("{HEX}-0"), Objects::Mixed), HEX);
    }

    proptest! {
        #[test]
        fn swapping_twice_changes_nothing(etag in "([0-9a-f]{32})(-[0-9]{1,5})?|.{0,40}") {
            prop_assert_eq!(swap_etag(&swap_etag(&etag)), etag);
        }
    }
}
