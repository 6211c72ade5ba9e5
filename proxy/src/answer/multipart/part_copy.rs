//! `UploadPartCopy`: a part is opened where it lies and sealed anew as a segment of the upload.

use crypto::Digests;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header;
use md5::Digest;
use md5::Md5;
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
use super::part_etag;
use super::upload::park;
use super::upload::sealed_len;
use super::upload::sealer;
use crate::backend::Answer;
use crate::checksum;
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
    let mut sending = if waits {
        None
    } else {
        Some(snapshot.backend.begin(&outgoing).await?)
    };
    let mut sum = unfinished
        .checksum
        .map(|checksum| (checksum.algorithm, Checksum::new(checksum.algorithm)));
    let (mut segment, mut refused) = (Pieces::default(), false);
    while !refused && let Some(plain) = read.next().await? {
        if let Some((_, sum)) = &mut sum {
            sum.update(&plain);
        }
        let mut out = Pieces::default();
        sealer.push(&plain, &mut |sealed| out.push(sealed))?;
        match &mut sending {
            None => segment.push(out.join()),
            Some(part) => refused = !part.write(&out.join()).await,
        }
    }
    let sum = sum.map(|(algorithm, sum)| (algorithm, sum.finish()));
    let digests = Digests {
        md5: None,
        sum: sum.clone().map(checksum::of_all),
    };
    let mut end = Pieces::default();
    if !refused {
        sealer.finish(&digests, &mut |sealed| end.push(sealed))?;
    }
    let hex = match sending {
        None => {
            segment.push(end.join());
            let segment = segment.join();
            park(&named, number, &segment).await?;
            super::hex(&Md5::digest(&segment))
        }
        Some(mut part) => {
            let answer = if !refused && part.write(&end.join()).await {
                part.finish(ANSWER_BYTES_MAX).await?
            } else {
                part.refused(ANSWER_BYTES_MAX).await?
            };
            if !answer.status.is_success() {
                return Ok(answer);
            }
            super::etag_of(&answer.headers)?
        }
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
