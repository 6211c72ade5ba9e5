//! What a request wants: the verbs of policy, and the question put to [`decide`](crate::decide).

use std::fmt;

use crate::Caller;
use crate::Setting;
use crate::Wish;

/// Policy's verb. Every operation of the wire is exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// Reads object data or what is known of an object.
    Read,
    /// Writes object data, also by copy or in parts.
    Write,
    /// Lists buckets, objects or unfinished uploads.
    List,
    /// Deletes objects.
    Delete,
    /// Makes and removes buckets, changes their settings, ACLs and tags.
    Configure,
}

impl Action {
    /// Every action, in the order in which documents list them.
    pub const ALL: [Self; 5] = [
        Self::Read,
        Self::Write,
        Self::List,
        Self::Delete,
        Self::Configure,
    ];

    /// The word in configurations and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::List => "list",
            Self::Delete => "delete",
            Self::Configure => "configure",
        }
    }

    /// The action of that name, in exactly that spelling.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One question: may this caller do this here?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// Who calls. The caller of this crate has verified it.
    pub caller: &'a Caller,
    /// What for.
    pub action: Action,
    /// The operation's name on the wire (`PutObject`). It decides where a rule names operations of
    /// objects.
    pub operation: &'a str,
    /// The bucket the client addressed; none for the listing of buckets.
    pub bucket: Option<&'a str>,
    /// The object the client addressed; none for a call on the bucket itself.
    pub object: Option<&'a str>,
    /// What the client asks for, where the operation chooses how new object data is encrypted.
    pub wish: Option<Wish<'a>>,
    /// What the bucket has been set to.
    pub setting: Option<&'a Setting>,
    /// Whether the connection is encrypted, or counts as if it were.
    pub secure: bool,
}

impl<'a> Request<'a> {
    /// A request that chooses no encryption, over a secure connection.
    #[must_use]
    pub fn new(
        caller: &'a Caller,
        action: Action,
        operation: &'a str,
        bucket: Option<&'a str>,
        object: Option<&'a str>,
    ) -> Self {
        Self {
            caller,
            action,
            operation,
            bucket,
            object,
            wish: None,
            setting: None,
            secure: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_parses_to_its_own_action() {
        for action in Action::ALL {
            assert_eq!(Action::from_name(action.name()), Some(action));
        }
        assert_eq!(Action::from_name("Read"), None);
        assert_eq!(Action::from_name("*"), None);
    }
}
