//! Every refusal has one row: a single change to a sound configuration, and what is said to it.

use crate::shelf::Shelf;
use crate::shelf::smallest_with;

/// Changes the smallest configuration in one place and expects one problem that ends so.
fn refuses(rows: &[(&str, &str, &str)]) {
    for (old, new, said) in rows {
        let problems = Shelf::stocked().problems(&smallest_with(old, new));
        assert_eq!(problems.len(), 1, "{new}: {problems:?}");
        assert!(problems[0].ends_with(said), "{new}: {problems:?}");
    }
}

const LISTEN: &str = "listen: [{address: 127.0.0.1:8080}]";
const RULE: &str = "{bucket: \"*\"}}";
const GRANTS: &str = "app.secret}";

#[test]
fn keys_that_come_later_are_told_from_keys_that_do_not_exist() {
    let later = |key: &str| format!(" {key}: not supported yet; leave it out");
    for (old, new, path) in [
        (LISTEN, format!("{LISTEN}\ncache: {{}}"), "cache"),
        ("8080}", "8080, unix: /x}".to_owned(), "listen[0].unix"),
        (
            "8080}",
            "8080, clients: {trusted_as: app}}".to_owned(),
            "listen[0].clients",
        ),
        (
            "  endpoints",
            "  payload: signed\n  endpoints".to_owned(),
            "backend.payload",
        ),
        (
            "  endpoints",
            "  dialect: obs\n  endpoints".to_owned(),
            "backend.dialect",
        ),
        (
            "  endpoints",
            "  addressing: virtual_host\n  endpoints".to_owned(),
            "backend.addressing",
        ),
        (
            GRANTS,
            "app.secret}, backend: same".to_owned(),
            "clients[0].backend",
        ),
        (
            "provider: local, file: keyring.yaml",
            "provider: vault".to_owned(),
            "keys[0].provider",
        ),
        (
            "provider: local, file: keyring.yaml",
            "provider: aws_kms".to_owned(),
            "keys[0].provider",
        ),
        ("local", "huawei_kms".to_owned(), "keys[0].provider"),
    ] {
        refuses(&[(old, &new, &later(path))]);
    }
}

#[test]
fn keys_of_rules_that_come_later_are_told_from_keys_that_do_not_exist() {
    refuses(&[
        (
            RULE,
            "{bucket: x}, not_configured: none}",
            " rules[0].not_configured: `none` is not one of `default`, `error`",
        ),
        (
            RULE,
            "{bucket: x, operations: [PutObjekt]}}",
            ": no operation on objects is named `PutObjekt`; write `PutObject`, or `\"*\"`",
        ),
        (
            RULE,
            "{bucket: x}, protcet: none}",
            ": unknown key; did you mean `protect`?",
        ),
        (
            "8080}",
            "8080, zzz: 1}",
            ": unknown key; known here: `address`, `tls`, `secure`, `unix`, `clients`",
        ),
    ]);
}

#[test]
fn listeners_need_addresses_of_their_own() {
    let shape = ": not an address with a port; write `0.0.0.0:8080` or `[::]:8080`";
    refuses(&[
        (
            "[{address: 127.0.0.1:8080}]",
            "[]",
            "listen: needs at least one entry",
        ),
        ("127.0.0.1:8080", "127.0.0.1", shape),
        ("127.0.0.1:8080", ":8080", shape),
        ("127.0.0.1:8080", "localhost:8080", shape),
        (
            "8080}]",
            "8080}, {address: 127.0.0.1:8080}]",
            "`127.0.0.1:8080` is already listened to",
        ),
        (
            LISTEN,
            &format!("{LISTEN}\nadmin: {{address: 127.0.0.1:8080}}"),
            "admin.address: `127.0.0.1:8080` is already listened to",
        ),
        (
            LISTEN,
            &format!("{LISTEN}\nadmin: {{}}"),
            "admin.address: is missing",
        ),
    ]);
}

