//! The example that is shipped is a configuration.

use std::net::SocketAddr;

use policy::Action;
use policy::Algorithm;
use policy::Caller;
use policy::Decision;
use policy::Encryption;
use policy::Protection;
use policy::Request;

use crate::shelf::Shelf;
use crate::shelf::keyring;

const EXAMPLE: &str = include_str!("../../../deploy/sealgate.example.yaml");

#[test]
fn the_example_loads_and_means_what_its_comments_say() {
    let secret = |shelf: Shelf, name| {
        shelf.file(
            &format!("/etc/sealgate/secrets/{name}"),
            0o600,
            "a-secret-of-some-length\n",
        )
    };
    let shelf = ["backend", "billing", "backup"]
        .into_iter()
        .fold(Shelf::default(), secret);
    let shelf = shelf.variable("BACKEND_ACCESS_KEY", "AKBACKEND").file(
        "/etc/sealgate/secrets/keyring.yaml",
        0o600,
        &keyring("2026-01"),
    );
    let config = shelf.load(EXAMPLE).unwrap();

    assert_eq!(config.admin, Some(SocketAddr::from(([127, 0, 0, 1], 9090))));
    assert_eq!(config.backend.endpoints.len(), 2);
    assert_eq!(config.backend.credentials.access_key, "AKBACKEND");
    assert_eq!(config.keys[1].algorithm, Some(Algorithm::Sm4));

    let decide = |client: usize, action, bucket| {
        let caller = Caller::Client(config.clients[client].name.clone());
        let object = Some("x");
        let request = Request::new(&caller, action, "Op", Some(bucket), object);
        match policy::decide(&config.rules, &request) {
            Decision::Permitted(permit) => Ok(permit.protection().clone()),
            Decision::Refused(refusal) => Err(refusal.to_string()),
        }
    };
    let (billing, backup) = (0, 1);
    let sealed = decide(billing, Action::Write, "billing-1");
    assert!(matches!(
        sealed,
        Ok(Protection::Seal(Encryption {
            algorithm: Algorithm::Sm4,
            ..
        }))
    ));
    assert_eq!(
        decide(billing, Action::Write, "billing-public"),
        Ok(Protection::Relay)
    );
    let sealed = decide(backup, Action::Read, "photos");
    assert!(matches!(
        sealed,
        Ok(Protection::Seal(Encryption {
            algorithm: Algorithm::Aes256,
            ..
        }))
    ));
    assert!(decide(backup, Action::Write, "photos").is_err());
    assert!(decide(billing, Action::Read, "photos").is_err());
}

#[test]
fn the_limits_of_the_example_are_the_defaults() {
    let (before, _) = EXAMPLE.split_once("limits:").unwrap();
    let shelf = || {
        let secret = |shelf: Shelf, name| {
            shelf.file(
                &format!("/etc/sealgate/secrets/{name}"),
                0o600,
                "a-secret\n",
            )
        };
        ["backend", "billing", "backup"]
            .into_iter()
            .fold(Shelf::default(), secret)
            .variable("BACKEND_ACCESS_KEY", "AKBACKEND")
            .file(
                "/etc/sealgate/secrets/keyring.yaml",
                0o600,
                &keyring("2026-01"),
            )
    };
    let with = shelf().load(EXAMPLE).unwrap().limits;
    assert_eq!(shelf().load(before).unwrap().limits, with);
}
