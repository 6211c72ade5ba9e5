//! Records of unfinished multipart uploads, and the short parts that wait in them (FORMAT.md §9).

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crypto::ClosingKey;
use crypto::Digests;
use crypto::Envelope;
use crypto::EnvelopeText;
use crypto::Sse;
use crypto::Suite;
use crypto::UnverifiedEnvelope;
use crypto::upload_record_id;
use s3::BucketName;
use s3::ErrorCode;
use s3::PartsChecksum;
use s3::SseTold;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::Desk;
use super::Writing;
use super::record;
use super::record::Record;
use super::seen::Seen;
use crate::asked;
use crate::error::Error;
use crate::error::Result;
use crate::plan::Place;
use crate::seal;
use crate::seal::Ring;

/// An upload that was begun and not ended.
pub struct Unfinished {
    /// What the object's seal is bound to.
    pub place: Place,
    /// The object's envelope, as its metadata will have it.
    pub envelope: EnvelopeText,
    /// Closes it: seals the list of its parts.
    pub closing: ClosingKey,
    /// Parts shorter than this wait until the upload is completed, plaintext bytes.
    pub min: u64,
    /// The checksum that it was begun with.
    pub checksum: Option<PartsChecksum>,
    /// What its record says: when it was begun, or its end was last tried.
    pub time: OffsetDateTime,
}

/// Uploads that are known here; the records are what counts.
#[derive(Default)]
pub struct Uploads {
    known: Mutex<HashMap<String, Arc<Unfinished>>>,
    seen: Seen,
}

/// How many uploads are remembered; about 2 KiB each.
const KNOWN_MAX: usize = 1024;

/// Records that are older than this when their upload is completed begin their day anew. An upload
/// may have taken longer than a day, and the one who completed it may have to ask again.
const RENEWED_AFTER: time::Duration = time::Duration::HOUR;

impl Unfinished {
    /// Whether its record must begin its day anew before the upload is completed.
    #[must_use]
    pub fn is_old(&self) -> bool {
        OffsetDateTime::now_utc() - self.time > RENEWED_AFTER
    }

    /// What the object will be sealed with, and what clients are told of it. The record is sealed
    /// itself, so this needs no key.
    pub fn described(&self) -> Result<(Suite, SseTold)> {
        let envelope = self.parsed()?;
        Ok((envelope.suite(), asked::told_of(envelope.recorded())))
    }

    /// The envelope, verified with the key that it names, or with the client's own, which each of its
    /// parts must bring along.
    pub fn open(&self, ring: Ring<'_>) -> Result<Envelope> {
        let envelope = self.parsed()?;
        let of_customer = envelope.sse() == Sse::Customer;
        if of_customer != ring.customer.is_some() {
            return Err(s3::Error::new(ErrorCode::InvalidRequest)
                .with_message(KEY_NEEDED)
                .into());
        }
        let ring = Ring {
            wrong_key: ErrorCode::InvalidRequest,
            ..ring
        };
        seal::verify(envelope, &self.place, ring).map_err(|error| match error {
            Error::Client(error) if of_customer => error.with_message(OTHER_KEY).into(),
            error => error,
        })
    }

    fn parsed(&self) -> Result<UnverifiedEnvelope> {
        let EnvelopeText { json, mac } = &self.envelope;
        Ok(UnverifiedEnvelope::parse(json, mac)?)
    }
}

/// What is said of a part without the upload's key, or with a key where there is none.
pub const KEY_NEEDED: &str = "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.";
const OTHER_KEY: &str =
    "The provided encryption parameters did not match the ones used originally.";

impl Uploads {
    /// Writes the record of a new upload into the backend's bucket `at`.
    pub async fn begin(
        &self,
        desk: Desk<'_>,
        (at, upload): (&BucketName, &str),
        unfinished: Unfinished,
        caller: &str,
    ) -> Result<()> {
        let Place { bucket, object } = &unfinished.place;
        let checksum = unfinished.checksum;
        let at = at.as_str();
        let record = Record {
            v: 1,
            bucket: bucket.clone(),
            at: (at != bucket).then(|| at.to_owned()),
            object: object.clone(),
            upload: upload.to_owned(),
            sealgate: unfinished.envelope.json.clone(),
            mac: unfinished.envelope.mac.clone(),
            closing: URL_SAFE_NO_PAD.encode(unfinished.closing.expose()),
            min: unfinished.min,
            alg: checksum.map(|checksum| checksum.algorithm.name().to_owned()),
            kind: checksum.map(|checksum| checksum.kind.name().to_owned()),
            time: record::time(unfinished.time)?,
            caller: caller.to_owned(),
        };
        let id = id(&unfinished.place, upload);
        desk.write(&record::name(&id), &record.render()?, true)
            .await?;
        self.remember(id, Arc::new(unfinished));
        Ok(())
    }

    /// The upload; nothing when it is not known, or not for this object.
    pub async fn find(
        &self,
        desk: Desk<'_>,
        place: &Place,
        upload: &str,
    ) -> Result<Option<Arc<Unfinished>>> {
        let id = id(place, upload);
        if let Some(known) = self.lock().get(&id) {
            return Ok(Some(Arc::clone(known)));
        }
        self.read(desk, place, upload).await
    }

    /// The same from the record itself: another gateway may have ended the upload.
    pub async fn read(
        &self,
        desk: Desk<'_>,
        place: &Place,
        upload: &str,
    ) -> Result<Option<Arc<Unfinished>>> {
        let Some(record) = self.record(desk, place, upload).await? else {
            return Ok(None);
        };
        self.unfinished(&record, place, upload).map(Some)
    }

