//! Entity tags (RFC 9110 §8.8.3) and the conditions that list them (§13.1.1, §13.1.2).

use std::fmt;

/// An entity tag without its quotes. Which side's tag it is (client or backend), the caller knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ETag {
    value: String,
    weak: bool,
}

impl ETag {
    /// Parses `"abc"`, `W/"abc"` or, as S3 accepts it, `abc`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (weak, text) = match text.strip_prefix("W/") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let quoted = text
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        let value = match quoted {
            Some(value) => value,
            None if weak || text.is_empty() || text == "*" || text.contains([' ', ',']) => {
                return None;
            }
            None => text,
        };
        is_opaque(value).then(|| Self {
            value: value.to_owned(),
            weak,
        })
    }
}

impl fmt::Display for ETag {
    /// As a header carries it, in quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\"{}\"", if self.weak { "W/" } else { "" }, self.value)
    }
}

/// The value of `If-Match` or `If-None-Match`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ETagList {
    /// `*`: whatever there is.
    Any,
    /// One or more tags.
    Tags(Vec<ETag>),
}

impl ETagList {
    /// Parses the header's value; `None` when it is malformed.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.trim() == "*" {
            return Some(Self::Any);
        }
        let tags = pieces(text).map(ETag::parse).collect::<Option<Vec<_>>>()?;
        (!tags.is_empty()).then_some(Self::Tags(tags))
    }

    /// The list with the text of each tag replaced; `None` when a text does not fit between quotes.
    #[must_use]
    pub fn map(&self, text: impl Fn(&str) -> String) -> Option<Self> {
        let Self::Tags(tags) = self else {
            return Some(Self::Any);
        };
        let tags = tags.iter().map(|tag| {
            let value = text(&tag.value);
            let weak = tag.weak;
            is_opaque(&value).then_some(ETag { value, weak })
        });
        tags.collect::<Option<_>>().map(Self::Tags)
    }
}

impl fmt::Display for ETagList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Tags(tags) => {
                for (index, tag) in tags.iter().enumerate() {
                    write!(f, "{}{tag}", if index == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
        }
    }
}

/// The characters RFC 9110 §8.8.3 allows between the quotes, without the obsolete ones.
fn is_opaque(value: &str) -> bool {
    value.bytes().all(|b| matches!(b, b'!' | b'#'..=b'~'))
}

/// Splits at commas outside quotes; empty pieces are skipped (RFC 9110 §5.6.1).
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
    .filter(|piece| !piece.trim().is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parse_undoes_render() {
        for text in [
            "\"abc\"",
            "W/\"abc\"",
            "\"\"",
            "\"a,b\"",
            "\"9b2cf535f27731c974343645a3985328-2\"",
        ] {
            assert_eq!(ETag::parse(text).unwrap().to_string(), text);
        }
        for text in ["*", "\"a\"", "\"a\", W/\"b\", \"c,d\""] {
            assert_eq!(ETagList::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn accepts_tags_without_quotes_as_s3_does() {
        assert_eq!(ETag::parse(" abc-2 ").unwrap().to_string(), "\"abc-2\"");
        assert_eq!(ETagList::parse("a,b").unwrap().to_string(), "\"a\", \"b\"");
    }

    #[test]
    fn refuses_malformed_tags() {
        for text in [
            "", "\"", "\"a", "a\"", "W/a", "W/", "\"a b\"", "a b", "\"a\"b\"", "*", "\"é\"",
        ] {
            assert_eq!(ETag::parse(text), None, "{text}");
        }
        for text in ["", ",", "*, \"a\"", "\"a\" \"b\"", "\"a"] {
            assert_eq!(ETagList::parse(text), None, "{text}");
        }
    }

    #[test]
    fn tags_are_replaced_and_keep_their_weakness() {
        let list = ETagList::parse("\"x\", W/\"y\", z").unwrap();
        let mapped = list.map(|text| format!("{text}-0")).unwrap();
        assert_eq!(mapped.to_string(), "\"x-0\", W/\"y-0\", \"z-0\"");
        assert_eq!(list.map(|_| "a\"b".to_owned()), None);
        let any = ETagList::Any.map(|_| String::new()).unwrap();
        assert_eq!(any.to_string(), "*");
    }

    #[test]
    fn lists_are_split_at_commas_outside_quotes() {
        for (text, tags) in [
            ("\"a\",\"b\"", &["\"a\"", "\"b\""][..]),
            (" \"a\" ,, \"b\" ,", &["\"a\"", "\"b\""]),
            ("\",\"", &["\",\""]),
            ("\"\"", &["\"\""]),
            ("a,W/\"b,c\",d", &["\"a\"", "W/\"b,c\"", "\"d\""]),
        ] {
            let Some(ETagList::Tags(read)) = ETagList::parse(text) else {
                panic!("{text} is a list");
            };
            let read: Vec<String> = read.iter().map(ETag::to_string).collect();
            assert_eq!(read, tags, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_tag_and_any_list_is_read_as_rendered(
            tags in vec(("[!#-~]{0,10}", any::<bool>()), 1..5),
        ) {
            let tags: Vec<ETag> = tags
                .into_iter()
                .map(|(value, weak)| ETag { value, weak })
                .collect();
            for tag in &tags {
                prop_assert_eq!(ETag::parse(&tag.to_string()), Some(tag.clone()));
            }
            let list = ETagList::Tags(tags);
            prop_assert_eq!(ETagList::parse(&list.to_string()), Some(list));
        }
    }
}
