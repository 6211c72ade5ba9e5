//! What can be wrong with names, patterns and sets of rules: all of it the operator's to mend.

use crate::Caller;

/// Why a text is not the name of a key or client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// No characters.
    #[error("a name cannot be empty")]
    Empty,
    /// More than 64 bytes.
    #[error("a name has at most 64 characters")]
    TooLong,
    /// A character outside `A–Z a–z 0–9 . _ -`.
    #[error("a name cannot hold {0:?}; use letters, digits, `.`, `_` and `-`")]
    Character(char),
    /// A word that means something else in this place.
    #[error("`{0}` is not a name but a word with a meaning of its own; choose another")]
    Reserved(&'static str),
}

/// Why a text is not a pattern over bucket names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPattern {
    /// No characters.
    #[error("a bucket pattern cannot be empty; `*` means every bucket")]
    Empty,
    /// More than 63 bytes, the length of the longest bucket name.
    #[error("a bucket pattern has at most 63 characters")]
    TooLong,
    /// A character that neither stands in bucket names nor is a wildcard.
    #[error("a bucket pattern cannot hold {0:?}; only `*` and `?` are wildcards")]
    Character(char),
}

/// Why rules and grants do not make a set. `at` counts rules from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// A rule's name is empty or blank.
    #[error("a rule needs a name, which refusals and audit lines give")]
    NoName {
        /// Which rule.
        at: usize,
    },
    /// An earlier rule has the same name.
    #[error("another rule is already named `{name}`")]
    NameTwice {
        /// Which rule.
        at: usize,
        /// The name of both.
        name: String,
    },
    /// An earlier rule takes everything that this one speaks of.
    #[error("rule `{name}` can never decide: rule `{by}` before it takes every such request")]
    NeverDecides {
        /// Which rule.
        at: usize,
        /// Its name.
        name: String,
        /// The name of the earlier rule.
        by: String,
    },
    /// The list of clients is empty.
    #[error("rule `{name}` names no client; `*` means every client")]
    NoClients {
        /// Which rule.
        at: usize,
        /// Its name.
        name: String,
    },
    /// A client that the rule names has no grants, not even an empty list of them.
    #[error("rule `{name}` speaks of {caller}, who is not configured")]
    UnknownCaller {
        /// Which rule.
        at: usize,
        /// Its name.
        name: String,
        /// Whom it names.
        caller: Caller,
    },
    /// `sealed_as` beside a pattern would seal several buckets as one.
    #[error("rule `{name}` has `sealed_as`, so its bucket must be one name without `*` and `?`")]
    SealedAsPattern {
        /// Which rule.
        at: usize,
        /// Its name.
        name: String,
    },
    /// The same caller has two lists of grants.
    #[error("{caller} is configured twice")]
    CallerTwice {
        /// Who.
        caller: Caller,
    },
}
