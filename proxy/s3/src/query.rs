//! The query of a request target, decoded.

use crate::Error;
use crate::ErrorCode;
use crate::percent;

/// The parameters of a query in the order sent, decoded once; `+` is a blank, as S3 reads it.
///
/// No name occurs twice: where a gateway judges the first of two values and the backend obeys the
/// second, the judgement is worth nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Parses the text after `?` (without it). `a` and `a=` are the same; empty pieces are skipped.
    ///
    /// Errors: `InvalidURI` for broken escapes or text that is not UTF-8, `InvalidArgument` for a
    /// name given twice.
    pub fn parse(raw: &str) -> Result<Self, Error> {
        let mut query = Self::default();
        for piece in raw.split('&').filter(|piece| !piece.is_empty()) {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            query.pairs.push((decode(name)?, decode(value)?));
        }
        query.refuse_repeated_names()?;
        Ok(query)
    }

    /// The value of `name`; empty when it was sent without one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs().find(|pair| pair.0 == name).map(|pair| pair.1)
    }

    /// Whether `name` was sent, with or without a value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All parameters, in the order sent.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Sorts: there may be ten thousand names, and they are read before a signature is.
    fn refuse_repeated_names(&self) -> Result<(), Error> {
        let mut names: Vec<&str> = self.pairs().map(|pair| pair.0).collect();
        names.sort_unstable();
        match names.iter().zip(names.iter().skip(1)).find(|(a, b)| a == b) {
            None => Ok(()),
            Some((name, _)) => Err(Error::new(ErrorCode::InvalidArgument)
                .with_message("A query parameter must not be given twice.")
                .with_detail("ArgumentName", *name)),
        }
    }
}

fn decode(text: &str) -> Result<String, Error> {
    percent::decode_query_strict(text).ok_or_else(|| Error::new(ErrorCode::InvalidUri))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::collection::btree_map;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_names_values_and_blanks() {
        let query = Query::parse("uploads&prefix=a+b%2Bc&empty=&&x=1=2").unwrap();
        assert_eq!(query.get("uploads"), Some(""));
        assert_eq!(query.get("prefix"), Some("a b+c"));
        assert_eq!(query.get("empty"), Some(""));
        assert_eq!(query.get("x"), Some("1=2"));
        assert!(!query.has("Uploads"));
        assert_eq!(query.pairs().count(), 4);
        assert_eq!(Query::parse("").unwrap(), Query::default());
    }

    #[test]
    fn refuses_repeated_names_however_spelled() {
        let error = Query::parse("prefix=a&pref%69x=b").unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidArgument);
    }

    #[test]
    fn finds_the_one_name_repeated_among_many() {
        let many: Vec<String> = (0..20_000).map(|number| format!("{number:x}=")).collect();
        let many = many.join("&");
        assert_eq!(Query::parse(&many).unwrap().pairs().count(), 20_000);
        for name in ["0", "4e1f", "1000"] {
            let error = Query::parse(&format!("{many}&{name}")).unwrap_err();
            assert_eq!(error.details, [("ArgumentName", name.to_owned())]);
        }
    }

    #[test]
    fn reads_odd_pieces_to_the_letter() {
        for (raw, pairs) in [
            ("=", &[("", "")][..]),
            ("=a", &[("", "a")]),
            ("a==", &[("a", "=")]),
            ("&&&", &[]),
            ("a;b=c", &[("a;b", "c")]),
            ("a?b=c?d", &[("a?b", "c?d")]),
            ("a+b=+", &[("a b", " ")]),
            ("%61=%2525", &[("a", "%25")]),
            ("a=%26b%3Dc", &[("a", "&b=c")]),
            ("%C3%BC=\u{fc}", &[("\u{fc}", "\u{fc}")]),
            ("a=%00", &[("a", "\0")]),
        ] {
            let query = Query::parse(raw).unwrap();
            assert_eq!(query.pairs().collect::<Vec<_>>(), pairs, "{raw}");
        }
    }

    proptest! {
        #[test]
        fn parse_undoes_encode(pairs in btree_map(any::<String>(), any::<String>(), 0..5)) {
            let raw: Vec<String> = pairs
                .iter()
                .map(|(name, value)| {
                    let (name, value) = (name.as_bytes(), value.as_bytes());
                    format!("{}={}", percent::encode(name), percent::encode(value))
                })
                .collect();
            let query = Query::parse(&raw.join("&")).unwrap();
            let read = query.pairs().map(|(name, value)| (name.to_owned(), value.to_owned()));
            prop_assert_eq!(read.collect::<Vec<_>>(), Vec::from_iter(pairs));
        }
    }

    #[test]
    fn refuses_what_cannot_be_decoded() {
        for raw in ["prefix=%", "prefix=%ff", "%zz=1"] {
            assert_eq!(
                Query::parse(raw).unwrap_err().code,
                ErrorCode::InvalidUri,
                "{raw}"
            );
        }
    }
}
