//! The two keys of Signature Version 4.

use std::fmt;

use hmac::Hmac;
use hmac::KeyInit as _;
use hmac::Mac as _;
use sha2::Sha256;
use zeroize::Zeroize as _;
use zeroize::ZeroizeOnDrop;

/// The secret half of a credential. Lives in memory only, in the store of credentials; wiped when
/// dropped.
#[derive(ZeroizeOnDrop)]
pub struct SecretKey(String);

impl SecretKey {
    /// Takes the text over.
    #[must_use]
    pub fn new(secret: String) -> Self {
        Self(secret)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(***)")
    }
}

/// A secret key narrowed to one day and one region. Valid for that day only; may be cached as long.
#[derive(ZeroizeOnDrop)]
pub struct SigningKey([u8; 32]);

impl SigningKey {
    /// Derives the key of `date` (`yyyymmdd`) and `region` for the service `s3`
    /// (AWS, "Create a signed AWS API request", step 4).
    #[must_use]
    pub fn derive(secret: &SecretKey, date: &str, region: &str) -> Self {
        let mut first = format!("AWS4{}", secret.0);
        let mut key = Self(hmac(first.as_bytes(), date));
        first.zeroize();
        for text in [region, "s3", "aws4_request"] {
            key = Self(hmac(&key.0, text));
        }
        key
    }

    /// The MAC of `text`, as 32 bytes.
    pub(crate) fn mac(&self, text: &str) -> [u8; 32] {
        hmac(&self.0, text)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(***)")
    }
}

fn hmac(key: &[u8], text: &str) -> [u8; 32] {
    // INVARIANT: HMAC takes keys of every length (RFC 2104 §2).
    #[allow(clippy::expect_used)]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}