    /// The same before the upload is completed: the record of an old upload is made to stay for as
    /// long as a repeated Complete may need it.
    pub async fn renew(
        &self,
        desk: Desk<'_>,
        place: &Place,
        upload: &str,
    ) -> Result<Option<Arc<Unfinished>>> {
        let Some(mut record) = self.record(desk, place, upload).await? else {
            return Ok(None);
        };
        let now = OffsetDateTime::now_utc();
        if record.time().is_some_and(|time| now - time > RENEWED_AFTER) {
            record.time = record::time(now)?;
            let name = record::name(&id(place, upload));
            desk.write(&name, &record.render()?, false).await?;
        }
        self.unfinished(&record, place, upload).map(Some)
    }

    /// Remembers what is known of a part, under the `ETag` that the client is told.
    pub fn saw(&self, (place, upload): (&Place, &str), (number, etag): (u32, &str), part: Digests) {
        self.seen.note(&id(place, upload), number, etag, part);
    }

    /// What this process saw of a part.
    pub fn seen(
        &self,
        (place, upload): (&Place, &str),
        (number, etag): (u32, &str),
    ) -> Option<Digests> {
        self.seen.get(&id(place, upload), number, etag)
    }

    /// Whether this process saw a part, and then another of its number.
    pub fn is_replaced(
        &self,
        (place, upload): (&Place, &str),
        (number, etag): (u32, &str),
    ) -> bool {
        self.seen.is_replaced(&id(place, upload), number, etag)
    }

    /// Removes the record of an upload that was given up, and what waits in it.
    pub async fn forget(&self, desk: Desk<'_>, place: &Place, upload: &str) -> Result<()> {
        self.unpark(desk, place, upload).await?;
        self.remove(desk, &id(place, upload)).await
    }

    /// Removes the record of the upload `id`.
    pub(super) async fn remove(&self, desk: Desk<'_>, id: &str) -> Result<()> {
        self.unknow(id);
        desk.remove(&record::name(id)).await
    }

    /// Lets a short part wait: its sealed segment, so many bytes.
    pub async fn park<'a>(
        &self,
        desk: &'a Desk<'a>,
        (place, upload): (&Place, &str),
        number: u32,
        segment_len: u64,
    ) -> Result<Writing<'a>> {
        let id = id(place, upload);
        let name = record::parked(&id, number);
        desk.begin(&name, segment_len).await
    }

    /// The sealed segment of a part that waits.
    pub async fn parked(
        &self,
        desk: Desk<'_>,
        (place, upload): (&Place, &str),
        number: u32,
    ) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let id = id(place, upload);
        desk.read(&record::parked(&id, number)).await
    }

    /// Numbers of the parts that wait, and since when, as the backend writes it.
    pub async fn waiting(
        &self,
        desk: Desk<'_>,
        place: &Place,
        upload: &str,
    ) -> Result<Vec<(u32, String)>> {
        let prefix = record::waiting(&id(place, upload));
        let records = desk.records(&prefix).await?;
        let waiting = records.into_iter().filter_map(|record| {
            let number = record.key.strip_prefix(&prefix)?.parse().ok()?;
            Some((number, record.last_modified))
        });
        Ok(waiting.collect())
    }

    /// Removes a part that waited and is in its object now.
    pub async fn used(
        &self,
        desk: Desk<'_>,
        (place, upload): (&Place, &str),
        number: u32,
    ) -> Result<()> {
        let id = id(place, upload);
        desk.remove(&record::parked(&id, number)).await
    }

    /// Removes the parts that wait.
    pub async fn unpark(&self, desk: Desk<'_>, place: &Place, upload: &str) -> Result<()> {
        let id = id(place, upload);
        for (number, _) in self.waiting(desk, place, upload).await? {
            desk.remove(&record::parked(&id, number)).await?;
        }
        Ok(())
    }

    async fn record(&self, desk: Desk<'_>, place: &Place, upload: &str) -> Result<Option<Record>> {
        let id = id(place, upload);
        let Some(json) = desk.read(&record::name(&id)).await? else {
            self.unknow(&id);
            return Ok(None);
        };
        let record = Record::parse(&json)?;
        if record.is_of(place, upload) {
            return Ok(Some(record));
        }
        Err(record::unfit())
    }

    fn unfinished(&self, record: &Record, place: &Place, upload: &str) -> Result<Arc<Unfinished>> {
        let closing = URL_SAFE_NO_PAD.decode(&record.closing).map(Zeroizing::new);
        let closing: [u8; 32] = closing
            .ok()
            .and_then(|bytes| bytes.as_slice().try_into().ok())
            .ok_or_else(record::unfit)?;
        let unfinished = Arc::new(Unfinished {
            place: place.clone(),
            envelope: EnvelopeText {
                json: record.sealgate.clone(),
                mac: record.mac.clone(),
            },
            closing: ClosingKey::new(closing),
            min: record.min,
            checksum: record.checksum()?,
            time: record.time().ok_or_else(record::unfit)?,
        });
        self.remember(id(place, upload), Arc::clone(&unfinished));
        Ok(unfinished)
    }

    fn unknow(&self, id: &str) {
        self.lock().remove(id);
        self.seen.forget(id);
    }

    fn remember(&self, id: String, unfinished: Arc<Unfinished>) {
        let mut known = self.lock();
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert(id, unfinished);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Unfinished>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn id(place: &Place, upload: &str) -> String {
    upload_record_id(&place.context(), upload)
}
