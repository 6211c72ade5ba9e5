//! Which kinds of objects a rule speaks of.

use policy::Permit;
use policy::Protection;
use policy::Unsealed;

/// What stands behind the names that a permit covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objects {
    /// Sealed ones; any other is refused.
    Sealed,
    /// Sealed ones, and others that are served as they are.
    Mixed,
    /// The backend's own, left alone; a sealed one is refused.
    Foreign,
}

impl Objects {
    /// Those of `permit`.
    #[must_use]
    pub fn of(permit: &Permit) -> Self {
        match (permit.protection(), permit.unsealed()) {
            (Protection::Relay | Protection::Backend(_), _) => Self::Foreign,
            (Protection::Seal(_) | Protection::Both(_), Unsealed::Serve) => Self::Mixed,
            (Protection::Seal(_) | Protection::Both(_), _) => Self::Sealed,
        }
    }
}
