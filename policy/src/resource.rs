//! What is called on: patterns over bucket names. Prefixes of object names are plain texts.

use std::fmt;

use crate::error::InvalidPattern;

/// A bucket's name with `*` (any characters, also none) and `?` (exactly one).
///
/// 1–63 of `A–Z a–z 0–9 . _ -` and the two wildcards. Capitals and `_` are no longer legal in
/// new buckets, but old ones have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketPattern(
    String,
    /// Bytes before the first wildcard.
    usize,
);

impl BucketPattern {
    /// Parses a pattern.
    pub fn parse(text: &str) -> Result<Self, InvalidPattern> {
        match text.len() {
            0 => return Err(InvalidPattern::Empty),
            1..=LEN_MAX => {}
            _ => return Err(InvalidPattern::TooLong),
        }
        if let Some(found) = text.chars().find(|c| !is_pattern(*c)) {
            return Err(InvalidPattern::Character(found));
        }
        let head = text.find(['*', '?']).unwrap_or(text.len());
        Ok(Self(text.to_owned(), head))
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The one bucket this pattern means, when it has no wildcard.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        (!self.0.contains(['*', '?'])).then_some(&*self.0)
    }

    /// Whether the pattern means this bucket, to its last character.
    #[must_use]
    pub fn matches(&self, bucket: &str) -> bool {
        // Most rules speak of other buckets, and most of these differ before the first wildcard: one
        // comparison of memory tells.
        let (head, rest) = self.0.split_at(self.1);
        let Some(bucket) = bucket.strip_prefix(head) else {
            return false;
        };
        match rest {
            "" => bucket.is_empty(),
            "*" => true,
            _ => glob(rest.as_bytes(), bucket.as_bytes()),
        }
    }

    /// Whether this pattern certainly means every bucket that `other` means.
    ///
    /// Errs towards `false`: two globs are compared by their text only.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let everything = self.0.bytes().all(|b| b == b'*');
        everything || self == other || other.literal().is_some_and(|name| self.matches(name))
    }
}

impl fmt::Display for BucketPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Matches without recursion: on a mismatch only the last `*` takes one byte more. Earlier stars
/// never need another try, so the work is at most pattern × text and nothing is allocated.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut retry = None;
    while let Some(&byte) = text.get(t) {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p, t));
                p += 1;
            }
            Some(&wanted) if wanted == b'?' || wanted == byte => {
                p += 1;
                t += 1;
            }
            _ => match retry {
                Some((star, from)) => {
                    retry = Some((star, from + 1));
                    p = star + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|&b| b == b'*')
}

fn is_pattern(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '*' | '?')
}

const LEN_MAX: usize = 63;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pattern(text: &str) -> BucketPattern {
        BucketPattern::parse(text).unwrap()
    }

    #[test]
    fn globs_match_as_the_table_says() {
        for (glob, bucket, expected) in [
            ("*", "", true),
            ("*", "anything", true),
            ("**", "a", true),
            ("a", "a", true),
            ("a", "ab", false),
            ("ab", "a", false),
            ("?", "", false),
            ("?", "a", true),
            ("?", "ab", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("billing-*", "billing-", true),
            ("billing-*", "billing-2026", true),
            ("billing-*", "billing", false),
            ("billing-*", "x-billing-1", false),
            ("*-logs", "app-logs", true),
            ("*-logs", "app-logs-old", false),
            ("*ab", "aab", true),
            ("*ab*", "xxaabyy", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*?*", "", false),
            ("*?", "abc", true),
            ("Logs", "logs", false),
            ("a.c", "abc", false),
        ] {
            assert_eq!(
                pattern(glob).matches(bucket),
                expected,
                "{glob} on {bucket:?}"
            );
        }
    }

    #[test]
    fn many_stars_stay_cheap() {
        let bucket = "a".repeat(100_000);
        assert!(!pattern("*a*a*a*a*a*a*a*a*a*a*b").matches(&bucket));
    }

    #[test]
    fn takes_1_to_63_characters_of_bucket_names() {
        assert!(BucketPattern::parse(&"a".repeat(63)).is_ok());
        assert_eq!(
            BucketPattern::parse(&"a".repeat(64)),
            Err(InvalidPattern::TooLong)
        );
        assert_eq!(BucketPattern::parse(""), Err(InvalidPattern::Empty));
        for (text, found) in [("a/b", '/'), ("a b", ' '), ("[ab]", '['), ("é", 'é')] {
            assert_eq!(
                BucketPattern::parse(text),
                Err(InvalidPattern::Character(found))
            );
        }
    }

    #[test]
    fn only_a_pattern_without_wildcards_is_literal() {
        assert_eq!(pattern("a-b").literal(), Some("a-b"));
        assert_eq!(pattern("a-*").literal(), None);
        assert_eq!(pattern("a-?").literal(), None);
    }

    proptest! {
        /// The definition of a glob, written the slow way.
        #[test]
        fn agrees_with_the_recursive_definition(p in "[ab*?]{1,8}", t in "[ab]{0,10}") {
            fn slow(p: &[u8], t: &[u8]) -> bool {
                match (p.split_first(), t.split_first()) {
                    (None, None) => true,
                    (Some((b'*', rest)), None) => slow(rest, t),
                    (Some((b'*', rest)), Some((_, tail))) => slow(rest, t) || slow(p, tail),
                    (Some((c, rest)), Some((d, tail))) => {
                        (*c == b'?' || c == d) && slow(rest, tail)
                    }
                    _ => false,
                }
            }
            prop_assert_eq!(pattern(&p).matches(&t), slow(p.as_bytes(), t.as_bytes()));
        }

        #[test]
        fn what_covers_matches_at_least_as_much(
            a in "[ab*?]{1,4}",
            b in "[ab*?]{1,4}",
            t in "[ab]{0,5}",
        ) {
            let (a, b) = (pattern(&a), pattern(&b));
            if a.covers(&b) && b.matches(&t) {
                prop_assert!(a.matches(&t));
            }
        }
    }
}
