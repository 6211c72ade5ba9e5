//! The tree as a serde data format, with errors that keep their parts.
//!
//! serde's formats turn an error into a sentence at once; then nobody can tell any more which
//! keys would have been right, and the sentence quotes the value, which may be a secret.

use std::fmt;

use serde::de;
use serde::de::Deserializer;
use serde::de::IntoDeserializer;
use serde::de::Unexpected;
use serde::de::Visitor;
use serde::de::value::MapDeserializer;
use serde::de::value::SeqDeserializer;
use serde::forward_to_deserialize_any;

use crate::tree::Data;
use crate::tree::Node;

/// Why a node is not what its place asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No key of that name belongs here.
    UnknownKey {
        key: String,
        known: &'static [&'static str],
    },
    /// Not one of the words that may stand here.
    UnknownWord {
        word: String,
        known: &'static [&'static str],
    },
    /// A number where a text belongs, and the like.
    Kind {
        found: &'static str,
        expected: String,
    },
    /// What a type says by itself. It never quotes what may be a secret.
    Other(String),
}

impl Fault {
    /// What of the known words was meant, if one is near.
    pub fn meant(word: &str, known: &[&'static str]) -> Option<&'static str> {
        let near = |candidate: &&str| strsim::normalized_damerau_levenshtein(word, candidate);
        let best = known.iter().max_by(|a, b| near(a).total_cmp(&near(b)))?;
        (near(best) >= NEAR).then_some(best)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |words: &[&str]| format!("`{}`", words.join("`, `"));
        match self {
            Self::UnknownKey { key, known } => match Self::meant(key, known) {
                Some(meant) => write!(f, "unknown key; did you mean `{meant}`?"),
                None => write!(f, "unknown key; known here: {}", list(known)),
            },
            Self::UnknownWord { word, known } => {
                write!(f, "`{word}` is not one of {}", list(known))?;
                match Self::meant(word, known) {
                    Some(meant) => write!(f, "; did you mean `{meant}`?"),
                    None => Ok(()),
                }
            }
            Self::Kind { found, expected } => {
                write!(f, "expected {expected}, found {found}")?;
                let quotes = expected == "a string" && matches!(*found, NUMBER | BOOLEAN);
                f.write_str(if quotes { "; put it in quotes" } else { "" })
            }
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self::Other(text.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let found = match found {
            Unexpected::Str(_) | Unexpected::Char(_) => "a string",
            Unexpected::Bool(_) => BOOLEAN,
            Unexpected::Seq => "a sequence",
            Unexpected::Map => "a mapping",
            Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => NUMBER,
            _ => "something else",
        };
        Self::Kind {
            found,
            expected: expected.to_string(),
        }
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Self::UnknownKey {
            key: key.to_owned(),
            known,
        }
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        Self::UnknownWord {
            word: word.to_owned(),
            known,
        }
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.data {
            Data::Text(text) => visitor.visit_borrowed_str(text),
            Data::Number => visitor.visit_f64(0.0),
            Data::Boolean(value) => visitor.visit_bool(*value),
            Data::Sequence(nodes) => visitor.visit_seq(SeqDeserializer::new(nodes.iter())),
            Data::Mapping(entries) => {
                let pairs = entries.iter().map(|entry| (&*entry.key, &entry.value));
                visitor.visit_map(MapDeserializer::new(pairs))
            }
            Data::Mistaken => visitor.visit_unit(),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.data {
            Data::Mistaken => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.data {
            Data::Text(word) => word
                .as_str()
                .into_deserializer()
                .deserialize_enum(name, words, visitor),
            _ => self.deserialize_any(visitor),
        }
    }

    /// serde would take a sequence for a struct, too, field by field.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.data {
            Data::Sequence(_) => Err(de::Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Fault> for &'de Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

const NUMBER: &str = "a number";
const BOOLEAN: &str = "`true` or `false`";

/// One slip in five letters or so; below, a guess misleads more often than it helps.
const NEAR: f64 = 0.6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_what_is_near_and_nothing_else() {
        let known = &["gateway", "backend", "both", "none"];
        assert_eq!(Fault::meant("gatewy", known), Some("gateway"));
        assert_eq!(Fault::meant("Backend", known), Some("backend"));
        assert_eq!(Fault::meant("nnoe", known), Some("none"));
        assert_eq!(Fault::meant("everything", known), None);
        assert_eq!(Fault::meant("", known), None);
        assert_eq!(Fault::meant("x", &[]), None);
    }

    #[test]
    fn texts_of_faults_say_what_would_have_been_right() {
        let known = &["region", "rules"];
        let key = |key: &str| {
            Fault::UnknownKey {
                key: key.to_owned(),
                known,
            }
            .to_string()
        };
        assert_eq!(key("regoin"), "unknown key; did you mean `region`?");
        assert_eq!(key("xyz"), "unknown key; known here: `region`, `rules`");
        let word = Fault::UnknownWord {
            word: "gatewy".to_owned(),
            known: &["gateway", "none"],
        };
        let expected = "`gatewy` is not one of `gateway`, `none`; did you mean `gateway`?";
        assert_eq!(word.to_string(), expected);
    }
}
