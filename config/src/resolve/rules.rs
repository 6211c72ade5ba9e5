//! What is decided: the section `rules`.

use policy::Algorithm;
use policy::BucketPattern;
use policy::Caller;
use policy::CallerPattern;
use policy::ClientName;
use policy::Conflict;
use policy::Encryption;
use policy::EtagStyle;
use policy::KeyName;
use policy::Mismatch;
use policy::Missing;
use policy::Modes;
use policy::Operations;
use policy::Protection;
use policy::Rule;
use policy::RuleSet;
use policy::Sse;
use policy::Transport;
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
    let transport = transport(&raw, path, desk);
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
    let operations = self::operations(operations, &place.key("operations"), desk);
    let protect = raw.protect.unwrap_or(Protect::Gateway);
    let allow = allow(raw.allow, protect, &path.key("allow"), desk);
    let missing = match raw.missing {
        None | Some(raw::Missing::Inject) => Missing::Inject,
        Some(raw::Missing::Reject) => Missing::Reject,
    };
    let mismatch = match raw.mismatch {
        None | Some(raw::Mismatch::Reject) => Mismatch::Reject,
        Some(raw::Mismatch::Override) => Mismatch::Override,
    };
    let sealed_as = raw
        .sealed_as
        .and_then(|text| sealed_as(&text, &path.key("sealed_as"), desk));
    let unsealed = match raw.unsealed {
        None | Some(raw::Unsealed::Reject) => Unsealed::Reject,
        Some(raw::Unsealed::Serve) => Unsealed::Serve,
    };
    let etag = match raw.etag {
        None | Some(raw::Etag::Opaque) => EtagStyle::Opaque,
        Some(raw::Etag::Md5) => EtagStyle::Md5,
    };
    let protection = protection(protect, &raw.default.unwrap_or_default(), keys, path, desk);
    Some(Rule {
        name: name?,
        bucket: bucket?,
        prefix,
        clients: callers?,
        operations,
        protection: protection?,
        allow,
        missing,
        mismatch,
        transport,
        unsealed,
        etag,
        tells_default: !matches!(raw.not_configured, Some(raw::NotConfigured::Error)),
        sealed_as,
    })
}

/// The gateway's own records open in this bucket and must not open elsewhere.
fn sealed_as(text: &str, path: &Path, desk: &mut Desk<'_>) -> Option<String> {
    let bucket = desk.literal_bucket(text, path)?;
    if bucket == RESERVED_BUCKET {
        desk.problem(path, "this name is the gateway's own");
    }
    Some(bucket)
}

/// The logical bucket of records (FORMAT.md §9).
const RESERVED_BUCKET: &str = "sealgate-state";

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

fn operations(raw: Option<List<String>>, path: &Path, desk: &mut Desk<'_>) -> Operations {
    let Some(raw) = raw else {
        return Operations::All;
    };
    if raw.is_empty() {
        desk.problem(path, "needs at least one entry");
    }
    let mut these = Vec::new();
    for (path, text) in numbered(raw, path) {
        match Operations::named(&text) {
            Some(name) => these.push(name),
            None if text == "*" => return Operations::All,
            None => desk.problem(
                &path,
                format!("no operation on objects is named `{text}`; write `PutObject`, or `\"*\"`"),
            ),
        }
    }
    Operations::These(these)
}

fn transport(raw: &raw::Rule, path: &Path, desk: &mut Desk<'_>) -> Transport {
    let any = raw.sse_c_without_tls.unwrap_or(false);
    match (raw.require_tls.unwrap_or(false), any) {
        (false, false) => Transport::SecureKeys,
        (false, true) => Transport::Any,
        (true, any) => {
            if any {
                let place = path.key("sse_c_without_tls");
                desk.problem(&place, "contradicts `require_tls`");
            }
            Transport::Secure
        }
    }
}

