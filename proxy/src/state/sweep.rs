//! Sweeping: what no upload needs any longer is removed (FORMAT.md §9). Whoever does it twice, or at
//! the same time as another gateway, does no harm: nothing is removed that may be needed, and
//! removing is the same once and twice.
//!
//! Three clocks are held against each other, and what is young by one of them stays: the
//! backend's, which dated the listing and what is in it, and those of two gateways, which wrote the
//! record and sweep.

use std::fmt;
use std::ops::AddAssign;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::vec;

use bytes::Bytes;
use http::Method;
use s3::BucketName;
use s3::ErrorCode;
use s3::ObjectName;
use s3::Target;
use s3::xml;
use s3::xml::list::Listed;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Desk;
use super::Uploads;
use super::listing::LISTING_BYTES_MAX;
use super::listing::Page;
use super::record;
use super::record::Record;
use crate::error::Error;
use crate::error::Result;
use crate::plan::Outgoing;
use crate::plan::Place;

/// How old a record must be to be swept: so long may a client ask again for the end of its upload.
pub const SWEPT_AFTER: Duration = Duration::from_hours(24);

/// What a sweep came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Names that were listed.
    pub looked_at: usize,
    /// Records of uploads that were removed.
    pub records: usize,
    /// Parts without an upload that were removed.
    pub parked: usize,
    /// What is no record, or does not open: it stays.
    pub unreadable: usize,
    /// Questions to the backend that failed: what they were about stays until the next time.
    pub failed: usize,
}

impl fmt::Display for Swept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            looked_at,
            records,
            parked,
            unreadable,
            failed,
        } = self;
        write!(
            f,
            "looked at {looked_at}, removed {records} records and {parked} parked parts, \
             {unreadable} unreadable, {failed} failed"
        )
    }
}

impl AddAssign for Swept {
    fn add_assign(&mut self, more: Self) {
        self.looked_at += more.looked_at;
        self.records += more.records;
        self.parked += more.parked;
        self.unreadable += more.unreadable;
        self.failed += more.failed;
    }
}

impl Uploads {
    /// Removes, of what is older than `older_than` when it is `now`, records whose upload the
    /// backend no longer knows and parts that wait without a record. Holds one page of names at a
    /// time; what fails is logged and left.
    ///
    /// Uploads without a record are left alone: the backend may have them from elsewhere.
    pub async fn sweep(&self, desk: Desk<'_>, now: OffsetDateTime, older_than: Duration) -> Swept {
        let sweep = Sweep {
            uploads: self,
            desk,
            now,
            older_than: older_than.try_into().unwrap_or(time::Duration::MAX),
        };
        let mut swept = Swept::default();
        // Records first: parts that waited for one of them go in the same sweep.
        for prefix in [record::UPLOADS, record::PARKED] {
            if let Err(error) = sweep.pages(prefix, &mut swept).await {
                log::error!("sweep of {prefix}: {error}");
                swept.failed += 1;
            }
        }
        swept
    }
}

/// What becomes of something old.
enum Fate {
    Stays,
    Unreadable(String),
    Removed(Swept),
}

struct Sweep<'a> {
    uploads: &'a Uploads,
    desk: Desk<'a>,
    now: OffsetDateTime,
    older_than: time::Duration,
}

