//! A key of the client's own, and its three headers.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use md5::Digest as _;
use md5::Md5;
use zeroize::Zeroizing;

use super::SseHeader;
use crate::Dialect;
use crate::Error;
use crate::ErrorCode;

/// Bytes of a key that fits its algorithm.
const KEY_LEN: usize = 32;

/// A key that came with SSE-C. Wiped on drop, printed as `***`.
pub struct CustomerKey {
    bytes: Zeroizing<Vec<u8>>,
    md5: String,
}

impl CustomerKey {
    /// The 32 bytes; nothing for a key of another length, which opens no object.
    #[must_use]
    pub fn expose(&self) -> Option<&[u8; KEY_LEN]> {
        self.bytes.as_slice().try_into().ok()
    }

    /// Base64 of its MD5, as answers repeat it.
    #[must_use]
    pub fn md5(&self) -> &str {
        &self.md5
    }

    /// The key that the three headers bring; nothing where there is none of them.
    ///
    /// `writes`: new data is to be encrypted with it. For reading, a key of a wrong length is only a
    /// wrong key, as S3 has it.
    ///
    /// Errors: those of S3, in S3's order.
    pub(super) fn parse(
        [algorithm, key, md5]: [Option<&HeaderValue>; 3],
        writes: bool,
    ) -> Result<Option<Self>, Error> {
        let (algorithm, key) = match (algorithm, key, md5) {
            (None, None, None) => return Ok(None),
            (None, _, _) => return Err(invalid(NO_ALGORITHM)),
            (_, None, _) => return Err(invalid(NO_KEY)),
            (Some(algorithm), Some(key), _) => (algorithm, key),
        };
        if algorithm != "AES256" {
            let value = String::from_utf8_lossy(algorithm.as_bytes()).into_owned();
            return Err(
                named(Error::new(ErrorCode::InvalidEncryptionAlgorithmError))
                    .with_detail("ArgumentValue", value),
            );
        }
        let bytes = STANDARD.decode(key.as_bytes()).map(Zeroizing::new);
        let bytes = bytes.map_err(|_| invalid(BAD_KEY))?;
        if writes && bytes.len() != KEY_LEN {
            return Err(invalid(BAD_KEY));
        }
        let told = md5.ok_or_else(|| invalid(NO_MD5))?;
        let told = STANDARD.decode(told.as_bytes());
        let told = told.map_err(|_| invalid(BAD_MD5))?;
        let found = Md5::digest(&*bytes);
        if told != found.as_slice() {
            return Err(invalid(WRONG_MD5));
        }
        Ok(Some(Self {
            md5: STANDARD.encode(found),
            bytes,
        }))
    }
}

impl fmt::Debug for CustomerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomerKey(***)")
    }
}

/// The key is a key, but not that of the object.
#[must_use]
pub fn wrong_key(code: ErrorCode) -> Error {
    Error::new(code).with_message(
        "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.",
    )
}

/// S3 names the header of the mode, whichever is at fault.
pub(super) fn named(error: Error) -> Error {
    let name = SseHeader::Mode.name(Dialect::S3).unwrap_or_default();
    error.with_detail("ArgumentName", name)
}

pub(super) fn invalid(message: &str) -> Error {
    named(Error::new(ErrorCode::InvalidArgument).with_message(message))
}

const NO_ALGORITHM: &str = "Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm.";
const NO_KEY: &str = "Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key.";
const BAD_KEY: &str = "The secret key was invalid for the specified algorithm.";
const NO_MD5: &str = "Requests specifying Server Side Encryption with Customer provided keys must provide the client calculated MD5 of the secret key.";
const BAD_MD5: &str =
    "The MD5 hash of the secret key was improperly encoded. The MD5 hash must be Base64 encoded.";
const WRONG_MD5: &str =
    "The calculated MD5 hash of the key did not match the hash that was provided.";
