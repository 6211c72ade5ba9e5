//! The seam over files and the environment, so that tests need neither.

use std::fs::File;
use std::io;
use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

/// Where files and environment variables come from.
pub trait Source {
    /// The whole file, with its permission bits, both of the same open file.
    fn file(&self, path: &Path) -> io::Result<Document>;

    /// The environment variable; none when it is not set or not UTF-8.
    fn variable(&self, name: &str) -> Option<Zeroizing<String>>;
}

/// A text file as it was found. The text is wiped on drop, since it may hold a secret.
pub struct Document {
    /// What it says.
    pub text: Zeroizing<String>,
    /// The permission bits, `0o600` for instance.
    pub mode: u32,
}

/// The machine this process runs on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Machine;

impl Source for Machine {
    fn file(&self, path: &Path) -> io::Result<Document> {
        use std::os::unix::fs::PermissionsExt;

        let file = File::open(path)?;
        let mode = file.metadata()?.permissions().mode() & 0o7777;
        let mut bytes = Zeroizing::new(Vec::with_capacity(TYPICAL));
        file.take(FILE_MAX + 1).read_to_end(&mut bytes)?;
        if u64::try_from(bytes.len()).is_ok_and(|len| len > FILE_MAX) {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "it is longer than 1 MiB",
            ));
        }
        match std::str::from_utf8(&bytes) {
            Ok(text) => Ok(Document {
                text: Zeroizing::new(text.to_owned()),
                mode,
            }),
            Err(_) => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "it is not UTF-8 text",
            )),
        }
    }

    fn variable(&self, name: &str) -> Option<Zeroizing<String>> {
        std::env::var(name).ok().map(Zeroizing::new)
    }
}

/// No file that is read here comes near it; a wrong path (`/dev/zero`) must not fill the memory.
const FILE_MAX: u64 = 1024 * 1024;

/// Enough for secrets and keyrings: a vector that grows leaves unwiped copies behind.
const TYPICAL: usize = 64 * 1024;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn reads_text_and_permission_bits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "text\n").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let document = Machine.file(&path).unwrap();
        assert_eq!((document.text.as_str(), document.mode), ("text\n", 0o640));
    }

    #[test]
    fn reads_a_mebibyte_and_not_a_byte_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for (len, fits) in [(1024 * 1024, true), (1024 * 1024 + 1, false)] {
            std::fs::write(&path, "x".repeat(len)).unwrap();
            assert_eq!(Machine.file(&path).is_ok(), fits, "{len}");
        }
    }

    #[test]
    fn refuses_what_is_not_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, b"\xff\xfe").unwrap();
        assert_eq!(
            Machine.file(&path).err().unwrap().kind(),
            io::ErrorKind::InvalidData
        );
        let missing = Machine.file(&folder.path().join("nowhere"));
        assert_eq!(missing.err().unwrap().kind(), io::ErrorKind::NotFound);
    }
}
