//! The function that decides, and the only maker of [`Permit`]. Read `SEMANTICS.md` beside it.

use std::sync::Arc;

use crate::Action;
use crate::Caller;
use crate::EtagStyle;
use crate::Missing;
use crate::Protection;
use crate::Request;
use crate::Rule;
use crate::RuleSet;
use crate::Sse;
use crate::Transport;
use crate::Unsealed;
use crate::choose::choose;

/// Decides one request: the first rule that speaks of it, together with what the caller may do.
///
/// Nothing is allocated while rules are tried, only for the answer.
pub fn decide(rules: &RuleSet, request: &Request<'_>) -> Decision {
    let answer = match (request.bucket, request.object) {
        (Some(bucket), _) => decide_place(rules, request, bucket),
        (None, None) if request.action == Action::List => decide_list_buckets(rules, request),
        (None, _) => Err(Refusal::NoBucket {
            operation: request.operation.to_owned(),
        }),
    };
    match answer {
        Ok(permit) => Decision::Permitted(permit),
        Err(refusal) => Decision::Refused(refusal),
    }
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// It may go on, under the permit's demands.
    Permitted(Permit),
    /// It may not.
    Refused(Refusal),
}

/// Proof that policy allowed one caller one operation in one place, and what it demands.
///
/// Only [`decide`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    rule: Arc<Rule>,
    caller: Caller,
    action: Action,
    operation: String,
    bucket: Option<String>,
    object: Option<String>,
    protection: Protection,
    reported: Option<Refusal>,
}

impl Permit {
    /// The name of the rule that decided.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule.name
    }

    /// Who was allowed.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// What for.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    /// The operation, as the request named it.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// The bucket addressed; none for the listing of buckets.
    #[must_use]
    pub fn bucket(&self) -> Option<&str> {
        self.bucket.as_deref()
    }

    /// The object addressed; none for a call on the bucket itself.
    #[must_use]
    pub fn object(&self) -> Option<&str> {
        self.object.as_deref()
    }

    /// What must happen to object data. [`Protection::Relay`] for the listing of buckets, which
    /// holds none.
    #[must_use]
    pub fn protection(&self) -> &Protection {
        &self.protection
    }

    /// Whether clients get this mode under the rule, asked or unasked.
    #[must_use]
    pub fn allows(&self, mode: Sse) -> bool {
        self.rule.allows(mode)
    }

    /// What happens when a client asks for nothing.
    #[must_use]
    pub fn missing(&self) -> Missing {
        self.rule.missing
    }

    /// Whether clients are told the rule's default for a bucket that is set to nothing.
    #[must_use]
    pub fn tells_default(&self) -> bool {
        self.rule.tells_default
    }

    /// Which connections the rule takes.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.rule.transport
    }

    /// What would have refused the request, were the rules not in report mode.
    #[must_use]
    pub fn reported(&self) -> Option<&Refusal> {
        self.reported.as_ref()
    }

    /// What a read does when the object in the backend is not sealed.
    #[must_use]
    pub fn unsealed(&self) -> Unsealed {
        self.rule.unsealed
    }

    /// What clients see as the `ETag` of sealed objects.
    #[must_use]
    pub fn etag(&self) -> EtagStyle {
        self.rule.etag
    }

    /// The bucket bound into seals: the rule's `sealed_as`, or the bucket addressed.
    #[must_use]
    pub fn logical_bucket(&self) -> Option<&str> {
        let bucket = self.bucket.as_deref()?;
        Some(self.rule.sealed_as.as_deref().unwrap_or(bucket))
    }
}

