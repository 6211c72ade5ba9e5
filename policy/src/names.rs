//! Names that operators give: of keys and of clients.
//!
//! Both are short and plain, because they travel into envelopes, audit lines and metrics.

use std::fmt;

use crate::error::InvalidName;

/// The operator's name of a key in the configuration; the key itself is elsewhere.
///
/// 1–64 of `A–Z a–z 0–9 . _ -`, and not `customer`: envelopes write that word for an object
/// under a key of the client's own (FORMAT.md §3, `by`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyName(String);

impl KeyName {
    /// Parses a name.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        plain(text, "customer").map(Self)
    }

    /// The name as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The operator's name of a client.
///
/// 1–64 of `A–Z a–z 0–9 . _ -`, and not `anonymous`: that word stands for callers who do not
/// sign ([`Caller::Anonymous`](crate::Caller::Anonymous)).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientName(String);

impl ClientName {
    /// Parses a name.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        plain(text, "anonymous").map(Self)
    }

    /// The name as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn plain(text: &str, reserved: &'static str) -> Result<String, InvalidName> {
    match text.len() {
        0 => return Err(InvalidName::Empty),
        1..=LEN_MAX => {}
        _ => return Err(InvalidName::TooLong),
    }
    if let Some(found) = text.chars().find(|c| !is_plain(*c)) {
        return Err(InvalidName::Character(found));
    }
    if text == reserved {
        return Err(InvalidName::Reserved(reserved));
    }
    Ok(text.to_owned())
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

const LEN_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_1_to_64_plain_characters() {
        for text in ["a", "billing-sm4", "A.b_c-9", &"x".repeat(64)] {
            assert_eq!(KeyName::parse(text).as_ref().map(KeyName::as_str), Ok(text));
            assert_eq!(
                ClientName::parse(text).as_ref().map(ClientName::as_str),
                Ok(text)
            );
        }
        assert_eq!(KeyName::parse(""), Err(InvalidName::Empty));
        assert_eq!(KeyName::parse(&"x".repeat(65)), Err(InvalidName::TooLong));
    }

    #[test]
    fn refuses_characters_that_need_quoting_somewhere() {
        for (text, found) in [
            ("a b", ' '),
            ("*", '*'),
            ("a\n", '\n'),
            ("ключ", 'к'),
            ("a/b", '/'),
        ] {
            assert_eq!(KeyName::parse(text), Err(InvalidName::Character(found)));
        }
    }

    #[test]
    fn refuses_the_words_that_mean_something_else() {
        assert_eq!(
            KeyName::parse("customer"),
            Err(InvalidName::Reserved("customer"))
        );
        assert_eq!(
            ClientName::parse("anonymous"),
            Err(InvalidName::Reserved("anonymous"))
        );
        assert!(KeyName::parse("anonymous").is_ok());
        assert!(ClientName::parse("customer").is_ok());
    }
}
