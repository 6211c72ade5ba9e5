//! Where bucket keys come from: the section `keys`.

use policy::Algorithm;
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
    entries: Vec<(KeyName, Option<Algorithm>)>,
    /// Whether every entry has a name that could be read. If not, an unknown name may be one.
    complete: bool,
}

impl KeyNames {
    /// The first key, which rules use that name none.
    pub fn first(&self) -> Option<&KeyName> {
        self.entries.first().map(|(name, _)| name)
    }

    /// The algorithm under a key, when the file says one.
    pub fn algorithm(&self, name: &KeyName) -> Option<Algorithm> {
        self.entries
            .iter()
            .find(|(known, _)| known == name)
            .and_then(|(_, algorithm)| *algorithm)
    }

    /// Whether there is such a key, or may be.
    pub fn may_hold(&self, name: &KeyName) -> bool {
        !self.complete || self.entries.iter().any(|(known, _)| known == name)
    }

    /// Whether there certainly is no key at all.
    pub fn is_empty(&self) -> bool {
        self.complete && self.entries.is_empty()
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
        match &name {
            Some(name) => names.entries.push((name.clone(), algorithm)),
            None => names.complete = false,
        }
        let provider = provider(&raw, &path, desk);
        if let (Some(name), Some(provider)) = (name, provider) {
            keys.push(Key {
                name,
                algorithm,
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
    if names.entries.iter().any(|(known, _)| *known == name) {
        desk.problem(path, format!("another key is already named `{name}`"));
    }
    Some(name)
}

fn provider(raw: &raw::KeySource, path: &Path, desk: &mut Desk<'_>) -> Option<Provider> {
    match desk.required(raw.provider, &path.key("provider"))? {
        ProviderWord::Local => local(raw, path, desk),
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
