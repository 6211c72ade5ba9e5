//! From two entries to a verified envelope.

use std::fmt;

use subtle::ConstantTimeEq as _;

use super::decode;
use super::draft;
use super::draft::EnvelopeText;
use super::draft::Foot;
use super::draft::KeySource;
use super::members::Members;
use super::private;
use crate::context::Context;
use crate::derive;
use crate::digests::Digests;
use crate::error::Error;
use crate::header::MAGIC;
use crate::keys::Dek;
use crate::keys::WrappingKey;
use crate::size::PlainLen;
use crate::suite::Layout;
use crate::suite::Sse;
use crate::suite::Suite;
use crate::wrap;
use crate::wrap::SALT_LEN;

/// A well-formed envelope of which nothing is proven. It shows only what is needed to get at the
/// wrapping key (FORMAT.md §3).
#[derive(Clone, Debug)]
pub struct UnverifiedEnvelope {
    members: Members,
    /// The exact text: what the MAC is over.
    json: String,
    mac: [u8; 32],
}

impl UnverifiedEnvelope {
    /// Parses the two entries, strictly.
    pub fn parse(json: &str, mac: &str) -> Result<Self, Error> {
        let members = Members::parse(json)?;
        let mac = decode(mac).and_then(|mac| mac.try_into().ok());
        let mac = mac.ok_or(Error::EnvelopeMalformed(
            "MAC is not strict base64url of 32 bytes",
        ))?;
        Ok(Self {
            members,
            json: json.to_owned(),
            mac,
        })
    }

    /// Parses what a stored object has of the two entries. Neither: [`Error::NotSealed`]; one
    /// without the other is malformed, never "not sealed".
    pub fn from_entries(json: Option<&str>, mac: Option<&str>) -> Result<Self, Error> {
        match (json, mac) {
            (Some(json), Some(mac)) => Self::parse(json, mac),
            (None, None) => Err(Error::NotSealed),
            _ => Err(Error::EnvelopeMalformed("one entry without the other")),
        }
    }

    /// What to say of an object with neither entry, by the first bytes of its body.
    #[must_use]
    pub fn absent(body: &[u8]) -> Error {
        if body.starts_with(&MAGIC) {
            Error::EnvelopeMissing
        } else {
            Error::NotSealed
        }
    }

    /// Suite of the object.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        self.members.suite
    }

    /// Layout of the body.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        self.members.layout
    }

    /// The advertised encryption.
    #[must_use]
    pub const fn sse(&self) -> Sse {
        self.members.sse
    }

    /// `by`: the configured key to ask; `None` for a customer's key.
    #[must_use]
    pub fn key_name(&self) -> Option<&str> {
        self.members.key_name()
    }

    /// `bk`: the wrapped bucket key; `None` for a customer's key.
    #[must_use]
    pub fn bucket_key(&self) -> Option<&[u8]> {
        match &self.members.by {
            KeySource::Named { bucket_key, .. } => Some(bucket_key),
            KeySource::Customer => None,
        }
    }

    /// What clients are told: for an envelope that stands in a record which is authenticated itself
    /// (FORMAT.md §9), and for no other.
    #[must_use]
    pub fn recorded(&self) -> Advertised<'_> {
        self.members.advertised()
    }

    /// Unwraps the DEK, then verifies the MAC, then opens the private members.
    pub fn verify(
        self,
        wrapping: &WrappingKey<'_>,
        context: &Context<'_>,
    ) -> Result<Envelope, Error> {
        let Self { members, json, mac } = self;
        draft::of_kind(&members.by, wrapping)?;
        let suite = members.suite;
        let context = context.of_dek(suite, members.layout, members.sse);
        let dek = wrap::unwrap(suite, wrapping.bytes(), &context, &members.dek_blob)?;
        let dek = Dek::new(*dek);
        let right = derive::envelope_mac(suite, &dek, &context, json.as_bytes());
        if !bool::from(right.ct_eq(&mac)) {
            return Err(Error::EnvelopeMac);
        }
        let digests = members.open_private(&dek, &context)?;
        Ok(Envelope {
            members,
            digests,
            dek,
            context,
        })
    }
}

