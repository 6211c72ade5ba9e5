//! `SEMANTICS.md` is the specification: its tables are read here and put to the function.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;

use policy::Action;
use policy::Algorithm;
use policy::BucketPattern;
use policy::Caller;
use policy::CallerPattern;
use policy::ClientName;
use policy::Decision;
use policy::Encryption;
use policy::Grant;
use policy::Grants;
use policy::KeyIds;
use policy::KeyName;
use policy::Mismatch;
use policy::Missing;
use policy::Mode;
use policy::Modes;
use policy::Operations;
use policy::Permit;
use policy::Protection;
use policy::Refusal;
use policy::Request;
use policy::Rule;
use policy::RuleSet;
use policy::Setting;
use policy::Sse;
use policy::Transport;
use policy::Unsealed;
use policy::Wish;
use policy::decide;
use proptest::prelude::*;

const SEMANTICS: &str = include_str!("../SEMANTICS.md");

#[test]
fn every_row_of_the_truth_table_holds() {
    let rules = rules();
    let cases = table("| caller | action | bucket | object | outcome |");
    assert!(cases.len() > 40, "the table was not found whole");
    for case in cases {
        let [who, action, bucket, object, outcome] = &*case else {
            panic!("{case:?}")
        };
        let caller = caller(who);
        let request = Request::new(
            &caller,
            Action::from_name(action).unwrap(),
            "AnOperation",
            given(bucket),
            given(object),
        );
        assert_eq!(said(decide(&rules, &request)), *outcome, "{case:?}");
    }
}

#[test]
fn every_rule_and_every_refusal_stands_in_the_table() {
    let outcomes: Vec<_> = table("| caller | action | bucket | object | outcome |")
        .into_iter()
        .filter_map(|mut case| case.pop())
        .collect();
    let refusals = [
        "refused: no rule",
        "refused: not granted",
        "refused: nothing to list",
    ];
    let names = rules()
        .rules()
        .map(|rule| format!("{}: ", rule.name))
        .collect::<Vec<_>>();
    let wanted = names
        .iter()
        .map(String::as_str)
        .chain(refusals)
        .chain(["refused: no bucket"]);
    for start in wanted {
        assert!(
            outcomes.iter().any(|outcome| outcome.starts_with(start)),
            "{start}"
        );
    }
}

#[test]
fn a_permit_repeats_the_request_it_answers() {
    let app = caller("app");
    let request = Request::new(&app, Action::Write, "PutObject", Some("app-1"), Some("x"));
    let Decision::Permitted(permit) = decide(&rules(), &request) else {
        panic!()
    };
    assert_eq!(permit.caller(), &app);
    assert_eq!(permit.action(), Action::Write);
    assert_eq!(permit.operation(), "PutObject");
    assert_eq!(
        (permit.bucket(), permit.object()),
        (Some("app-1"), Some("x"))
    );
    assert_eq!(permit.unsealed(), Unsealed::Reject);
}

#[test]
fn refusals_say_who_may_not_what_and_by_which_rule() {
    let text = |who: &str, action, bucket, object| {
        let caller = caller(who);
        let request = Request::new(&caller, action, "Op", bucket, object);
        let Decision::Refused(refusal) = decide(&rules(), &request) else {
            panic!()
        };
        refusal.to_string()
    };
    for (found, expected) in [
        (
            text("reader", Action::Write, Some("app-1"), Some("x")),
            "client `reader` may not write bucket `app-1` (rule `application`)",
        ),
        (
            text("app", Action::Read, Some("nowhere"), Some("x")),
            "no rule matches client `app` on this object of bucket `nowhere`",
        ),
        (
            text("app", Action::List, Some("nowhere"), None),
            "no rule matches client `app` on bucket `nowhere`",
        ),
        (
            text("reader", Action::List, None, None),
            "client `reader` may not list any bucket",
        ),
        (
            text("anonymous", Action::List, None, None),
            "an anonymous caller may not list any bucket",
        ),
        (
            text("app", Action::Read, None, None),
            "`Op` without a bucket is under no rule",
        ),
    ] {
        assert_eq!(found, expected);
    }
}

