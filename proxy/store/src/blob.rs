//! One file of content.

use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use md5::Digest as _;
use md5::Md5;
use s3s::checksum::ChecksumHasher;

use crate::checksums::Checksums;
use crate::disk;

/// A file of content under a random name, removed when its last holder lets go of it, unless a
/// record on disk names it ([`Blob::keep`]).
///
/// So an upload that breaks off leaves nothing, and a download goes on undisturbed while its
/// object is overwritten or deleted.
#[derive(Debug)]
pub(crate) struct Blob {
    path: PathBuf,
    name: String,
    kept: AtomicBool,
}

impl Blob {
    /// The blob `name` in `folder` that a record names.
    pub(crate) fn recorded(folder: &Path, name: &str) -> Self {
        let kept = AtomicBool::new(true);
        Self {
            path: folder.join(name),
            name: name.to_owned(),
            kept,
        }
    }

    /// A second blob with the content of this one, without copying where links are possible.
    pub(crate) fn duplicate(&self) -> io::Result<Self> {
        let name = disk::random_name()?;
        let path = self.path.with_file_name(&name);
        if std::fs::hard_link(&self.path, &path).is_err() {
            std::fs::copy(&self.path, &path)?;
        }
        Ok(Self {
            path,
            name,
            kept: AtomicBool::new(false),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn open(&self) -> io::Result<File> {
        File::open(&self.path)
    }

    /// A record names this blob now.
    pub(crate) fn keep(&self) {
        self.kept.store(true, Ordering::Release);
    }

    /// No record names this blob any more.
    pub(crate) fn release(&self) {
        self.kept.store(false, Ordering::Release);
    }
}

impl Drop for Blob {
    fn drop(&mut self) {
        if self.kept.load(Ordering::Acquire) {
            return;
        }
        if let Err(error) = std::fs::remove_file(&self.path) {
            // Not lost: the next start sweeps every blob that no record names.
            log::warn!(
                "store: content {} stays until the next start: {error}",
                self.name
            );
        }
    }
}

/// A blob in the making, hashed on its way to disk.
pub(crate) struct Writer {
    blob: Blob,
    file: File,
    size: u64,
    md5: Md5,
    hasher: ChecksumHasher,
}

/// A finished blob.
pub(crate) struct Written {
    pub(crate) blob: Blob,
    /// In bytes.
    pub(crate) size: u64,
    pub(crate) md5: [u8; 16],
    pub(crate) checksums: Checksums,
}

impl Writer {
    /// A new blob in `folder`; `hasher` says which checksums to compute beside the MD5.
    pub(crate) fn create(folder: &Path, hasher: ChecksumHasher) -> io::Result<Self> {
        let name = disk::random_name()?;
        let path = folder.join(&name);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)?;
        let blob = Blob {
            path,
            name,
            kept: AtomicBool::new(false),
        };
        Ok(Self {
            blob,
            file,
            size: 0,
            md5: Md5::new(),
            hasher,
        })
    }

    pub(crate) fn write(&mut self, pieces: &[Bytes]) -> io::Result<()> {
        for piece in pieces {
            self.file.write_all(piece)?;
            self.md5.update(piece);
            self.hasher.update(piece);
            self.size += piece.len() as u64;
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Written {
        Written {
            blob: self.blob,
            size: self.size,
            md5: self.md5.finalize().into(),
            checksums: self.hasher.finalize().into(),
        }
    }
}