/// What an envelope says of the object's encryption to clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advertised<'a> {
    /// The mode.
    pub sse: Sse,
    /// The suite.
    pub suite: Suite,
    /// Key id as shown to clients.
    pub key_id: Option<&'a str>,
    /// OBS project id of the key.
    pub project: Option<&'a str>,
    /// Whether clients see bucket-key-enabled.
    pub bucket_key: bool,
    /// The client's encryption context JSON.
    pub encryption_context: Option<&'a [u8]>,
}

/// A verified envelope and the DEK it wraps. Made by [`UnverifiedEnvelope::verify`] only.
pub struct Envelope {
    members: Members,
    digests: Digests,
    dek: Dek,
    /// Of FORMAT.md §2.2, kept so that a new envelope cannot be for another object.
    context: Vec<u8>,
}

impl Envelope {
    /// Suite of the object.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        self.members.suite
    }

    /// Layout of the body.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        self.members.layout
    }

    /// The advertised encryption.
    #[must_use]
    pub const fn sse(&self) -> Sse {
        self.members.sse
    }

    /// What clients are told.
    #[must_use]
    pub fn advertised(&self) -> Advertised<'_> {
        self.members.advertised()
    }

    /// Key id as shown to clients; with `Kms` and `Dsse`, always.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.members.key_id.as_deref()
    }

    /// OBS project id of the key.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        self.members.project.as_deref()
    }

    /// Whether clients see bucket-key-enabled.
    #[must_use]
    pub const fn bucket_key_enabled(&self) -> bool {
        self.members.bucket_key
    }

    /// The client's encryption context JSON.
    #[must_use]
    pub fn encryption_context(&self) -> Option<&[u8]> {
        self.members.encryption_context.as_deref()
    }

    /// `by`: the configured key that wraps; `None` for a customer's key.
    #[must_use]
    pub fn key_name(&self) -> Option<&str> {
        self.members.key_name()
    }

    /// Plaintext bytes; with `Whole`, always.
    #[must_use]
    pub const fn size(&self) -> Option<PlainLen> {
        self.members.size
    }

    /// Which digests stand in the footer.
    #[must_use]
    pub const fn foot(&self) -> Foot {
        self.members.foot
    }

    /// The digests that were known before the body: `priv`, opened.
    #[must_use]
    pub fn digests(&self) -> Digests {
        self.digests.clone()
    }

    /// The object's key.
    #[must_use]
    pub const fn dek(&self) -> &Dek {
        &self.dek
    }

    /// A new envelope for the same object and body. From bucket key to bucket key, or under the
    /// same customer key with a new salt; anything else is [`Error::WrappingKind`] or
    /// [`Error::KeyBlob`] (FORMAT.md §2.1 says what could be forged otherwise).
    pub fn rewrap(
        self,
        by: KeySource,
        wrapping: &WrappingKey<'_>,
        salt: [u8; SALT_LEN],
    ) -> Result<EnvelopeText, Error> {
        draft::of_kind(&self.members.by, wrapping)?;
        if matches!(wrapping, WrappingKey::Customer(_)) {
            let (suite, blob) = (self.members.suite, &self.members.dek_blob);
            wrap::unwrap(suite, wrapping.bytes(), &self.context, blob)?;
        }
        let members = Members { by, ..self.members };
        draft::seal(
            members,
            &self.digests,
            &self.dek,
            wrapping,
            &self.context,
            salt,
        )
    }
}

impl fmt::Debug for Envelope {
    /// Leaves out keys, and digests of the plaintext.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("members", &self.members)
            .finish_non_exhaustive()
    }
}

impl Members {
    fn advertised(&self) -> Advertised<'_> {
        Advertised {
            sse: self.sse,
            suite: self.suite,
            key_id: self.key_id.as_deref(),
            project: self.project.as_deref(),
            bucket_key: self.bucket_key,
            encryption_context: self.encryption_context.as_deref(),
        }
    }

    fn key_name(&self) -> Option<&str> {
        match &self.by {
            KeySource::Named { name, .. } => Some(name),
            KeySource::Customer => None,
        }
    }

    fn open_private(&self, dek: &Dek, context: &[u8]) -> Result<Digests, Error> {
        let Some(sealed) = &self.private else {
            return Ok(Digests::default());
        };
        let salt = self.dek_blob.get(..SALT_LEN).ok_or(Error::PrivateMembers)?;
        private::open(sealed, derive::private(self.suite, dek, salt), context)
    }
}
