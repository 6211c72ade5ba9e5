//! A copy through the gateway: opened and sealed anew, or either of the two.

use bytes::Bytes;
use crypto::Digests;
use crypto::Layout;
use crypto::PlainLen;
use crypto::Sealer;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::header;
use md5::Digest as _;
use md5::Md5;
use s3::Target;
use s3::xml;

use super::super::ANSWER_BYTES_MAX;
use super::Reader;
use super::Source;
use super::Stored;
use crate::backend::Answer;
use crate::checksum;
use crate::error::Error;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::plan::Outgoing;
use crate::plan::Place;
use crate::plan::SealOrder;
use crate::plan::copy::CopyOrder;
use crate::plan::copy::Directive;
use crate::plan::multipart::PartsOrder;
use crate::seal;
use crate::transform::Pieces;

/// Copies piece by piece.
pub(super) async fn copy(
    exchange: &Exchange,
    order: CopyOrder,
    source: &Source,
    (place, seals): (&Place, Option<&PartsOrder>),
) -> Result<Result<Stored, Answer>> {
    let snapshot = &exchange.snapshot;
    let asked = order.checksum.filter(|_| seals.is_some());
    let mut sum = asked.map(|algorithm| (algorithm, s3::Checksum::new(algorithm)));
    let mut outgoing = order.outgoing;
    if order.tags == Directive::Copy {
        copy_tags(exchange, &order.source, source, &mut outgoing).await?;
    }
    let mut read = Reader::open(snapshot, source, None).await?;
    // Without a seal the latest piece is kept back until all have proven true.
    let mut held = None;
    let (mut seal, len) = match seals {
        None => (None, source.plain_len),
        Some(seals) => {
            let plain_len = PlainLen(source.plain_len);
            let sealed_len = crypto::whole_sealed_len(plain_len);
            let sealed_len = sealed_len.ok_or(Error::Internal("length of a copy"))?;
            let sealing = SealOrder {
                place: place.clone(),
                cipher: seals.cipher.clone(),
                plain_len,
                sealed_len,
                etag: seals.etag,
            };
            let from = source.envelope.as_deref();
            let attempt = seal::copy(
                &sealing,
                from,
                sum.is_some(),
                exchange.asked.ring(&snapshot.keys),
            )?;
            seal::enclose(&mut outgoing, &attempt.envelope)?;
            let md5 = attempt.foot.md5.then(Md5::new);
            (Some((attempt.sealer, md5)), sealed_len.0)
        }
    };
    outgoing
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(len));
    let mut sending = snapshot.backend.begin(&outgoing).await?;
    while let Some(plain) = read.next().await? {
        let mut out = Pieces::default();
        match &mut seal {
            Some((sealer, md5)) => {
                if let Some(md5) = md5 {
                    md5.update(&plain);
                }
                if let Some((_, sum)) = &mut sum {
                    sum.update(&plain);
                }
                sealer.push(&plain, &mut |sealed| out.push(sealed))?;
            }
            None => out.push(held.replace(plain).unwrap_or_default()),
        }
        if !sending.write(&out.join()).await {
            return sending.refused(ANSWER_BYTES_MAX).await.map(Err);
        }
    }
    let made = sum.map(|(algorithm, sum)| checksum::of_all((algorithm, sum.finish())));
    let end = match seal {
        Some((sealer, md5)) => {
            let computed = Digests {
                md5: md5.map(|md5| md5.finalize().into()),
                sum: made.clone(),
            };
            end(sealer, computed, &read, source)?
        }
        None => held.unwrap_or_default(),
    };
    if !sending.write(&end).await {
        return sending.refused(ANSWER_BYTES_MAX).await.map(Err);
    }
    let answer = sending.finish(ANSWER_BYTES_MAX).await?;
    if !answer.status.is_success() {
        return Ok(Err(answer));
    }
    let etag = answer
        .headers
        .get(header::ETAG)
        .and_then(|etag| etag.to_str().ok());
    let etag = etag.ok_or(Error::Backend("upload without ETag"))?;
    Ok(Ok(Stored {
        etag: etag.trim_matches('"').to_owned(),
        last_modified: super::super::now()?,
        sum: made.map(|sum| checksum::shown(&sum, None)),
        in_parts: false,
        answer,
    }))
}

/// What a sealer withheld; the source has proven true to its end.
fn end(sealer: Sealer, computed: Digests, read: &Reader, source: &Source) -> Result<Bytes> {
    // What a list of parts holds is not of these bytes alone.
    let layout = source.envelope.as_ref().map(|envelope| envelope.layout());
    let digests = match layout {
        Some(Layout::Whole) => read.digests(),
        Some(Layout::Parts) | None => Digests::default(),
    };
    let digests = Digests {
        md5: computed.md5,
        sum: computed.sum.or(digests.sum),
    };
    let mut out = Pieces::default();
    sealer.finish(&digests, &mut |sealed| out.push(sealed))?;
    Ok(out.join())
}

/// The source's tags, where it has any.
pub(super) async fn copy_tags(
    exchange: &Exchange,
    from: &s3::CopySource,
    source: &Source,
    outgoing: &mut Outgoing,
) -> Result<()> {
    // Not every store tells on HEAD how many there are.
    let count = source.headers.get("x-amz-tagging-count");
    if count.is_some_and(|count| count == "0") {
        return Ok(());
    }
    let target = Target::Object(from.bucket.clone(), from.object.clone());
    let mut asked = Outgoing::new(Method::GET, &target).with_query("tagging", "");
    if let Some(version) = &from.version_id {
        asked = asked.with_query("versionId", version);
    }
    let backend = &exchange.snapshot.backend;
    let answer = backend.ask(&asked, &Bytes::new(), ANSWER_BYTES_MAX).await?;
    if answer.status == StatusCode::NOT_IMPLEMENTED {
        // A store without tags.
        return Ok(());
    }
    let tags = xml::tagging::as_header(&answer.body)
        .ok()
        .filter(|_| answer.status.is_success());
    let tags = tags.and_then(|tags| HeaderValue::try_from(tags).ok());
    let tags = tags.ok_or(Error::Backend("tags of a source"))?;
    if tags.is_empty() {
        return Ok(());
    }
    outgoing.headers.insert("x-amz-tagging", tags);
    Ok(())
}
