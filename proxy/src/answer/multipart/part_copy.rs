//! `UploadPartCopy`: a part is opened where it lies and sealed anew as a segment of the upload.

use std::mem;
use std::ops::Range;

use bytes::Bytes;
use crypto::Digests;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::header;
use s3::Checksum;
use s3::CopySource;
use s3::ErrorCode;
use s3::xml;
use s3::xml::copy::Copied;

use super::super::ANSWER_BYTES_MAX;
use super::super::copy;
use super::super::copy::Reader;
use super::super::copy::Source;
use super::super::with_body;
use super::super::written;
use super::Held;
use super::Named;
use super::parking::Parking;
use super::part_etag;
use super::upload::sealed_len;
use super::upload::sealer;
use crate::asked;
use crate::backend::Answer;
use crate::backend::Sending;
use crate::checksum;
use crate::error::Error;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::plan::Objects;
use crate::plan::Outgoing;
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
    let foreign = Objects::of(&answered.permit) == Objects::Foreign;
    let unfinished = if foreign {
        None
    } else {
        Some(named.find().await?)
    };
    let source = match copy::look(exchange, answered, &from, client).await? {
        Ok(source) => source,
        Err(refused) => return Ok(refused),
    };
    let range = multipart::copy_range(client, source.plain_len)?;
    let asked = range.clone().unwrap_or(0..source.plain_len);
    let plain_len = asked.end - asked.start;
    let mut outgoing = named.outgoing(Method::PUT);
    outgoing = outgoing.with_query("partNumber", &number.to_string());
    let Some(unfinished) = unfinished else {
        if source.envelope.is_none() {
            return in_backend(&named, outgoing, (&from, &source), range).await;
        }
        let read = Reader::open(snapshot, &source, range).await?;
        return opened(&named, outgoing, read, plain_len).await;
    };
    let sealed_len = sealed_len(plain_len)?;
    let ring = exchange.asked.ring(&snapshot.keys);
    let envelope = unfinished.open(ring)?;
    let told = asked::told_of(envelope.advertised());
    exchange.audit.sealed(&told, envelope.key_name());
    let suite = envelope.suite();
    let waits = plain_len < unfinished.min;
    let mut sealer = sealer(&envelope, number, plain_len, waits)?;
    let mut read = Reader::open(snapshot, &source, range).await?;
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
    let headers = written(&Answer::empty(), (Some(told), &exchange.asked), None)?;
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

/// The backend copies a part of its own.
async fn in_backend(
    named: &Named<'_>,
    mut outgoing: Outgoing,
    (from, source): (&CopySource, &Source),
    range: Option<Range<u64>>,
) -> Result<Answer> {
    let unfit = |_| Error::Internal("copy source");
    let headers = &mut outgoing.headers;
    let from = HeaderValue::try_from(from.render()).map_err(unfit)?;
    headers.insert("x-amz-copy-source", from);
    headers.insert("x-amz-copy-source-if-match", source.etag.clone());
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(0));
    if let Some(range) = range {
        let range = format!("bytes={}-{}", range.start, range.end - 1);
        let range = HeaderValue::try_from(range).map_err(unfit)?;
        headers.insert("x-amz-copy-source-range", range);
    }
    let answer = named.ask(&outgoing, &Bytes::new()).await?;
    match xml::copy::parse(&answer.body) {
        Some(Copied::Refused(code)) if answer.status.is_success() => {
            let status = code.map_or(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::status);
            Ok(Answer { status, ..answer })
        }
        _ => Ok(answer),
    }
}

/// A part of a sealed object becomes one of an object that is not: its latest piece is kept back
/// until all have proven true.
async fn opened(
    named: &Named<'_>,
    mut outgoing: Outgoing,
    mut read: Reader,
    plain_len: u64,
) -> Result<Answer> {
    let len = HeaderValue::from(plain_len);
    outgoing.headers.insert(header::CONTENT_LENGTH, len);
    let mut sending = named.snapshot.backend.begin(&outgoing).await?;
    let mut held = Bytes::new();
    while let Some(plain) = read.next().await? {
        if !sending.write(&mem::replace(&mut held, plain)).await {
            return sending.refused(ANSWER_BYTES_MAX).await;
        }
    }
    if !sending.write(&held).await {
        return sending.refused(ANSWER_BYTES_MAX).await;
    }
    let answer = sending.finish(ANSWER_BYTES_MAX).await?;
    if !answer.status.is_success() {
        return Ok(answer);
    }
    let etag = super::etag_of(&answer.headers)?;
    let body = xml::copy::render_part(&etag, &super::super::now()?, None);
    Ok(with_body(Answer::empty(), body))
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