#[test]
fn regions_and_domains_are_what_hosts_and_signatures_can_carry() {
    let region = "a region is 1 to 64 letters, digits, `-`, `_` and `.`";
    let domain = "not a domain; write `s3.example.com`, without scheme or port";
    let with = |line: &str| format!("{LISTEN}\n{line}");
    refuses(&[
        (LISTEN, &with("region: \"\""), region),
        (LISTEN, &with("region: a/b"), region),
        (
            LISTEN,
            &with(&format!("region: {}", "x".repeat(65))),
            region,
        ),
        ("  endpoints", "  region: \"*\"\n  endpoints", region),
        (LISTEN, &with("domains: [\"http://x\"]"), domain),
        (LISTEN, &with("domains: [\"x:80\"]"), domain),
        (LISTEN, &with("domains: [127.0.0.1]"), domain),
        (
            LISTEN,
            &with("domains: [a.b, A.B]"),
            "domains[1]: `a.b` is already listed",
        ),
    ]);
    let any = Shelf::stocked()
        .load(&smallest_with(LISTEN, &with("region: \"*\"")))
        .unwrap();
    assert_eq!(any.region, "*");
    let longest = with(&format!("region: {}", "x".repeat(64)));
    assert!(
        Shelf::stocked()
            .load(&smallest_with(LISTEN, &longest))
            .is_ok()
    );
}

#[test]
fn backends_need_endpoints_and_a_part_size_in_bounds() {
    let bounds = "backend.min_part: must lie between `1B` and `60MiB`";
    refuses(&[
        (
            "[http://minio:9000]",
            "[]",
            "backend.endpoints: needs at least one entry",
        ),
        (
            "9000]",
            "9000, http://MINIO:9000]",
            "backend.endpoints[1]: is already listed",
        ),
        (
            "http://minio:9000",
            "https://10.0.0.1",
            "for its certificate is checked against it",
        ),
        ("  endpoints", "  min_part: 0B\n  endpoints", bounds),
        ("  endpoints", "  min_part: 62914561B\n  endpoints", bounds),
        (
            "  endpoints",
            "  min_part: 5MB\n  endpoints",
            "`64KiB`, for instance",
        ),
        (
            "  endpoints",
            "  dialect: s4\n  endpoints",
            "`s4` is not one of `s3`, `obs`",
        ),
    ]);
    for (size, bytes) in [("1B", 1), ("60MiB", 62_914_560)] {
        let text = smallest_with("  endpoints", &format!("  min_part: {size}\n  endpoints"));
        assert_eq!(
            Shelf::stocked().load(&text).unwrap().backend.min_part,
            bytes
        );
    }
}

#[test]
fn clients_differ_in_name_and_access_key() {
    let second = |name: &str, access_key: &str| {
        format!(
            "app.secret}}}}\n  - {{name: {name}, access_key: {access_key}, \
             secret_key: {{file: app.secret}}"
        )
    };
    let shape = "an access key is 1 to 128 visible ASCII characters without `/ , : =`";
    refuses(&[
        (
            GRANTS,
            &second("app", "AKC"),
            "clients[1].name: another client is already named `app`",
        ),
        (
            GRANTS,
            &second("b", "AKA"),
            "clients[1].access_key: client `app` has the same access key",
        ),
        ("access_key: AKA", "access_key: \"\"", shape),
        ("access_key: AKA", "access_key: A/B", shape),
        ("access_key: AKA", "access_key: \"A B\"", shape),
        (
            "access_key: AKA",
            "access_key: 12",
            "expected a string, found a number; put it in quotes",
        ),
        (
            "name: app",
            "name: a b",
            "use letters, digits, `.`, `_` and `-`",
        ),
        (
            GRANTS,
            "app.secret}, may: [{bucket: x}]",
            "clients[0].may[0].actions: is missing",
        ),
        (
            GRANTS,
            "app.secret}, may: [{bucket: x, actions: []}]",
            "needs at least one entry",
        ),
        (
            GRANTS,
            "app.secret}, may: [{actions: [read]}]",
            "clients[0].may[0].bucket: is missing",
        ),
        (
            GRANTS,
            "app.secret}, may: [{bucket: x, actions: [raed]}]",
            "`raed` is not one of `read`, `write`, `list`, `delete`, `configure`; did you mean `read`?",
        ),
    ]);
}

#[test]
fn an_access_key_that_a_reference_named_is_never_quoted() {
    let text = smallest_with("AKA", "{env: TWIN}").replacen("AKB", "{env: TWIN}", 1);
    let shelf = Shelf::stocked().variable("TWIN", "not/sound");
    let problems = shelf.load(&text).unwrap_err().to_string();
    assert_eq!(problems.lines().count(), 2);
    assert!(!problems.contains("not/sound"));
}

#[test]
fn keys_differ_in_name_and_their_master_exists() {
    let second = "yaml}\n  - {name: main, provider: local, file: keyring.yaml}";
    refuses(&[
        (
            "yaml}",
            second,
            "keys[1].name: another key is already named `main`",
        ),
        (
            "name: main",
            "name: customer",
            "`customer` is not a name but a word with a meaning of its own; choose another",
        ),
        (
            "yaml}",
            "yaml, master: z}",
            "keyring `/etc/sealgate/keyring.yaml` holds no key of this id",
        ),
        (
            "yaml}",
            "yaml, algorithm: DES}",
            "`DES` is not one of `AES256`, `SM4`",
        ),
        (
            "keyring.yaml",
            "nowhere.yaml",
            "/etc/sealgate/nowhere.yaml:1:1: cannot be read: entity not found",
        ),
        ("local", "locla", "did you mean `local`?"),
    ]);
}

