//! What a permitted call says of encryption: the client's own keys, and how it is to be told what
//! was done.

use std::net::SocketAddr;

use config::Compatibility;
use http::HeaderMap;
use policy::Encryption;
use policy::Modes;
use policy::Sse;
use policy::Transport;
use policy::Wish;
use s3::CustomerKey;
use s3::Dialect;
use s3::ErrorCode;
use s3::Operation;
use s3::SseAsked;
use s3::SseHeader;
use s3::SseMode;
use s3::SseTold;

use crate::assemble::Snapshot;
use crate::kms::Keys;
use crate::seal::Ring;

/// The client's own keys, for as long as its request lasts.
#[derive(Debug)]
pub struct Asked {
    /// How answers are spelled.
    pub dialect: Dialect,
    operation: Operation,
    key: Option<CustomerKey>,
    source_key: Option<CustomerKey>,
    compatibility: Compatibility,
}

impl Asked {
    /// A call that says nothing.
    #[must_use]
    pub fn nothing(operation: Operation) -> Self {
        Self {
            dialect: Dialect::S3,
            operation,
            key: None,
            source_key: None,
            compatibility: Compatibility::Aws,
        }
    }

    /// Judges what the headers say, once the policy has permitted the call.
    ///
    /// `transport` is the rule's, `secure` whether the connection is encrypted.
    pub fn check(
        headers: &HeaderMap,
        operation: Operation,
        compatibility: Compatibility,
        (transport, secure): (Transport, bool),
    ) -> Result<Self, s3::Error> {
        let asked = SseAsked::read(headers)?;
        let own = match (compatibility, operation) {
            (
                Compatibility::Rgw,
                Operation::UploadPart
                | Operation::UploadPartCopy
                | Operation::CompleteMultipartUpload,
            ) => asked.of_customer_only(),
            _ => asked,
        };
        let key = own.check(operation)?;
        let source_key = own.source_key()?;
        let kms = asked.modes().any(|mode| mode == SseMode::Kms);
        if kms && asked.key_id().is_none() && compatibility == Compatibility::Rgw {
            return Err(s3::Error::new(ErrorCode::InvalidArgument)
                .with_message("Server Side Encryption with KMS managed key requires a key id"));
        }
        let open = !secure && transport == Transport::SecureKeys;
        if open && (key.is_some() || source_key.is_some()) {
            return Err(s3::Error::new(ErrorCode::InvalidRequest).with_message(INSECURE));
        }
        Ok(Self {
            dialect: asked.dialect(),
            operation,
            key,
            source_key,
            compatibility,
        })
    }

    /// What opens and seals the objects that the call names.
    #[must_use]
    pub fn ring<'a>(&'a self, keys: &'a Keys) -> Ring<'a> {
        self.with(keys, self.key.as_ref())
    }

    /// What opens the source of a copy.
    #[must_use]
    pub fn source_ring<'a>(&'a self, keys: &'a Keys) -> Ring<'a> {
        self.with(keys, self.source_key.as_ref())
    }

    fn with<'a>(&self, keys: &'a Keys, customer: Option<&'a CustomerKey>) -> Ring<'a> {
        let wrong_key = match self.compatibility {
            Compatibility::Aws => ErrorCode::AccessDenied,
            Compatibility::Rgw => ErrorCode::InvalidArgument,
        };
        Ring {
            keys,
            customer,
            wrong_key,
        }
    }

    /// Whether the client brought a key for the object that the call names.
    #[must_use]
    pub fn brings_key(&self) -> bool {
        self.key.is_some()
    }

    /// Whether the end of an upload must repeat the client's key.
    #[must_use]
    pub fn must_repeat_key(&self) -> bool {
        self.compatibility == Compatibility::Rgw
    }

