//! One rule: what it speaks of, and what it demands.

use crate::BucketPattern;
use crate::Caller;
use crate::CallerPattern;
use crate::EtagStyle;
use crate::Mismatch;
use crate::Missing;
use crate::Modes;
use crate::Operations;
use crate::Protection;
use crate::Request;
use crate::Sse;
use crate::Transport;
use crate::Unsealed;

/// One rule of the configuration. It decides nothing until it stands in a
/// [`RuleSet`](crate::RuleSet).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What refusals, audit lines and `explain` call it. Free text, unique in its set.
    pub name: String,
    /// The buckets it speaks of.
    pub bucket: BucketPattern,
    /// The objects it speaks of: those whose name begins so. Empty: all.
    pub prefix: String,
    /// The callers it speaks of; one of them is enough.
    pub clients: Vec<CallerPattern>,
    /// The operations on objects that it speaks of.
    pub operations: Operations,
    /// What happens to object data, where the client has no say in it.
    pub protection: Protection,
    /// What clients may ask for, besides what happens without their asking.
    pub allow: Modes,
    /// When a client asks for nothing.
    pub missing: Missing,
    /// When a client asks for what is not allowed.
    pub mismatch: Mismatch,
    /// Which connections it takes.
    pub transport: Transport,
    /// What a read does when the object in the backend is not sealed.
    pub unsealed: Unsealed,
    /// What clients see as the `ETag` of sealed objects.
    pub etag: EtagStyle,
    /// Whether clients who ask what a bucket is set to are told this rule's default where it is set to
    /// nothing.
    pub tells_default: bool,
    /// The bucket bound into the seal, where it is not the one addressed: a replica under
    /// another name. Only beside a `bucket` without wildcards.
    pub sealed_as: Option<String>,
}

/// Why a rule does not speak of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Miss {
    /// Another bucket.
    #[error("it speaks of other buckets")]
    Bucket,
    /// Another prefix.
    #[error("it speaks of objects under another prefix")]
    Prefix,
    /// None of its clients.
    #[error("it speaks of other clients")]
    Client,
    /// None of its operations.
    #[error("it speaks of other operations")]
    Operation,
}

impl Rule {
    /// A rule for every client, object and operation in `bucket` that has the defaults of the
    /// configuration.
    #[must_use]
    pub fn new(name: impl Into<String>, bucket: BucketPattern, protection: Protection) -> Self {
        Self {
            name: name.into(),
            bucket,
            prefix: String::new(),
            clients: vec![CallerPattern::AnyClient],
            operations: Operations::All,
            protection,
            allow: Modes::default(),
            missing: Missing::default(),
            mismatch: Mismatch::default(),
            transport: Transport::default(),
            unsealed: Unsealed::default(),
            etag: EtagStyle::default(),
            tells_default: true,
            sealed_as: None,
        }
    }

    /// Whether the rule speaks of this caller.
    pub(crate) fn speaks_of(&self, caller: &Caller) -> bool {
        self.clients.iter().any(|pattern| pattern.matches(caller))
    }

    /// Whether the rule speaks of a request on this bucket, and if not, why. A call on a bucket has
    /// no object, and then prefix and operations do not count.
    pub(crate) fn covers(&self, request: &Request<'_>, bucket: &str) -> Result<(), Miss> {
        if !self.bucket.matches(bucket) {
            return Err(Miss::Bucket);
        }
        if let Some(object) = request.object {
            if !object.starts_with(&*self.prefix) {
                return Err(Miss::Prefix);
            }
            if !self.operations.contains(request.operation) {
                return Err(Miss::Operation);
            }
        }
        if self.speaks_of(request.caller) {
            Ok(())
        } else {
            Err(Miss::Client)
        }
    }

    /// Whether clients get this mode, asked or unasked.
    #[must_use]
    pub fn allows(&self, mode: Sse) -> bool {
        let default = self.protection.encryption();
        self.allow.contains(mode) || default.is_some_and(|default| default.sse == mode)
    }

    /// Whether nothing is left for `later` once this rule stands before it.
    pub(crate) fn shadows(&self, later: &Self) -> bool {
        let callers = |wanted: &CallerPattern| self.clients.iter().any(|have| have.covers(wanted));
        self.bucket.covers(&later.bucket)
            && later.prefix.starts_with(&self.prefix)
            && self.operations.covers(&later.operations)
            && later.clients.iter().all(callers)
    }
}
