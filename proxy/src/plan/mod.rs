//! What is done with a request at the four places where bytes are touched. Pure: no I/O, no keys
//! (only their names), so the gateway's behaviour can be read and compared without a network.
//!
//! A plan is drawn in two sittings, because only the backend's head tells whether an object is
//! sealed: [`request`] before the backend is asked, [`reply`] when it has answered.

mod attributes;
mod bucket;
mod conditions;
pub mod copy;
mod demand;
mod get;
pub mod headers;
pub mod multipart;
mod objects;
mod outgoing;
mod put;
pub(crate) mod relay;
pub mod reply;

use http::HeaderMap;
use policy::Permit;
use s3::ErrorCode;
use s3::Operation;
use s3::Target;

pub use conditions::is_parts_etag;
pub use conditions::swap_etag;
pub use demand::Demand;
pub use get::Known;
pub use get::Looked;
pub use get::Lookup;
pub use objects::Objects;
pub use outgoing::Outgoing;
pub use reply::Reading;

use crate::asked;
use crate::call::Call;

/// What is done with one request, up to the backend's answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What the backend is asked: the request's head.
    pub outgoing: Outgoing,
    /// What becomes of the client's body.
    pub body: RequestBody,
    /// How the backend's answer will be read.
    pub reply: Reply,
    /// What the backend is to do itself with new object data, and say that it did.
    pub demand: Option<Demand>,
}

/// What becomes of the client's body on its way to the backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestBody {
    /// There is none.
    Empty,
    /// It is verified and passed on, `plain_len` bytes.
    Relay {
        /// Bytes without framing.
        plain_len: u64,
    },
    /// It is verified and sealed.
    Seal(SealOrder),
}

/// How one object is to be sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealOrder {
    /// Logical bucket and name that the seal is bound to.
    pub place: Place,
    /// With what.
    pub cipher: Cipher,
    /// Plaintext bytes.
    pub plain_len: crypto::PlainLen,
    /// Stored bytes.
    pub sealed_len: crypto::SealedLen,
    /// What clients see as `ETag`.
    pub etag: policy::EtagStyle,
}

/// With what an object is sealed, and what clients are told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cipher {
    /// Mode, key and algorithm, as the policy says.
    pub encryption: policy::Encryption,
    /// The client's encryption context, JSON.
    pub context: Option<Vec<u8>>,
}

impl Cipher {
    /// The ciphers.
    #[must_use]
    pub fn suite(&self) -> crypto::Suite {
        match self.encryption.algorithm {
            policy::Algorithm::Aes256 => crypto::Suite::Aes256Gcm,
            policy::Algorithm::Sm4 => crypto::Suite::Sm4Gcm,
        }
    }

    /// What clients are told.
    #[must_use]
    pub fn told(&self) -> s3::SseTold {
        asked::told(&self.encryption, self.context.as_deref())
    }
}

/// Where an object is, as the seal knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Logical bucket: the client's, or what the rule calls it.
    pub bucket: String,
    /// Object name.
    pub object: String,
}

impl Place {
    /// As the seal's context.
    #[must_use]
    pub fn context(&self) -> crypto::Context<'_> {
        crypto::Context {
            bucket: &self.bucket,
            object: &self.object,
        }
    }
}

/// How the backend's answer is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Passed on.
    Relay,
    /// It answers a sealed upload.
    Sealed(SealOrder),
    /// It is an object, perhaps sealed.
    Object(Reading),
}

/// A plan, or what must be known before there can be one.
#[derive(Debug, Clone, PartialEq)]
pub enum Draft {
    /// Ready to be carried out.
    Plan(Box<Plan>),
    /// The backend must be asked for the object's head first.
    Needs(Box<Lookup>),
}

/// The first sitting, for the operations that pass through the proxy. `plain_len` is the
/// client's body without framing.
///
/// # Panics
/// When the permit is for another operation's action or target: a defect of the gateway.
pub fn request(
    call: &Call,
    headers: &HeaderMap,
    plain_len: u64,
    permit: &Permit,
) -> Result<Draft, s3::Error> {
    assert!(permits(permit, call), "permit is for another call");
    match (&call.target, call.operation) {
        (Target::Object(bucket, object), Operation::PutObject | Operation::PostObject) => {
            let cipher = put::cipher(permit, headers)?;
            let order = put::order(permit, bucket, object, plain_len, cipher)?;
            put::plan(call, headers, plain_len, order, permit).map(Draft::from)
        }
        (Target::Object(..), Operation::GetObject | Operation::HeadObject) => {
            get::draft(call, headers, permit)
        }
        (Target::Object(..), Operation::GetObjectAttributes) => {
            attributes::plan(call, headers, permit).map(Draft::from)
        }
        (Target::Object(..), Operation::DeleteObject) => {
            bucket::delete_object(call, headers, permit).map(Draft::from)
        }
        _ => bucket::plan(call, headers).map(Draft::from),
    }
}

impl From<Plan> for Draft {
    fn from(plan: Plan) -> Self {
        Self::Plan(Box::new(plan))
    }
}

/// What the seal of an object under `permit` is bound to.
#[must_use]
pub fn place(permit: &Permit, bucket: &s3::BucketName, object: &s3::ObjectName) -> Place {
    let bucket = permit
        .logical_bucket()
        .unwrap_or(bucket.as_str())
        .to_owned();
    Place {
        bucket,
        object: object.as_str().to_owned(),
    }
}

fn permits(permit: &Permit, call: &Call) -> bool {
    let bucket = call.target.bucket().map(s3::BucketName::as_str);
    let object = call.target.object().map(s3::ObjectName::as_str);
    permit.bucket() == bucket
        && permit.object() == object
        && crate::authorize::action(call.operation) == Some(permit.action())
}

fn not_implemented(what: &str) -> s3::Error {
    s3::Error::new(ErrorCode::NotImplemented).with_message(what)
}
