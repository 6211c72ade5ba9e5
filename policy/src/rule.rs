//! One rule: what it speaks of, and what it demands.

use crate::BucketPattern;
use crate::Caller;
use crate::CallerPattern;
use crate::EtagStyle;
use crate::Protection;
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
    /// What happens to object data.
    pub protection: Protection,
    /// What a read does when the object in the backend is not sealed.
    pub unsealed: Unsealed,
    /// What clients see as the `ETag` of sealed objects.
    pub etag: EtagStyle,
    /// The bucket bound into the seal, where it is not the one addressed: a replica under
    /// another name. Only beside a `bucket` without wildcards.
    pub sealed_as: Option<String>,
}

impl Rule {
    /// Whether the rule speaks of this caller.
    pub(crate) fn speaks_of(&self, caller: &Caller) -> bool {
        self.clients.iter().any(|pattern| pattern.matches(caller))
    }

    /// Whether the rule speaks of this place. A call on a bucket has no object, and then the
    /// prefix does not count.
    pub(crate) fn covers_place(&self, bucket: &str, object: Option<&str>) -> bool {
        self.bucket.matches(bucket) && object.is_none_or(|name| name.starts_with(&*self.prefix))
    }

    /// Whether nothing is left for `later` once this rule stands before it.
    pub(crate) fn shadows(&self, later: &Self) -> bool {
        let callers = |wanted: &CallerPattern| self.clients.iter().any(|have| have.covers(wanted));
        self.bucket.covers(&later.bucket)
            && later.prefix.starts_with(&self.prefix)
            && later.clients.iter().all(callers)
    }
}
