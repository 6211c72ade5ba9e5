//! What buckets have been set to with `?encryption`. It is kept in records, one a bucket, and known
//! here without asking: a gateway that is told of a change knows it at once, all others within
//! seconds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::time::Duration;

use async_trait::async_trait;
use pingora::server::ShutdownWatch;
use pingora::services::background::BackgroundService;
use policy::Algorithm;
use policy::Setting;
use policy::Sse;
use s3::SseMode;
use s3::xml::encryption::BucketEncryption;
use serde::Deserialize;
use serde::Serialize;
use tokio::sync::Mutex;

use crate::assemble::Snapshot;
use crate::error::Error;
use crate::error::Result;
use crate::reload::Current;
use crate::state::Desk;

/// Names of records begin so; the bucket's name follows.
const PREFIX: &str = "encryption/";

/// How often other gateways' changes are looked for: a change is known everywhere within 5 s.
const EVERY: Duration = Duration::from_secs(2);

/// What is known of all buckets. It outlives a reload.
#[derive(Default)]
pub struct Settings {
    known: RwLock<Option<BTreeMap<String, Known>>>,
    refreshing: Mutex<()>,
}

struct Known {
    /// Of the record; empty when it was written here.
    etag: String,
    setting: Option<Arc<BucketEncryption>>,
}

/// A record.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    v: u32,
    bucket: String,
    sse: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<String>,
    #[serde(default)]
    sm4: bool,
    #[serde(default)]
    bucket_key: bool,
    #[serde(default)]
    blocks_customer_keys: bool,
}

impl Settings {
    /// What `bucket` has been set to. What cannot be known is no leave to do without.
    pub async fn of(&self, desk: Desk<'_>, bucket: &str) -> Result<Option<Arc<BucketEncryption>>> {
        if let Some(known) = self.known(bucket) {
            return known;
        }
        self.refresh(desk).await?;
        self.known(bucket)
            .unwrap_or(Err(Error::Internal("settings after a refresh")))
    }

    /// Sets a bucket.
    pub async fn set(&self, desk: Desk<'_>, bucket: &str, to: BucketEncryption) -> Result<()> {
        let record = Record {
            v: 1,
            bucket: bucket.to_owned(),
            sse: mode(to.mode).name().to_owned(),
            key: to.key_id.clone(),
            project: to.project.clone(),
            sm4: to.sm4,
            bucket_key: to.bucket_key,
            blocks_customer_keys: to.blocks_customer_keys,
        };
        let json = serde_json::to_vec(&record).map_err(|_| Error::Internal("setting"))?;
        let _one = self.refreshing.lock().await;
        desk.write(&name(bucket), &json, false).await?;
        let known = Known {
            etag: String::new(),
            setting: Some(Arc::new(to)),
        };
        if let Some(all) = self.write().as_mut() {
            all.insert(bucket.to_owned(), known);
        }
        Ok(())
    }

    /// A bucket is set to nothing.
    pub async fn clear(&self, desk: Desk<'_>, bucket: &str) -> Result<()> {
        let _one = self.refreshing.lock().await;
        desk.remove(&name(bucket)).await?;
        if let Some(all) = self.write().as_mut() {
            all.remove(bucket);
        }
        Ok(())
    }

    /// Learns what has changed.
    pub async fn refresh(&self, desk: Desk<'_>) -> Result<()> {
        let _one = self.refreshing.lock().await;
        let mut next = BTreeMap::new();
        for record in desk.records(PREFIX).await? {
            let Some(bucket) = record.key.strip_prefix(PREFIX) else {
                continue;
            };
            let same = self.setting_of(bucket, &record.etag);
            let setting = match same {
                Some(setting) => Some(setting),
                None => match read(desk, bucket).await? {
                    Read::Set(setting) => Some(Arc::new(setting)),
                    Read::Unreadable => None,
                    Read::Gone => continue,
                },
            };
            let etag = record.etag;
            next.insert(bucket.to_owned(), Known { etag, setting });
        }
        *self.write() = Some(next);
        Ok(())
    }

