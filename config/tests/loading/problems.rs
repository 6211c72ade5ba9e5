//! All mistakes of a file at once, each where it stands, and none that only follows.

use crate::shelf::SMALLEST;
use crate::shelf::Shelf;
use crate::shelf::keyring;
use crate::shelf::smallest_with;

#[test]
fn ten_mistakes_are_ten_problems_with_their_lines() {
    let text = "\
listen:
  - address: localhost
regoin: us-east-1
backend:
  endpoints: [http://minio:9000, minio:9000]
  min_part: 5
  credentials: {access_key: AKB, secret_key: hunter2}
clients:
  - {name: app, access_key: AKA, secret_key: {env: NOWHERE}}
  - {name: app, access_key: AKC, secret_key: {file: app.secret}}
keys:
  - {name: main, provider: local, file: keyring.yaml}
rules:
  - name: first
    match: {bucket: \"a-*\", clients: [ghost]}
    protect: gatewy
  - name: second
    match: {bucket: \"*\"}
    default: {key: mian}
  - name: second
    match: {bucket: \"*\"}
";
    let problems = Shelf::stocked().problems(text);
    assert_eq!(
        problems,
        [
            "2:14: listen[0].address: not an address with a port; write `0.0.0.0:8080` or `[::]:8080`",
            "3:1: regoin: unknown key; did you mean `region`?",
            "5:34: backend.endpoints[1]: not an endpoint; write `http://HOST:PORT` or `https://NAME:PORT`",
            "6:13: backend.min_part: needs a unit, one of `B`, `KiB`, `MiB`, `GiB`: `64KiB`, for instance",
            "7:46: backend.credentials.secret_key: a secret is never inline; write `{env: NAME}` or `{file: PATH}`",
            "9:46: clients[0].secret_key: environment variable `NOWHERE` is not set, or not UTF-8",
            "10:12: clients[1].name: another client is already named `app`",
            "15:38: rules[0].match.clients[0]: no client is named `ghost`",
            "16:14: rules[0].protect: `gatewy` is not one of `gateway`, `backend`, `both`, `none`; did you mean `gateway`?",
            "19:20: rules[1].default.key: no key is named `mian`",
        ]
    );
}

#[test]
fn problems_of_shape_and_of_meaning_come_together() {
    let text = smallest_with("listen:", "region: [x]\nlisten:").replacen("\"*\"", "\"a b\"", 1);
    let problems = Shelf::stocked().problems(&text);
    assert_eq!(
        problems,
        [
            "1:9: region: expected a string, found a sequence",
            "11:33: rules[0].match.bucket: a bucket pattern cannot hold ' '; only `*` and `?` are wildcards",
        ]
    );
}

#[test]
fn every_problem_names_its_file() {
    let text = smallest_with("127.0.0.1:8080", "nowhere");
    let broken = keyring("a").replacen("active: a", "active: b", 1);
    let shelf = Shelf::stocked().file("/etc/sealgate/keyring.yaml", 0o600, &broken);
    let problems = shelf.load(&text).unwrap_err().to_string();
    let files: Vec<_> = problems
        .lines()
        .filter_map(|line| line.split(':').next())
        .collect();
    assert_eq!(
        files,
        ["/etc/sealgate/sealgate.yaml", "/etc/sealgate/keyring.yaml"]
    );
}

#[test]
fn problems_can_be_taken_apart() {
    let problems = Shelf::stocked()
        .load(&smallest_with("rules:", "rulse:"))
        .unwrap_err();
    let [problem] = problems.as_slice() else {
        panic!("{problems}")
    };
    assert_eq!(
        (problem.line, problem.column, &*problem.path),
        (9, 1, "rulse")
    );
}

#[test]
fn a_name_that_could_not_be_read_is_not_missed_elsewhere() {
    for (old, new, line) in [
        ("name: main", "name: [main]", 8),
        ("name: main", "nmae: main", 8),
        ("name: main", "name: \"ma in\"", 8),
        ("name: app", "name: 1", 6),
        ("name: app", "name: \"an onym\"", 6),
    ] {
        let text = smallest_with(old, new).replacen(
            "\"*\"}}",
            "\"*\", clients: [app]}, default: {key: main}}",
            1,
        );
        let problems = Shelf::stocked().problems(&text);
        assert_eq!(problems.len(), 1, "{new}: {problems:?}");
        assert!(
            problems[0].starts_with(&format!("{line}:")),
            "{new}: {problems:?}"
        );
    }
}

#[test]
fn a_key_that_does_not_load_is_still_known_to_rules() {
    let text = smallest_with("\"*\"}}", "\"*\"}, default: {key: main}}");
    let shelf = Shelf::stocked().file("/etc/sealgate/keyring.yaml", 0o644, &keyring("a"));
    let problems = shelf.problems(&text);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0].starts_with("/etc/sealgate/keyring.yaml:1:1: "),
        "{problems:?}"
    );
}

#[test]
fn an_empty_file_and_one_that_is_no_yaml_are_one_problem() {
    assert_eq!(Shelf::stocked().problems(""), ["1:1: the file is empty"]);
    let problems = Shelf::stocked().problems("listen: [");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(
        Shelf::stocked().problems("- listen"),
        ["1:1: expected a mapping, found a sequence"]
    );
}

#[test]
fn what_has_no_default_is_missing() {
    assert_eq!(
        Shelf::stocked().problems("region: x"),
        [
            "1:1: listen: is missing",
            "1:1: backend: is missing",
            "1:1: clients: is missing",
            "1:1: rules: is missing",
        ]
    );
    for (old, path) in [
        ("address: 127.0.0.1:8080", "listen[0].address"),
        ("  endpoints: [http://minio:9000]\n", "backend.endpoints"),
        (
            "  credentials: {access_key: AKB, secret_key: {env: BACKEND}}\n",
            "backend.credentials",
        ),
        ("access_key: AKB, ", "backend.credentials.access_key"),
        (
            ", secret_key: {env: BACKEND}",
            "backend.credentials.secret_key",
        ),
        ("name: app, ", "clients[0].name"),
        ("access_key: AKA, ", "clients[0].access_key"),
        (", secret_key: {file: app.secret}", "clients[0].secret_key"),
        ("name: main, ", "keys[0].name"),
        ("provider: local, ", "keys[0].provider"),
        (", file: keyring.yaml", "keys[0].file"),
        ("name: all, ", "rules[0].name"),
        (", match: {bucket: \"*\"}", "rules[0].match"),
        ("bucket: \"*\"", "rules[0].match.bucket"),
    ] {
        let problems = Shelf::stocked().problems(&smallest_with(old, ""));
        assert_eq!(problems.len(), 1, "{path}: {problems:?}");
        assert!(
            problems[0].ends_with(&format!(" {path}: is missing")),
            "{problems:?}"
        );
    }
}

#[test]
fn a_missing_file_is_a_problem_of_its_own() {
    let path = std::path::Path::new("/nowhere.yaml");
    let problems = config::Config::load(path, &Shelf::default())
        .unwrap_err()
        .to_string();
    assert_eq!(
        problems,
        "/nowhere.yaml:1:1: cannot be read: entity not found"
    );
}

#[test]
fn the_smallest_configuration_has_no_problems() {
    assert_eq!(Shelf::stocked().problems(SMALLEST), Vec::<String>::new());
}

#[test]
fn reading_ends_with_something_to_say_wherever_a_file_is_broken() {
    for (at, _) in SMALLEST.char_indices() {
        let (before, rest) = SMALLEST.split_at(at);
        for put in [
            "", "[", "]", "{", "}", ":", ": ", "\"", "'", "&x ", "*x", "!x ", "~", "- ", "#", "\n",
            "\t",
        ] {
            let text = format!("{before}{put}{}", &rest[1..]);
            let loaded = Shelf::stocked().load(&text);
            let said = loaded.err().map(|problems| problems.as_slice().len());
            assert_ne!(said, Some(0), "{text}");
        }
    }
}
