//! An ordered set of rules, with what each caller may do. If it exists, it is consistent.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::Action;
use crate::Algorithm;
use crate::BucketPattern;
use crate::Caller;
use crate::CallerPattern;
use crate::KeyName;
use crate::Miss;
use crate::Request;
use crate::Rule;
use crate::error::Conflict;

/// One entry of a client's `may`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The buckets it speaks of.
    pub bucket: BucketPattern,
    /// What the client may do there.
    pub actions: Vec<Action>,
}

/// What one caller may do. A caller without grants may do nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grants {
    /// Whose.
    pub caller: Caller,
    /// What; one fitting entry is enough.
    pub may: Vec<Grant>,
    /// The keys whose ids it may name, besides that of the rule.
    pub keys: Vec<KeyName>,
}

/// By which ids clients know a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyIds {
    /// Its name in the configuration.
    pub name: KeyName,
    /// What clients may call it; they are shown the first unless they named another.
    pub ids: Vec<String>,
    /// The cipher under this key, when the client names none.
    pub algorithm: Algorithm,
}

/// What becomes of requests that a rule rejects for what they ask for, or do not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// They are refused.
    #[default]
    Enforce,
    /// The rule's default is applied instead, and the permit says so.
    Report,
}

/// Rules in their order and the grants of every caller.
///
/// Names of rules are unique, every caller a rule names is known, no rule stands where it can
/// never decide, and `sealed_as` stands only beside a bucket without wildcards.
#[derive(Clone, Debug)]
pub struct RuleSet {
    rules: Vec<Arc<Rule>>,
    grants: BTreeMap<Caller, Grants>,
    keys: Vec<KeyIds>,
    mode: Mode,
}

impl RuleSet {
    /// Puts rules and grants together, or says everything that does not fit.
    ///
    /// No rules at all are consistent: everything is refused.
    pub fn new(rules: Vec<Rule>, grants: Vec<Grants>) -> Result<Self, Vec<Conflict>> {
        let mut conflicts = Vec::new();
        let grants = by_caller(grants, &mut conflicts);
        for (at, rule) in rules.iter().enumerate() {
            let (earlier, _) = rules.split_at(at);
            conflicts.extend(conflicts_with_earlier(at, rule, earlier));
            conflicts.extend(conflicts_within(at, rule, &grants));
        }
        if conflicts.is_empty() {
            Ok(Self {
                rules: rules.into_iter().map(Arc::new).collect(),
                grants,
                keys: Vec::new(),
                mode: Mode::Enforce,
            })
        } else {
            Err(conflicts)
        }
    }

    /// The same, with the keys that clients can name.
    #[must_use]
    pub fn with_keys(self, keys: Vec<KeyIds>) -> Self {
        Self { keys, ..self }
    }

    /// The same in another mode.
    #[must_use]
    pub fn in_mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// What becomes of requests that a rule rejects.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether `caller` may use the key for objects of `bucket` that were written before: it is
    /// granted to him, or a rule for him in this bucket uses it.
    #[must_use]
    pub fn may_use(&self, caller: &Caller, bucket: &str, key: &KeyName) -> bool {
        let of_a_rule = |rule: &Arc<Rule>| {
            let encryption = rule.protection.encryption();
            encryption.is_some_and(|encryption| encryption.key.as_ref() == Some(key))
                && rule.bucket.matches(bucket)
                && rule.speaks_of(caller)
        };
        self.holds_key(caller, key) || self.rules.iter().any(of_a_rule)
    }

    /// Why each rule before the one that decides does not speak of the request.
    pub fn misses<'a>(
        &'a self,
        request: &'a Request<'_>,
    ) -> impl Iterator<Item = (&'a Rule, Miss)> + 'a {
        self.rules.iter().map_while(|rule| {
            let bucket = request.bucket?;
            Some((&**rule, rule.covers(request, bucket).err()?))
        })
    }

    /// The rules, first to last.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(Arc::as_ref)
    }

    pub(crate) fn first(&self, fits: impl Fn(&Rule) -> bool) -> Option<&Arc<Rule>> {
        self.rules.iter().find(|rule| fits(rule))
    }

    pub(crate) fn grants_of(&self, caller: &Caller) -> &[Grant] {
        self.grants.get(caller).map_or(&[], |grants| &grants.may)
    }

    pub(crate) fn holds_key(&self, caller: &Caller, key: &KeyName) -> bool {
        let grants = self.grants.get(caller);
        grants.is_some_and(|grants| grants.keys.contains(key))
    }

    /// The id under which clients are shown a key that they did not name.
    pub(crate) fn shown_id(&self, name: Option<&KeyName>) -> Option<String> {
        let name = name?;
        let key = self.keys.iter().find(|key| key.name == *name);
        let first = key.and_then(|key| key.ids.first());
        Some(first.map_or(name.as_str(), String::as_str).to_owned())
    }

    pub(crate) fn key_of_id(&self, id: &str) -> Option<&KeyIds> {
        let has = |key: &&KeyIds| key.ids.iter().any(|own| own == id);
        self.keys.iter().find(has)
    }
}

fn by_caller(grants: Vec<Grants>, conflicts: &mut Vec<Conflict>) -> BTreeMap<Caller, Grants> {
    let mut known = BTreeMap::new();
    for grants in grants {
        let caller = grants.caller.clone();
        if known.insert(caller.clone(), grants).is_some() {
            conflicts.push(Conflict::CallerTwice { caller });
        }
    }
    known
}

fn conflicts_with_earlier(at: usize, rule: &Rule, earlier: &[Rule]) -> Vec<Conflict> {
    let name = rule.name.clone();
    if earlier.iter().any(|other| other.name == name) {
        return vec![Conflict::NameTwice { at, name }];
    }
    let shadow = earlier.iter().find(|other| other.shadows(rule));
    shadow
        .map(|other| Conflict::NeverDecides {
            at,
            name,
            by: other.name.clone(),
        })
        .into_iter()
        .collect()
}

