//! What the file means: raw types become a configuration, and all that is wrong is collected.

mod backend;
mod clients;
mod keys;
mod listen;
mod rules;

use std::fmt;
use std::path;

use policy::BucketPattern;
use policy::Mode;

use crate::Audit;
use crate::Compatibility;
use crate::Config;
use crate::Limits;
use crate::Secret;
use crate::Source;
use crate::State;
use crate::audit::RawAudit;
use crate::defaults;
use crate::later::LEAVE_OUT;
use crate::path::Path;
use crate::problem::Problems;
use crate::raw;
use crate::raw::List;
use crate::raw::Raw;
use crate::report::Report;
use crate::secret::PublicText;
use crate::secret::SecretRef;
use crate::units::Length;

/// Resolves a whole file.
pub(crate) fn resolve(raw: Raw, mut desk: Desk<'_>) -> Result<Config, Problems> {
    let config = config(raw, &mut desk);
    match config {
        Some(config) if desk.is_clean() => Ok(config),
        _ => Err(desk.into_problems()),
    }
}

fn config(raw: Raw, desk: &mut Desk<'_>) -> Option<Config> {
    let root = Path::root();
    let listen = listen::resolve(raw.listen, raw.admin, desk);
    let region = listen::region(raw.region, desk);
    let domains = listen::domains(raw.domains, desk);
    let backend = desk.required(raw.backend, &root.key("backend"));
    let backend = backend.and_then(|raw| backend::resolve(raw, &root.key("backend"), desk));
    let (keys, names) = keys::resolve(raw.keys, desk);
    let state = raw.state.map(|raw| state(raw, &names, desk));
    let (clients, grants) = clients::resolve(raw.clients, &names, desk);
    let rules = rules::resolve(raw.rules, &names, grants, desk);
    let rules = rules.map(|rules| {
        let rules = rules.with_keys(names.ids());
        match raw.mode {
            None | Some(raw::ModeWord::Enforce) => rules,
            Some(raw::ModeWord::Report) => rules.in_mode(Mode::Report),
        }
    });
    let compatibility = match raw.compatibility {
        None | Some(raw::CompatibilityWord::Aws) => Compatibility::Aws,
        Some(raw::CompatibilityWord::Rgw) => Compatibility::Rgw,
    };
    let trusted_proxies = listen::networks(raw.trusted_proxies, desk);
    let limits = limits(&raw.limits.unwrap_or_default(), desk);
    let audit = raw.audit.map(|raw| match raw {
        RawAudit::Stdout => Audit::Stdout,
        RawAudit::File(file) => Audit::File(desk.beside(&file)),
    });
    let (listen, admin) = listen;
    Some(Config {
        listen,
        region: region?,
        domains,
        admin,
        backend: backend?,
        clients,
        keys,
        rules: rules?,
        state: match state {
            Some(state) => Some(state?),
            None => None,
        },
        compatibility,
        trusted_proxies,
        audit,
        limits: limits?,
    })
}

fn state(raw: raw::State, keys: &keys::KeyNames, desk: &mut Desk<'_>) -> Option<State> {
    let path = Path::root().key("state");
    let bucket = desk.required(raw.bucket, &path.key("bucket"));
    let bucket = bucket.and_then(|text| desk.literal_bucket(&text, &path.key("bucket")));
    if keys.first().is_none() && keys.is_complete() {
        desk.problem(&path, "is sealed, but `keys` holds no key to do it with");
    }
    Some(State {
        bucket: bucket?,
        key: keys.first().cloned()?,
    })
}

fn limits(raw: &raw::Limits, desk: &mut Desk<'_>) -> Option<Limits> {
    let path = Path::root().key("limits");
    let xml_body = raw.xml_body.map_or(defaults::XML_BODY, |size| size.0);
    if xml_body == 0 {
        desk.problem(&path.key("xml_body"), "must be at least `1B`");
    }
    let mut time = |length: Option<Length>, default, key| match length {
        Some(Length(time)) if time.is_zero() => {
            desk.problem(&path.key(key), "must be at least `1ms`");
            None
        }
        Some(Length(time)) => Some(time),
        None => Some(default),
    };
    let clock_skew = time(raw.clock_skew, defaults::CLOCK_SKEW, "clock_skew");
    let connect = time(raw.connect, defaults::CONNECT, "connect");
    let silence = time(raw.silence, defaults::SILENCE, "silence");
    Some(Limits {
        clock_skew: clock_skew?,
        xml_body,
        connect: connect?,
        silence: silence?,
    })
}

/// Where resolving happens: the report it writes, and what it may look into.
pub(crate) struct Desk<'a> {
    report: Report,
    /// Problems with other files that this one names.
    elsewhere: Problems,
    file: &'a path::Path,
    source: &'a dyn Source,
}

