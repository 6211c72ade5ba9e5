//! Where bucket keys come from: the section `keys`.

use policy::Algorithm;
use policy::KeyIds;
use policy::KeyName;

use crate::Key;
use crate::Keyring;
use crate::Provider;
use crate::path::Path;
use crate::raw;
use crate::raw::AlgorithmWord;
use crate::raw::List;
use crate::raw::ProviderWord;
use crate::resolve::Desk;
use crate::resolve::numbered;

/// What rules may know of keys, whether or not everything about a key is in order.
pub(crate) struct KeyNames {
    entries: Vec<Known>,
    /// Whether every entry has a name that could be read. If not, an unknown name may be one.
    complete: bool,
}

struct Known {
    name: KeyName,
    algorithm: Option<Algorithm>,
    ids: Vec<String>,
    /// The backend's own.
    foreign: bool,
}

impl KeyNames {
    /// The first key that seals, which rules use that name none.
    pub fn first(&self) -> Option<&KeyName> {
        let own = self.entries.iter().find(|known| !known.foreign);
        own.map(|known| &known.name)
    }

    /// The algorithm under a key, when the file says one.
    pub fn algorithm(&self, name: &KeyName) -> Option<Algorithm> {
        self.find(name).and_then(|known| known.algorithm)
    }

    /// The id under which clients are shown a key.
    pub fn shown_id(&self, name: &KeyName) -> Option<&str> {
        self.find(name)?.ids.first().map(String::as_str)
    }

    /// The key of this name, or what may be one.
    pub fn named(&self, text: &str, path: &Path, desk: &mut Desk<'_>) -> Option<KeyName> {
        let name = desk.parsed(KeyName::parse(text), path)?;
        if self.complete && self.find(&name).is_none() {
            desk.problem(path, format!("no key is named `{name}`"));
            return None;
        }
        Some(name)
    }

    /// Whether it is a key of the backend's own.
    pub fn is_foreign(&self, name: &KeyName) -> bool {
        self.find(name).is_some_and(|known| known.foreign)
    }

    /// Whether every entry has a name that could be read.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// By which ids clients know the keys.
    pub fn ids(&self) -> Vec<KeyIds> {
        let ids = self.entries.iter().map(|known| KeyIds {
            name: known.name.clone(),
            ids: known.ids.clone(),
            algorithm: known.algorithm.unwrap_or(Algorithm::Aes256),
        });
        ids.collect()
    }

    fn find(&self, name: &KeyName) -> Option<&Known> {
        self.entries.iter().find(|known| known.name == *name)
    }
}

/// The section `keys`.
pub(crate) fn resolve(
    raw: Option<List<raw::KeySource>>,
    desk: &mut Desk<'_>,
) -> (Vec<Key>, KeyNames) {
    let path = Path::root().key("keys");
    let complete = match &raw {
        Some(list) => list.iter().all(Option::is_some),
        None => !desk.report.is_mistaken(&path),
    };
    let mut names = KeyNames {
        entries: Vec::new(),
        complete,
    };
    let mut keys = Vec::new();
    for (path, raw) in numbered(raw.unwrap_or_default(), &path) {
        let algorithm = raw.algorithm.map(AlgorithmWord::algorithm);
        let name = own_name(raw.name.as_deref(), &path.key("name"), &names, desk);
        let ids = ids(
            raw.ids.clone(),
            name.as_ref(),
            &names,
            &path.key("ids"),
            desk,
        );
        match &name {
            Some(name) => names.entries.push(Known {
                name: name.clone(),
                algorithm,
                ids,
                foreign: matches!(raw.provider, Some(ProviderWord::Backend)),
            }),
            None => names.complete = false,
        }
        let provider = provider(&raw, &path, desk);
        if let (Some(name), Some(provider)) = (name, provider) {
            keys.push(Key {
                name,
                algorithm,
                enabled: raw.enabled.unwrap_or(true),
                provider,
            });
        }
    }
    (keys, names)
}

impl AlgorithmWord {
    /// What the word means.
    pub fn algorithm(self) -> Algorithm {
        match self {
            Self::Aes256 => Algorithm::Aes256,
            Self::Sm4 => Algorithm::Sm4,
        }
    }
}

fn own_name(
    raw: Option<&str>,
    path: &Path,
    names: &KeyNames,
    desk: &mut Desk<'_>,
) -> Option<KeyName> {
    let text = desk.required(raw, path)?;
    let name = desk.parsed(KeyName::parse(text), path)?;
    if names.find(&name).is_some() {
        desk.problem(path, format!("another key is already named `{name}`"));
    }
    Some(name)
}

/// What clients may call a key: no two keys share an id.
fn ids(
    raw: Option<List<String>>,
    name: Option<&KeyName>,
    names: &KeyNames,
    path: &Path,
    desk: &mut Desk<'_>,
) -> Vec<String> {
    let Some(raw) = raw else {
        return name
            .map(|name| name.as_str().to_owned())
            .into_iter()
            .collect();
    };
    if raw.is_empty() {
        desk.problem(path, "needs at least one entry");
    }
    let mut ids: Vec<String> = Vec::new();
    for (path, id) in numbered(raw, path) {
        let other = names.entries.iter().find(|known| known.ids.contains(&id));
        if !(1..=ID_MAX).contains(&id.len()) || !id.bytes().all(|b| b.is_ascii_graphic()) {
            desk.problem(&path, "an id is 1 to 256 visible ASCII characters");
        } else if ids.contains(&id) {
            desk.problem(&path, format!("`{id}` is already listed"));
        } else if let Some(other) = other {
            let reason = format!("key `{}` has the same id", other.name);
            desk.problem(&path, reason);
        } else {
            ids.push(id);
        }
    }
    ids
}

/// Characters; ARNs of aliases stay within.
const ID_MAX: usize = 256;

fn provider(raw: &raw::KeySource, path: &Path, desk: &mut Desk<'_>) -> Option<Provider> {
    match desk.required(raw.provider, &path.key("provider"))? {
        ProviderWord::Local => local(raw, path, desk),
        ProviderWord::Backend => Some(Provider::Backend),
        ProviderWord::Vault | ProviderWord::AwsKms | ProviderWord::HuaweiKms => {
            desk.later(&path.key("provider"));
            None
        }
    }
}

fn local(raw: &raw::KeySource, path: &Path, desk: &mut Desk<'_>) -> Option<Provider> {
    let file = desk.required(raw.file.as_deref(), &path.key("file"))?;
    let file = desk.beside(file);
    let keyring = match Keyring::load(&file, desk.source) {
        Ok(keyring) => keyring,
        Err(problems) => {
            desk.elsewhere.append(problems);
            return None;
        }
    };
    let master = raw
        .master
        .as_deref()
        .unwrap_or_else(|| keyring.active())
        .to_owned();
    if keyring.key(&master).is_none() {
        let reason = format!("keyring `{}` holds no key of this id", file.display());
        desk.problem(&path.key("master"), reason);
        return None;
    }
    Some(Provider::Local {
        keyring,
        master,
        file,
    })
}
