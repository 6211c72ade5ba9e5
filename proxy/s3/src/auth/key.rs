//! The two keys of Signature Version 4.

use std::fmt;

use hmac::Hmac;
use hmac::KeyInit as _;
use hmac::Mac as _;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroize as _;
use zeroize::ZeroizeOnDrop;

use crate::hex;

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

    /// Version 2 signs with the secret itself.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
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
        let mut key = Self(mac(first.as_bytes(), date));
        first.zeroize();
        for text in [region, "s3", "aws4_request"] {
            key = Self(mac(&key.0, text));
        }
        key
    }

    /// The signature of `text`, in lower-case hex.
    pub(crate) fn sign(&self, text: &str) -> String {
        hex::render(&mac(&self.0, text))
    }

    /// Whether `signature` is that of `text`. In constant time; nothing else compares signatures.
    pub(crate) fn verify(&self, text: &str, signature: &str) -> bool {
        self.sign(text)
            .as_bytes()
            .ct_eq(signature.as_bytes())
            .into()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(***)")
    }
}

#[allow(clippy::expect_used)]
fn mac(key: &[u8], text: &str) -> [u8; 32] {
    // INVARIANT: HMAC takes keys of every length (RFC 2104 §2).
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of AWS, "Deriving the signing key", with the service `s3`.
    fn example() -> SigningKey {
        let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned());
        SigningKey::derive(&secret, "20130524", "us-east-1")
    }

    #[test]
    fn derives_the_key_of_the_example() {
        assert_eq!(
            hex::render(&example().0),
            "dbb893acc010964918f1fd433add87c70e8b0db6be30c1fbeafefa5ec6ba8378"
        );
    }

    #[test]
    fn verifies_only_the_exact_signature() {
        let key = example();
        let signature = key.sign("text");
        assert!(key.verify("text", &signature));
        assert!(!key.verify("texT", &signature));
        assert!(!key.verify("text", &signature.to_uppercase()));
        for end in [0, 1, 63] {
            assert!(!key.verify("text", signature.get(..end).unwrap_or_default()));
        }
        assert!(!key.verify("text", &format!("{signature}0")));
    }

    #[test]
    fn prints_no_secret() {
        let secret = SecretKey::new("hush".to_owned());
        assert_eq!(
            format!("{secret:?} {:?}", example()),
            "SecretKey(***) SigningKey(***)"
        );
    }
}
