//! Opening: the lock, the records, and sweeping what a killed process left.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::fs::TryLockError;
use std::path::Path;
use std::sync::Arc;

use crate::blob::Blob;
use crate::bucket::Bucket;
use crate::bucket::OBJECTS;
use crate::bucket::Objects;
use crate::bucket::UPLOADS;
use crate::disk;
use crate::error::Error;
use crate::record::Object;
use crate::record::ObjectRecord;
use crate::record::Part;
use crate::record::PartRecord;
use crate::record::Segment;
use crate::store::BLOBS;
use crate::store::BUCKET;
use crate::store::BUCKETS;
use crate::store::Buckets;
use crate::upload;
use crate::upload::Parts;
use crate::upload::UPLOAD;
use crate::upload::Upload;
use crate::upload::Uploads;

/// Locks the folder, and makes it a store if it is empty.
pub(crate) fn claim(root: &Path) -> Result<File, Error> {
    fs::create_dir_all(root).map_err(Error::io(root))?;
    let path = root.join(LOCK);
    // Opening must not sweep a folder that merely was named by mistake.
    if !path.exists() && !disk::children(root)?.is_empty() {
        return Err(Error::Foreign {
            path: root.to_owned(),
        });
    }
    let mut options = OpenOptions::new();
    let lock = options
        .create(true)
        .append(true)
        .open(&path)
        .map_err(Error::io(&path))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(Error::InUse {
                path: root.to_owned(),
            });
        }
        Err(TryLockError::Error(error)) => return Err(Error::io(&path)(error)),
    }
    for name in [BLOBS, BUCKETS] {
        let folder = root.join(name);
        fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
    }
    Ok(lock)
}

/// Reads all buckets, then removes content that none of their records names.
pub(crate) fn buckets(root: &Path) -> Result<Buckets, Error> {
    let mut content = Content {
        folder: root.join(BLOBS).into(),
        named: HashSet::new(),
    };
    let mut buckets = Buckets::new();
    for folder in disk::children(&root.join(BUCKETS))? {
        // A folder without its record was being created or deleted when the process ended.
        if !folder.join(BUCKET).exists() {
            fs::remove_dir_all(&folder).map_err(Error::io(&folder))?;
            continue;
        }
        let bucket = content.bucket(&folder)?;
        buckets.insert(bucket.name.clone(), Arc::new(bucket));
    }
    content.sweep()?;
    Ok(buckets)
}

/// The folder of blobs, and those that records have named so far.
struct Content {
    folder: Box<Path>,
    named: HashSet<String>,
}

impl Content {
    fn bucket(&mut self, folder: &Path) -> Result<Bucket, Error> {
        let record = disk::read_record(&folder.join(BUCKET))?;
        let objects = self.objects(&folder.join(OBJECTS))?;
        // After the objects: an upload whose parts an object names had been completed.
        let uploads = self.uploads(&folder.join(UPLOADS))?;
        Ok(Bucket::new(
            &file_name(folder),
            record,
            folder.to_owned(),
            objects,
            uploads,
        ))
    }

    fn objects(&mut self, folder: &Path) -> Result<Objects, Error> {
        let mut objects = Objects::new();
        for path in disk::records(folder)? {
            let record: ObjectRecord = disk::read_record(&path)?;
            let blobs = record.segments.iter().map(|segment| self.blob(segment));
            let blobs = blobs.collect::<Result<_, _>>()?;
            let key = record.key.clone().into_bytes();
            objects.insert(key, Arc::new(Object { record, blobs }));
        }
        Ok(objects)
    }

    fn uploads(&mut self, folder: &Path) -> Result<Uploads, Error> {
        let mut uploads = Uploads::new();
        for folder in disk::children(folder)? {
            match self.upload(&folder)? {
                Some(upload) => {
                    let place = (upload.record.key.clone().into_bytes(), upload.id.clone());
                    uploads.insert(place, Arc::new(upload));
                }
                None => fs::remove_dir_all(&folder).map_err(Error::io(&folder))?,
            }
        }
        Ok(uploads)
    }

    /// `None` for what is left of an upload that was completed or aborted.
    fn upload(&mut self, folder: &Path) -> Result<Option<Upload>, Error> {
        if !upload::is_upload(folder) {
            return Ok(None);
        }
        let record = disk::read_record(&folder.join(UPLOAD))?;
        let mut records = Vec::new();
        for path in disk::records(folder)? {
            if file_name(&path) != UPLOAD {
                records.push(disk::read_record::<PartRecord>(&path)?);
            }
        }
        if records
            .iter()
            .any(|part| self.named.contains(&part.segment.blob))
        {
            return Ok(None);
        }
        let parts = records.into_iter().map(|record| {
            let blob = self.blob(&record.segment)?;
            Ok((record.number, Arc::new(Part { record, blob })))
        });
        let parts: Parts = parts.collect::<Result<BTreeMap<_, _>, Error>>()?;
        Ok(Some(Upload::new(
            &file_name(folder),
            record,
            folder.to_owned(),
            parts,
        )))
    }

    fn blob(&mut self, segment: &Segment) -> Result<Arc<Blob>, Error> {
        let blob = Blob::recorded(&self.folder, &segment.blob);
        let size = fs::metadata(blob.path()).map(|metadata| metadata.len());
        if !size.is_ok_and(|size| size == segment.size) {
            return Err(Error::Content {
                path: blob.path().to_owned(),
            });
        }
        self.named.insert(segment.blob.clone());
        Ok(Arc::new(blob))
    }

    fn sweep(&self) -> Result<(), Error> {
        for path in disk::children(&self.folder)? {
            if !self.named.contains(&file_name(&path)) {
                fs::remove_file(&path).map_err(Error::io(&path))?;
            }
        }
        Ok(())
    }
}

/// All names here are written by this crate, in ASCII.
fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Marks a folder as a store, and is locked while it is open.
const LOCK: &str = "sealgate-store";