    /// Puts what was done into the head of an answer.
    pub fn tell(&self, mut told: SseTold, head: &mut HeaderMap) {
        let own = self.key.as_ref().map(|key| key.md5().to_owned());
        told.customer_md5 = own.filter(|_| told.mode == SseMode::Customer);
        told.tell(self.operation, self.dialect, head);
    }
}

/// What the headers of a write ask the policy for; nothing where the operation chooses no
/// encryption.
#[must_use]
pub fn wish<'a>(asked: &SseAsked<'a>, operation: Operation) -> Option<Wish<'a>> {
    let algorithm = asked.sm4().map(|sm4| {
        if sm4 {
            policy::Algorithm::Sm4
        } else {
            policy::Algorithm::Aes256
        }
    });
    chooses(operation).then(|| Wish {
        modes: asked.modes().map(mode).collect::<Modes>(),
        key_id: asked.key_id(),
        algorithm,
        bucket_key: asked.bucket_key(),
    })
}

/// Whether the operation chooses how new object data is encrypted.
#[must_use]
pub fn chooses(operation: Operation) -> bool {
    s3::carries(operation, SseHeader::Mode) && operation != Operation::CreateBucket
}

const fn mode(mode: SseMode) -> Sse {
    match mode {
        SseMode::Aes256 => Sse::Aes256,
        SseMode::Kms => Sse::Kms,
        SseMode::Dsse => Sse::Dsse,
        SseMode::Customer => Sse::Customer,
    }
}

/// What is told of new object data.
#[must_use]
pub fn told(encryption: &Encryption, context: Option<&[u8]>) -> SseTold {
    let mode = match encryption.sse {
        Sse::Aes256 => SseMode::Aes256,
        Sse::Kms => SseMode::Kms,
        Sse::Dsse => SseMode::Dsse,
        Sse::Customer => SseMode::Customer,
    };
    SseTold {
        mode,
        sm4: encryption.algorithm == policy::Algorithm::Sm4,
        key_id: encryption.key_id.clone(),
        project: encryption.project.clone(),
        bucket_key: encryption.bucket_key,
        context: context.map(<[u8]>::to_vec),
        customer_md5: None,
    }
}

/// What is told of a stored object.
#[must_use]
pub fn told_of(stored: crypto::Advertised<'_>) -> SseTold {
    let mode = match stored.sse {
        crypto::Sse::S3 => SseMode::Aes256,
        crypto::Sse::Kms => SseMode::Kms,
        crypto::Sse::Dsse => SseMode::Dsse,
        crypto::Sse::Customer => SseMode::Customer,
    };
    SseTold {
        mode,
        sm4: stored.suite == crypto::Suite::Sm4Gcm,
        key_id: stored.key_id.map(str::to_owned),
        project: stored.project.map(str::to_owned),
        bucket_key: stored.bucket_key,
        context: stored.encryption_context.map(<[u8]>::to_vec),
        customer_md5: None,
    }
}

/// Whether a request over this connection counts as sent over TLS.
#[must_use]
pub fn is_secure(snapshot: &Snapshot, connection: &Connection, headers: &HeaderMap) -> bool {
    let from_proxy = connection.client.is_some_and(|client| {
        let mut networks = snapshot.trusted_proxies.iter();
        networks.any(|network| network.contains(&client.ip().to_canonical()))
    });
    let told = headers.get("x-forwarded-proto").filter(|_| from_proxy);
    match told {
        // The first hop is the client's own.
        Some(told) => told.to_str().is_ok_and(|told| {
            let first = told.split(',').next().unwrap_or_default();
            first.trim().eq_ignore_ascii_case("https")
        }),
        None => connection.tls || snapshot.is_secure_listener(connection.listener),
    }
}

/// How a request came in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Connection {
    /// Over TLS.
    pub tls: bool,
    /// From where.
    pub client: Option<SocketAddr>,
    /// To which of our addresses.
    pub listener: Option<SocketAddr>,
}

const INSECURE: &str = "Requests specifying Server Side Encryption with Customer provided keys must be made over a secure connection.";