#[test]
fn an_empty_set_refuses_everything() {
    let rules = RuleSet::new(vec![], vec![]).unwrap();
    let caller = caller("app");
    for action in Action::ALL {
        for bucket in [None, Some("b")] {
            let request = Request::new(&caller, action, "Op", bucket, None);
            assert!(
                matches!(decide(&rules, &request), Decision::Refused(_)),
                "{action} {bucket:?}"
            );
        }
    }
}

#[test]
fn every_row_of_the_table_of_encryption_holds() {
    let rules = encrypting_rules();
    let cases = table("| bucket | asked | id | cipher | set | outcome |");
    assert!(cases.len() > 50, "the table was not found whole");
    let app = caller("app");
    for case in cases {
        let [bucket, asked, id, cipher, set, outcome] = &*case else {
            panic!("{case:?}")
        };
        let setting = given(set).map(|set| {
            let (mode, id) = set.split_once(' ').unwrap();
            Setting {
                sse: Sse::from_name(mode).unwrap(),
                key_id: given(id).map(str::to_owned),
                project: None,
                algorithm: None,
                bucket_key: false,
                blocks_customer_keys: false,
            }
        });
        let wish = Wish {
            modes: modes(asked),
            key_id: given(id),
            algorithm: given(cipher).map(algorithm),
            bucket_key: None,
        };
        let request = Request {
            wish: Some(wish),
            setting: setting.as_ref(),
            secure: false,
            ..Request::new(&app, Action::Write, "PutObject", Some(bucket), Some("x"))
        };
        assert_eq!(
            done(decide(&rules[&**bucket], &request)),
            *outcome,
            "{case:?}"
        );
    }
}

#[test]
fn what_chooses_no_encryption_is_not_asked_about_it() {
    let rules = encrypting_rules();
    let app = caller("app");
    let request = Request::new(&app, Action::Read, "GetObject", Some("strict"), Some("x"));
    assert_eq!(
        done(decide(&rules["strict"], &request)),
        "gateway: kms AES256 main id-main"
    );
}

#[test]
fn a_rule_for_one_operation_leaves_the_others_to_later_rules() {
    let put = Rule {
        operations: Operations::These(vec![Operations::named("PutObject").unwrap()]),
        ..Rule::new("puts", pattern("b"), Protection::Relay)
    };
    let rest = Rule::new("rest", pattern("b"), Protection::Relay);
    let rules = RuleSet::new(vec![put, rest], everything("app")).unwrap();
    let app = caller("app");
    for (operation, object, rule) in [
        ("PutObject", Some("x"), "puts"),
        ("CopyObject", Some("x"), "rest"),
        ("ListObjects", None, "puts"),
    ] {
        let request = Request::new(&app, Action::Write, operation, Some("b"), object);
        let Decision::Permitted(permit) = decide(&rules, &request) else {
            panic!("{operation}")
        };
        assert_eq!(permit.rule(), rule, "{operation}");
    }
}

#[test]
fn a_key_opens_what_a_rule_for_the_reader_or_his_own_keys_name() {
    let rules = encrypting_rules();
    let may = |set: &str, who: &str, key: &str| {
        let key = KeyName::parse(key).unwrap();
        rules[set].may_use(&caller(who), set, &key)
    };
    assert!(may("plain", "app", "main"));
    assert!(may("plain", "app", "guomi"), "one of the client's own keys");
    assert!(!may("plain", "app", "theirs"));
    assert!(!may("plain", "stranger", "guomi"));
    assert!(!may("none", "app", "main"), "no rule there uses it");
}

