//! What an envelope is to say, and how it is sealed.

use super::encode;
use super::members::Members;
use super::private;
use crate::context::Context;
use crate::derive;
use crate::digests::Digests;
use crate::error::Error;
use crate::keys::Dek;
use crate::keys::WrappingKey;
use crate::size::PlainLen;
use crate::suite::Layout;
use crate::suite::Sse;
use crate::suite::Suite;
use crate::wrap;
use crate::wrap::SALT_LEN;

/// What an envelope is to say (the table of FORMAT.md §3).
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
    /// Plaintext bytes. `Whole`: always. `Parts`: the total of a verified list, or `None`.
    pub size: Option<PlainLen>,
    /// What is known of the plaintext before the body; with `Whole` only. Stored encrypted.
    pub digests: Digests,
    /// What the footer will hold because it comes after the head; with `Whole` only.
    pub foot: Foot,
}

/// Whose key wraps the DEK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A key of the configuration.
    Named {
        /// `by`: its name in the configuration, not `customer`.
        name: String,
        /// `bk`: the wrapped bucket key.
        bucket_key: Vec<u8>,
    },
    /// The client's own, SSE-C.
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
    /// The entry `sealgate`: one line of JSON in plain ASCII, at most 1 536 bytes.
    pub json: String,
    /// The entry `sealgate-mac`.
    pub mac: String,
}

impl EnvelopeDraft {
    /// Wraps the DEK and renders both entries. `salt` is random and new for every envelope.
    ///
    /// Refuses members that FORMAT.md §3 does not allow together, and an envelope too long.
    pub fn seal(
        self,
        dek: &Dek,
        wrapping: &WrappingKey<'_>,
        context: &Context<'_>,
        salt: [u8; SALT_LEN],
    ) -> Result<EnvelopeText, Error> {
        self.private_xor_foot()?;
        let context = context.of_dek(self.suite, self.layout, self.sse);
        let (members, digests) = self.into_members();
        seal(members, &digests, dek, wrapping, &context, salt)
    }

    /// A digest is known before the body or after it, not both.
    fn private_xor_foot(&self) -> Result<(), Error> {
        let md5_twice = self.foot.md5 && self.digests.md5.is_some();
        let sum_twice = self.foot.sum && self.digests.sum.is_some();
        if md5_twice || sum_twice {
            return Err(Error::EnvelopeMalformed(
                "a digest is both in priv and in foot",
            ));
        }
        Ok(())
    }

    fn into_members(self) -> (Members, Digests) {
        let members = Members {
            suite: self.suite,
            layout: self.layout,
            sse: self.sse,
            key_id: self.key_id,
            project: self.project,
            bucket_key: self.bucket_key,
            encryption_context: self.encryption_context,
            by: self.by,
            dek_blob: Vec::new(),
            size: self.size,
            private: None,
            foot: self.foot,
        };
        (members, self.digests)
    }
}

/// Fills in what depends on keys and salt, and renders. `context` is that of FORMAT.md §2.2.
pub(super) fn seal(
    mut members: Members,
    digests: &Digests,
    dek: &Dek,
    wrapping: &WrappingKey<'_>,
    context: &[u8],
    salt: [u8; SALT_LEN],
) -> Result<EnvelopeText, Error> {
    of_kind(&members.by, wrapping)?;
    let suite = members.suite;
    members.dek_blob = wrap::wrap(suite, wrapping.bytes(), salt, context, dek.bytes())?;
    members.private = private::seal(digests, derive::private(suite, dek, &salt), context)?;
    let json = members.checked()?.render()?;
    let mac = derive::envelope_mac(suite, dek, context, json.as_bytes());
    Ok(EnvelopeText {
        json,
        mac: encode(&mac),
    })
}

pub(super) fn of_kind(by: &KeySource, wrapping: &WrappingKey<'_>) -> Result<(), Error> {
    match (by, wrapping) {
        (KeySource::Named { .. }, WrappingKey::Bucket(_))
        | (KeySource::Customer, WrappingKey::Customer(_)) => Ok(()),
        _ => Err(Error::WrappingKind),
    }
}
