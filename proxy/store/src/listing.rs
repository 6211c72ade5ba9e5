//! Listings: one page of a sorted index, with prefixes rolled up.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// What to list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Query<'a> {
    pub(crate) prefix: &'a str,
    /// Not empty.
    pub(crate) delimiter: Option<&'a str>,
    /// Only what comes after this key or common prefix.
    pub(crate) after: Option<&'a str>,
    /// Keys and common prefixes together.
    pub(crate) limit: usize,
}

/// One page.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<Arc<T>>,
    pub(crate) prefixes: Vec<String>,
    /// The last key or common prefix, if there is more after it.
    pub(crate) next: Option<String>,
}

/// The page of `entries` that `query` asks for.
pub(crate) fn page<T>(entries: &BTreeMap<Vec<u8>, Arc<T>>, query: Query<'_>) -> Page<T> {
    let mut page = Page {
        items: Vec::new(),
        prefixes: Vec::new(),
        next: None,
    };
    let mut from = start(query);
    let mut last = Vec::new();
    if query.limit == 0 {
        // A page of nothing is complete, however much there is (AWS answers `IsTruncated` false).
        return page;
    }
    loop {
        let rest = (from.as_ref().map(Vec::as_slice), Bound::Unbounded);
        let Some((key, item)) = entries.range::<[u8], _>(rest).next() else {
            break;
        };
        if !key.starts_with(query.prefix.as_bytes()) {
            break;
        }
        if page.items.len() + page.prefixes.len() == query.limit {
            page.next = Some(text(&last));
            break;
        }
        if let Some(prefix) = rolled_up(key, query) {
            page.prefixes.push(text(prefix));
            last = prefix.to_vec();
            from = Bound::Included(beyond(prefix));
        } else {
            page.items.push(Arc::clone(item));
            last.clone_from(key);
            from = Bound::Excluded(key.clone());
        }
    }
    page
}

/// Percent-encodes a name for `encoding-type=url`.
///
/// AWS encodes as HTML forms do (space becomes `+`) but leaves `/` alone.
pub(crate) fn url_encoded(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' | b'/' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            _ => {
                encoded.push('%');
                encoded.push_str(&crate::disk::hex(&[byte]).to_uppercase());
            }
        }
    }
    encoded
}

/// A marker inside a common prefix, or equal to one, skips all of it: the common prefix sorts
/// before the marker.
fn start(query: Query<'_>) -> Bound<Vec<u8>> {
    let prefix = query.prefix.as_bytes();
    let Some(after) = query
        .after
        .map(str::as_bytes)
        .filter(|after| *after >= prefix)
    else {
        return Bound::Included(prefix.to_vec());
    };
    match rolled_up(after, query) {
        Some(common) if after.starts_with(prefix) => Bound::Included(beyond(common)),
        _ => Bound::Excluded(after.to_vec()),
    }
}

/// The common prefix that stands for `key`: up to the first delimiter after the asked prefix.
pub(crate) fn rolled_up<'k>(key: &'k [u8], query: Query<'_>) -> Option<&'k [u8]> {
    let delimiter = query.delimiter?.as_bytes();
    let rest = key.get(query.prefix.len()..)?;
    let place = rest
        .windows(delimiter.len())
        .position(|window| window == delimiter)?;
    key.get(..query.prefix.len() + place + delimiter.len())
}

/// The first byte string after all that start with `prefix`.
///
/// UTF-8 has no byte 0xff, so that the last byte can always grow.
fn beyond(prefix: &[u8]) -> Vec<u8> {
    let mut beyond = prefix.to_vec();
    if let Some(last) = beyond.last_mut() {
        *last = last.saturating_add(1);
    }
    beyond
}

/// Keys are UTF-8, and delimiters cut them at character boundaries.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(keys: &[&str]) -> BTreeMap<Vec<u8>, Arc<String>> {
        keys.iter()
            .map(|key| (key.as_bytes().to_vec(), Arc::new((*key).to_owned())))
            .collect()
    }

    fn names(page: &Page<String>) -> Vec<String> {
        let items = page.items.iter().map(|item| item.as_ref().clone());
        let mut names: Vec<_> = items.chain(page.prefixes.iter().cloned()).collect();
        names.sort();
        names
    }

    /// All pages of `limit`, one after the other.
    fn walk(entries: &BTreeMap<Vec<u8>, Arc<String>>, query: Query<'_>) -> Vec<Vec<String>> {
        let mut pages = Vec::new();
        let mut after = query.after.map(str::to_owned);
        loop {
            let page = page(
                entries,
                Query {
                    after: after.as_deref(),
                    ..query
                },
            );
            pages.push(names(&page));
            match page.next {
                Some(next) => after = Some(next),
                None => return pages,
            }
        }
    }

    const KEYS: &[&str] = &[
        "a",
        "a/",
        "a/b",
        "a/b/c",
        "a0",
        "b/x",
        "b/y",
        "c",
        "é/1",
        "é/2",
        "\u{10ffff}",
    ];

    #[test]
    fn pages_of_every_size_make_the_whole() {
        let entries = entries(KEYS);
        for prefix in ["", "a", "a/", "b/", "é", "zz", "\u{10ffff}"] {
            for delimiter in [None, Some("/"), Some("b/"), Some("é")] {
                let query = Query {
                    prefix,
                    delimiter,
                    after: None,
                    limit: 1000,
                };
                let whole = walk(&entries, query);
                assert_eq!(whole.len(), 1);
                for limit in 1..=KEYS.len() + 1 {
                    let pages = walk(&entries, Query { limit, ..query });
                    let full = pages.iter().rev().skip(1);
                    assert!(
                        full.clone().all(|page| page.len() == limit),
                        "{query:?} {limit}"
                    );
                    assert_eq!(pages.concat(), whole.concat(), "{query:?} {limit}");
                }
            }
        }
    }

    #[test]
    fn order_is_binary_and_prefixes_roll_up_at_the_first_delimiter() {
        let query = Query {
            prefix: "",
            delimiter: Some("/"),
            after: None,
            limit: 1000,
        };
        let page = page(&entries(KEYS), query);
        let keys: Vec<_> = page.items.iter().map(|item| item.as_str()).collect();
        assert_eq!(keys, ["a", "a0", "c", "\u{10ffff}"]);
        assert_eq!(page.prefixes, ["a/", "b/", "é/"]);
    }

    #[test]
    fn truncation_is_exact_at_the_limit() {
        let entries = entries(&["a", "b/1", "b/2"]);
        let query = |limit| Query {
            prefix: "",
            delimiter: Some("/"),
            after: None,
            limit,
        };
        for (limit, next) in [(0, None), (1, Some("a")), (2, None), (3, None)] {
            assert_eq!(
                page(&entries, query(limit)).next.as_deref(),
                next,
                "{limit}"
            );
        }
    }

    #[test]
    fn a_marker_in_a_common_prefix_skips_it() {
        let entries = entries(&["a/1", "a/2", "b"]);
        for after in ["a/", "a/1", "a/9"] {
            let query = Query {
                prefix: "",
                delimiter: Some("/"),
                after: Some(after),
                limit: 1000,
            };
            assert_eq!(names(&page(&entries, query)), ["b"], "{after}");
        }
    }

    #[test]
    fn names_are_encoded_as_in_forms_except_slashes() {
        assert_eq!(
            url_encoded("a b/ü+&~*-._%\n"),
            "a+b/%C3%BC%2B%26%7E*-._%25%0A"
        );
    }
}