impl Sweep<'_> {
    async fn pages(&self, prefix: &str, swept: &mut Swept) -> Result<()> {
        let mut token = None;
        loop {
            let page = self.desk.page(prefix, token.as_deref()).await?;
            token.clone_from(&page.next);
            *swept += Box::pin(self.page(page)).await;
            if token.is_none() {
                return Ok(());
            }
        }
    }

    /// Four at a time: a sweep must not be in the way of requests.
    async fn page(&self, page: Page) -> Swept {
        let mut swept = Swept {
            looked_at: page.records.len(),
            ..Swept::default()
        };
        let date = page.date.unwrap_or(self.now);
        let queue = Mutex::new(page.records.into_iter());
        let work = || self.work(&queue, date);
        let (one, two, three, four) = tokio::join!(work(), work(), work(), work());
        for some in [one, two, three, four] {
            swept += some;
        }
        swept
    }

    async fn work(&self, queue: &Mutex<vec::IntoIter<Listed>>, date: OffsetDateTime) -> Swept {
        let mut swept = Swept::default();
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        while let Some(listed) = next() {
            match self.fate(&listed, date).await {
                Ok(Fate::Stays) => {}
                Ok(Fate::Removed(removed)) => swept += removed,
                Ok(Fate::Unreadable(why)) => {
                    log::error!("sweep: {} stays: {why}", listed.key);
                    swept.unreadable += 1;
                }
                Err(error) => {
                    log::error!("sweep: {} stays: {error}", listed.key);
                    swept.failed += 1;
                }
            }
        }
        swept
    }

    async fn fate(&self, listed: &Listed, date: OffsetDateTime) -> Result<Fate> {
        let Ok(written) = OffsetDateTime::parse(&listed.last_modified, &Rfc3339) else {
            let why = format!("no date: {}", listed.last_modified);
            return Ok(Fate::Unreadable(why));
        };
        if date - written < self.older_than {
            return Ok(Fate::Stays);
        }
        match listed.key.strip_prefix(record::UPLOADS) {
            Some(id) => self.record(id).await,
            None => self.parked(&listed.key).await,
        }
    }

    async fn record(&self, id: &str) -> Result<Fate> {
        let json = match self.desk.read(&record::name(id)).await {
            Ok(Some(json)) => json,
            // Another gateway was faster.
            Ok(None) => return Ok(Fate::Stays),
            Err(error @ (Error::Sealed(_) | Error::Key { .. } | Error::Client(_))) => {
                return Ok(Fate::Unreadable(with_source(&error)));
            }
            Err(error) => return Err(error),
        };
        let record = Record::parse(&json).ok().filter(|record| is_of(record, id));
        let Some((time, record)) = record.and_then(|record| Some((record.time()?, record))) else {
            return Ok(Fate::Unreadable(record::unfit().to_string()));
        };
        if self.now - time < self.older_than || self.is_known(&record).await? {
            return Ok(Fate::Stays);
        }
        self.uploads.remove(self.desk, id).await?;
        Ok(Fate::Removed(Swept {
            records: 1,
            ..Swept::default()
        }))
    }

    /// A part waits only where there is a record, which was written before it: without one, the
    /// upload has ended.
    async fn parked(&self, name: &str) -> Result<Fate> {
        let Some(id) = record::upload_of(name) else {
            return Ok(Fate::Unreadable("no name of a part".to_owned()));
        };
        if self.desk.holds(&record::name(id)).await? {
            return Ok(Fate::Stays);
        }
        self.desk.remove(name).await?;
        Ok(Fate::Removed(Swept {
            parked: 1,
            ..Swept::default()
        }))
    }

    /// Whether the backend knows the upload. Only a clear no is one.
    async fn is_known(&self, record: &Record) -> Result<bool> {
        let bucket = BucketName::parse(record.at())?;
        let target = Target::Object(bucket, ObjectName::parse(&record.object)?);
        let outgoing = Outgoing::new(Method::GET, &target)
            .with_query("uploadId", &record.upload)
            .with_query("max-parts", "1");
        let backend = self.desk.backend;
        let answer = backend
            .ask(&outgoing, &Bytes::new(), LISTING_BYTES_MAX)
            .await?;
        if answer.status.is_success() {
            return Ok(true);
        }
        let code = xml::error::code(&answer.body);
        // Ceph RGW calls an upload that has ended a missing key.
        let gone = [
            ErrorCode::NoSuchUpload,
            ErrorCode::NoSuchKey,
            ErrorCode::NoSuchBucket,
        ];
        if gone.iter().any(|gone| code.as_deref() == Some(gone.name())) {
            return Ok(false);
        }
        Err(Error::Backend("list of parts"))
    }
}

fn is_of(record: &Record, id: &str) -> bool {
    let place = Place {
        bucket: record.bucket.clone(),
        object: record.object.clone(),
    };
    crypto::upload_record_id(&place.context(), &record.upload) == id
}

fn with_source(error: &Error) -> String {
    let source = std::error::Error::source(error);
    source.map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}
