//! The store: buckets by name, and the folder they live in.

use std::collections::BTreeMap;
use std::fs;
use std::fs::File;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::RwLockReadGuard;
use std::sync::RwLockWriteGuard;

use s3s::S3Result;
use s3s::region::Region;
use s3s::s3_error;

use crate::bucket::Bucket;
use crate::bucket::OBJECTS;
use crate::bucket::UPLOADS;
use crate::bucket::failed;
use crate::disk;
use crate::error::Error;
use crate::load;
use crate::record::BucketRecord;
use crate::record::Seconds;

/// Buckets by name.
pub(crate) type Buckets = BTreeMap<String, Arc<Bucket>>;

/// An object store in a folder; the crate's documentation says how the folder is laid out.
///
/// It answers the operations of [`s3s::S3`]; [`crate::serve`] puts it behind a socket, where
/// signatures are checked. Called directly it checks none.
#[derive(Debug)]
pub struct Store {
    shared: Arc<Shared>,
    /// Where its buckets are said to be; set by [`crate::serve`].
    region: Option<Region>,
}

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    buckets: RwLock<Buckets>,
    /// Locked for as long as the store lives.
    _lock: File,
}

impl Store {
    /// Opens the store in `root`, or begins one there if the folder is empty or absent.
    ///
    /// Reads every record once, and removes what uploads that broke off with the process left.
    ///
    /// # Errors
    ///
    /// [`Error::InUse`] while another store has the folder open, [`Error::Foreign`] for a folder
    /// with other files in it, [`Error::Damaged`] and [`Error::Content`] when records and content
    /// do not fit together, [`Error::Io`] otherwise.
    pub fn open(root: &Path) -> Result<Self, Error> {
        let lock = load::claim(root)?;
        let buckets = RwLock::new(load::buckets(root)?);
        let shared = Shared {
            root: root.to_owned(),
            buckets,
            _lock: lock,
        };
        Ok(Self {
            shared: Arc::new(shared),
            region: None,
        })
    }

    /// Another handle on the same store, in `region`.
    pub(crate) fn handle(&self, region: Region) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            region: Some(region),
        }
    }

    pub(crate) fn region(&self) -> Option<&Region> {
        self.region.as_ref()
    }

    /// Where new content goes.
    pub(crate) fn blobs(&self) -> PathBuf {
        self.shared.root.join(BLOBS)
    }

    pub(crate) fn bucket(&self, name: &str) -> S3Result<Arc<Bucket>> {
        let bucket = self.read().get(name).cloned();
        bucket.ok_or_else(|| s3_error!(NoSuchBucket, "The specified bucket does not exist"))
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Buckets> {
        self.shared
            .buckets
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Buckets> {
        self.shared
            .buckets
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Creates a bucket; says whether it is new. Blocks.
    pub(crate) fn create_bucket(&self, name: &str) -> S3Result<bool> {
        if !s3s::path::check_bucket_name(name) {
            return Err(s3_error!(
                InvalidBucketName,
                "The specified bucket is not valid"
            ));
        }
        let mut buckets = self.write();
        if buckets.contains_key(name) {
            return Ok(false);
        }
        let record = BucketRecord {
            created: Seconds::now(),
        };
        let folder = self.shared.root.join(BUCKETS).join(name);
        fs::create_dir_all(folder.join(OBJECTS)).map_err(failed)?;
        fs::create_dir_all(folder.join(UPLOADS)).map_err(failed)?;
        disk::write_record(&folder.join(BUCKET), &record).map_err(failed)?;
        let bucket = Bucket::new(name, record, folder, BTreeMap::new(), BTreeMap::new());
        buckets.insert(name.to_owned(), Arc::new(bucket));
        Ok(true)
    }

    /// Deletes an empty bucket. Blocks.
    pub(crate) fn delete_bucket(&self, name: &str) -> S3Result<()> {
        let bucket = self.bucket(name)?;
        // The map stays locked: a bucket of the same name must not begin in a vanishing folder.
        let mut buckets = self.write();
        bucket.turn()?.delete_bucket()?;
        buckets.remove(name);
        Ok(())
    }
}

/// Names in the store's folder.
pub(crate) const BLOBS: &str = "blobs";
pub(crate) const BUCKETS: &str = "buckets";
/// A bucket's own record, in its folder.
pub(crate) const BUCKET: &str = "bucket.json";
