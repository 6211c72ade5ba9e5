//! How new object data is encrypted: between what the client asks for, what the bucket has been
//! set to, and what the rule says.

use crate::Algorithm;
use crate::Encryption;
use crate::Mismatch;
use crate::Missing;
use crate::Mode;
use crate::Protection;
use crate::Refusal;
use crate::Request;
use crate::Rule;
use crate::RuleSet;
use crate::Sse;
use crate::Wish;

/// What is done, and what would have been refused in enforcing mode.
pub(crate) struct Choice {
    pub protection: Protection,
    pub reported: Option<Refusal>,
}

impl From<Protection> for Choice {
    fn from(protection: Protection) -> Self {
        Self {
            protection,
            reported: None,
        }
    }
}

/// Chooses under `rule`, which speaks of the request.
pub(crate) fn choose(
    rules: &RuleSet,
    rule: &Rule,
    request: &Request<'_>,
    wish: &Wish<'_>,
) -> Result<Choice, Refusal> {
    let name = || rule.name.clone();
    if wish.modes.contains(Sse::Dsse) && !matches!(rule.protection, Protection::Both(_)) {
        return Err(Refusal::NoDsse { rule: name() });
    }
    let unfit = if wish.modes.is_empty() {
        (rule.missing == Missing::Reject).then(|| Refusal::Missing { rule: name() })
    } else {
        let blocks = request.setting.is_some_and(|set| set.blocks_customer_keys);
        let fits = |mode| rule.allows(mode) && !(blocks && mode == Sse::Customer);
        let unfit = wish.modes.iter().find(|mode| !fits(*mode));
        unfit.map(|mode| Refusal::Mismatch { rule: name(), mode })
    };
    let overridden = rule.mismatch == Mismatch::Override && !wish.modes.is_empty();
    match (unfit, wish.modes.only()) {
        (Some(refusal), _) if !overridden && rules.mode() == Mode::Enforce => Err(refusal),
        (Some(refusal), _) => {
            let mut choice = unasked(rules, rule, request)?;
            choice.reported = (!overridden).then_some(refusal);
            Ok(choice)
        }
        (None, Some(mode)) => asked(rules, rule, request, wish, mode),
        (None, None) => unasked(rules, rule, request),
    }
}

/// What the bucket has been set to, within what the rule allows; else the rule's default.
fn unasked(rules: &RuleSet, rule: &Rule, request: &Request<'_>) -> Result<Choice, Refusal> {
    let setting = request.setting.filter(|setting| rule.allows(setting.sse));
    let Some(setting) = setting else {
        let mut protection = rule.protection.clone();
        if let Some(encryption) = protection.encryption_mut() {
            encryption.bucket_key &= encryption.sse == Sse::Kms;
        }
        return Ok(Choice::from(protection));
    };
    let wish = Wish {
        key_id: setting.key_id.as_deref(),
        algorithm: setting.algorithm,
        bucket_key: Some(setting.bucket_key),
        ..Wish::default()
    };
    let mut choice = asked(rules, rule, request, &wish, setting.sse)?;
    if let Some(encryption) = choice.protection.encryption_mut() {
        let of_its_key = encryption.key_id == setting.key_id;
        encryption.project = setting.project.clone().filter(|_| of_its_key);
    }
    Ok(choice)
}

/// One mode that the rule allows.
fn asked(
    rules: &RuleSet,
    rule: &Rule,
    request: &Request<'_>,
    wish: &Wish<'_>,
    mode: Sse,
) -> Result<Choice, Refusal> {
    let mut protection = rule.protection.clone();
    let Some(encryption) = protection.encryption_mut() else {
        return Ok(Choice::from(protection));
    };
    encryption.sse = mode;
    match mode {
        Sse::Aes256 => encryption.key_id = None,
        Sse::Customer => {
            encryption.key = None;
            encryption.key_id = None;
            encryption.algorithm = Algorithm::Aes256;
        }
        Sse::Kms | Sse::Dsse => match wish.key_id {
            Some(id) => name_key(rules, rule, request, id, encryption)?,
            None => encryption.key_id = rules.shown_id(encryption.key.as_ref()),
        },
    }
    let fixed = mode == Sse::Customer;
    if let Some(algorithm) = wish.algorithm.filter(|_| !fixed) {
        encryption.algorithm = algorithm;
    }
    let shown = wish.bucket_key.unwrap_or(encryption.bucket_key);
    encryption.bucket_key = shown && mode == Sse::Kms;
    Ok(Choice::from(protection))
}

/// Takes the key of this id, if the caller may.
fn name_key(
    rules: &RuleSet,
    rule: &Rule,
    request: &Request<'_>,
    id: &str,
    encryption: &mut Encryption,
) -> Result<(), Refusal> {
    let key = rules.key_of_id(id).ok_or_else(|| Refusal::UnknownKey {
        id: id.to_owned(),
        rule: rule.name.clone(),
    })?;
    if encryption.key.as_ref() != Some(&key.name) {
        if !rules.holds_key(request.caller, &key.name) {
            return Err(Refusal::KeyNotGranted {
                caller: request.caller.clone(),
                id: id.to_owned(),
                rule: rule.name.clone(),
            });
        }
        encryption.key = Some(key.name.clone());
        encryption.algorithm = key.algorithm;
    }
    encryption.key_id = Some(id.to_owned());
    Ok(())
}
