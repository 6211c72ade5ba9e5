//! `UploadPartCopy`: a part is opened where it lies and sealed anew as a segment of the upload.

use bytes::Bytes;
use crypto::Digests;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header;
use s3::Checksum;
use s3::CopySource;
use s3::ErrorCode;
use s3::xml;

use super::super::ANSWER_BYTES_MAX;
use super::super::copy;
use super::super::copy::Reader;
use super::super::with_body;
use super::super::written;
use super::Held;
use super::Named;
use super::parking::Parking;
use super::part_etag;
use super::upload::sealed_len;
use super::upload::sealer;
use crate::backend::Answer;
use crate::backend::Sending;
use crate::checksum;
use crate::error::Error;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::plan::Objects;
use crate::plan::multipart;
use crate::receive;
use crate::receive::Answered;
use crate::transform::Pieces;

/// Takes a part from another object.
pub(in crate::answer) async fn answer(
    exchange: &Exchange,
    answered: &Answered,
    client: &HeaderMap,
) -> Result<Answer> {
    receive::without_body(client)?;
    let snapshot = &exchange.snapshot;
    let named = Named::of(snapshot, answered, multipart::part_headers(client)?)?;
    let number = super::number(answered)?;
    let from = CopySource::parse(client)?;
    if Objects::of(&answered.permit) == Objects::Foreign {
        return Err(s3::Error::new(ErrorCode::NotImplemented)
            .with_message("UploadPartCopy under a rule that does not seal is not implemented.")
            .into());
    }
    let unfinished = named.find().await?;
    let source = match copy::look(exchange, answered, &from, client).await? {
        Ok(source) => source,
        Err(refused) => return Ok(refused),
    };
    let range = multipart::copy_range(client, source.plain_len)?;
    let asked = range.clone().unwrap_or(0..source.plain_len);
    let plain_len = asked.end - asked.start;
    let sealed_len = sealed_len(plain_len)?;
    let envelope = unfinished.open(&snapshot.keys)?;
    let suite = envelope.suite();
    let waits = plain_len < unfinished.min;
    let mut sealer = sealer(&envelope, number, plain_len, waits)?;
    let mut read = Reader::open(snapshot, &source, range).await?;
    let mut outgoing = named.outgoing(Method::PUT);
    outgoing = outgoing.with_query("partNumber", &number.to_string());
    let len = HeaderValue::from(sealed_len);
    outgoing.headers.insert(header::CONTENT_LENGTH, len);
    let desk = named.desk()?;
    let mut to = if waits {
        let parking = Parking::begin(&named, &desk, (number, sealed_len)).await?;
        To::Records(Box::new(parking))
    } else {
        To::Backend(Box::new(snapshot.backend.begin(&outgoing).await?))
    };
    let mut sum = unfinished
        .checksum
        .map(|checksum| (checksum.algorithm, Checksum::new(checksum.algorithm)));
    while let Some(plain) = read.next().await? {
        if let Some((_, sum)) = &mut sum {
            sum.update(&plain);
        }
        let mut out = Pieces::default();
        sealer.push(&plain, &mut |sealed| out.push(sealed))?;
        if !to.write(&out.join()).await? {
            return to.refused().await;
        }
    }
    let sum = sum.map(|(algorithm, sum)| (algorithm, sum.finish()));
    let digests = Digests {
        md5: None,
        sum: sum.clone().map(checksum::of_all),
    };
    let mut end = Pieces::default();
    sealer.finish(&digests, &mut |sealed| end.push(sealed))?;
    if !to.write(&end.join()).await? {
        return to.refused().await;
    }
    let hex = match Box::pin(to.finish()).await? {
        Ok(hex) => hex,
        Err(refused) => return Ok(refused),
    };
    let held = Held {
        number,
        plain_len,
        hex: &hex,
    };
    let etag = part_etag(&unfinished, suite, &held);
    named.saw(number, &etag, digests);
    let headers = written(&Answer::empty(), Some(suite), None)?;
    let sum = sum.map(|(algorithm, value)| (algorithm, algorithm.render_value(&value)));
    let body = xml::copy::render_part(&etag, &super::super::now()?, sum.as_ref());
    let answer = Answer {
        headers,
        ..Answer::empty()
    };
    let mut answer = with_body(answer, body);
    answer.headers.remove(header::CONTENT_LENGTH);
    Ok(answer)
}

/// Where the sealed part goes.
enum To<'a> {
    /// Into the upload.
    Backend(Box<Sending<'a>>),
    /// Where short ones wait.
    Records(Box<Parking<'a>>),
}

impl To<'_> {
    /// Whether more is wanted: a backend that has answered wants nothing more.
    async fn write(&mut self, sealed: &Bytes) -> Result<bool> {
        match self {
            Self::Backend(sending) => Ok(sending.write(sealed).await),
            Self::Records(parking) => parking.push(sealed).await.map(|()| true),
        }
    }

    /// All is sent: the part's `ETag` as the backend knows it, or a refusal.
    async fn finish(self) -> Result<Result<String, Answer>> {
        match self {
            Self::Records(parking) => parking.finish().await,
            Self::Backend(sending) => {
                let answer = sending.finish(ANSWER_BYTES_MAX).await?;
                if !answer.status.is_success() {
                    return Ok(Err(answer));
                }
                super::etag_of(&answer.headers).map(Ok)
            }
        }
    }

    /// What the backend answered before the end.
    async fn refused(self) -> Result<Answer> {
        match self {
            Self::Backend(sending) => sending.refused(ANSWER_BYTES_MAX).await,
            Self::Records(_) => Err(Error::Internal("records want no more")),
        }
    }
}
