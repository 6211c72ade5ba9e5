//! `ListParts`: what the backend holds and what waits, in one list.

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::header;
use md5::Digest;
use md5::Md5;
use s3::ErrorCode;
use s3::xml;
use s3::xml::multipart::ShownParts;
use s3::xml::multipart::StoredPart;
use s3::xml::multipart::Sum;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::super::with_body;
use super::Held;
use super::Named;
use super::part_etag;
use super::plain_len;
use crate::backend::Answer;
use crate::checksum;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::plan::Objects;
use crate::plan::multipart;
use crate::receive::Answered;
use crate::state::Unfinished;

/// The most parts of a page.
const PAGE_MAX: usize = 1000;

/// Lists the parts of an upload.
pub(super) async fn answer(
    exchange: &Exchange,
    answered: &Answered,
    client: &HeaderMap,
) -> Result<Answer> {
    let demands = multipart::part_headers(client)?;
    let named = Named::of(&exchange.snapshot, answered, demands)?;
    let query = &answered.call.query;
    if Objects::of(&answered.permit) == Objects::Foreign {
        let mut outgoing = named.outgoing(Method::GET);
        for name in ["max-parts", "part-number-marker", "encoding-type"] {
            if let Some(value) = query.get(name) {
                outgoing = outgoing.with_query(name, value);
            }
        }
        return named.ask(&outgoing, &Bytes::new()).await;
    }
    let count = |name| count(name, query.get(name));
    let shown = (count("part-number-marker")?, count("max-parts")?);
    let unfinished = named.find().await?;
    let page = match named.stored_parts().await? {
        Ok(page) => page,
        Err(refused) => return Ok(refused),
    };
    let (suite, _) = unfinished.described()?;
    if exchange.asked.brings_key() {
        unfinished.open(exchange.asked.ring(&named.snapshot.keys))?;
    }
    let mut parts = Vec::with_capacity(page.parts.len());
    for part in page.parts {
        parts.extend(shown_part(&named, &unfinished, suite, part));
    }
    for part in waiting(&named, &unfinished, suite).await? {
        let known = parts.iter_mut().find(|known| known.number == part.number);
        match known {
            None => parts.push(part),
            Some(known) if is_later(&named, &part, known) => *known = part,
            Some(_) => {}
        }
    }
    parts.sort_by_key(|part| part.number);
    let shown = ShownParts {
        bucket: named.bucket.as_str(),
        key: named.object.as_str(),
        upload: named.id,
        marker: u32::try_from(shown.0.unwrap_or(0)).unwrap_or(u32::MAX),
        max_parts: shown.1.unwrap_or(PAGE_MAX).min(PAGE_MAX),
        about: &page.about,
        checksum: unfinished.checksum,
    };
    let body = xml::multipart::parts(&shown, &parts);
    let mut headers = HeaderMap::new();
    let xml = HeaderValue::from_static("application/xml");
    headers.insert(header::CONTENT_TYPE, xml);
    let answer = Answer {
        status: StatusCode::OK,
        headers,
        body: Bytes::new(),
    };
    Ok(with_body(answer, body))
}

/// A part of the backend as clients see it. What is shorter than parts may be was sent by a
/// Complete, and is none of the client's.
fn shown_part(
    named: &Named<'_>,
    upload: &Unfinished,
    suite: crypto::Suite,
    part: StoredPart,
) -> Option<StoredPart> {
    let plain_len = plain_len(&part).filter(|len| *len >= upload.min)?;
    let held = Held {
        number: part.number,
        plain_len,
        hex: &part.etag,
    };
    let etag = part_etag(upload, suite, &held);
    Some(StoredPart {
        size: plain_len,
        checksum: sum(named, part.number, &etag),
        etag,
        ..part
    })
}

/// The parts that wait.
async fn waiting(
    named: &Named<'_>,
    upload: &Unfinished,
    suite: crypto::Suite,
) -> Result<Vec<StoredPart>> {
    let (uploads, desk) = (&named.snapshot.uploads, named.desk()?);
    let mut parts = Vec::new();
    for (number, last_modified) in uploads.waiting(desk, &named.place, named.id).await? {
        let segment = uploads
            .parked(desk, (&named.place, named.id), number)
            .await?;
        let Some(segment) = segment else { continue };
        let plain_len = (segment.len() as u64).saturating_sub(crypto::PART_OVERHEAD);
        let hex = super::hex(&Md5::digest(&*segment));
        let held = Held {
            number,
            plain_len,
            hex: &hex,
        };
        let etag = part_etag(upload, suite, &held);
        parts.push(StoredPart {
            number,
            size: plain_len,
            last_modified,
            checksum: sum(named, number, &etag),
            etag,
        });
    }
    Ok(parts)
}

/// Whether `part`, which waits, came after the stored one of its number. Within a second the dates do
/// not tell, but this process may have seen one replace the other.
fn is_later(named: &Named<'_>, part: &StoredPart, stored: &StoredPart) -> bool {
    let time = |part: &StoredPart| OffsetDateTime::parse(&part.last_modified, &Rfc3339).ok();
    match (time(part), time(stored)) {
        (Some(waits), Some(stored)) if waits != stored => waits > stored,
        _ => {
            let upload = (&named.place, named.id);
            let uploads = &named.snapshot.uploads;
            !uploads.is_replaced(upload, (part.number, &part.etag))
        }
    }
}

/// A part's checksum, if this process saw it come in: the footer that keeps it cannot be read yet.
fn sum(named: &Named<'_>, number: u32, etag: &str) -> Option<Sum> {
    let sum = named.seen(number, etag)?.sum?;
    let (checksum, value) = checksum::told(&sum);
    Some((checksum.algorithm, value.to_vec()))
}

fn count(name: &str, text: Option<&str>) -> Result<Option<usize>> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let count = text.parse::<i32>().ok().filter(|_| digits);
    let count = count.and_then(|count| usize::try_from(count).ok());
    count.map(Some).ok_or_else(|| {
        s3::Error::new(ErrorCode::InvalidArgument)
            .with_message(format!(
                "Provided {name} not an integer or within integer range"
            ))
            .with_detail("ArgumentName", name.to_owned())
            .with_detail("ArgumentValue", text)
            .into()
    })
}
