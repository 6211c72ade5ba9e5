//! Secrets come from where the file says, and go nowhere else.

use crate::shelf::KEY;
use crate::shelf::SMALLEST;
use crate::shelf::Shelf;
use crate::shelf::smallest_with;

#[test]
fn secrets_come_from_variables_and_from_files_beside_the_configuration() {
    let config = Shelf::stocked().load(SMALLEST).unwrap();
    assert_eq!(
        config.backend.credentials.secret_key.expose(),
        "backend-secret"
    );
    assert_eq!(config.clients[0].secret_key.expose(), "app-secret");
    let text = smallest_with("app.secret", "/run/app.secret");
    let shelf = Shelf::stocked().file("/run/app.secret", 0o400, "elsewhere");
    assert_eq!(
        shelf.load(&text).unwrap().clients[0].secret_key.expose(),
        "elsewhere"
    );
}

#[test]
fn one_newline_at_the_end_of_a_file_is_not_part_of_the_secret() {
    for (text, secret) in [
        ("x", "x"),
        ("x\n", "x"),
        ("x\r\n", "x"),
        ("x\n\n", "x\n"),
        (" x ", " x "),
    ] {
        let shelf = Shelf::stocked().file("/etc/sealgate/app.secret", 0o600, text);
        let config = shelf.load(SMALLEST).unwrap();
        assert_eq!(config.clients[0].secret_key.expose(), secret, "{text:?}");
    }
}

#[test]
fn a_secret_is_in_no_debug_output() {
    let config = Shelf::stocked().load(SMALLEST).unwrap();
    let printed = format!("{config:?} {config:#?}");
    for secret in ["backend-secret", "app-secret", KEY, "AAEC", "0, 1, 2, 3"] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
    assert!(printed.contains("***"));
}

#[test]
fn a_secret_in_the_wrong_place_is_in_no_problem() {
    let secret = "secret_key: {env: BACKEND}";
    for wrong in [
        "secret_key: Hunter2Hunter2",
        "secret_key: \"Hunter2Hunter2\"",
        "secret_key: [Hunter2Hunter2]",
        "secret_key: {env: Hunter2Hunter2}",
        "secret_key: {env: [Hunter2Hunter2]}",
        "secret_key: {env: BACKEND, file: Hunter2Hunter2}",
        "secret_key: &x Hunter2Hunter2",
        "secret_key: !x Hunter2Hunter2",
        "secret_key: Hunter2Hunter2, secret_key: Hunter2Hunter2",
        "secret_kye: Hunter2Hunter2",
    ] {
        let problems = Shelf::stocked()
            .load(&smallest_with(secret, wrong))
            .unwrap_err();
        let printed = format!("{problems} {problems:?}");
        assert!(!printed.contains("Hunter2"), "{wrong}: {printed}");
    }
}

#[test]
fn refuses_references_that_lead_nowhere() {
    for (reference, said) in [
        (
            "{env: UNSET}",
            "environment variable `UNSET` is not set, or not UTF-8",
        ),
        ("{env: EMPTY}", "environment variable `EMPTY` is empty"),
        (
            "{env: lower}",
            "a name of a variable is made of `A–Z`, `0–9` and `_`",
        ),
        (
            "{env: \"\"}",
            "a name of a variable is made of `A–Z`, `0–9` and `_`",
        ),
        (
            "{file: nowhere}",
            "cannot read `/etc/sealgate/nowhere`: entity not found",
        ),
        ("{file: empty}", "`/etc/sealgate/empty` is empty"),
        ("{}", "name exactly one of `env` and `file`"),
        (
            "{env: BACKEND, file: x}",
            "name exactly one of `env` and `file`",
        ),
        ("{vault: x}", "unknown key; known here: `env`, `file`"),
        (
            "12",
            "expected `{env: NAME}` or `{file: PATH}`, found a number",
        ),
    ] {
        let text = smallest_with("{env: BACKEND}", reference);
        let shelf = Shelf::stocked()
            .variable("EMPTY", "")
            .file("/etc/sealgate/empty", 0o600, "\n");
        let problems = shelf.problems(&text);
        assert_eq!(problems.len(), 1, "{reference}: {problems:?}");
        assert!(problems[0].ends_with(said), "{reference}: {problems:?}");
    }
}

#[test]
fn a_secret_file_is_nobody_elses() {
    for (mode, taken) in [
        (0o600, true),
        (0o400, true),
        (0o440, true),
        (0o660, true),
        (0o604, false),
        (0o602, false),
        (0o601, false),
        (0o644, false),
    ] {
        let shelf = Shelf::stocked().file("/etc/sealgate/app.secret", mode, "x");
        let problems = shelf.problems(SMALLEST);
        assert_eq!(problems.is_empty(), taken, "{mode:o}: {problems:?}");
        let hint = "run `chmod o= /etc/sealgate/app.secret`";
        assert!(
            problems.iter().all(|problem| problem.ends_with(hint)),
            "{problems:?}"
        );
    }
}
