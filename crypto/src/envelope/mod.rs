//! The two metadata entries of a sealed object (FORMAT.md §3).
//!
//! Writing: an [`EnvelopeDraft`] is sealed into an [`EnvelopeText`]. Reading: an
//! [`UnverifiedEnvelope`] is parsed, and only a verified one becomes an [`Envelope`] with a DEK.

mod draft;
mod members;
mod private;
mod read;
#[cfg(test)]
mod tests;

pub use draft::EnvelopeDraft;
pub use draft::EnvelopeText;
pub use draft::Foot;
pub use draft::KeySource;
pub use read::Advertised;
pub use read::Envelope;
pub use read::UnverifiedEnvelope;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The longest envelope a writer writes and a reader reads, in bytes of JSON.
const JSON_LEN_MAX: usize = 1536;

/// The name that `by` has for a customer's key.
const CUSTOMER: &str = "customer";

/// `b64` of FORMAT.md §0: base64url without padding.
fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The strict inverse: no padding, no other characters, no unused bits.
fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