/// What clients may ask for.
fn allow(raw: Option<List<SseWord>>, protect: Protect, path: &Path, desk: &mut Desk<'_>) -> Modes {
    let entries = numbered(raw.unwrap_or_default(), path);
    for (path, mode) in &entries {
        match (protect, mode) {
            (Protect::None, _) => desk.problem(path, "nothing is encrypted under this rule"),
            (Protect::Backend, SseWord::Customer) => {
                desk.problem(path, "keys of clients' own are not sent to a backend");
            }
            (Protect::Gateway | Protect::Backend, SseWord::Dsse) => {
                desk.problem(path, "needs `protect: both`");
            }
            _ => {}
        }
    }
    entries.into_iter().map(|(_, word)| word.mode()).collect()
}

impl SseWord {
    fn mode(self) -> Sse {
        match self {
            Self::Aes256 => Sse::Aes256,
            Self::Kms => Sse::Kms,
            Self::Dsse => Sse::Dsse,
            Self::Customer => Sse::Customer,
        }
    }
}

fn protection(
    protect: Protect,
    default: &SealDefault,
    keys: &KeyNames,
    path: &Path,
    desk: &mut Desk<'_>,
) -> Option<Protection> {
    let encryption = encryption(protect, default, keys, path, desk);
    Some(match protect {
        Protect::None => Protection::Relay,
        Protect::Gateway => Protection::Seal(encryption?),
        Protect::Backend => Protection::Backend(encryption?),
        Protect::Both => Protection::Both(encryption?),
    })
}

/// What is done when the client asks for nothing.
fn encryption(
    protect: Protect,
    default: &SealDefault,
    keys: &KeyNames,
    path: &Path,
    desk: &mut Desk<'_>,
) -> Option<Encryption> {
    let place = path.key("default");
    let sse = default.sse.unwrap_or(SseWord::Aes256);
    match (sse, protect) {
        (SseWord::Customer, _) => {
            let reason = "cannot be a default: only clients have keys of their own";
            desk.problem(&place.key("sse"), reason);
        }
        (SseWord::Dsse, Protect::Gateway | Protect::Backend) => {
            desk.problem(&place.key("sse"), "needs `protect: both`");
        }
        _ => {}
    }
    let sse = sse.mode();
    let key = match &default.key {
        Some(text) => Some(default_key(text, protect, keys, &place.key("key"), desk)?),
        None if matches!(protect, Protect::None | Protect::Backend) => None,
        None => Some(first_key(keys, path, desk)?),
    };
    let algorithm = default.algorithm.map(AlgorithmWord::algorithm);
    let algorithm = algorithm.or_else(|| keys.algorithm(key.as_ref()?));
    let algorithm = algorithm.unwrap_or(Algorithm::Aes256);
    if matches!((protect, algorithm), (Protect::Backend, Algorithm::Sm4)) {
        let reason = "the backend cannot be asked for SM4 in the S3 dialect";
        desk.problem(&place.key("algorithm"), reason);
    }
    let key_id = key.as_ref().and_then(|key| keys.shown_id(key));
    Some(Encryption {
        sse,
        algorithm,
        key_id: key_id.filter(|_| sse.names_keys()).map(str::to_owned),
        key,
        project: None,
        bucket_key: default.bucket_key.unwrap_or(true),
    })
}

fn default_key(
    text: &str,
    protect: Protect,
    keys: &KeyNames,
    path: &Path,
    desk: &mut Desk<'_>,
) -> Option<KeyName> {
    let name = keys.named(text, path, desk)?;
    match (protect, keys.is_foreign(&name)) {
        (Protect::Backend, false) => desk.problem(path, "is no key of `provider: backend`"),
        (Protect::Gateway | Protect::Both, true) => {
            desk.problem(path, "is the backend's key, which cannot seal here");
        }
        _ => return Some(name),
    }
    None
}

fn first_key(keys: &KeyNames, path: &Path, desk: &mut Desk<'_>) -> Option<KeyName> {
    let first = keys.first().cloned();
    if first.is_none() && keys.is_complete() {
        desk.problem(path, "seals objects, but `keys` holds no key to do it with");
    }
    first
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