#[test]
fn rules_hold_together() {
    let second = |rule: &str| format!("{{bucket: \"*\"}}}}\n  - {rule}");
    let first = "- {name: all, match: {bucket: \"*\"}}";
    let shadowed =
        "rules[1].match: rule `b` can never decide: rule `all` before it takes every such request";
    refuses(&[
        (
            RULE,
            &*second("{name: all, match: {bucket: x}}"),
            "rules[1].name: another rule is already named `all`",
        ),
        (RULE, &*second("{name: b, match: {bucket: x}}"), shadowed),
        (
            "name: all",
            "name: \" \"",
            "rules[0].name: a rule needs a name, which refusals and audit lines give",
        ),
        (
            RULE,
            "{bucket: x, clients: []}}",
            "rules[0].match.clients: rule `all` names no client; `*` means every client",
        ),
        (
            RULE,
            "{bucket: x, clients: [ghost]}}",
            "rules[0].match.clients[0]: no client is named `ghost`",
        ),
        (
            RULE,
            "{bucket: x, operations: []}}",
            "rules[0].match.operations: needs at least one entry",
        ),
        (
            RULE,
            "{bucket: x*}, sealed_as: y}",
            "so its bucket must be one name without `*` and `?`",
        ),
        (
            RULE,
            "{bucket: x}, sealed_as: y*}",
            "rules[0].sealed_as: is one bucket, without `*` and `?`",
        ),
        (
            RULE,
            "{bucket: x}, unsealed: srve}",
            "`srve` is not one of `reject`, `serve`; did you mean `serve`?",
        ),
        (
            RULE,
            "{bucket: x}, default: {key: other}}",
            "rules[0].default.key: no key is named `other`",
        ),
        (
            RULE,
            "{bucket: x}, default: {key: \"a b\"}}",
            "use letters, digits, `.`, `_` and `-`",
        ),
        (
            first,
            "- []",
            "rules[0]: expected a mapping, found a sequence",
        ),
    ]);
    let keyless = "keys:\n  - {name: main, provider: local, file: keyring.yaml}\n";
    for keys in ["", "keys: []\n"] {
        refuses(&[(
            keyless,
            keys,
            "rules[0]: seals objects, but `keys` holds no key to do it with",
        )]);
    }
}

#[test]
fn limits_are_longer_than_nothing_and_carry_units() {
    let with = |line: &str| format!("{LISTEN}\nlimits: {{{line}}}");
    refuses(&[
        (
            LISTEN,
            &with("clock_skew: 0s"),
            "limits.clock_skew: must be at least `1ms`",
        ),
        (
            LISTEN,
            &with("connect: 0ms"),
            "limits.connect: must be at least `1ms`",
        ),
        (
            LISTEN,
            &with("silence: 0h"),
            "limits.silence: must be at least `1ms`",
        ),
        (
            LISTEN,
            &with("xml_body: 0B"),
            "limits.xml_body: must be at least `1B`",
        ),
        (
            LISTEN,
            &with("silence: 30"),
            "one of `ms`, `s`, `m`, `h`: `30s`, for instance",
        ),
        (
            LISTEN,
            &with("silence: true"),
            "expected a number with its unit, found `true` or `false`",
        ),
    ]);
    let text = smallest_with(
        LISTEN,
        &with("clock_skew: 1ms, connect: 2s, silence: 3m, xml_body: 1B"),
    );
    let limits = Shelf::stocked().load(&text).unwrap().limits;
    assert_eq!(limits.clock_skew.as_millis(), 1);
    assert_eq!(limits.connect.as_secs(), 2);
    assert_eq!(limits.silence.as_secs(), 180);
    assert_eq!(limits.xml_body, 1);
}

#[test]
fn callers_who_do_not_sign_have_no_keys_and_are_named_before_rules_do() {
    let keys = "access_key: AKA, secret_key: {file: app.secret}";
    let stranger = |key: &str| format!("name: anonymous, {key}");
    for key in keys.split(", ") {
        let problem = ": anonymous callers do not sign; leave it out";
        let signer = format!("name: app, {keys}");
        refuses(&[(&signer, &stranger(key), problem)]);
    }
    refuses(&[(
        RULE,
        "{bucket: x, clients: [anonymous]}}",
        ": no client is named `anonymous`",
    )]);
}