#[test]
fn misses_say_why_each_rule_before_does_not_match() {
    let rules = rules();
    let app = caller("app");
    let request = Request::new(&app, Action::Write, "Op", Some("app-1"), Some("x"));
    let misses: Vec<_> = rules
        .misses(&request)
        .map(|(rule, miss)| (&*rule.name, miss.to_string()))
        .collect();
    let expected = [
        ("drop box", "it speaks of other buckets".to_owned()),
        (
            "secrets",
            "it speaks of objects under another prefix".to_owned(),
        ),
    ];
    assert_eq!(misses, expected);
}

proptest! {
    /// The law of the whole crate, said without the function's own helpers: a permit names the
    /// first rule that speaks of the request, and its caller was granted the action there.
    #[test]
    fn never_permits_what_no_rule_matches(
        rules in prop::collection::vec(("[ab*?]{1,3}", "[xy]{0,2}", 0..4usize), 0..6),
        grants in prop::collection::vec(("[ab*?]{1,2}", 0..5usize), 0..4),
        who in 0..3usize,
        action in 0..5usize,
        bucket in "[ab]{1,3}",
        object in prop::option::of("[xy]{0,3}"),
    ) {
        let callers = [caller("a"), caller("b"), Caller::Anonymous];
        let patterns = |which: usize| match callers.get(which) {
            Some(caller) => CallerPattern::Exactly(caller.clone()),
            None => CallerPattern::AnyClient,
        };
        let may: Vec<_> = grants
            .iter()
            .map(|(bucket, action)| Grant {
                bucket: pattern(bucket),
                actions: vec![Action::ALL[*action]],
            })
            .collect();
        let rules: Vec<_> = rules
            .iter()
            .enumerate()
            .map(|(at, (bucket, prefix, which))| Rule {
                prefix: prefix.clone(),
                clients: vec![patterns(*which)],
                ..Rule::new(at.to_string(), pattern(bucket), Protection::Relay)
            })
            .collect();
        let all = callers.iter().map(|caller| Grants {
            caller: caller.clone(),
            may: may.clone(),
            keys: vec![],
        });
        // What is shadowed is refused as a set, and that is another law.
        let Ok(set) = RuleSet::new(rules.clone(), all.collect()) else { return Ok(()) };

        let (caller, action) = (&callers[who], Action::ALL[action]);
        let speaks = |rule: &&Rule| {
            let client = match &rule.clients[0] {
                CallerPattern::AnyClient => *caller != Caller::Anonymous,
                CallerPattern::Exactly(one) => one == caller,
            };
            let prefix = object.as_ref().is_none_or(|name| name.starts_with(&rule.prefix));
            client && prefix && rule.bucket.matches(&bucket)
        };
        let first = rules.iter().find(speaks).map(|rule| rule.name.clone());
        let granted = may.iter().any(|g| g.bucket.matches(&bucket) && g.actions.contains(&action));
        let request = Request::new(caller, action, "Op", Some(&bucket), object.as_deref());
        let found = match decide(&set, &request) {
            Decision::Permitted(permit) => Some(permit.rule().to_owned()),
            Decision::Refused(_) => None,
        };
        prop_assert_eq!(found, first.filter(|_| granted));
    }
}

/// An answer in the words of the table.
fn said(decision: Decision) -> String {
    match decision {
        Decision::Permitted(permit) => {
            let bucket = permit.logical_bucket().unwrap_or("-");
            format!("{}: {} as {bucket}", permit.rule(), demands(&permit))
        }
        Decision::Refused(Refusal::NoRule { .. }) => "refused: no rule".to_owned(),
        Decision::Refused(Refusal::NotGranted { rule, .. }) => {
            format!("refused: not granted by {rule}")
        }
        Decision::Refused(Refusal::NothingToList { .. }) => "refused: nothing to list".to_owned(),
        Decision::Refused(Refusal::NoBucket { .. }) => "refused: no bucket".to_owned(),
        Decision::Refused(other) => panic!("{other}"),
    }
}

