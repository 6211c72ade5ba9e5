//! `ListMultipartUploads`: those that clients began. What the gateway begins for its own copies has
//! no record, and nobody else could complete it.

use futures_util::StreamExt as _;
use futures_util::TryStreamExt as _;
use futures_util::stream;
use s3::BucketName;
use s3::xml;
use s3::xml::uploads::Encoded;
use s3::xml::uploads::Shown;
use s3::xml::uploads::Upload;

use super::listing;
use super::with_body;
use crate::assemble::Snapshot;
use crate::backend::Answer;
use crate::error::Error;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::plan::Place;
use crate::receive::Answered;
use crate::state::Desk;

/// How many records are asked for at a time.
const AT_A_TIME: usize = 32;

/// The backend's list as clients see it.
pub(super) async fn uploads(
    exchange: &Exchange,
    answered: &Answered,
    answer: Answer,
) -> Result<Answer> {
    let snapshot = &exchange.snapshot;
    let Some(state) = &snapshot.state else {
        return Ok(answer);
    };
    let desk = Desk {
        state,
        backend: &snapshot.backend,
        keys: &snapshot.keys,
    };
    let bucket = answered.call.target.bucket().map(BucketName::as_str);
    let bucket = bucket.ok_or(Error::Internal("listing without a bucket"))?;
    let encoded = match answered.call.query.get("encoding-type") {
        Some("url") => Encoded::Anyhow,
        _ => Encoded::AsSaid,
    };
    let unfit = |_| Error::Backend("listing of uploads");
    let mut sealed = Vec::new();
    let listed = xml::uploads::rewrite(&answer.body, encoded, &mut |upload| {
        if let Some(permit) = listing::permit(exchange, answered, &upload.key) {
            let place = Place {
                bucket: permit.logical_bucket().unwrap_or(bucket).to_owned(),
                object: upload.key.clone(),
            };
            sealed.push((place, upload.clone()));
        }
        Shown::AsListed
    });
    listed.map_err(unfit)?;
    let shown = stream::iter(sealed)
        .map(|(place, upload)| Box::pin(shown(snapshot, desk, place, upload)))
        .buffered(AT_A_TIME)
        .try_collect::<Vec<Shown>>()
        .await?;
    let mut shown = shown.into_iter();
    let rewritten = xml::uploads::rewrite(
        &answer.body,
        encoded,
        &mut |upload| match listing::permit(exchange, answered, &upload.key) {
            Some(_) => shown.next().unwrap_or(Shown::Hidden),
            None => Shown::AsListed,
        },
    );
    Ok(with_body(answer, rewritten.map_err(unfit)?))
}

async fn shown(snapshot: &Snapshot, desk: Desk<'_>, place: Place, upload: Upload) -> Result<Shown> {
    let found = snapshot.uploads.find(desk, &place, &upload.id).await?;
    Ok(match found {
        Some(unfinished) => Shown::With(unfinished.checksum),
        None => Shown::Hidden,
    })
}