#[test]
fn a_listener_with_tls_names_two_files_that_can_be_read() {
    refuses(&[
        (
            "8080}",
            "8080, tls: {certificate: keyring.yaml}}",
            ".tls.key: is missing",
        ),
        (
            "8080}",
            "8080, tls: {certificate: none, key: keyring.yaml}}",
            ".tls.certificate: cannot read `/etc/sealgate/none`: entity not found",
        ),
        (
            "8080}",
            "8080, tls: {certificate: keyring.yaml, key: keyring.yaml}}",
            ".tls.key: holds no certificates in PEM",
        ),
    ]);
}

#[test]
fn state_is_kept_in_one_bucket_under_a_key() {
    let with = |state: &str| format!("{LISTEN}\nstate: {state}");
    refuses(&[
        (LISTEN, &with("{}"), "state.bucket: is missing"),
        (
            LISTEN,
            &with("{bucket: \"a-*\"}"),
            "state.bucket: is one bucket, without `*` and `?`",
        ),
    ]);
}

#[test]
fn what_cannot_be_done_is_not_promised() {
    let rule = |rest: &str| format!("{{bucket: x}}, {rest}}}");
    let nothing = "nothing is encrypted under this rule";
    for (rest, path, reason) in [
        (
            "default: {sse: C}",
            "default.sse",
            "cannot be a default: only clients have keys of their own",
        ),
        (
            "default: {sse: dsse}",
            "default.sse",
            "needs `protect: both`",
        ),
        (
            "protect: backend, allow: [dsse]",
            "allow[0]",
            "needs `protect: both`",
        ),
        (
            "protect: backend, allow: [C]",
            "allow[0]",
            "keys of clients' own are not sent to a backend",
        ),
        ("protect: none, allow: [kms]", "allow[0]", nothing),
        (
            "protect: backend, default: {key: main}",
            "default.key",
            "is no key of `provider: backend`",
        ),
        (
            "protect: backend, default: {algorithm: SM4}",
            "default.algorithm",
            "the backend cannot be asked for SM4 in the S3 dialect",
        ),
        (
            "sealed_as: sealgate-state",
            "sealed_as",
            "this name is the gateway's own",
        ),
        (
            "require_tls: true, sse_c_without_tls: true",
            "sse_c_without_tls",
            "contradicts `require_tls`",
        ),
    ] {
        let expected = format!(" rules[0].{path}: {reason}");
        refuses(&[(RULE, &rule(rest), &expected)]);
    }
}

#[test]
fn keys_have_ids_of_their_own() {
    refuses(&[
        (
            "yaml}",
            "yaml, ids: []}",
            " keys[0].ids: needs at least one entry",
        ),
        (
            "yaml}",
            "yaml, ids: [a, a]}",
            " keys[0].ids[1]: `a` is already listed",
        ),
        (
            "yaml}",
            "yaml, ids: [\"a b\"]}",
            " keys[0].ids[0]: an id is 1 to 256 visible ASCII characters",
        ),
        (
            "yaml}",
            "yaml}\n  - {name: other, provider: backend, ids: [main]}",
            " keys[1].ids[0]: key `main` has the same id",
        ),
        (
            GRANTS,
            "app.secret}, keys: [nope]",
            " clients[0].keys[0]: no key is named `nope`",
        ),
    ]);
}

#[test]
fn connections_are_secure_or_said_to_be() {
    refuses(&[(
        LISTEN,
        &format!("{LISTEN}\ntrusted_proxies: [proxy.local]"),
        " trusted_proxies[0]: not an address or network; write `10.0.0.0/8`",
    )]);
}

#[test]
fn audit_lines_go_to_one_place() {
    let with = |audit: &str| format!("{LISTEN}\naudit: {audit}");
    refuses(&[
        (
            LISTEN,
            &with("stderr"),
            "audit: write `stdout` or `{file: PATH}`",
        ),
        (LISTEN, &with("{}"), "audit: name a `file`"),
        (LISTEN, &with("{file: \"\"}"), "audit: name a `file`"),
        (
            LISTEN,
            &with("{fiel: audit.log}"),
            "audit.fiel: unknown key; did you mean `file`?",
        ),
        (
            LISTEN,
            &with("{file: a, format: json}"),
            "audit.format: unknown key; known here: `file`",
        ),
        (
            LISTEN,
            &with("[stdout]"),
            "audit: expected `stdout` or `{file: PATH}`, found a sequence",
        ),
    ]);
}