fn conflicts_within(at: usize, rule: &Rule, grants: &BTreeMap<Caller, Grants>) -> Vec<Conflict> {
    let mut conflicts = Vec::new();
    let name = || rule.name.clone();
    if rule.name.trim().is_empty() {
        conflicts.push(Conflict::NoName { at });
    }
    if rule.clients.is_empty() {
        conflicts.push(Conflict::NoClients { at, name: name() });
    }
    if rule.sealed_as.is_some() && rule.bucket.literal().is_none() {
        conflicts.push(Conflict::SealedAsPattern { at, name: name() });
    }
    let named: BTreeSet<_> = rule.clients.iter().filter_map(exact).collect();
    let unknown = named
        .into_iter()
        .filter(|caller| !grants.contains_key(caller))
        .cloned();
    conflicts.extend(unknown.map(|caller| Conflict::UnknownCaller {
        at,
        name: name(),
        caller,
    }));
    conflicts
}

fn exact(pattern: &CallerPattern) -> Option<&Caller> {
    match pattern {
        CallerPattern::AnyClient => None,
        CallerPattern::Exactly(caller) => Some(caller),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::ClientName;
    use crate::Protection;

    fn client(name: &str) -> Caller {
        Caller::Client(ClientName::parse(name).unwrap())
    }

    fn rule(name: &str, bucket: &str, prefix: &str) -> Rule {
        let bucket = BucketPattern::parse(bucket).unwrap();
        Rule {
            prefix: prefix.to_owned(),
            ..Rule::new(name, bucket, Protection::Relay)
        }
    }

    fn conflicts(rules: Vec<Rule>, callers: &[&str]) -> Vec<Conflict> {
        let grants = callers.iter().map(|name| Grants {
            caller: client(name),
            may: vec![],
            keys: vec![],
        });
        RuleSet::new(rules, grants.collect())
            .err()
            .unwrap_or_default()
    }

    #[test]
    fn takes_the_empty_set() {
        assert_eq!(conflicts(vec![], &[]), []);
    }

    #[test]
    fn keeps_the_order_of_rules() {
        let set = RuleSet::new(vec![rule("b", "b", ""), rule("a", "a", "")], vec![]).unwrap();
        assert_eq!(
            set.rules().map(|rule| &*rule.name).collect::<Vec<_>>(),
            ["b", "a"]
        );
    }

    #[test]
    fn refuses_two_rules_of_one_name() {
        let found = conflicts(vec![rule("x", "a", ""), rule("x", "b", "")], &[]);
        assert_eq!(
            found,
            [Conflict::NameTwice {
                at: 1,
                name: "x".to_owned()
            }]
        );
    }

    #[test]
    fn refuses_a_rule_without_a_name() {
        assert_eq!(
            conflicts(vec![rule(" ", "a", "")], &[]),
            [Conflict::NoName { at: 0 }]
        );
    }

    #[test]
    fn refuses_a_rule_for_nobody() {
        let nobody = Rule {
            clients: vec![],
            ..rule("x", "a", "")
        };
        let found = conflicts(vec![nobody], &[]);
        assert_eq!(
            found,
            [Conflict::NoClients {
                at: 0,
                name: "x".to_owned()
            }]
        );
    }

    #[test]
    fn refuses_a_caller_without_an_entry_once_per_rule() {
        let named = CallerPattern::Exactly(client("ghost"));
        let twice = Rule {
            clients: vec![named.clone(), named],
            ..rule("x", "a", "")
        };
        let expected = Conflict::UnknownCaller {
            at: 0,
            name: "x".to_owned(),
            caller: client("ghost"),
        };
        assert_eq!(conflicts(vec![twice.clone()], &["billing"]), [expected]);
        assert_eq!(conflicts(vec![twice], &["ghost"]), []);
    }

    #[test]
    fn refuses_a_caller_with_two_entries() {
        let expected = Conflict::CallerTwice {
            caller: client("a"),
        };
        assert_eq!(conflicts(vec![], &["a", "b", "a"]), [expected]);
    }

    #[test]
    fn takes_sealed_as_only_beside_a_literal_bucket() {
        let replica = |bucket| Rule {
            sealed_as: Some("main".to_owned()),
            ..rule("x", bucket, "")
        };
        assert_eq!(conflicts(vec![replica("copy")], &[]), []);
        let expected = [Conflict::SealedAsPattern {
            at: 0,
            name: "x".to_owned(),
        }];
        assert_eq!(conflicts(vec![replica("copy-*")], &[]), expected);
    }

    #[test]
    fn refuses_a_rule_that_can_never_decide() {
        for (first, second, shadowed) in [
            (("*", ""), ("billing", ""), true),
            (("billing-*", ""), ("billing-1", "x/"), true),
            (("billing", "x/"), ("billing", "x/y/"), true),
            (("billing", "x/"), ("billing", ""), false),
            (("billing", "x/"), ("billing", "y/"), false),
            (("billing", ""), ("*", ""), false),
        ] {
            let rules = vec![rule("1", first.0, first.1), rule("2", second.0, second.1)];
            let found = conflicts(rules, &[]);
            assert_eq!(
                !found.is_empty(),
                shadowed,
                "{first:?} before {second:?}: {found:?}"
            );
        }
    }

    #[test]
    fn a_rule_for_one_client_leaves_the_others_to_later_rules() {
        let one = Rule {
            clients: vec![CallerPattern::Exactly(client("a"))],
            ..rule("1", "*", "")
        };
        assert_eq!(conflicts(vec![one, rule("2", "*", "")], &["a"]), []);
    }
}
