//! What every reader must open.

use crypto::Checksum;
use crypto::ChecksumAlgorithm;
use crypto::ChecksumType;
use crypto::Digests;
use crypto::Foot;
use crypto::PlainLen;
use crypto::Sse;
use crypto::Suite;

use super::Vector;
use super::object::Body;
use super::object::Spec;

pub fn all() -> Vec<Vector> {
    let mut all = whole_sizes();
    all.extend(whole_members());
    all.extend(parts());
    all
}

pub fn digests() -> Digests {
    let (algorithm, kind) = (ChecksumAlgorithm::Crc64Nvme, ChecksumType::FullObject);
    let sum = Checksum {
        algorithm,
        kind,
        value: (1..=8).collect(),
    };
    Digests {
        md5: Some([0xD5; 16]),
        sum: Some(sum),
    }
}

fn whole_sizes() -> Vec<Vector> {
    let sizes = [
        ("whole_aes_0", "whole_sm4_0", 0),
        ("whole_aes_1", "whole_sm4_1", 1),
        ("whole_aes_65535", "whole_sm4_65535", 65_535),
        ("whole_aes_65536", "whole_sm4_65536", 65_536),
        ("whole_aes_65537", "whole_sm4_65537", 65_537),
    ];
    let seal = |suite, name, len| {
        let spec = Spec {
            suite,
            ..Spec::whole(name, len)
        };
        spec.seal().good("a whole object of the size in its name")
    };
    sizes
        .into_iter()
        .flat_map(|(aes, sm4, len)| {
            [
                seal(Suite::Aes256Gcm, aes, len),
                seal(Suite::Sm4Gcm, sm4, len),
            ]
        })
        .collect()
}

fn whole_members() -> Vec<Vector> {
    let private = |name| Spec {
        amend: |draft| draft.digests = digests(),
        ..Spec::whole(name, 100)
    };
    let foot = |name| Spec {
        digests: digests(),
        ..Spec::whole(name, 100)
    };
    vec![
        Spec {
            customer: true,
            ..Spec::whole("whole_customer_key", 100)
        }
        .seal()
        .good("sealed under a customer's key"),
        Spec {
            customer: true,
            suite: Suite::Sm4Gcm,
            ..Spec::whole("whole_customer_key_sm4", 100)
        }
        .seal()
        .good("sealed under a customer's key, with SM4"),
        private("whole_private")
            .seal()
            .good("MD5 and checksum known before the body"),
        Spec {
            suite: Suite::Sm4Gcm,
            ..private("whole_private_sm4")
        }
        .seal()
        .good("MD5 and checksum known before the body, with SM4"),
        foot("whole_foot")
            .seal()
            .good("MD5 and checksum in the footer"),
        Spec {
            digests: Digests {
                md5: None,
                ..digests()
            },
            amend: |draft| {
                draft.digests = Digests {
                    sum: None,
                    ..digests()
                }
            },
            ..Spec::whole("whole_private_and_foot", 100)
        }
        .seal()
        .good("MD5 known before the body, checksum in the footer"),
        all_members()
            .seal()
            .good("every optional member of a whole object, text to be escaped"),
        awkward_names()
            .seal()
            .good("bucket and object names that tempt to normalise"),
    ]
}

fn all_members() -> Spec {
    Spec {
        amend: |draft| {
            draft.sse = Sse::Kms;
            draft.key_id = Some("100% a+b \u{7f} \"ü\\钥🔑".to_owned());
            draft.project = Some("project/1".to_owned());
            draft.bucket_key = true;
            draft.encryption_context = Some(b"{\"dept\":\"r&d\"}".to_vec());
            draft.digests = digests();
        },
        ..Spec::whole("whole_all_members", 100)
    }
}

fn awkward_names() -> Spec {
    let object = "/a//b/./../ü%2F+ c\u{1F511}/";
    Spec {
        bucket: "бакет",
        object,
        ..Spec::whole("whole_awkward_names", 100)
    }
}

fn parts() -> Vec<Vector> {
    let added = |name, parts| Spec::of(name, Body::Added(parts));
    let parked = |name, parts| Spec::of(name, Body::Parked(parts));
    vec![
        added(
            "parts_aes_boundaries",
            &[(1, 65_535), (2, 65_536), (4, 65_537)],
        )
        .seal()
        .good("parts around the chunk length, a gap in the numbers, an added segment"),
        Spec {
            suite: Suite::Sm4Gcm,
            ..added("parts_sm4_boundaries", &[(3, 0), (4, 1), (7, 65_537)])
        }
        .seal()
        .good("parts of 0, 1 and 65537 bytes with SM4, gaps, an added segment"),
        added("parts_runs", &[(1, 5), (3, 5), (4, 6)])
            .seal()
            .good("three runs: a gap and another length both end one"),
        parked("parts_parked_last", &[(2, 70), (9, 30)])
            .seal()
            .good("the last part was parked"),
        Spec {
            suite: Suite::Sm4Gcm,
            ..parked("parts_parked_last_sm4", &[(2, 70), (9, 30)])
        }
        .seal()
        .good("the last part was parked, with SM4"),
        parked("parts_parked_only_empty", &[(1, 0)])
            .seal()
            .good("one empty part, parked"),
        parked("parts_parked_10000", &[(10_000, 3)])
            .seal()
            .good("part 10 000 alone, parked"),
        Spec {
            customer: true,
            ..parked("parts_customer_key", &[(1, 30)])
        }
        .seal()
        .good("a parts object under a customer's key"),
        Spec {
            digests: digests(),
            ..parked("parts_digests", &[(1, 30)])
        }
        .seal()
        .good("MD5 and checksum of the object in the list"),
        Spec {
            amend: |draft| draft.size = Some(PlainLen(40)),
            ..parked("parts_size", &[(1, 40)])
        }
        .seal()
        .good("size in the envelope of a parts object, as the gateway's own copies have it"),
        dsse().seal().good("sse dsse with a key id"),
    ]
}

fn dsse() -> Spec {
    Spec {
        amend: |draft| {
            draft.sse = Sse::Dsse;
            draft.key_id = Some("alias/photos".to_owned());
            draft.foot = Foot::default();
        },
        ..Spec::of("parts_dsse", Body::Parked(&[(1, 40)]))
    }
}
