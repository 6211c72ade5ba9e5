//! Keys that have their name already and their meaning not yet.

use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error as _;

/// The value of such a key: whatever it is, it is refused. Leaving it unread would let somebody
/// believe in a protection that is not there.
#[derive(Debug)]
pub(crate) enum Later {}

impl<'de> Deserialize<'de> for Later {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom(LEAVE_OUT))
    }
}

/// What is said about such a key.
pub(crate) const LEAVE_OUT: &str = "not supported yet; leave it out";
