//! What is decided: the section `rules`.

use policy::Algorithm;
use policy::BucketPattern;
use policy::Caller;
use policy::CallerPattern;
use policy::ClientName;
use policy::Conflict;
use policy::EtagStyle;
use policy::KeyName;
use policy::Protection;
use policy::Rule;
use policy::RuleSet;
use policy::Sse;
use policy::Unsealed;

use crate::path::Path;
use crate::raw;
use crate::raw::AlgorithmWord;
use crate::raw::List;
use crate::raw::Protect;
use crate::raw::SealDefault;
use crate::raw::SseWord;
use crate::resolve::Desk;
use crate::resolve::clients::ANONYMOUS;
use crate::resolve::clients::Known;
use crate::resolve::keys::KeyNames;
use crate::resolve::numbered;

/// The section `rules`, put together with what clients may do.
pub(crate) fn resolve(
    raw: Option<List<raw::Rule>>,
    keys: &KeyNames,
    clients: Known,
    desk: &mut Desk<'_>,
) -> Option<RuleSet> {
    let mut places = Vec::new();
    let mut rules = Vec::new();
    for (path, raw) in desk.entries(raw, &Path::root().key("rules")) {
        let Some(rule) = rule(raw, keys, &clients, &path, desk) else {
            continue;
        };
        places.push(path);
        rules.push(rule);
    }
    match RuleSet::new(rules, clients.grants) {
        Ok(rules) => Some(rules),
        Err(conflicts) => {
            for conflict in conflicts {
                report(&conflict, &places, desk);
            }
            None
        }
    }
}

fn rule(
    raw: raw::Rule,
    keys: &KeyNames,
    clients: &Known,
    path: &Path,
    desk: &mut Desk<'_>,
) -> Option<Rule> {
    let name = desk.required(raw.name, &path.key("name"));
    let place = path.key("match");
    let matches = desk.required(raw.matches, &place);
    let bucket = matches.as_ref().and_then(|matches| {
        let path = place.key("bucket");
        let text = desk.required(matches.bucket.as_deref(), &path)?;
        desk.parsed(BucketPattern::parse(text), &path)
    });
    let prefix = matches
        .as_ref()
        .and_then(|matches| matches.prefix.clone())
        .unwrap_or_default();
    let (callers, operations) = matches.map_or((None, None), |m| (m.clients, m.operations));
    let callers = callers_of(callers, clients, &place.key("clients"), desk);
    every_operation(operations, &place.key("operations"), desk);
    let sealed_as = raw
        .sealed_as
        .and_then(|text| desk.literal_bucket(&text, &path.key("sealed_as")));
    let unsealed = match raw.unsealed {
        None | Some(raw::Unsealed::Reject) => Unsealed::Reject,
        Some(raw::Unsealed::Serve) => Unsealed::Serve,
    };
    let etag = match raw.etag {
        None | Some(raw::Etag::Opaque) => EtagStyle::Opaque,
        Some(raw::Etag::Md5) => EtagStyle::Md5,
    };
    let protection = protection(
        raw.protect,
        &raw.default.unwrap_or_default(),
        keys,
        path,
        desk,
    );
    Some(Rule {
        name: name?,
        bucket: bucket?,
        prefix,
        clients: callers?,
        protection: protection?,
        unsealed,
        etag,
        sealed_as,
    })
}

/// The callers of a rule; none when one of them is not what can stand there.
fn callers_of(
    raw: Option<List<String>>,
    known: &Known,
    path: &Path,
    desk: &mut Desk<'_>,
) -> Option<Vec<CallerPattern>> {
    let Some(raw) = raw else {
        return Some(vec![CallerPattern::AnyClient]);
    };
    let complete = raw.iter().all(Option::is_some);
    let entries = numbered(raw, path);
    let count = entries.len();
    let callers: Vec<_> = entries
        .iter()
        .filter_map(|(path, text)| caller(text, known, path, desk))
        .collect();
    (complete && callers.len() == count).then_some(callers)
}

fn caller(text: &str, known: &Known, path: &Path, desk: &mut Desk<'_>) -> Option<CallerPattern> {
    let caller = match text {
        "*" => return Some(CallerPattern::AnyClient),
        ANONYMOUS => Caller::Anonymous,
        _ => Caller::Client(desk.parsed(ClientName::parse(text), path)?),
    };
    if known.holds(&caller) {
        return Some(CallerPattern::Exactly(caller));
    }
    if known.complete {
        desk.problem(path, format!("no client is named `{text}`"));
    }
    None
}

fn every_operation(raw: Option<List<String>>, path: &Path, desk: &mut Desk<'_>) {
    let Some(raw) = raw else { return };
    if raw.is_empty() {
        desk.problem(path, "needs at least one entry");
    }
    for (path, _) in numbered(raw, path)
        .iter()
        .filter(|(_, operation)| operation != "*")
    {
        desk.problem(
            path,
            "single operations are not supported yet; only `\"*\"` is",
        );
    }
}

fn protection(
    protect: Option<Protect>,
    default: &SealDefault,
    keys: &KeyNames,
    path: &Path,
    desk: &mut Desk<'_>,
) -> Option<Protection> {
    let place = path.key("default");
    if matches!(
        default.sse,
        Some(SseWord::Kms | SseWord::Dsse | SseWord::Customer)
    ) {
        desk.later(&place.key("sse"));
    }
    let key = default.key.as_deref();
    let key = key.map(|text| named_key(text, keys, &place.key("key"), desk));
    match protect.unwrap_or(Protect::Gateway) {
        Protect::None => Some(Protection::Relay),
        Protect::Gateway => {
            let key = key.unwrap_or_else(|| first_key(keys, path, desk))?;
            let algorithm = default.algorithm.map(AlgorithmWord::algorithm);
            let algorithm = algorithm.or_else(|| keys.algorithm(&key));
            let algorithm = algorithm.unwrap_or(Algorithm::Aes256);
            Some(Protection::Seal {
                key,
                algorithm,
                sse: Sse::Aes256,
            })
        }
        Protect::Backend | Protect::Both => {
            desk.later(&path.key("protect"));
            None
        }
    }
}

fn named_key(text: &str, keys: &KeyNames, path: &Path, desk: &mut Desk<'_>) -> Option<KeyName> {
    let name = desk.parsed(KeyName::parse(text), path)?;
    if keys.may_hold(&name) {
        return Some(name);
    }
    desk.problem(path, format!("no key is named `{name}`"));
    None
}

fn first_key(keys: &KeyNames, path: &Path, desk: &mut Desk<'_>) -> Option<KeyName> {
    if keys.is_empty() {
        desk.problem(path, "seals objects, but `keys` holds no key to do it with");
    }
    keys.first().cloned()
}

/// Reports what does not fit together, where it stands in the file.
fn report(conflict: &Conflict, places: &[Path], desk: &mut Desk<'_>) {
    let place = |at: &usize| places.get(*at).cloned().unwrap_or_default();
    let path = match conflict {
        Conflict::NoName { at } | Conflict::NameTwice { at, .. } => place(at).key("name"),
        Conflict::NeverDecides { at, .. } => place(at).key("match"),
        Conflict::NoClients { at, .. } | Conflict::UnknownCaller { at, .. } => {
            place(at).key("match").key("clients")
        }
        Conflict::SealedAsPattern { at, .. } => place(at).key("sealed_as"),
        Conflict::CallerTwice { .. } => Path::root().key("clients"),
    };
    desk.problem(&path, conflict);
}
