//! What a configuration says where its file says nothing, and that what it says counts.

use std::time::Duration;

use config::Audit;
use config::Compatibility;
use config::Limits;
use config::Provider;
use policy::Action;
use policy::Algorithm;
use policy::Caller;
use policy::CallerPattern;
use policy::Decision;
use policy::Encryption;
use policy::EtagStyle;
use policy::Mismatch;
use policy::Missing;
use policy::Mode;
use policy::Operations;
use policy::Protection;
use policy::Request;
use policy::Rule;
use policy::Sse;
use policy::Transport;
use policy::Unsealed;

use crate::shelf::SMALLEST;
use crate::shelf::Shelf;
use crate::shelf::smallest_with;

#[test]
fn every_section_has_the_defaults_of_the_reference() {
    let config = Shelf::stocked().load(SMALLEST).unwrap();
    assert_eq!(config.region, "us-east-1");
    assert_eq!(config.domains, Vec::<String>::new());
    assert_eq!(config.admin, None);
    assert_eq!(config.audit, None);
    assert_eq!(config.backend.region, "us-east-1");
    assert_eq!(config.backend.min_part, 5 * 1024 * 1024);
    assert!(config.backend.counts_parts);
    assert_eq!(config.keys[0].algorithm, None);
    let limits = Limits {
        clock_skew: Duration::from_mins(15),
        xml_body: 2 * 1024 * 1024,
        connect: Duration::from_secs(5),
        silence: Duration::from_mins(1),
    };
    assert_eq!(config.limits, limits);
}

#[test]
fn a_rule_that_says_nothing_seals_everything_of_everybody() {
    let config = Shelf::stocked().load(SMALLEST).unwrap();
    let rules: Vec<&Rule> = config.rules.rules().collect();
    let [rule] = &*rules else { panic!() };
    assert_eq!(rule.prefix, "");
    assert_eq!(rule.clients, [CallerPattern::AnyClient]);
    assert_eq!(rule.unsealed, Unsealed::Reject);
    assert_eq!(rule.etag, EtagStyle::Opaque);
    assert_eq!(rule.sealed_as, None);
    assert_eq!(rule.operations, Operations::All);
    assert!(rule.allow.is_empty());
    assert_eq!(rule.missing, Missing::Inject);
    assert_eq!(rule.mismatch, Mismatch::Reject);
    assert_eq!(rule.transport, Transport::SecureKeys);
    assert_eq!(config.rules.mode(), Mode::Enforce);
    assert_eq!(config.compatibility, Compatibility::Aws);
    assert!(config.trusted_proxies.is_empty());
    assert!(config.keys[0].enabled);
    assert_eq!(seal(rule), ("main", Algorithm::Aes256));
}

#[test]
fn a_client_without_may_may_do_nothing() {
    let config = Shelf::stocked().load(SMALLEST).unwrap();
    let caller = Caller::Client(config.clients[0].name.clone());
    for action in Action::ALL {
        let request = Request::new(&caller, action, "Op", Some("b"), Some("x"));
        assert!(matches!(
            policy::decide(&config.rules, &request),
            Decision::Refused(_)
        ));
    }
}

