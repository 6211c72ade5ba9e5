//! Multipart uploads of sealed objects. Parts are sealed on their own and in any order, by any
//! gateway; what they share is in the upload's record (`state/`).

mod begin;
mod claimed;
mod close;
mod closing;
mod parking;
mod part_copy;
mod parts;
mod upload;

use std::sync::Arc;

use bytes::Bytes;
use crypto::Digests;
use http::HeaderMap;
use http::Method;
use s3::BucketName;
use s3::ErrorCode;
use s3::ObjectName;
use s3::Operation;
use s3::Target;
use s3::xml;
use s3::xml::multipart::ListedPart;
use s3::xml::multipart::PartsPage;
use s3::xml::multipart::StoredPart;

use super::ANSWER_BYTES_MAX;
use crate::assemble::Snapshot;
use crate::backend::Answer;
use crate::error::Error;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::plan::Outgoing;
use crate::plan::Place;
use crate::receive::Answered;
use crate::state::Desk;
use crate::state::Unfinished;

pub(super) use self::close::complete;
pub(super) use self::part_copy::answer as copy_part;
pub(super) use self::upload::answer as upload;

/// Whether the call has a body that streams on.
#[must_use]
pub(super) fn streams(operation: Operation) -> bool {
    operation == Operation::UploadPart
}

/// Whether these are answered by [`answer`].
#[must_use]
pub(super) fn is_multipart(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::CreateMultipartUpload | Operation::AbortMultipartUpload | Operation::ListParts
    )
}

/// Carries out a call of a multipart upload.
pub(super) async fn answer(
    exchange: &Exchange,
    answered: &Answered,
    client: &HeaderMap,
) -> Result<Answer> {
    match answered.call.operation {
        Operation::CreateMultipartUpload => begin::answer(exchange, answered, client).await,
        Operation::AbortMultipartUpload => close::abort(exchange, answered, client).await,
        _ => parts::answer(exchange, answered, client).await,
    }
}

/// One upload, as a call names it.
struct Named<'a> {
    snapshot: &'a Snapshot,
    bucket: &'a BucketName,
    object: &'a ObjectName,
    target: &'a Target,
    id: &'a str,
    place: Place,
    /// What the client demands of every question that is asked for it.
    demands: HeaderMap,
}

impl<'a> Named<'a> {
    fn of(snapshot: &'a Snapshot, answered: &'a Answered, demands: HeaderMap) -> Result<Self> {
        let target = &answered.call.target;
        let Target::Object(bucket, object) = target else {
            return Err(Error::Internal("multipart upload without an object"));
        };
        let logical = answered.permit.logical_bucket();
        let place = Place {
            bucket: logical.unwrap_or(bucket.as_str()).to_owned(),
            object: object.as_str().to_owned(),
        };
        Ok(Self {
            snapshot,
            bucket,
            object,
            target,
            id: answered.call.query.get("uploadId").unwrap_or_default(),
            place,
            demands,
        })
    }

