//! What a client asks for, and what a bucket has been set to.

use crate::Algorithm;
use crate::Sse;

/// What the headers of a write name of encryption. By default nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish<'a> {
    /// The modes that are named. Two of them contradict each other, but each is judged before that
    /// is held against the client.
    pub modes: Modes,
    /// The id of the key.
    pub key_id: Option<&'a str>,
    /// The cipher.
    pub algorithm: Option<Algorithm>,
    /// Whether `bucket-key-enabled` is to be shown.
    pub bucket_key: Option<bool>,
}

/// A set of modes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modes([bool; Sse::ALL.len()]);

impl Modes {
    /// Whether the mode is one of them.
    #[must_use]
    pub fn contains(self, mode: Sse) -> bool {
        self.iter().any(|one| one == mode)
    }

    /// The modes, in the order of [`Sse::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Sse> {
        let named = Sse::ALL.into_iter().zip(self.0);
        named.filter_map(|(mode, named)| named.then_some(mode))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// The mode, if it is the only one.
    #[must_use]
    pub fn only(self) -> Option<Sse> {
        let mut modes = self.iter();
        modes.next().filter(|_| modes.next().is_none())
    }
}

impl FromIterator<Sse> for Modes {
    fn from_iter<I: IntoIterator<Item = Sse>>(modes: I) -> Self {
        let mut set = Self::default();
        for mode in modes {
            for (one, named) in Sse::ALL.into_iter().zip(&mut set.0) {
                *named |= one == mode;
            }
        }
        set
    }
}

/// What a bucket has been set to with `?encryption`. Never SSE-C.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The mode.
    pub sse: Sse,
    /// The id of the key; without it the rule's.
    pub key_id: Option<String>,
    /// The project of that key.
    pub project: Option<String>,
    /// The cipher; without it the key's.
    pub algorithm: Option<Algorithm>,
    /// Whether `bucket-key-enabled` is shown.
    pub bucket_key: bool,
    /// Whether writes under keys of clients' own are refused.
    pub blocks_customer_keys: bool,
}