#[test]
fn a_keyrings_active_key_is_the_default_master() {
    let keyring = "active: b\nkeys:\n\
        \x20 - {id: a, key: AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=, created: 2026-01-05T09:00:00Z}\n\
        \x20 - {id: b, key: AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHx8=, created: 2026-01-05T09:00:00Z}\n";
    for (key, expected) in [("", "b"), (", master: a", "a"), (", master: b", "b")] {
        let text = smallest_with("keyring.yaml", &format!("keyring.yaml{key}"));
        let shelf = Shelf::stocked().file("/etc/sealgate/keyring.yaml", 0o600, keyring);
        let config = shelf.load(&text).unwrap();
        let Provider::Local {
            master,
            keyring,
            file,
        } = &config.keys[0].provider
        else {
            panic!("it is a keyring");
        };
        assert_eq!(master, expected);
        assert_eq!(keyring.ids().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(file.to_str(), Some("/etc/sealgate/keyring.yaml"));
    }
}

#[test]
fn the_first_key_and_the_keys_algorithm_are_what_a_rule_seals_with() {
    let keys = "  - {name: main, algorithm: SM4, provider: local, file: keyring.yaml}
  - {name: other, provider: local, file: keyring.yaml}
";
    let one = "  - {name: main, provider: local, file: keyring.yaml}\n";
    for (default, expected) in [
        ("{}", ("main", Algorithm::Sm4)),
        ("{algorithm: AES256}", ("main", Algorithm::Aes256)),
        ("{key: other}", ("other", Algorithm::Aes256)),
        (
            "{key: other, algorithm: SM4, sse: AES256}",
            ("other", Algorithm::Sm4),
        ),
    ] {
        let text = smallest_with(one, keys).replacen(
            "\"*\"}}",
            &format!("\"*\"}}, default: {default}}}"),
            1,
        );
        let config = Shelf::stocked().load(&text).unwrap();
        assert_eq!(
            seal(config.rules.rules().next().unwrap()),
            expected,
            "{default}"
        );
    }
}

#[test]
fn rules_that_do_not_seal_need_no_keys() {
    let text = smallest_with(
        "keys:\n  - {name: main, provider: local, file: keyring.yaml}\n",
        "",
    )
    .replacen(
        "\"*\"}}",
        "\"*\"}, protect: none, unsealed: serve, etag: md5}",
        1,
    );
    let config = Shelf::stocked().load(&text).unwrap();
    let rule = config.rules.rules().next().unwrap();
    assert_eq!(rule.protection, Protection::Relay);
    assert_eq!(rule.unsealed, Unsealed::Serve);
    assert_eq!(rule.etag, EtagStyle::Md5);
}

#[test]
fn audit_lines_go_where_the_file_says_beside_itself() {
    let file = |path: &str| Some(Audit::File(path.into()));
    for (said, expected) in [
        ("stdout", Some(Audit::Stdout)),
        ("{file: /var/log/audit.log}", file("/var/log/audit.log")),
        ("{file: audit.log}", file("/etc/sealgate/audit.log")),
    ] {
        let text = format!("{SMALLEST}audit: {said}\n");
        assert_eq!(Shelf::stocked().load(&text).unwrap().audit, expected);
    }
}

#[test]
fn domains_and_hosts_are_lower_case() {
    let text = smallest_with("backend:", "domains: [S3.Example.COM]\nbackend:").replacen(
        "http://minio:9000",
        "https://MinIO",
        1,
    );
    let config = Shelf::stocked().load(&text).unwrap();
    assert_eq!(config.domains, ["s3.example.com"]);
    let endpoint = &config.backend.endpoints[0];
    assert_eq!(
        (endpoint.tls, &*endpoint.host, endpoint.port),
        (true, "minio", 443)
    );
}

fn seal(rule: &Rule) -> (&str, Algorithm) {
    match &rule.protection {
        Protection::Seal(Encryption {
            key: Some(key),
            algorithm,
            sse: Sse::Aes256,
            ..
        }) => (key.as_str(), *algorithm),
        other => panic!("it does not seal: {other:?}"),
    }
}

#[test]
fn strangers_may_do_what_a_rule_and_their_entry_say() {
    let text = SMALLEST
        .replace(
            "keys:\n",
            "  - {name: anonymous, may: [{bucket: \"pub\", actions: [read]}]}\nkeys:\n",
        )
        .replace(
            "bucket: \"*\"}",
            "bucket: \"*\", clients: [app, anonymous]}",
        );
    let config = Shelf::stocked().load(&text).unwrap();
    let clients: Vec<_> = config
        .clients
        .iter()
        .map(|client| client.name.as_str())
        .collect();
    assert_eq!(clients, ["app"], "nobody signs as anonymous");
    let may = |action, bucket| {
        let request = Request::new(&Caller::Anonymous, action, "Op", Some(bucket), Some("x"));
        matches!(
            policy::decide(&config.rules, &request),
            Decision::Permitted(_)
        )
    };
    assert!(may(Action::Read, "pub"));
    assert!(!may(Action::Write, "pub"));
    assert!(!may(Action::Read, "other"));
}