    fn setting_of(&self, bucket: &str, etag: &str) -> Option<Arc<BucketEncryption>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let known = known.as_ref()?.get(bucket)?;
        let same = !etag.is_empty() && known.etag == etag;
        known.setting.clone().filter(|_| same)
    }

    /// Nothing before anything was learnt. A record that does not open is no setting.
    fn known(&self, bucket: &str) -> Option<Result<Option<Arc<BucketEncryption>>>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        Some(match known.as_ref()?.get(bucket) {
            None => Ok(None),
            Some(Known {
                setting: Some(setting),
                ..
            }) => Ok(Some(Arc::clone(setting))),
            Some(_) => Err(Error::Backend("what a bucket is set to cannot be read")),
        })
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Option<BTreeMap<String, Known>>> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In the policy's words.
#[must_use]
pub fn setting(of: &BucketEncryption) -> Setting {
    Setting {
        sse: mode(of.mode),
        key_id: of.key_id.clone(),
        project: of.project.clone(),
        algorithm: of.sm4.then_some(Algorithm::Sm4),
        bucket_key: of.bucket_key,
        blocks_customer_keys: of.blocks_customer_keys,
    }
}

/// What came of reading a record.
enum Read {
    Set(BucketEncryption),
    Unreadable,
    Gone,
}

/// The record of a bucket. One that does not open is not the fault of all others.
async fn read(desk: Desk<'_>, bucket: &str) -> Result<Read> {
    match desk.read(&name(bucket)).await {
        Ok(Some(json)) => Ok(parsed(&json, bucket).map_or(Read::Unreadable, Read::Set)),
        Ok(None) => Ok(Read::Gone),
        Err(Error::Unreachable(error)) => Err(Error::Unreachable(error)),
        Err(error) => {
            log::error!("what bucket {bucket} is set to cannot be read: {error}");
            Ok(Read::Unreadable)
        }
    }
}

fn parsed(json: &[u8], bucket: &str) -> Option<BucketEncryption> {
    let record: Record = serde_json::from_slice(json).ok()?;
    let mode = match Sse::from_name(&record.sse)? {
        Sse::Aes256 => SseMode::Aes256,
        Sse::Kms => SseMode::Kms,
        Sse::Dsse => SseMode::Dsse,
        Sse::Customer => return None,
    };
    let own = record.v == 1 && record.bucket == bucket;
    own.then_some(BucketEncryption {
        mode,
        key_id: record.key,
        project: record.project,
        sm4: record.sm4,
        bucket_key: record.bucket_key,
        blocks_customer_keys: record.blocks_customer_keys,
    })
}

fn name(bucket: &str) -> String {
    format!("{PREFIX}{bucket}")
}

const fn mode(mode: SseMode) -> Sse {
    match mode {
        SseMode::Aes256 => Sse::Aes256,
        SseMode::Kms => Sse::Kms,
        SseMode::Dsse => Sse::Dsse,
        SseMode::Customer => Sse::Customer,
    }
}

/// Learns from time to time, where there is a bucket of records.
pub struct Learner {
    current: Arc<Current>,
}

impl Learner {
    /// Learns under what is in force.
    #[must_use]
    pub fn new(current: Arc<Current>) -> Self {
        Self { current }
    }

    async fn learn(&self) {
        let mut failing = false;
        loop {
            let snapshot = self.current.get();
            if let Some(desk) = desk(&snapshot) {
                let learnt = snapshot.settings.refresh(desk).await;
                if let (Err(error), false) = (&learnt, failing) {
                    log::error!("what buckets are set to is not known anew: {error}");
                }
                failing = learnt.is_err();
            }
            tokio::time::sleep(EVERY).await;
        }
    }
}

#[async_trait]
impl BackgroundService for Learner {
    async fn start(&self, mut shutdown: ShutdownWatch) {
        tokio::select! {
            _ = shutdown.changed() => {}
            () = self.learn() => {}
        }
    }
}

/// Where records are, if anywhere.
#[must_use]
pub fn desk(snapshot: &Snapshot) -> Option<Desk<'_>> {
    Some(Desk {
        state: snapshot.state.as_ref()?,
        backend: &snapshot.backend,
        keys: &snapshot.keys,
    })
}
