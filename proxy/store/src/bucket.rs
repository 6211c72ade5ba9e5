//! A bucket: the sorted index in memory and the records on disk that it mirrors.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::RwLock;

use s3s::S3Error;
use s3s::S3Result;
use s3s::s3_error;

use crate::disk;
use crate::record::BucketRecord;
use crate::record::NULL_VERSION;
use crate::record::Object;
use crate::upload::Uploads;

/// Objects by the bytes of their keys: the order of S3 listings.
pub(crate) type Objects = BTreeMap<Vec<u8>, Arc<Object>>;

/// A bucket.
#[derive(Debug)]
pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(crate) record: BucketRecord,
    folder: PathBuf,
    /// Held by a writer from looking at the index to changing it. Readers never wait for it.
    turn: Mutex<Standing>,
    objects: RwLock<Objects>,
    pub(crate) uploads: RwLock<Uploads>,
}

/// Whether writers may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Open,
    Deleted,
}

/// The exclusive right to change a bucket.
pub(crate) struct Turn<'a> {
    bucket: &'a Bucket,
    standing: MutexGuard<'a, Standing>,
}

impl Bucket {
    pub(crate) fn new(
        name: &str,
        record: BucketRecord,
        folder: PathBuf,
        objects: Objects,
        uploads: Uploads,
    ) -> Self {
        Self {
            name: name.to_owned(),
            record,
            folder,
            turn: Mutex::new(Standing::Open),
            objects: RwLock::new(objects),
            uploads: RwLock::new(uploads),
        }
    }

    /// The object as it is now.
    pub(crate) fn object(&self, key: &str) -> Option<Arc<Object>> {
        self.read(|objects| objects.get(key.as_bytes()).cloned())
    }

    /// Looks at the whole index at one instant.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Objects) -> T) -> T {
        look(&self.objects.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for the right to change the bucket. Blocks; refused once the bucket is deleted.
    pub(crate) fn turn(&self) -> S3Result<Turn<'_>> {
        let standing = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        match *standing {
            Standing::Open => Ok(Turn {
                bucket: self,
                standing,
            }),
            Standing::Deleted => Err(s3_error!(NoSuchBucket)),
        }
    }

    pub(crate) fn uploads_folder(&self) -> PathBuf {
        self.folder.join(UPLOADS)
    }

    fn object_path(&self, key: &str) -> PathBuf {
        let name = disk::hashed_name(key);
        self.folder
            .join(OBJECTS)
            .join(format!("{name}.{NULL_VERSION}.{}", disk::RECORD))
    }

    fn change(&self, change: impl FnOnce(&mut Objects) -> Option<Arc<Object>>) {
        let before = change(&mut self.objects.write().unwrap_or_else(PoisonError::into_inner));
        for blob in before.iter().flat_map(|object| &object.blobs) {
            blob.release();
        }
    }
}

impl Turn<'_> {
    /// Puts an object, in place of the one of the same key if there is one.
    pub(crate) fn put(&self, object: Object) -> S3Result<Arc<Object>> {
        let object = Arc::new(object);
        let path = self.bucket.object_path(&object.record.key);
        disk::write_record(&path, &object.record).map_err(failed)?;
        for blob in &object.blobs {
            blob.keep();
        }
        let key = object.record.key.clone().into_bytes();
        self.bucket
            .change(|objects| objects.insert(key, Arc::clone(&object)));
        Ok(object)
    }

    /// Deletes an object; deleting what is absent succeeds, as everywhere in S3.
    pub(crate) fn delete(&self, key: &str) -> S3Result<()> {
        if self.bucket.object(key).is_none() {
            return Ok(());
        }
        fs::remove_file(self.bucket.object_path(key)).map_err(failed)?;
        self.bucket.change(|objects| objects.remove(key.as_bytes()));
        Ok(())
    }

    /// Deletes the bucket with its unfinished uploads; refused while it holds an object.
    pub(crate) fn delete_bucket(mut self) -> S3Result<()> {
        if !self.bucket.read(Objects::is_empty) {
            return Err(s3_error!(
                BucketNotEmpty,
                "The bucket you tried to delete is not empty"
            ));
        }
        fs::remove_dir_all(&self.bucket.folder).map_err(failed)?;
        *self.standing = Standing::Deleted;
        let mut uploads = self
            .bucket
            .uploads
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        for upload in std::mem::take(&mut *uploads).into_values() {
            upload.release();
        }
        Ok(())
    }
}

/// An I/O failure while serving: told to the log, not to the client.
pub(crate) fn failed(error: io::Error) -> S3Error {
    log::error!("store: {error}");
    S3Error::internal_error(error)
}

/// Folders in a bucket's folder.
pub(crate) const OBJECTS: &str = "objects";
pub(crate) const UPLOADS: &str = "uploads";
