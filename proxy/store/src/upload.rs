//! Multipart uploads that are not finished.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use s3s::S3Result;

use crate::bucket::failed;
use crate::disk;
use crate::record::Part;
use crate::record::UploadRecord;

/// Uploads by key and upload id: the order of `ListMultipartUploads`.
pub(crate) type Uploads = BTreeMap<(Vec<u8>, String), Arc<Upload>>;
/// Parts by number.
pub(crate) type Parts = BTreeMap<i32, Arc<Part>>;

/// An upload and its parts so far.
///
/// Parts change only in the bucket's turn; the lock here lets readers look meanwhile.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) id: String,
    pub(crate) record: UploadRecord,
    folder: PathBuf,
    parts: Mutex<Parts>,
}

impl Upload {
    /// An upload whose folder is `folder`.
    pub(crate) fn new(id: &str, record: UploadRecord, folder: PathBuf, parts: Parts) -> Self {
        Self {
            id: id.to_owned(),
            record,
            folder,
            parts: Mutex::new(parts),
        }
    }

    /// Writes the upload's folder and record.
    pub(crate) fn begin(&self) -> S3Result<()> {
        fs::create_dir(&self.folder).map_err(failed)?;
        disk::write_record(&self.folder.join(UPLOAD), &self.record).map_err(failed)
    }

    pub(crate) fn parts(&self) -> MutexGuard<'_, Parts> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a part, in place of the one of the same number if there is one.
    pub(crate) fn put(&self, part: Part) -> S3Result<()> {
        let number = part.record.number;
        let path = self.folder.join(format!("{number}.{}", disk::RECORD));
        disk::write_record(&path, &part.record).map_err(failed)?;
        part.blob.keep();
        let before = self.parts().insert(number, Arc::new(part));
        before.inspect(|before| before.blob.release());
        Ok(())
    }

    /// Removes the upload from disk.
    ///
    /// The folder loses its place before its content: a crash between leaves no half upload.
    pub(crate) fn remove(&self) -> S3Result<()> {
        fs::remove_file(self.folder.join(UPLOAD)).map_err(failed)?;
        fs::remove_dir_all(&self.folder).map_err(failed)
    }

    /// Lets go of the parts' content.
    pub(crate) fn release(&self) {
        for part in self.parts().values() {
            part.blob.release();
        }
    }
}

/// Whether a folder still is an upload, and not what a crash left of a removed one.
pub(crate) fn is_upload(folder: &Path) -> bool {
    folder.join(UPLOAD).exists()
}

/// The record beside the numbered ones of the parts.
pub(crate) const UPLOAD: &str = "upload.json";
