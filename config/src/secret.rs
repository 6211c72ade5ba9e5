//! Secrets: never inline, never printed, wiped when dropped.

use std::fmt;

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