fn demands(permit: &Permit) -> String {
    match permit.protection() {
        Protection::Seal(Encryption { key: Some(key), .. }) => format!("seal {key}"),
        Protection::Relay => "relay".to_owned(),
        other => format!("{other:?}"),
    }
}

/// An answer in the words of the table of encryption.
fn done(decision: Decision) -> String {
    let permit = match decision {
        Decision::Permitted(permit) => permit,
        Decision::Refused(refusal) => {
            return match refusal {
                Refusal::Missing { .. } => "refused: nothing asked for".to_owned(),
                Refusal::Mismatch { mode, .. } => format!("refused: {} not allowed", mode.name()),
                Refusal::NoDsse { .. } => "refused: no dsse".to_owned(),
                Refusal::UnknownKey { .. } => "refused: unknown key".to_owned(),
                Refusal::KeyNotGranted { .. } => "refused: key not granted".to_owned(),
                Refusal::NotSecure { .. } => "refused: not secure".to_owned(),
                other => panic!("{other}"),
            };
        }
    };
    let (who, encryption) = match permit.protection() {
        Protection::Relay => return "relay".to_owned(),
        Protection::Seal(encryption) => ("gateway", encryption),
        Protection::Backend(encryption) => ("backend", encryption),
        Protection::Both(encryption) => ("both", encryption),
    };
    let who = permit.reported().map_or(who, |_| "reported");
    let key = encryption.key.as_ref().map_or("-", KeyName::as_str);
    let id = encryption.key_id.as_deref().unwrap_or("-");
    let (mode, cipher) = (encryption.sse.name(), encryption.algorithm.name());
    format!("{who}: {mode} {cipher} {key} {id}")
}

/// Each rule of the table of encryption in a set of its own, by its bucket.
fn encrypting_rules() -> BTreeMap<String, RuleSet> {
    let rows = table("| bucket | protect | default | allow | missing | mismatch | tls | mode |");
    let sets = rows.iter().map(|row| {
        let [
            bucket,
            protect,
            default,
            allow,
            missing,
            mismatch,
            tls,
            mode,
        ] = &**row
        else {
            panic!("{row:?}")
        };
        let default = given(default).map(|default| {
            let [sse, cipher, key] = default.split(' ').collect::<Vec<_>>()[..] else {
                panic!("{default}")
            };
            let sse = Sse::from_name(sse).unwrap();
            let id = format!("id-{key}");
            Encryption {
                key_id: sse.names_keys().then_some(id),
                ..encryption(sse, algorithm(cipher), key)
            }
        });
        let protection = match (&**protect, default) {
            ("gateway", Some(default)) => Protection::Seal(default),
            ("backend", Some(default)) => Protection::Backend(default),
            ("both", Some(default)) => Protection::Both(default),
            ("none", None) => Protection::Relay,
            other => panic!("{other:?}"),
        };
        let rule = Rule {
            allow: modes(allow),
            missing: match &**missing {
                "inject" => Missing::Inject,
                "reject" => Missing::Reject,
                other => panic!("{other}"),
            },
            mismatch: match &**mismatch {
                "reject" => Mismatch::Reject,
                "override" => Mismatch::Override,
                other => panic!("{other}"),
            },
            transport: match &**tls {
                "any" => Transport::Any,
                "only" => Transport::Secure,
                other => panic!("{other}"),
            },
            ..Rule::new(bucket, pattern(bucket), protection)
        };
        let mode = match &**mode {
            "enforce" => Mode::Enforce,
            "report" => Mode::Report,
            other => panic!("{other}"),
        };
        let mut grants = everything("app");
        grants[0].keys = vec![KeyName::parse("guomi").unwrap()];
        let set = RuleSet::new(vec![rule], grants).unwrap();
        (bucket.clone(), set.with_keys(key_ids()).in_mode(mode))
    });
    sets.collect()
}