impl<'a> Desk<'a> {
    pub fn new(report: Report, file: &'a path::Path, source: &'a dyn Source) -> Self {
        Self {
            report,
            elsewhere: Problems::default(),
            file,
            source,
        }
    }

    fn problem(&mut self, path: &Path, reason: impl fmt::Display) {
        self.report.add(path, reason.to_string());
    }

    fn later(&mut self, path: &Path) {
        self.problem(path, LEAVE_OUT);
    }

    /// A value that has no default.
    fn required<T>(&mut self, value: Option<T>, path: &Path) -> Option<T> {
        if value.is_none() {
            self.problem(path, "is missing");
        }
        value
    }

    /// A list that has no default.
    fn entries<T>(&mut self, list: Option<List<T>>, path: &Path) -> Vec<(Path, T)> {
        let list = self.required(list, path).unwrap_or_default();
        numbered(list, path)
    }

    /// A list that has no default and cannot be empty.
    fn some_entries<T>(&mut self, list: Option<List<T>>, path: &Path) -> Vec<(Path, T)> {
        if list.as_ref().is_some_and(Vec::is_empty) {
            self.problem(path, "needs at least one entry");
        }
        self.entries(list, path)
    }

    /// What came of parsing the value at a path.
    fn parsed<T, E: fmt::Display>(&mut self, value: Result<T, E>, path: &Path) -> Option<T> {
        value.map_err(|error| self.problem(path, error)).ok()
    }

    /// A bucket's own name, which is no pattern.
    fn literal_bucket(&mut self, text: &str, path: &Path) -> Option<String> {
        let bucket = self.parsed(BucketPattern::parse(text), path)?;
        if bucket.literal().is_none() {
            self.problem(path, "is one bucket, without `*` and `?`");
        }
        bucket.literal().map(str::to_owned)
    }

    fn secret(&mut self, reference: SecretRef, path: &Path) -> Option<Secret> {
        let text = match reference {
            SecretRef::Variable(name) => self.variable(&name),
            SecretRef::File(file) => self.secret_file(&file),
        };
        self.parsed(text, path).map(Secret::new)
    }

    fn access_key(&mut self, text: PublicText, path: &Path) -> Option<String> {
        let text = match text {
            PublicText::Inline(text) => text,
            PublicText::Reference(reference) => self.secret(reference, path)?.expose().to_owned(),
        };
        let sound = |c: char| c.is_ascii_graphic() && !matches!(c, '/' | ',' | ':' | '=');
        if (1..=ACCESS_KEY_MAX).contains(&text.len()) && text.chars().all(sound) {
            return Some(text);
        }
        self.problem(
            path,
            "an access key is 1 to 128 visible ASCII characters without `/ , : =`",
        );
        None
    }

    /// A name is only quoted when it looks like one: it might be the secret itself, misplaced.
    fn variable(&self, name: &str) -> Result<String, String> {
        let sound = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || !name.chars().all(sound) {
            return Err("a name of a variable is made of `A–Z`, `0–9` and `_`".to_owned());
        }
        match self.source.variable(name).as_deref() {
            None => Err(format!(
                "environment variable `{name}` is not set, or not UTF-8"
            )),
            Some(text) if text.is_empty() => Err(format!("environment variable `{name}` is empty")),
            Some(text) => Ok(text.clone()),
        }
    }

    fn secret_file(&self, file: &str) -> Result<String, String> {
        let path = self.beside(file);
        let shown = path.display();
        let document = self
            .source
            .file(&path)
            .map_err(|error| format!("cannot read `{shown}`: {error}"))?;
        if document.mode & OTHERS != 0 {
            return Err(format!(
                "others can reach `{shown}`; run `chmod o= {shown}`"
            ));
        }
        let text = document.text.strip_suffix('\n').unwrap_or(&document.text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.is_empty() {
            Err(format!("`{shown}` is empty"))
        } else {
            Ok(text.to_owned())
        }
    }

    /// The path of a file that this one names: relative ones start from this one's folder.
    fn beside(&self, named: &str) -> path::PathBuf {
        self.file
            .parent()
            .map_or_else(|| named.into(), |folder| folder.join(named))
    }

    fn is_clean(&self) -> bool {
        self.report.is_clean() && self.elsewhere.as_slice().is_empty()
    }

    fn into_problems(self) -> Problems {
        let mut problems = self.report.into_problems().in_file(self.file);
        problems.append(self.elsewhere);
        problems
    }
}

/// The entries of a list that are not known to be mistaken, with their paths.
fn numbered<T>(list: List<T>, path: &Path) -> Vec<(Path, T)> {
    let entries = list.into_iter().enumerate();
    entries
        .filter_map(|(at, entry)| Some((path.index(at), entry?)))
        .collect()
}

/// Permission bits of everybody but owner and group.
const OTHERS: u32 = 0o007;

/// Characters; AWS's own have 20.
const ACCESS_KEY_MAX: usize = 128;
