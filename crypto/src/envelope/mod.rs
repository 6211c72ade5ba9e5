//! The two metadata entries of a sealed object (FORMAT.md §3): rendered and MACed from a draft,
//! parsed and verified into a type of its own.
use crate::context::Context;
use crate::digests::Digests;
use crate::error::Error;
use crate::keys::Dek;
use crate::keys::WrappingKey;
use crate::size::PlainLen;
use crate::suite::Layout;
use crate::suite::Sse;
use crate::suite::Suite;

/// What an envelope is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvelopeDraft {
    /// Suite of the whole object.
    pub suite: Suite,
    /// One PUT or a multipart upload.
    pub layout: Layout,
    /// What to advertise.
    pub sse: Sse,
    /// Key id as shown to clients: with `Kms` and `Dsse`, and only then.
    pub key_id: Option<String>,
    /// OBS project id of the key.
    pub project: Option<String>,
    /// Whether clients are to see bucket-key-enabled; with `Kms` only.
    pub bucket_key: bool,
    /// The client's encryption context JSON, at most 512 bytes.
    pub encryption_context: Option<Vec<u8>>,
    /// Where the wrapping key comes from.
    pub by: KeySource,
    /// Plaintext bytes: always with `Whole`.
    pub size: Option<PlainLen>,
    /// What is known of the plaintext before the body; with `Whole` only. Stored encrypted.
    pub digests: Digests,
    /// What the footer will hold; with `Whole` only.
    pub foot: Foot,
}

/// Whose key wraps the DEK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A key of the configuration.
    Named {
        /// `by`: its name in the configuration.
        name: String,
        /// `bk`: the wrapped bucket key.
        bucket_key: Vec<u8>,
    },
    /// The client's own.
    Customer,
}

/// Which digests stand in the footer of a whole object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Foot {
    /// The MD5.
    pub md5: bool,
    /// The additional checksum.
    pub sum: bool,
}

/// The two entries as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvelopeText {
    /// `sealgate`.
    pub json: String,
    /// `sealgate-mac`.
    pub mac: String,
}

impl EnvelopeDraft {
    /// Wraps the DEK and renders the entries. `salt` is random, new for every envelope.
    pub fn seal(
        self,
        _dek: &Dek,
        _wrapping: &WrappingKey<'_>,
        _context: &Context<'_>,
        _salt: [u8; 16],
    ) -> Result<EnvelopeText, Error> {
        todo!()
    }
}

/// A well-formed envelope of which nothing is proven yet.
#[derive(Clone, Debug)]
pub struct UnverifiedEnvelope {}

impl UnverifiedEnvelope {
    /// Parses the two entries.
    pub fn parse(_json: &str, _mac: &str) -> Result<Self, Error> {
        todo!()
    }
    /// Parses what a stored object has of the two entries; `NotSealed` if it has neither, malformed if it has one.
    pub fn from_entries(_json: Option<&str>, _mac: Option<&str>) -> Result<Self, Error> {
        todo!()
    }
    /// Suite.
    #[must_use]
    pub fn suite(&self) -> Suite {
        todo!()
    }
    /// Layout.
    #[must_use]
    pub fn layout(&self) -> Layout {
        todo!()
    }
    /// Advertised encryption.
    #[must_use]
    pub fn sse(&self) -> Sse {
        todo!()
    }
    /// `by`; `None` for a customer's key.
    #[must_use]
    pub fn key_name(&self) -> Option<&str> {
        todo!()
    }
    /// `bk`.
    #[must_use]
    pub fn bucket_key(&self) -> Option<&[u8]> {
        todo!()
    }
    /// Unwraps the DEK, then verifies the MAC, then opens the private members.
    pub fn verify(
        self,
        _wrapping: &WrappingKey<'_>,
        _context: &Context<'_>,
    ) -> Result<Envelope, Error> {
        todo!()
    }
}

/// A verified envelope with its unwrapped DEK. Comes out of [`UnverifiedEnvelope::verify`] only.
#[derive(Debug)]
pub struct Envelope {}

impl Envelope {
    /// Suite.
    #[must_use]
    pub fn suite(&self) -> Suite {
        todo!()
    }
    /// Layout.
    #[must_use]
    pub fn layout(&self) -> Layout {
        todo!()
    }
    /// Advertised encryption.
    #[must_use]
    pub fn sse(&self) -> Sse {
        todo!()
    }
    /// Key id as shown to clients.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        todo!()
    }
    /// OBS project id of the key.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        todo!()
    }
    /// Whether clients see bucket-key-enabled.
    #[must_use]
    pub fn bucket_key_enabled(&self) -> bool {
        todo!()
    }
    /// The client's encryption context JSON.
    #[must_use]
    pub fn encryption_context(&self) -> Option<&[u8]> {
        todo!()
    }
    /// `by`; `None` for a customer's key.
    #[must_use]
    pub fn key_name(&self) -> Option<&str> {
        todo!()
    }
    /// Plaintext bytes; always there with `Whole`.
    #[must_use]
    pub fn size(&self) -> Option<PlainLen> {
        todo!()
    }
    /// Which digests stand in the footer.
    #[must_use]
    pub fn foot(&self) -> Foot {
        todo!()
    }
    /// The opened private members.
    #[must_use]
    pub fn digests(&self) -> &Digests {
        todo!()
    }
    /// The object's key.
    #[must_use]
    pub fn dek(&self) -> &Dek {
        todo!()
    }
    /// A new envelope for the same body under another key of the same kind, or the same key with
    /// a new salt (FORMAT.md §2.1).
    pub fn rewrap(
        self,
        _by: KeySource,
        _wrapping: &WrappingKey<'_>,
        _context: &Context<'_>,
        _salt: [u8; 16],
    ) -> Result<EnvelopeText, Error> {
        todo!()
    }
}