/// Why a request was refused. The texts are for logs and for the client alike: they say nothing
/// that the caller did not send, but for the name of the rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No rule speaks of this caller in this place.
    #[error("no rule matches {caller} on {place}")]
    NoRule {
        /// Who called.
        caller: Caller,
        /// Where, in words.
        place: String,
    },
    /// A rule speaks of it, but the caller's `may` does not.
    #[error("{caller} may not {action} bucket `{bucket}` (rule `{rule}`)")]
    NotGranted {
        /// Who called.
        caller: Caller,
        /// What for.
        action: Action,
        /// The bucket addressed.
        bucket: String,
        /// The rule that would have decided.
        rule: String,
    },
    /// The caller asked which buckets there are, and may list none.
    #[error("{caller} may not list any bucket")]
    NothingToList {
        /// Who called.
        caller: Caller,
    },
    /// Only the listing of buckets goes without a bucket.
    #[error("`{operation}` without a bucket is under no rule")]
    NoBucket {
        /// The operation, as the request named it.
        operation: String,
    },
    /// The rule takes TLS only.
    #[error("rule `{rule}` takes secure connections only")]
    NotSecure {
        /// The rule that decided.
        rule: String,
    },
    /// The rule wants encryption to be asked for.
    #[error("rule `{rule}` demands that server-side encryption is asked for")]
    Missing {
        /// The rule that decided.
        rule: String,
    },
    /// The rule does not allow the mode.
    #[error("rule `{rule}` does not allow server-side encryption `{mode}`", mode = mode.name())]
    Mismatch {
        /// The rule that decided.
        rule: String,
        /// What was asked for.
        mode: Sse,
    },
    /// Two layers need two parties.
    #[error("DSSE-KMS is not implemented under rule `{rule}`")]
    NoDsse {
        /// The rule that decided.
        rule: String,
    },
    /// No key has that id.
    #[error("Invalid keyId '{id}'")]
    UnknownKey {
        /// What was asked for.
        id: String,
        /// The rule that decided.
        rule: String,
    },
    /// There is such a key, but not for this caller.
    #[error("{caller} may not use key `{id}` (rule `{rule}`)")]
    KeyNotGranted {
        /// Who called.
        caller: Caller,
        /// What was asked for.
        id: String,
        /// The rule that decided.
        rule: String,
    },
}

impl Refusal {
    /// The name of the rule that decided, if one did.
    #[must_use]
    pub fn rule(&self) -> Option<&str> {
        match self {
            Self::NotGranted { rule, .. }
            | Self::NotSecure { rule }
            | Self::Missing { rule }
            | Self::Mismatch { rule, .. }
            | Self::NoDsse { rule }
            | Self::UnknownKey { rule, .. }
            | Self::KeyNotGranted { rule, .. } => Some(rule),
            Self::NoRule { .. } | Self::NothingToList { .. } | Self::NoBucket { .. } => None,
        }
    }
}

fn decide_place(rules: &RuleSet, request: &Request<'_>, bucket: &str) -> Result<Permit, Refusal> {
    let caller = request.caller;
    let rule = rules
        .first(|rule| rule.covers(request, bucket).is_ok())
        .ok_or_else(|| no_rule(request))?;
    let granted = rules
        .grants_of(caller)
        .iter()
        .any(|grant| grant.actions.contains(&request.action) && grant.bucket.matches(bucket));
    if !granted {
        return Err(Refusal::NotGranted {
            caller: caller.clone(),
            action: request.action,
            bucket: bucket.to_owned(),
            rule: rule.name.clone(),
        });
    }
    if rule.transport == Transport::Secure && !request.secure {
        return Err(Refusal::NotSecure {
            rule: rule.name.clone(),
        });
    }
    let Some(wish) = &request.wish else {
        return Ok(permit(rule, request, rule.protection.clone()));
    };
    let choice = choose(rules, rule, request, wish)?;
    Ok(Permit {
        reported: choice.reported,
        ..permit(rule, request, choice.protection)
    })
}

/// The answer shows only buckets that the caller may list, one decision each; so here it is
/// enough that there could be one.
fn decide_list_buckets(rules: &RuleSet, request: &Request<'_>) -> Result<Permit, Refusal> {
    let caller = request.caller;
    let rule = rules
        .first(|rule| rule.speaks_of(caller))
        .ok_or_else(|| no_rule(request))?;
    let lists = rules
        .grants_of(caller)
        .iter()
        .any(|grant| grant.actions.contains(&Action::List));
    if lists {
        Ok(permit(rule, request, Protection::Relay))
    } else {
        Err(Refusal::NothingToList {
            caller: caller.clone(),
        })
    }
}

fn permit(rule: &Arc<Rule>, request: &Request<'_>, protection: Protection) -> Permit {
    Permit {
        rule: Arc::clone(rule),
        caller: request.caller.clone(),
        action: request.action,
        operation: request.operation.to_owned(),
        bucket: request.bucket.map(str::to_owned),
        object: request.object.map(str::to_owned),
        protection,
        reported: None,
    }
}

fn no_rule(request: &Request<'_>) -> Refusal {
    let place = match (request.bucket, request.object) {
        (Some(bucket), Some(_)) => format!("this object of bucket `{bucket}`"),
        (Some(bucket), None) => format!("bucket `{bucket}`"),
        (None, _) => "any bucket".to_owned(),
    };
    Refusal::NoRule {
        caller: request.caller.clone(),
        place,
    }
}
