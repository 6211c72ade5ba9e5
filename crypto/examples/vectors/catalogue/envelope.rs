//! Defects of the envelope: nothing of these objects may be released.

use crypto::Suite;

use super::Key;
use super::Vector;
use super::good::digests;
use super::object::Body;
use super::object::Object;
use super::object::Spec;

pub fn all() -> Vec<Vector> {
    let mut all = entries();
    all.extend(malformed());
    all.extend(unknown());
    all.extend(keys());
    all.extend(private());
    all
}

fn object(name: &'static str) -> Object {
    Spec::whole(name, 100).seal()
}

fn entries() -> Vec<Vector> {
    let without = |vector: Vector, json: bool, mac: bool| Vector {
        json: vector.json.filter(|_| json),
        mac: vector.mac.filter(|_| mac),
        ..vector
    };
    let mut plain = object("not_sealed").broken("an object nobody sealed", "not_sealed", 0);
    plain.body = b"SGS is not enough".to_vec();
    let missing = object("envelope_missing");
    let json_missing = object("envelope_json_missing");
    let mac_missing = object("envelope_mac_missing");
    vec![
        without(plain, false, false),
        without(
            missing.broken("both entries were lost", "envelope_missing", 0),
            false,
            false,
        ),
        without(
            json_missing.broken("`sealgate` was lost", "envelope_malformed", 0),
            false,
            true,
        ),
        without(
            mac_missing.broken("`sealgate-mac` was lost", "envelope_malformed", 0),
            true,
            false,
        ),
    ]
}

/// Name, description, and a replacement in the JSON.
const EDITS: [(&str, &str, &str, &str); 14] = [
    (
        "envelope_member_unknown",
        "a member that is not in the table",
        "}",
        ",\"x\":1}",
    ),
    (
        "envelope_member_repeated",
        "`size` twice",
        "}",
        ",\"size\":100}",
    ),
    (
        "envelope_member_null",
        "`project` is null",
        "}",
        ",\"project\":null}",
    ),
    (
        "envelope_member_mistyped",
        "`size` is a string",
        ":100",
        ":\"100\"",
    ),
    (
        "envelope_size_fraction",
        "`size` is 100.0",
        ":100",
        ":100.0",
    ),
    (
        "envelope_size_missing",
        "a whole object without `size`",
        ",\"size\":100",
        "",
    ),
    (
        "envelope_size_above_limit",
        "`size` above 5 TiB",
        ":100",
        ":5497558138881",
    ),
    (
        "envelope_blank",
        "a blank outside strings",
        "{\"v\":1,",
        "{\"v\":1, ",
    ),
    (
        "envelope_plus",
        "a `+` that is not escaped",
        "\"main\"",
        "\"ma+in\"",
    ),
    (
        "envelope_bucket_key_false",
        "`bucket_key` is false",
        "}",
        ",\"bucket_key\":false}",
    ),
    (
        "envelope_key_without_kms",
        "`key` with SSE-S3",
        "}",
        ",\"key\":\"k\"}",
    ),
    (
        "envelope_foot_empty",
        "`foot` is empty",
        "}",
        ",\"foot\":[]}",
    ),
    (
        "envelope_foot_twice",
        "`foot` names md5 twice",
        "}",
        ",\"foot\":[\"md5\",\"md5\"]}",
    ),
    (
        "envelope_by_customer_with_bk",
        "`by` is customer beside a `bk`",
        "\"main\"",
        "\"customer\"",
    ),
];

fn malformed() -> Vec<Vector> {
    let mut all: Vec<_> = EDITS
        .into_iter()
        .map(|(name, description, from, to)| {
            object(name)
                .edit(from, to)
                .broken(description, "envelope_malformed", 0)
        })
        .collect();
    all.extend(malformed_base64());
    all.push(too_long());
    let parts = Spec::of("envelope_priv_in_parts", Body::Parked(&[(1, 40)])).seal();
    let description = "`priv` in a parts object";
    all.push(
        parts
            .edit("}", ",\"priv\":\"AAAA\"}")
            .broken(description, "envelope_malformed", 0),
    );
    all
}

fn malformed_base64() -> Vec<Vector> {
    let broken = |name, description, end: &str| {
        let object = object(name);
        let start = object.envelope.json.find("\"dek\":\"").unwrap() + 7;
        let dek = object.envelope.json[start..start + 86].to_owned();
        let altered = match end {
            "" => [&dek[..85], &next_character(&dek[85..])].concat(),
            end => format!("{dek}{end}"),
        };
        object
            .edit(&dek, &altered)
            .broken(description, "envelope_malformed", 0)
    };
    let mut mac = object("envelope_mac_short");
    mac.envelope.mac.truncate(40);
    vec![
        broken(
            "envelope_base64_padded",
            "`dek` with padding characters",
            "==",
        ),
        broken(
            "envelope_base64_unused_bits",
            "unused bits of `dek` are not zero",
            "",
        ),
        broken("envelope_dek_long", "`dek` is 67 bytes", "AAAA"),
        mac.broken("the MAC is 30 bytes", "envelope_malformed", 0),
    ]
}

