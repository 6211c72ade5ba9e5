//! The end of an upload: `CompleteMultipartUpload` and `AbortMultipartUpload`.

use std::collections::BTreeMap;

use bytes::Bytes;
use crypto::Part;
use crypto::PartList;
use crypto::PlainLen;
use crypto::Suite;
use crypto::added_segment;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::header;
use md5::Digest;
use md5::Md5;
use pingora::proxy::Session;
use s3::ErrorCode;
use s3::xml;
use s3::xml::multipart::Completed;
use s3::xml::multipart::ListedPart;
use s3::xml::multipart::StoredPart;
use zeroize::Zeroizing;

use super::super::with_body;
use super::super::written;
use super::Held;
use super::Named;
use super::is_unknown;
use super::no_such_upload;
use super::part_etag;
use super::plain_len;
use crate::backend::Answer;
use crate::error::Error;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::lookup;
use crate::plan::Objects;
use crate::plan::Outgoing;
use crate::plan::reply;
use crate::random;
use crate::receive::Answered;
use crate::state;
use crate::state::Unfinished;

/// How often the last segment is written anew, when another Complete has replaced it.
const TRIES_MAX: usize = 3;

/// Every part but the last has at least so many bytes, as clients see them.
const ENTITY_TOO_SMALL: &str = "Your proposed upload is smaller than the minimum allowed size";

/// Gives an upload up.
pub(super) async fn abort(exchange: &Exchange, answered: &Answered) -> Result<Answer> {
    let named = Named::of(&exchange.snapshot, answered)?;
    let sealed = Objects::of(&answered.permit) != Objects::Foreign;
    if sealed && named.read().await?.is_none() {
        return Err(no_such_upload());
    }
    let aborted = named.outgoing(Method::DELETE);
    let answer = named.ask(&aborted, &Bytes::new()).await?;
    let gone = answer.status.is_success() || is_unknown(&answer);
    if sealed && gone {
        let uploads = &named.snapshot.uploads;
        uploads
            .forget(named.desk()?, &named.place, named.id)
            .await?;
    }
    Ok(answer)
}

/// Makes the object of its parts.
pub(super) async fn complete(
    session: &mut Session,
    exchange: &Exchange,
    answered: &Answered,
) -> Result<Answer> {
    let client = session.req_header().headers.clone();
    let body = super::super::body(session, answered, &client, &exchange.snapshot.limits).await?;
    let listed = xml::multipart::parse_complete(&body)?;
    let named = Named::of(&exchange.snapshot, answered)?;
    named.snapshot.cache.remove(named.target);
    let mut outgoing = named.outgoing(Method::POST);
    outgoing.headers = conditions(&client);
    if Objects::of(&answered.permit) == Objects::Foreign {
        return named.ask(&outgoing, &body).await;
    }
    nothing_unjudged(&client)?;
    let unfinished = named.read().await?.ok_or_else(no_such_upload)?;
    let suite = unfinished.open(&named.snapshot.keys)?.suite();
    let closing = Closing {
        named: &named,
        upload: &unfinished,
        suite,
    };
    let mut tries = 0;
    loop {
        tries += 1;
        let stored = match named.stored_parts().await? {
            Ok(page) => page.parts,
            Err(refused) if is_unknown(&refused) => {
                return match closing.completed_before(&listed).await? {
                    Some(etag) => answered_with(session, &named, &Answer::empty(), suite, &etag),
                    None => Ok(refused),
                };
            }
            Err(refused) => return Ok(refused),
        };
        let chosen = closing.choose(&listed, &stored).await?;
        if let Some(asked) = client.get("x-amz-mp-object-size") {
            chosen.has_size(asked)?;
        }
        let parts = match closing.last_segment(chosen, &stored).await? {
            Ok(parts) => parts,
            Err(refused) => return Ok(refused),
        };
        let body = Bytes::from(xml::multipart::complete(&parts));
        let answer = named.ask(&outgoing, &body).await?;
        match xml::multipart::parse_completed(&answer.body) {
            Some(Completed::Object(etag)) if answer.status.is_success() => {
                closing.look(&etag).await?;
                let uploads = &named.snapshot.uploads;
                uploads
                    .unpark(named.desk()?, &named.place, named.id)
                    .await?;
                return answered_with(session, &named, &answer, suite, &etag);
            }
            Some(Completed::Refused(Some(ErrorCode::InvalidPart))) if tries < TRIES_MAX => {}
            Some(Completed::Refused(code)) => return Ok(refused(answer, code)),
            _ if answer.status.is_success() => return Err(Error::Backend("end of an upload")),
            _ => return Ok(answer),
        }
    }
}

