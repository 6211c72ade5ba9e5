//! `SEMANTICS.md` is the specification: its tables are read here and put to the function.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use policy::Action;
use policy::Algorithm;
use policy::BucketPattern;
use policy::Caller;
use policy::CallerPattern;
use policy::ClientName;
use policy::Decision;
use policy::EtagStyle;
use policy::Grant;
use policy::Grants;
use policy::KeyName;
use policy::Permit;
use policy::Protection;
use policy::Refusal;
use policy::Request;
use policy::Rule;
use policy::RuleSet;
use policy::Sse;
use policy::Unsealed;
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
        let request = Request {
            caller: &caller,
            action: Action::from_name(action).unwrap(),
            operation: "AnOperation",
            bucket: given(bucket),
            object: given(object),
        };
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
    let request = Request {
        caller: &app,
        action: Action::Write,
        operation: "PutObject",
        bucket: Some("app-1"),
        object: Some("x"),
    };
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
        let request = Request {
            caller: &caller,
            action,
            operation: "Op",
            bucket,
            object,
        };
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
            let request = Request {
                caller: &caller,
                action,
                operation: "Op",
                bucket,
                object: None,
            };
            assert!(
                matches!(decide(&rules, &request), Decision::Refused(_)),
                "{action} {bucket:?}"
            );
        }
    }
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
                name: at.to_string(),
                bucket: pattern(bucket),
                prefix: prefix.clone(),
                clients: vec![patterns(*which)],
                protection: Protection::Relay,
                unsealed: Unsealed::Reject,
                etag: EtagStyle::Opaque,
                sealed_as: None,
            })
            .collect();
        let all = callers.iter().map(|caller| Grants { caller: caller.clone(), may: may.clone() });
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
        let request = Request {
            caller,
            action,
            operation: "Op",
            bucket: Some(&bucket),
            object: object.as_deref(),
        };
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
    }
}

fn demands(permit: &Permit) -> String {
    match permit.protection() {
        Protection::Seal { key, .. } => format!("seal {key}"),
        Protection::Relay => "relay".to_owned(),
    }
}

fn rules() -> RuleSet {
    let rules = table("| rule | bucket | prefix | clients | demands | sealed as |");
    let rules = rules.iter().map(|row| {
        let [name, bucket, prefix, clients, demands, sealed_as] = &**row else {
            panic!("{row:?}")
        };
        Rule {
            name: name.clone(),
            bucket: pattern(bucket),
            prefix: prefix.clone(),
            clients: clients.split(", ").map(caller_pattern).collect(),
            protection: protection(demands),
            unsealed: Unsealed::Reject,
            etag: EtagStyle::Opaque,
            sealed_as: (!sealed_as.is_empty()).then(|| sealed_as.clone()),
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
        Some(key) => Protection::Seal {
            key: KeyName::parse(key).unwrap(),
            algorithm: Algorithm::Aes256,
            sse: Sse::Aes256,
        },
        None => Protection::Relay,
    }
}
