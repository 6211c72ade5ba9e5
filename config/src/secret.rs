//! Secrets: never inline, never printed, wiped when dropped.

use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::de;
use serde::de::value::MapAccessDeserializer;
use zeroize::Zeroizing;

/// A secret text. Lives in memory only and is wiped on drop; it cannot be copied or printed.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text over; it is wiped with the secret.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A secret as a keyring holds it: inline, since that file is the secret.
impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// Where a secret is: `{env: NAME}` or `{file: PATH}`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SecretRef {
    Variable(String),
    File(String),
}

impl<'de> Deserialize<'de> for SecretRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RefVisitor)
    }
}

/// What may be known to everybody, and yet may come from where its secret does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PublicText {
    Inline(String),
    Reference(SecretRef),
}

impl<'de> Deserialize<'de> for PublicText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PublicVisitor)
    }
}

struct RefVisitor;

impl<'de> de::Visitor<'de> for RefVisitor {
    type Value = SecretRef;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`{env: NAME}` or `{file: PATH}`")
    }

    /// Never quotes the text: it is the secret.
    fn visit_str<E: de::Error>(self, _: &str) -> Result<SecretRef, E> {
        Err(E::custom(
            "a secret is never inline; write `{env: NAME}` or `{file: PATH}`",
        ))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<SecretRef, A::Error> {
        reference(map)
    }
}

struct PublicVisitor;

impl<'de> de::Visitor<'de> for PublicVisitor {
    type Value = PublicText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<PublicText, E> {
        Ok(PublicText::Inline(text.to_owned()))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<PublicText, A::Error> {
        reference(map).map(PublicText::Reference)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRef {
    env: Option<String>,
    file: Option<String>,
}

fn reference<'de, A: de::MapAccess<'de>>(map: A) -> Result<SecretRef, A::Error> {
    match RawRef::deserialize(MapAccessDeserializer::new(map))? {
        RawRef {
            env: Some(name),
            file: None,
        } => Ok(SecretRef::Variable(name)),
        RawRef {
            env: None,
            file: Some(path),
        } => Ok(SecretRef::File(path)),
        _ => Err(de::Error::custom("name exactly one of `env` and `file`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_as_stars() {
        let secret = Secret::new("hunter2".to_owned());
        assert_eq!(format!("{secret:?}"), "***");
        assert_eq!(secret.expose(), "hunter2");
    }
}
