//! Files and variables that exist in a test only.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use config::Config;
use config::Document;
use config::Problems;
use config::Source;
use zeroize::Zeroizing;

/// 32 bytes in base64, as a master key is written.
pub const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A configuration in which nothing is said that has a default.
pub const SMALLEST: &str = "\
listen: [{address: 127.0.0.1:8080}]
backend:
  endpoints: [http://minio:9000]
  credentials: {access_key: AKB, secret_key: {env: BACKEND}}
clients:
  - {name: app, access_key: AKA, secret_key: {file: app.secret}}
keys:
  - {name: main, provider: local, file: keyring.yaml}
rules:
  - {name: all, match: {bucket: \"*\"}}
";

/// Where the configuration of a test lies.
pub const FILE: &str = "/etc/sealgate/sealgate.yaml";

#[derive(Default)]
pub struct Shelf {
    files: BTreeMap<PathBuf, (String, u32)>,
    variables: BTreeMap<String, String>,
}

impl Shelf {
    /// Everything that [`SMALLEST`] names, all in order.
    pub fn stocked() -> Self {
        Self::default()
            .variable("BACKEND", "backend-secret")
            .file("/etc/sealgate/app.secret", 0o600, "app-secret\n")
            .file("/etc/sealgate/keyring.yaml", 0o600, &keyring("a"))
    }

    pub fn file(mut self, path: &str, mode: u32, text: &str) -> Self {
        self.files.insert(path.into(), (text.to_owned(), mode));
        self
    }

    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Loads that text as the configuration.
    pub fn load(self, text: &str) -> Result<Config, Problems> {
        Config::load(Path::new(FILE), &self.file(FILE, 0o644, text))
    }

    /// Everything wrong with that text, without the name of the file.
    pub fn problems(self, text: &str) -> Vec<String> {
        let problems = self.load(text).err().map(|problems| problems.to_string());
        let problems = problems.unwrap_or_default();
        let short = |line: &str| {
            line.strip_prefix(&format!("{FILE}:"))
                .unwrap_or(line)
                .to_owned()
        };
        problems.lines().map(short).collect()
    }
}

impl Source for Shelf {
    fn file(&self, path: &Path) -> io::Result<Document> {
        let (text, mode) = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Document {
            text: Zeroizing::new(text.clone()),
            mode: *mode,
        })
    }

    fn variable(&self, name: &str) -> Option<Zeroizing<String>> {
        self.variables.get(name).cloned().map(Zeroizing::new)
    }
}

/// A keyring of one key.
pub fn keyring(id: &str) -> String {
    format!("active: {id}\nkeys: [{{id: {id}, key: {KEY}, created: 2026-01-05T09:00:00Z}}]\n")
}

/// [`SMALLEST`] with one part replaced.
pub fn smallest_with(old: &str, new: &str) -> String {
    assert!(SMALLEST.contains(old), "{old}");
    SMALLEST.replacen(old, new, 1)
}
