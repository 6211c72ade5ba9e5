//! What a decision costs: below 5 µs with 1000 rules.
#![allow(clippy::unwrap_used)]

use divan::Bencher;
use divan::black_box;
use policy::Action;
use policy::Algorithm;
use policy::BucketPattern;
use policy::Caller;
use policy::ClientName;
use policy::Encryption;
use policy::Grant;
use policy::Grants;
use policy::KeyName;
use policy::Modes;
use policy::Protection;
use policy::Request;
use policy::Rule;
use policy::RuleSet;
use policy::Sse;
use policy::Wish;

fn main() {
    divan::main();
}

/// The last of so many rules decides; the others speak of other buckets, by name or by pattern.
#[divan::bench(args = [1, 10, 100, 1000])]
fn by_the_last_of(bencher: Bencher<'_, '_>, count: usize) {
    let rule = |at: usize| {
        let bucket = match at % 2 {
            0 => format!("tenant-{at:04}-data"),
            _ => format!("tenant-{at:04}-*"),
        };
        let encryption = Encryption {
            sse: Sse::Kms,
            key: Some(KeyName::parse("main").unwrap()),
            algorithm: Algorithm::Aes256,
            key_id: Some("main".to_owned()),
            project: None,
            bucket_key: true,
        };
        let bucket = BucketPattern::parse(&bucket).unwrap();
        Rule::new(at.to_string(), bucket, Protection::Seal(encryption))
    };
    let caller = Caller::Client(ClientName::parse("app").unwrap());
    let grants = Grants {
        caller: caller.clone(),
        may: vec![Grant {
            bucket: BucketPattern::parse("*").unwrap(),
            actions: Action::ALL.to_vec(),
        }],
        keys: vec![],
    };
    let rules = RuleSet::new((0..count).map(rule).collect(), vec![grants]).unwrap();
    let bucket = match (count - 1) % 2 {
        0 => format!("tenant-{:04}-data", count - 1),
        _ => format!("tenant-{:04}-x", count - 1),
    };
    let wish = Wish {
        modes: [Sse::Kms].into_iter().collect::<Modes>(),
        ..Wish::default()
    };
    let request = Request {
        wish: Some(wish),
        ..Request::new(
            &caller,
            Action::Write,
            "PutObject",
            Some(&bucket),
            Some("some/object"),
        )
    };
    assert!(matches!(
        policy::decide(&rules, &request),
        policy::Decision::Permitted(_)
    ));
    bencher.bench(|| policy::decide(black_box(&rules), black_box(&request)));
}