fn key_ids() -> Vec<KeyIds> {
    let rows = table("| key | ids | algorithm |");
    let keys = rows.iter().map(|row| {
        let [name, ids, cipher] = &**row else {
            panic!("{row:?}")
        };
        KeyIds {
            name: KeyName::parse(name).unwrap(),
            ids: ids.split(", ").map(str::to_owned).collect(),
            algorithm: algorithm(cipher),
        }
    });
    keys.collect()
}

/// One caller who may do everything everywhere.
fn everything(who: &str) -> Vec<Grants> {
    vec![Grants {
        caller: caller(who),
        may: vec![Grant {
            bucket: pattern("*"),
            actions: Action::ALL.to_vec(),
        }],
        keys: vec![],
    }]
}

fn encryption(sse: Sse, algorithm: Algorithm, key: &str) -> Encryption {
    Encryption {
        sse,
        key: Some(KeyName::parse(key).unwrap()),
        algorithm,
        key_id: None,
        project: None,
        bucket_key: true,
    }
}

fn algorithm(name: &str) -> Algorithm {
    let all = [Algorithm::Aes256, Algorithm::Sm4];
    all.into_iter().find(|one| one.name() == name).unwrap()
}

fn modes(cell: &str) -> Modes {
    let names = given(cell).into_iter().flat_map(|cell| cell.split(", "));
    names.map(|name| Sse::from_name(name).unwrap()).collect()
}

fn rules() -> RuleSet {
    let rules = table("| rule | bucket | prefix | clients | demands | sealed as |");
    let rules = rules.iter().map(|row| {
        let [name, bucket, prefix, clients, demands, sealed_as] = &**row else {
            panic!("{row:?}")
        };
        Rule {
            prefix: prefix.clone(),
            clients: clients.split(", ").map(caller_pattern).collect(),
            sealed_as: (!sealed_as.is_empty()).then(|| sealed_as.clone()),
            ..Rule::new(name, pattern(bucket), protection(demands))
        }
    });
    RuleSet::new(rules.collect(), grants()).expect("the rules of the table hold together")
}

fn grants() -> Vec<Grants> {
    let mut grants: Vec<Grants> = Vec::new();
    for row in table("| caller | bucket | actions |") {
        let [who, bucket, actions] = &*row else {
            panic!("{row:?}")
        };
        let caller = caller(who);
        let may = (!bucket.is_empty()).then(|| Grant {
            bucket: pattern(bucket),
            actions: actions
                .split(", ")
                .map(|a| Action::from_name(a).unwrap())
                .collect(),
        });
        match grants.iter_mut().find(|grants| grants.caller == caller) {
            Some(grants) => grants.may.extend(may),
            None => grants.push(Grants {
                caller,
                may: may.into_iter().collect(),
                keys: vec![],
            }),
        }
    }
    grants
}

/// The cells of the rows below that header.
fn table(header: &str) -> Vec<Vec<String>> {
    let (_, rows) = SEMANTICS.split_once(header).expect("the table is there");
    let rows = rows
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let cells = |row: &str| {
        let row = row.trim().trim_start_matches('|');
        let row = row.strip_suffix('|').expect("a row ends in |");
        row.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    rows.map(cells).collect()
}

fn given(cell: &str) -> Option<&str> {
    (cell != "-").then_some(cell)
}

fn caller(name: &str) -> Caller {
    match name {
        "anonymous" => Caller::Anonymous,
        name => Caller::Client(ClientName::parse(name).unwrap()),
    }
}

fn caller_pattern(name: &str) -> CallerPattern {
    match name {
        "*" => CallerPattern::AnyClient,
        name => CallerPattern::Exactly(caller(name)),
    }
}

fn pattern(text: &str) -> BucketPattern {
    BucketPattern::parse(text).unwrap()
}

fn protection(demands: &str) -> Protection {
    match demands.strip_prefix("seal ") {
        Some(key) => Protection::Seal(encryption(Sse::Aes256, Algorithm::Aes256, key)),
        None => Protection::Relay,
    }
}
