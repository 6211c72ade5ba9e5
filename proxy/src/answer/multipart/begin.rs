//! `CreateMultipartUpload`: the object's key is made, its envelope goes into the metadata, and the
//! upload's record is written.

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header;
use s3::PartsChecksum;
use s3::xml;
use time::OffsetDateTime;

use super::super::with_body;
use super::super::written;
use super::Named;
use crate::asked::Asked;
use crate::backend::Answer;
use crate::error::Error;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::plan;
use crate::plan::Demand;
use crate::plan::Outgoing;
use crate::proof;
use crate::receive;
use crate::receive::Answered;
use crate::seal;
use crate::state::Unfinished;

/// Begins an upload.
pub(super) async fn answer(
    exchange: &Exchange,
    answered: &Answered,
    client: &HeaderMap,
) -> Result<Answer> {
    receive::without_body(client)?;
    let checksum = PartsChecksum::parse(client)?;
    let snapshot = &exchange.snapshot;
    let named = Named::of(snapshot, answered, HeaderMap::new())?;
    let (mut outgoing, order, demand) =
        plan::multipart::create(&answered.call, client, &answered.permit)?;
    let none = HeaderValue::from(0);
    outgoing.headers.insert(header::CONTENT_LENGTH, none);
    let Some(order) = order else {
        let begun = named.ask(&outgoing, &Bytes::new()).await?;
        return believed(&named, demand.as_ref(), begun, &exchange.asked).await;
    };
    let state = named.desk()?;
    let ring = exchange.asked.ring(&snapshot.keys);
    let (dek, envelope) = seal::begin(&named.place, &order.cipher, ring)?;
    seal::enclose(&mut outgoing, &envelope)?;
    let begun = named.ask(&outgoing, &Bytes::new()).await?;
    if !begun.status.is_success() {
        return Ok(begun);
    }
    let begun = believed(&named, demand.as_ref(), begun, &exchange.asked).await?;
    let upload = xml::multipart::upload_id(&begun.body);
    let upload = upload.ok_or(Error::Backend("upload without an id"))?;
    let unfinished = Unfinished {
        place: named.place.clone(),
        envelope,
        closing: dek.closing_key(order.cipher.suite()),
        min: snapshot.min_part,
        checksum,
        time: OffsetDateTime::now_utc(),
    };
    let caller = answered.caller.name.to_string();
    let begun_at = (named.bucket, upload.as_str());
    let kept = snapshot.uploads.begin(state, begun_at, unfinished, &caller);
    if let Err(error) = kept.await {
        let lost = Named {
            id: &upload,
            ..named
        };
        let abort = lost.outgoing(Method::DELETE);
        let _ = lost.ask(&abort, &Bytes::new()).await;
        return Err(error);
    }
    let (bucket, object) = (named.bucket.as_str(), named.object.as_str());
    let mut headers = written(&begun, (Some(order.cipher.told()), &exchange.asked), None)?;
    headers.remove(header::ETAG);
    echo(checksum, &mut headers);
    let body = xml::multipart::initiated(bucket, object, &upload);
    Ok(with_body(Answer { headers, ..begun }, body))
}

/// An upload that the backend does not encrypt as it is asked is given up.
async fn believed(
    named: &Named<'_>,
    demand: Option<&Demand>,
    begun: Answer,
    asked: &Asked,
) -> Result<Answer> {
    if !begun.status.is_success() {
        return Ok(begun);
    }
    let believed = proof::believe(named.snapshot, named.target, demand, &begun.headers).await;
    if let Err(error) = believed {
        if let Some(upload) = xml::multipart::upload_id(&begun.body) {
            let outgoing = Outgoing::new(Method::DELETE, named.target);
            let abort = outgoing.with_query("uploadId", &upload);
            let _ = named.ask(&abort, &Bytes::new()).await;
        }
        return Err(error);
    }
    let headers = written(&begun, (None, asked), None)?;
    Ok(Answer { headers, ..begun })
}

/// What was said of checksums to come, as S3 repeats it.
fn echo(checksum: Option<PartsChecksum>, headers: &mut HeaderMap) {
    let Some(PartsChecksum { algorithm, kind }) = checksum else {
        return;
    };
    let name = HeaderValue::from_static(algorithm.name());
    headers.insert("x-amz-checksum-algorithm", name);
    let kind = HeaderValue::from_static(kind.name());
    headers.insert("x-amz-checksum-type", kind);
}
