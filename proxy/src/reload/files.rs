//! The files behind a configuration: its own, and every one that it names.
//!
//! They are looked at by what they hold, not by what the file system says of them. A `ConfigMap`
//! or `Secret` of Kubernetes changes by a link two folders up, an editor renames, another writes in
//! place: the text differs in every case, and a handful of small files is quickly read.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use config::Config;
use config::Document;
use config::Problems;
use config::Source;
use sha2::Digest;
use sha2::Sha256;
use zeroize::Zeroizing;

/// A digest of each file's text and permission bits; nothing for one that cannot be read.
type Prints = BTreeMap<PathBuf, Option<[u8; 32]>>;

/// A configuration's files, as they were when it was read last.
pub struct Files {
    path: PathBuf,
    source: Arc<dyn Source + Send + Sync>,
    read: Prints,
    /// As the last look found them, where that was not as they were read.
    differ: Option<Prints>,
}

impl Files {
    /// The configuration at `path`, not read yet.
    #[must_use]
    pub fn new(path: &Path, source: Arc<dyn Source + Send + Sync>) -> Self {
        Self {
            path: path.to_owned(),
            source,
            read: Prints::new(),
            differ: None,
        }
    }

    /// Where the configuration is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the configuration and all that it names.
    pub fn read(&mut self) -> Result<Config, Problems> {
        let reader = Reader {
            source: self.source.as_ref(),
            prints: RefCell::default(),
        };
        let config = Config::load(&self.path, &reader);
        self.read = reader.prints.into_inner();
        self.differ = None;
        config
    }

    /// Whether the files still are as they were read.
    #[must_use]
    pub fn are_as_read(&self) -> bool {
        self.look() == self.read
    }

    /// Looks again. They have changed when two looks in a row find the same change: what is being
    /// written is not read in half, nor a certificate without its key.
    pub fn have_changed(&mut self) -> bool {
        let now = self.look();
        if now == self.read {
            self.differ = None;
            return false;
        }
        let settled = self.differ.as_ref() == Some(&now);
        self.differ = Some(now);
        settled
    }

    fn look(&self) -> Prints {
        let paths = self.read.keys();
        paths
            .map(|path| (path.clone(), print(&self.source.file(path))))
            .collect()
    }
}

/// Remembers what was read.
struct Reader<'a> {
    source: &'a dyn Source,
    prints: RefCell<Prints>,
}

impl Source for Reader<'_> {
    fn file(&self, path: &Path) -> io::Result<Document> {
        let document = self.source.file(path);
        let mut prints = self.prints.borrow_mut();
        // What is read twice counts as it was first: another text then differs from it.
        prints
            .entry(path.to_owned())
            .or_insert_with(|| print(&document));
        document
    }

    fn variable(&self, name: &str) -> Option<Zeroizing<String>> {
        self.source.variable(name)
    }
}

fn print(document: &io::Result<Document>) -> Option<[u8; 32]> {
    let document = document.as_ref().ok()?;
    let digest = Sha256::new()
        .chain_update(document.mode.to_be_bytes())
        .chain_update(document.text.as_bytes());
    Some(digest.finalize().into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::fs::symlink;

    use config::Machine;
    use tempfile::TempDir;

    use super::*;

    const TEXT: &str = "\
listen: [{address: 127.0.0.1:8080}]
backend:
  endpoints: [http://minio:9000]
  credentials: {access_key: AKB, secret_key: {file: backend}}
clients: []
rules: []
";

    /// A folder as Kubernetes mounts it: the files are links through `..data`.
    fn mounted() -> (TempDir, Files) {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("..1");
        write(&data, "one");
        symlink("..1", folder.path().join("..data")).unwrap();
        for name in ["sealgate.yaml", "backend"] {
            symlink(format!("..data/{name}"), folder.path().join(name)).unwrap();
        }
        let path = folder.path().join("sealgate.yaml");
        let mut files = Files::new(&path, Arc::new(Machine));
        files.read().unwrap();
        (folder, files)
    }

    fn write(folder: &Path, secret: &str) {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join("sealgate.yaml"), TEXT).unwrap();
        fs::write(folder.join("backend"), secret).unwrap();
        private(&folder.join("backend"));
    }

    fn private(path: &Path) {
        fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    }

    #[test]
    fn nothing_changes_by_itself() {
        let (_folder, mut files) = mounted();
        assert!(files.are_as_read());
        assert!(!files.have_changed());
        assert!(!files.have_changed());
    }

    #[test]
    fn a_swapped_link_is_a_change_once_it_was_seen_twice() {
        let (folder, mut files) = mounted();
        write(&folder.path().join("..2"), "two");
        symlink("..2", folder.path().join("..next")).unwrap();
        fs::rename(folder.path().join("..next"), folder.path().join("..data")).unwrap();
        assert!(!files.are_as_read());
        assert!(!files.have_changed());
        assert!(files.have_changed());
        let config = files.read().unwrap();
        assert_eq!(config.backend.credentials.secret_key.expose(), "two");
        assert!(files.are_as_read() && !files.have_changed());
    }

    #[test]
    fn what_is_still_being_written_is_waited_for() {
        let (folder, mut files) = mounted();
        for half in ["t", "tw", "two"] {
            fs::write(folder.path().join("backend"), half).unwrap();
            assert!(!files.have_changed(), "{half}");
        }
        assert!(files.have_changed());
    }

    #[test]
    fn what_changed_back_has_not_changed() {
        let (folder, mut files) = mounted();
        for text in ["two", "one"] {
            fs::write(folder.path().join("backend"), text).unwrap();
            assert!(!files.have_changed());
        }
        assert!(!files.have_changed());
    }

    #[test]
    fn permissions_and_missing_files_are_watched_too() {
        let (folder, mut files) = mounted();
        let secret = folder.path().join("backend");
        fs::set_permissions(&secret, Permissions::from_mode(0o604)).unwrap();
        assert!(!files.have_changed() && files.have_changed());
        assert!(files.read().is_err());
        assert!(!files.have_changed() && !files.have_changed());
        private(&secret);
        assert!(!files.have_changed() && files.have_changed());
        fs::remove_file(&secret).unwrap();
        assert!(files.read().is_err());
        assert!(!files.have_changed() && !files.have_changed());
        fs::write(&secret, "three").unwrap();
        private(&secret);
        assert!(!files.have_changed() && files.have_changed());
        assert!(files.read().is_ok());
    }
}
