//! Who calls, and which callers a rule speaks of.

use std::fmt;

use crate::ClientName;

/// A verified identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Caller {
    /// One of the configured clients.
    Client(ClientName),
    /// Somebody who did not sign.
    Anonymous,
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(name) => write!(f, "client `{name}`"),
            Self::Anonymous => f.write_str("an anonymous caller"),
        }
    }
}

/// An entry of a rule's `clients`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallerPattern {
    /// `*`: every configured client, and nobody who is anonymous.
    AnyClient,
    /// Exactly this caller.
    Exactly(Caller),
}

impl CallerPattern {
    /// Whether the rule speaks of this caller.
    #[must_use]
    pub fn matches(&self, caller: &Caller) -> bool {
        match self {
            Self::AnyClient => matches!(caller, Caller::Client(_)),
            Self::Exactly(one) => one == caller,
        }
    }

    /// Whether every caller that `other` matches is matched by this pattern too.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        match other {
            Self::AnyClient => *self == Self::AnyClient,
            Self::Exactly(caller) => self.matches(caller),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_every_client_but_no_stranger() {
        let billing = Caller::Client(ClientName::parse("billing").unwrap());
        assert!(CallerPattern::AnyClient.matches(&billing));
        assert!(!CallerPattern::AnyClient.matches(&Caller::Anonymous));
    }

    #[test]
    fn a_named_caller_is_nobody_else() {
        let billing = Caller::Client(ClientName::parse("billing").unwrap());
        let other = Caller::Client(ClientName::parse("billing2").unwrap());
        let pattern = CallerPattern::Exactly(billing.clone());
        assert!(pattern.matches(&billing));
        assert!(!pattern.matches(&other));
        assert!(!pattern.matches(&Caller::Anonymous));
        assert!(CallerPattern::Exactly(Caller::Anonymous).matches(&Caller::Anonymous));
    }
}