    fn desk(&self) -> Result<Desk<'a>> {
        let state = self.snapshot.state.as_ref().ok_or_else(|| {
            s3::Error::new(ErrorCode::NotImplemented).with_message(
                "Multipart uploads of sealed objects need `state` in the gateway's configuration.",
            )
        })?;
        Ok(Desk {
            state,
            backend: &self.snapshot.backend,
            keys: &self.snapshot.keys,
        })
    }

    /// The upload's record, as it is remembered.
    async fn find(&self) -> Result<Arc<Unfinished>> {
        let uploads = &self.snapshot.uploads;
        let found = uploads.find(self.desk()?, &self.place, self.id).await?;
        found.ok_or_else(no_such_upload)
    }

    /// Remembers what is known of a part.
    fn saw(&self, number: u32, etag: &str, part: Digests) {
        let uploads = &self.snapshot.uploads;
        uploads.saw((&self.place, self.id), (number, etag), part);
    }

    /// What is remembered of a part.
    fn seen(&self, number: u32, etag: &str) -> Option<Digests> {
        let uploads = &self.snapshot.uploads;
        uploads.seen((&self.place, self.id), (number, etag))
    }

    fn outgoing(&self, method: Method) -> Outgoing {
        let mut outgoing = Outgoing::new(method, self.target).with_query("uploadId", self.id);
        outgoing.headers.clone_from(&self.demands);
        outgoing
    }

    async fn ask(&self, outgoing: &Outgoing, body: &Bytes) -> Result<Answer> {
        let backend = &self.snapshot.backend;
        backend.ask(outgoing, body, ANSWER_BYTES_MAX).await
    }

    /// All parts that the backend holds, ascending, or its refusal.
    async fn stored_parts(&self) -> Result<Result<PartsPage, Answer>> {
        let mut all = PartsPage::default();
        let mut marker = 0;
        loop {
            let outgoing = self
                .outgoing(Method::GET)
                .with_query("max-parts", "1000")
                .with_query("part-number-marker", &marker.to_string());
            let answer = self.ask(&outgoing, &Bytes::new()).await?;
            if !answer.status.is_success() {
                return Ok(Err(answer));
            }
            let page = xml::multipart::parse_parts(&answer.body);
            let page = page.ok_or(Error::Backend("list of parts"))?;
            all.parts.extend(page.parts);
            all.about = page.about;
            match page.next {
                Some(next) if next > marker => marker = next,
                _ => return Ok(Ok(all)),
            }
        }
    }
}

/// Plaintext bytes of a part that the backend holds.
fn plain_len(part: &StoredPart) -> Option<u64> {
    part.size.checked_sub(crypto::PART_OVERHEAD)
}

/// The `ETag` that clients see of a part (FORMAT.md §7), without quotes.
fn part_etag(upload: &Unfinished, suite: crypto::Suite, part: &Held<'_>) -> String {
    let hex = part.hex.to_ascii_lowercase();
    let tag = upload
        .closing
        .part_tag(suite, part.number, part.plain_len, &hex);
    format!("{hex}-{tag}")
}

/// A part, wherever it is.
struct Held<'a> {
    number: u32,
    plain_len: u64,
    /// The backend's `ETag`, or the MD5 of a segment that waits.
    hex: &'a str,
}

fn no_such_upload() -> Error {
    s3::Error::new(ErrorCode::NoSuchUpload).into()
}

fn invalid_part(upload: &str, part: &ListedPart) -> Error {
    s3::Error::new(ErrorCode::InvalidPart)
        .with_detail("UploadId", upload)
        .with_detail("PartNumber", part.number.to_string())
        .with_detail("ETag", &*part.etag)
        .into()
}

/// Whether the answer says that the backend does not know the upload.
fn is_unknown(answer: &Answer) -> bool {
    // Ceph RGW calls an upload that has ended a missing key.
    let unknown = [ErrorCode::NoSuchUpload, ErrorCode::NoSuchKey];
    let code = s3::xml::error::code(&answer.body);
    code.is_some_and(|code| unknown.iter().any(|unknown| unknown.name() == code))
}

/// The part number of a call.
fn number(answered: &Answered) -> Result<u32> {
    let text = answered.call.query.get("partNumber").unwrap_or_default();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits);
    let number = number.filter(|number| (1..=crypto::PARTS_MAX).contains(number));
    number.ok_or_else(|| {
        s3::Error::new(ErrorCode::InvalidArgument)
            .with_message("Part number must be an integer between 1 and 10000, inclusive")
            .with_detail("ArgumentName", "partNumber")
            .with_detail("ArgumentValue", text)
            .into()
    })
}

/// The `ETag` of an answer without its quotes.
fn etag_of(headers: &HeaderMap) -> Result<String> {
    let etag = headers.get(http::header::ETAG);
    let etag = etag.and_then(|etag| etag.to_str().ok());
    let etag = etag.map(|etag| etag.trim_matches('"').to_owned());
    etag.ok_or(Error::Backend("answer without ETag"))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
