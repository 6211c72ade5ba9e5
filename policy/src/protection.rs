//! What a permit demands of whoever moves the bytes.

use crate::KeyName;

/// What happens to object data under a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protection {
    /// `protect: gateway`: seal what is written, open what is read.
    Seal(Encryption),
    /// `protect: backend`: have the backend encrypt what is written.
    Backend(Encryption),
    /// `protect: both`: seal it, and have the backend encrypt what is sealed.
    Both(Encryption),
    /// `protect: none`: pass the bytes on untouched.
    Relay,
}

impl Protection {
    /// How new object data is sealed, if it is.
    #[must_use]
    pub const fn sealing(&self) -> Option<&Encryption> {
        match self {
            Self::Seal(encryption) | Self::Both(encryption) => Some(encryption),
            Self::Backend(_) | Self::Relay => None,
        }
    }

    /// How new object data is encrypted, by whomever; nothing where it is not.
    #[must_use]
    pub const fn encryption(&self) -> Option<&Encryption> {
        match self {
            Self::Seal(encryption) | Self::Both(encryption) | Self::Backend(encryption) => {
                Some(encryption)
            }
            Self::Relay => None,
        }
    }

    pub(crate) const fn encryption_mut(&mut self) -> Option<&mut Encryption> {
        match self {
            Self::Seal(encryption) | Self::Both(encryption) | Self::Backend(encryption) => {
                Some(encryption)
            }
            Self::Relay => None,
        }
    }
}

/// How new object data is encrypted, and what clients are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// The mode.
    pub sse: Sse,
    /// The key that wraps the object's; none for a key of the client's own.
    pub key: Option<KeyName>,
    /// The cipher.
    pub algorithm: Algorithm,
    /// The key's id as clients are shown it: with `Kms` and `Dsse`, and only then.
    pub key_id: Option<String>,
    /// The project of that key, in Huawei's dialect.
    pub project: Option<String>,
    /// Whether clients are shown `bucket-key-enabled`: with `Kms` only. In a rule it says so for
    /// whenever `Kms` is chosen.
    pub bucket_key: bool,
}

/// The cipher that seals, by its name in headers and configurations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// AES-256-GCM.
    Aes256,
    /// SM4-GCM (RFC 8998).
    Sm4,
}

impl Algorithm {
    /// The name in configurations.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes256 => "AES256",
            Self::Sm4 => "SM4",
        }
    }
}

/// A mode of server-side encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sse {
    /// SSE-S3 or SSE-OBS: the service's own key.
    Aes256,
    /// SSE-KMS: a key with an id.
    Kms,
    /// DSSE-KMS: the same, in two layers.
    Dsse,
    /// SSE-C: a key that the client brings along each time.
    Customer,
}

impl Sse {
    /// Every mode.
    pub const ALL: [Self; 4] = [Self::Aes256, Self::Kms, Self::Dsse, Self::Customer];

    /// The name in configurations and envelopes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes256 => "AES256",
            Self::Kms => "kms",
            Self::Dsse => "dsse",
            Self::Customer => "C",
        }
    }

    /// The mode of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }

    /// Whether the key of this mode has an id that clients name and see.
    #[must_use]
    pub const fn names_keys(self) -> bool {
        matches!(self, Self::Kms | Self::Dsse)
    }
}

/// What happens to a request whose client named no encryption.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Missing {
    /// The rule's default is applied, or what the bucket has been set to.
    #[default]
    Inject,
    /// It is refused.
    Reject,
}

/// What happens to a request whose client named an encryption that the rule does not allow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mismatch {
    /// It is refused.
    #[default]
    Reject,
    /// The rule's default is applied instead, and told.
    Override,
}

/// Which connections a rule takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Any, but keys of clients' own come over TLS only.
    #[default]
    SecureKeys,
    /// Any, also for keys of clients' own.
    Any,
    /// TLS only.
    Secure,
}

/// What clients see as the `ETag` of a sealed object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EtagStyle {
    /// The backend's, marked so that nobody takes it for a digest.
    #[default]
    Opaque,
    /// The MD5 of what the client stored, as with plain S3.
    Md5,
}

/// What a read does when the object in the backend is not sealed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Unsealed {
    /// Refuse it: nobody vouches for such bytes.
    #[default]
    Reject,
    /// Serve it as it is.
    Serve,
}