/// Of the base64url alphabet: the same bits but for the last, which is unused in `dek`.
fn next_character(last: &str) -> String {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = alphabet.find(last).unwrap();
    alphabet[at + 1..at + 2].to_owned()
}

fn too_long() -> Vector {
    let mut object = object("envelope_too_long");
    let more = 1537 - object.envelope.json.len() - ",\"project\":\"\"".len();
    let project = format!(",\"project\":\"{}\"}}", "p".repeat(more));
    object.envelope.json = object.envelope.json.replace('}', &project);
    assert_eq!(object.envelope.json.len(), 1537);
    object
        .remac()
        .broken("1 537 bytes of JSON", "envelope_malformed", 0)
}

fn unknown() -> Vec<Vector> {
    vec![
        object("version_unknown")
            .edit("\"v\":1", "\"v\":2,\"new\":{}")
            .broken(
                "version 2, with a member that only it knows",
                "version_unknown",
                0,
            ),
        object("suite_unknown")
            .edit("AES256-GCM", "AES256-OCB")
            .broken("a suite that is not of §1", "suite_unknown", 0),
    ]
}

fn keys() -> Vec<Vector> {
    let customer = |name| {
        Spec {
            customer: true,
            ..Spec::whole(name, 100)
        }
        .seal()
    };
    let blob = |name, description| object(name).broken(description, "key_blob", 0);
    let mut wrong_customer =
        customer("customer_key_wrong").broken("another customer's key", "key_blob", 0);
    wrong_customer.key = Key::Customer([0x77; 32]);
    let mut wrong_object = blob(
        "context_wrong_object",
        "the object was renamed behind our back",
    );
    wrong_object.object.push('x');
    let mut wrong_bucket =
        customer("context_wrong_bucket").broken("moved to another bucket", "key_blob", 0);
    wrong_bucket.bucket.push('x');
    let mut altered_mac = object("envelope_mac_wrong");
    altered_mac.envelope.mac = flip_first(&altered_mac.envelope.mac);
    let mut altered_member = object("envelope_member_altered");
    altered_member.envelope.json = altered_member.envelope.json.replace(":100", ":101");
    vec![
        wrong_customer,
        wrong_object,
        wrong_bucket,
        flip_in("dek_altered", "\"dek\":\"", "one bit of the DEK blob"),
        flip_in(
            "bucket_key_altered",
            "\"bk\":\"AAAAAm0x",
            "one bit of the wrapped bucket key",
        ),
        Spec {
            suite: Suite::Aes256Gcm,
            ..Spec::whole("envelope_sse_altered", 100)
        }
        .seal()
        .edit("\"sse\":\"AES256\"", "\"sse\":\"kms\",\"key\":\"k\"")
        .broken(
            "`sse` was altered: the DEK blob is bound to it",
            "key_blob",
            0,
        ),
        altered_mac.broken("one bit of the MAC", "envelope_mac", 0),
        altered_member.broken("`size` was altered", "envelope_mac", 0),
    ]
}

fn flip_in(name: &'static str, before: &str, description: &'static str) -> Vector {
    let object = object(name);
    let start = object.envelope.json.find(before).unwrap() + before.len();
    let old = object.envelope.json[start - before.len()..start + 8].to_owned();
    let new = format!("{before}{}", flip_first(&old[before.len()..]));
    object.edit(&old, &new).broken(description, "key_blob", 0)
}

/// Another first character of base64url.
fn flip_first(text: &str) -> String {
    let first = if text.starts_with('A') { "B" } else { "A" };
    format!("{first}{}", &text[1..])
}

fn private() -> Vec<Vector> {
    let object = |name| {
        Spec {
            amend: |draft| draft.digests = digests(),
            ..Spec::whole(name, 100)
        }
        .seal()
    };
    let altered = object("private_altered");
    let start = altered.envelope.json.find("\"priv\":\"").unwrap();
    let old = altered.envelope.json[start..start + 16].to_owned();
    let new = format!("{}{}", &old[..8], flip_first(&old[8..]));
    let forged = |name, description, json| {
        object(name)
            .forge_private(json)
            .broken(description, "private_members", 0)
    };
    vec![
        altered
            .edit(&old, &new)
            .broken("one bit of `priv`", "private_members", 0),
        forged(
            "private_unknown_member",
            "a member that is not of §3.1",
            "{\"sha\":\"AAAA\"}",
        ),
        forged("private_empty", "neither md5 nor sum", "{}"),
        forged(
            "private_md5_short",
            "an MD5 of 3 bytes",
            "{\"md5\":\"AAAA\"}",
        ),
    ]
}
