//! The chain of signatures through aws-chunked frames: each covers the one before
//! (AWS, "Transferring payload in multiple chunks" and "… with trailing headers").

use std::fmt;
use std::sync::Arc;

use sha2::Digest as _;
use sha2::Sha256;

use crate::Error;
use crate::ErrorCode;
use crate::SigningKey;
use crate::auth::scope::Scope;
use crate::hex;

/// The SHA-256 of nothing, which stands in every frame's string to sign.
const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Where a chain begins: the request's own signature.
pub(crate) struct FrameSeed {
    pub key: SigningKey,
    pub timestamp: String,
    pub scope: Scope,
    pub signature: String,
}

impl fmt::Debug for FrameSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FrameSeed(***)")
    }
}

/// The chain as far as it has been verified.
pub(crate) struct FrameChain {
    seed: Arc<FrameSeed>,
    previous: String,
}

impl FrameChain {
    pub fn new(seed: Arc<FrameSeed>) -> Self {
        let previous = seed.signature.clone();
        Self { seed, previous }
    }

    /// Verifies the next frame by the SHA-256 of its data.
    pub fn verify_frame(&mut self, data_sha256: &[u8], signature: String) -> Result<(), Error> {
        self.advance(&self.frame_text(data_sha256), signature)
    }

    /// Verifies the trailer's lines, each `name:value\n`.
    pub fn verify_trailer(&mut self, lines: &str, signature: String) -> Result<(), Error> {
        self.advance(&self.trailer_text(lines), signature)
    }

    /// The string to sign of the next frame.
    pub fn frame_text(&self, data_sha256: &[u8]) -> String {
        let content = format!("{EMPTY_SHA256}\n{}", hex::render(data_sha256));
        self.text("AWS4-HMAC-SHA256-PAYLOAD", &content)
    }

    /// The string to sign of the trailer.
    pub fn trailer_text(&self, lines: &str) -> String {
        let content = hex::render(&Sha256::digest(lines));
        self.text("AWS4-HMAC-SHA256-TRAILER", &content)
    }

    fn text(&self, kind: &str, content: &str) -> String {
        let FrameSeed {
            timestamp, scope, ..
        } = &*self.seed;
        let scope = scope.render();
        format!("{kind}\n{timestamp}\n{scope}\n{}\n{content}", self.previous)
    }

    fn advance(&mut self, text: &str, signature: String) -> Result<(), Error> {
        if !self.seed.key.verify(text, &signature) {
            // What was signed holds a digest of the plaintext: it is not quoted.
            return Err(Error::new(ErrorCode::SignatureDoesNotMatch));
        }
        self.previous = signature;
        Ok(())
    }
}