/// What is listed, and where it is.
struct Chosen {
    parts: Vec<Part>,
    /// As the backend knows them, without a part that waits.
    stored: Vec<ListedPart>,
    /// The last part, where it waits.
    parked: Option<Zeroizing<Vec<u8>>>,
}

impl Chosen {
    /// Whether the object is as long as the client says.
    fn has_size(&self, asked: &HeaderValue) -> Result<()> {
        let size: u64 = self.parts.iter().map(|part| part.plain_len.0).sum();
        if asked.to_str().ok().and_then(|text| text.parse().ok()) == Some(size) {
            return Ok(());
        }
        Err(s3::Error::new(ErrorCode::InvalidRequest)
            .with_message(
                "The provided 'x-amz-mp-object-size' header does not match what was computed.",
            )
            .into())
    }
}

/// One upload on its way to an object.
struct Closing<'a> {
    named: &'a Named<'a>,
    upload: &'a Unfinished,
    suite: Suite,
}

impl Closing<'_> {
    /// Which uploads of the listed numbers are meant: their `ETags` say it, and bind their lengths.
    async fn choose(&self, listed: &[ListedPart], stored: &[StoredPart]) -> Result<Chosen> {
        let by_number: BTreeMap<u32, &StoredPart> =
            stored.iter().map(|part| (part.number, part)).collect();
        let mut chosen = Chosen {
            parts: Vec::with_capacity(listed.len()),
            stored: Vec::with_capacity(listed.len() + 1),
            parked: None,
        };
        for (at, part) in listed.iter().enumerate() {
            let held = by_number.get(&part.number).copied();
            if let Some((stored, len)) = held.and_then(|stored| self.is(part, stored)) {
                chosen.push(part.number, len);
                chosen.stored.push(ListedPart {
                    number: part.number,
                    etag: stored.etag.clone(),
                });
                continue;
            }
            let Some((segment, len)) = self.parked(part).await? else {
                return Err(invalid_part(self.named.id, part));
            };
            if at + 1 < listed.len() {
                return Err(too_small(part, len, self.upload.min));
            }
            chosen.push(part.number, len);
            chosen.parked = Some(segment);
        }
        let full = chosen
            .parts
            .last()
            .is_some_and(|last| last.number == crypto::PARTS_MAX);
        if full && chosen.parked.is_none() && chosen.parts.len() < crypto::PARTS_MAX as usize {
            return Err(s3::Error::new(ErrorCode::InvalidRequest)
                .with_message("An upload with part 10000 must have all 10000 parts.")
                .into());
        }
        Ok(chosen)
    }

    /// The backend's part, if it is the listed one, and its plaintext bytes.
    fn is<'p>(&self, listed: &ListedPart, stored: &'p StoredPart) -> Option<(&'p StoredPart, u64)> {
        let plain_len = plain_len(stored).filter(|len| *len >= self.upload.min)?;
        let held = Held {
            number: stored.number,
            plain_len,
            hex: &stored.etag,
        };
        let etag = part_etag(self.upload, self.suite, &held);
        (etag == listed.etag).then_some((stored, plain_len))
    }

    /// The segment of a short part, if it is the listed one, and its plaintext bytes.
    async fn parked(&self, listed: &ListedPart) -> Result<Option<(Zeroizing<Vec<u8>>, u64)>> {
        let Named {
            snapshot,
            place,
            id,
            ..
        } = self.named;
        let desk = self.named.desk()?;
        let segment = snapshot.uploads.parked(desk, (place, id), listed.number);
        let Some(segment) = segment.await? else {
            return Ok(None);
        };
        let plain_len = (segment.len() as u64).saturating_sub(crypto::PART_OVERHEAD);
        let held = Held {
            number: listed.number,
            plain_len,
            hex: &super::hex(&Md5::digest(&*segment)),
        };
        let etag = part_etag(self.upload, self.suite, &held);
        Ok((etag == listed.etag).then_some((segment, plain_len)))
    }

    /// Writes the last segment, which has the list of the parts, and gives what the backend is to
    /// complete; or the backend's refusal.
    async fn last_segment(
        &self,
        chosen: Chosen,
        stored: &[StoredPart],
    ) -> Result<Result<Vec<ListedPart>, Answer>> {
        let Chosen {
            parts,
            stored: mut complete,
            parked,
        } = chosen;
        let last = parts.last().map_or(0, |part| part.number);
        if last == crypto::PARTS_MAX && parked.is_none() {
            return Ok(Ok(complete));
        }
        let none = crypto::Digests::default();
        let table = PartList::new(self.suite, &parts, none)?;
        let closing = &self.upload.closing;
        let (number, segment) = if let Some(mut segment) = parked {
            table.fill(closing, random()?, &mut segment)?;
            (last, Bytes::copy_from_slice(&segment))
        } else {
            let number = free_number(last, stored)?;
            let (salt, list_salt) = (random()?, random()?);
            let segment = added_segment(closing, self.suite, number, salt, &table, list_salt)?;
            (number, Bytes::from(segment))
        };
        let outgoing = self.named.outgoing(Method::PUT);
        let outgoing = outgoing.with_query("partNumber", &number.to_string());
        let sent = self.named.ask(&outgoing, &segment).await?;
        if !sent.status.is_success() {
            return Ok(Err(sent));
        }
        let etag = super::etag_of(&sent.headers)?;
        complete.push(ListedPart { number, etag });
        Ok(Ok(complete))
    }

    /// The `ETag` of the object, if an earlier Complete made it of just the listed parts and its
    /// answer was lost.
    async fn completed_before(&self, listed: &[ListedPart]) -> Result<Option<String>> {
        let head = Outgoing::new(Method::HEAD, self.named.target);
        let answer = self.named.ask(&head, &Bytes::new()).await?;
        let own = &self.upload.envelope;
        let same = state::entries(&answer.headers) == Some((&*own.json, &*own.mac));
        let etag = answer.headers.get(header::ETAG);
        let (true, true, Some(etag)) = (answer.status.is_success(), same, etag) else {
            return Ok(None);
        };
        let snapshot = self.named.snapshot;
        let envelope = self.upload.open(&snapshot.keys)?;
        let stored = reply::content_length(&answer.headers)?;
        let table = lookup::table(snapshot, &head, &envelope, (etag, stored)).await?;
        let Some(table) = table else {
            return Ok(None);
        };
        let is = |(part, listed): (&Part, &ListedPart)| {
            let hex = listed.etag.split('-').next().unwrap_or_default();
            let held = Held {
                number: part.number,
                plain_len: part.plain_len.0,
                hex,
            };
            let etag = part_etag(self.upload, self.suite, &held);
            part.number == listed.number && etag == listed.etag
        };
        let parts = table.parts();
        let all = parts.len() == listed.len() && parts.iter().zip(listed).all(is);
        Ok(all.then_some(super::etag_of(&answer.headers)?))
    }

    /// The object must have the envelope of the upload, byte for byte.
    async fn look(&self, etag: &str) -> Result<()> {
        let head = Outgoing::new(Method::HEAD, self.named.target);
        let answer = self.named.ask(&head, &Bytes::new()).await?;
        if !answer.status.is_success() || super::etag_of(&answer.headers)? != etag {
            // Another write has come since.
            return Ok(());
        }
        let envelope = &self.upload.envelope;
        if state::entries(&answer.headers) == Some((&*envelope.json, &*envelope.mac)) {
            return Ok(());
        }
        Err(Error::Backend("completed object has another envelope"))
    }
}

