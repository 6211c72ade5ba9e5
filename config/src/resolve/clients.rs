//! Who may call, and what each may do: the section `clients`.

use policy::BucketPattern;
use policy::Caller;
use policy::ClientName;
use policy::Grant;
use policy::Grants;
use policy::KeyName;

use crate::Client;
use crate::path::Path;
use crate::raw;
use crate::raw::List;
use crate::raw::Verb;
use crate::resolve::Desk;
use crate::resolve::keys::KeyNames;
use crate::resolve::numbered;

/// What rules may know of clients, whether or not everything about a client is in order.
pub(crate) struct Known {
    /// What each may do.
    pub grants: Vec<Grants>,
    /// Whether every entry has a name that could be read. If not, an unknown name may be one.
    pub complete: bool,
}

impl Known {
    /// Whether the file has an entry for this caller.
    pub fn holds(&self, caller: &Caller) -> bool {
        self.grants.iter().any(|grants| grants.caller == *caller)
    }
}

/// The section `clients`.
pub(crate) fn resolve(
    raw: Option<List<raw::Client>>,
    keys: &KeyNames,
    desk: &mut Desk<'_>,
) -> (Vec<Client>, Known) {
    let path = Path::root().key("clients");
    let readable = |list: &List<raw::Client>| list.iter().all(Option::is_some);
    let mut known = Known {
        grants: Vec::new(),
        complete: raw.as_ref().is_some_and(readable),
    };
    let entries = desk.entries(raw, &path);
    let mut clients: Vec<Client> = Vec::new();
    for (path, raw) in entries {
        let caller = own_name(raw.name.as_deref(), &path.key("name"), &known, desk);
        known.complete &= caller.is_some();
        let may = may(raw.may, &path.key("may"), desk);
        let own_keys = keys_of(raw.keys, keys, &path.key("keys"), desk);
        if let Some(caller) = caller.clone().filter(|caller| !known.holds(caller)) {
            known.grants.push(Grants {
                caller,
                may,
                keys: own_keys,
            });
        }
        let (public, secret) = (path.key("access_key"), path.key("secret_key"));
        if caller == Some(Caller::Anonymous) {
            signs_nothing(raw.access_key.as_ref(), &public, desk);
            signs_nothing(raw.secret_key.as_ref(), &secret, desk);
            continue;
        }
        let access_key = desk.required(raw.access_key, &public);
        let access_key = access_key.and_then(|text| desk.access_key(text, &public));
        let secret_key = desk.required(raw.secret_key, &secret);
        let secret_key = secret_key.and_then(|reference| desk.secret(reference, &secret));
        let Some(access_key) = access_key else {
            continue;
        };
        if let Some(other) = clients.iter().find(|other| other.access_key == access_key) {
            let reason = format!("client `{}` has the same access key", other.name);
            desk.problem(&public, reason);
        }
        if let (Some(Caller::Client(name)), Some(secret_key)) = (caller, secret_key) {
            clients.push(Client {
                name,
                access_key,
                secret_key,
            });
        }
    }
    (clients, known)
}

fn own_name(raw: Option<&str>, path: &Path, known: &Known, desk: &mut Desk<'_>) -> Option<Caller> {
    let text = desk.required(raw, path)?;
    let caller = match text {
        ANONYMOUS => Caller::Anonymous,
        _ => Caller::Client(desk.parsed(ClientName::parse(text), path)?),
    };
    if known.holds(&caller) {
        desk.problem(path, format!("another client is already named `{text}`"));
    }
    Some(caller)
}

fn signs_nothing<T>(key: Option<&T>, path: &Path, desk: &mut Desk<'_>) {
    if key.is_some() {
        desk.problem(path, "anonymous callers do not sign; leave it out");
    }
}

fn keys_of(
    raw: Option<List<String>>,
    keys: &KeyNames,
    path: &Path,
    desk: &mut Desk<'_>,
) -> Vec<KeyName> {
    let entries = numbered(raw.unwrap_or_default(), path);
    let named = entries
        .iter()
        .filter_map(|(path, text)| keys.named(text, path, desk));
    named.collect()
}

fn may(raw: Option<List<raw::Grant>>, path: &Path, desk: &mut Desk<'_>) -> Vec<Grant> {
    let mut may = Vec::new();
    for (path, raw) in numbered(raw.unwrap_or_default(), path) {
        let bucket = desk.required(raw.bucket, &path.key("bucket"));
        let bucket =
            bucket.and_then(|text| desk.parsed(BucketPattern::parse(&text), &path.key("bucket")));
        let actions = desk.some_entries(raw.actions, &path.key("actions"));
        let actions = actions
            .into_iter()
            .map(|(_, Verb(action))| action)
            .collect();
        may.extend(bucket.map(|bucket| Grant { bucket, actions }));
    }
    may
}

/// The name of callers who do not sign.
pub(crate) const ANONYMOUS: &str = "anonymous";