impl Chosen {
    fn push(&mut self, number: u32, len: u64) {
        self.parts.push(Part {
            number,
            plain_len: PlainLen(len),
        });
    }
}

/// The smallest number above `last` that no part has.
fn free_number(last: u32, stored: &[StoredPart]) -> Result<u32> {
    let taken = |number: &u32| stored.iter().any(|part| part.number == *number);
    // A segment that an earlier Complete added may stand there: it is replaced.
    let short = |number: &u32| {
        let part = stored.iter().find(|part| part.number == *number);
        part.and_then(plain_len) == Some(0)
    };
    (last + 1..=crypto::PARTS_MAX)
        .find(|number| !taken(number) || short(number))
        .ok_or_else(|| {
            s3::Error::new(ErrorCode::InvalidRequest)
                .with_message("No part number is free above the last part.")
                .into()
        })
}

/// The client's conditions on what the object replaces.
fn conditions(client: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in [header::IF_MATCH, header::IF_NONE_MATCH] {
        if let Some(value) = client.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    headers
}

/// A checksum of the whole object would have to be judged here.
fn nothing_unjudged(client: &HeaderMap) -> Result<()> {
    let claims = |name: &str| {
        name.strip_prefix("x-amz-checksum-")
            .is_some_and(|kind| !matches!(kind, "type" | "algorithm"))
    };
    if client.keys().any(|name| claims(name.as_str())) {
        return Err(s3::Error::new(ErrorCode::NotImplemented)
            .with_message("Checksums of whole multipart objects are not implemented.")
            .into());
    }
    Ok(())
}

fn invalid_part(upload: &str, part: &ListedPart) -> Error {
    s3::Error::new(ErrorCode::InvalidPart)
        .with_detail("UploadId", upload)
        .with_detail("PartNumber", part.number.to_string())
        .with_detail("ETag", &*part.etag)
        .into()
}

fn too_small(part: &ListedPart, len: u64, min: u64) -> Error {
    s3::Error::new(ErrorCode::EntityTooSmall)
        .with_message(ENTITY_TOO_SMALL)
        .with_detail("ProposedSize", len.to_string())
        .with_detail("MinSizeAllowed", min.to_string())
        .with_detail("PartNumber", part.number.to_string())
        .with_detail("ETag", &*part.etag)
        .into()
}

/// An error that came under status 200 gets its own.
fn refused(answer: Answer, code: Option<ErrorCode>) -> Answer {
    let status = code.map_or(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::status);
    if answer.status.is_success() {
        return Answer { status, ..answer };
    }
    answer
}

fn answered_with(
    session: &Session,
    named: &Named<'_>,
    answer: &Answer,
    suite: Suite,
    etag: &str,
) -> Result<Answer> {
    let host = session.req_header().headers.get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    let (bucket, object) = (named.bucket.as_str(), named.object);
    let location = format!("http://{host}/{bucket}/{}", object.encoded());
    let mut headers = written(answer, Some(suite), None)?;
    headers.remove(header::ETAG);
    let body = xml::multipart::completed(&location, bucket, object.as_str(), etag);
    let answer = Answer {
        status: answer.status,
        headers,
        body: Bytes::new(),
    };
    Ok(with_body(answer, body))
}

fn random<const N: usize>() -> Result<[u8; N]> {
    random::bytes().map_err(|_| Error::Internal("no randomness"))
}
