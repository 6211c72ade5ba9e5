//! The end of an upload: `CompleteMultipartUpload` and `AbortMultipartUpload`.

use bytes::Bytes;
use http::HeaderMap;
use http::Method;
use http::StatusCode;
use http::header;
use policy::EtagStyle;
use s3::ErrorCode;
use s3::SseMode;
use s3::SseTold;
use s3::xml;
use s3::xml::multipart::Completed;
use s3::xml::multipart::Object;

use super::super::with_body;
use super::super::written;
use super::Named;
use super::claimed::Claimed;
use super::closing::Closing;
use super::is_unknown;
use super::no_such_upload;
use crate::asked::Asked;
use crate::backend::Answer;
use crate::checksum;
use crate::checksum::Shown;
use crate::error::Error;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::lookup;
use crate::plan;
use crate::plan::Objects;
use crate::receive::Answered;

/// How often the last segment is written anew, when another Complete has replaced it.
const TRIES_MAX: usize = 3;

/// Gives an upload up.
pub(super) async fn abort(
    exchange: &Exchange,
    answered: &Answered,
    client: &HeaderMap,
) -> Result<Answer> {
    let named = Named::of(
        &exchange.snapshot,
        answered,
        plan::multipart::part_headers(client)?,
    )?;
    let sealed = Objects::of(&answered.permit) != Objects::Foreign;
    if sealed {
        named.find().await?;
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
pub(in crate::answer) async fn complete(
    exchange: &Exchange,
    answered: &Answered,
    client: &HeaderMap,
    body: &Bytes,
) -> Result<Answer> {
    let listed = xml::multipart::parse_complete(body)?;
    let named = Named::of(
        &exchange.snapshot,
        answered,
        plan::multipart::part_headers(client)?,
    )?;
    named.snapshot.cache.remove(named.target);
    let mut outgoing = named.outgoing(Method::POST);
    plan::multipart::conditions(client, &mut outgoing, &answered.permit);
    if Objects::of(&answered.permit) == Objects::Foreign {
        plan::multipart::claims(client, &mut outgoing.headers);
        return named.ask(&outgoing, body).await;
    }
    let claimed = Claimed::parse(client)?;
    let mut unfinished = named.find().await?;
    if unfinished.is_old() {
        let renewed = named
            .snapshot
            .uploads
            .renew(named.desk()?, &named.place, named.id);
        unfinished = renewed.await?.ok_or_else(no_such_upload)?;
    }
    let (suite, told) = unfinished.described()?;
    exchange.audit.sealed(&told, None);
    let asked = &*exchange.asked;
    let repeats = asked.must_repeat_key() && told.mode == SseMode::Customer;
    if asked.brings_key() || repeats {
        unfinished.open(asked.ring(&named.snapshot.keys))?;
    }
    let closing = Closing {
        named: &named,
        upload: &unfinished,
        suite,
        ring: asked.ring(&named.snapshot.keys),
    };
    let mut tries = 0;
    loop {
        tries += 1;
        let stored = match named.stored_parts().await? {
            Ok(page) => page.parts,
            Err(refused) if is_unknown(&refused) => {
                return match closing
                    .completed_before(&listed, answered.permit.etag())
                    .await?
                {
                    Some((etag, sum)) => {
                        let object = (etag.as_str(), sum.as_ref());
                        answered_with(client, &named, &Answer::empty(), (told, asked), object)
                    }
                    None => Err(no_such_upload()),
                };
            }
            Err(refused) => return Ok(refused),
        };
        let chosen = closing.choose(&listed, &stored).await?;
        if let Some(asked) = client.get("x-amz-mp-object-size") {
            chosen.has_size(asked)?;
        }
        let digests = claimed.judge(&named, &unfinished, &listed, &chosen.parts)?;
        let count = u32::try_from(chosen.parts.len()).ok();
        let waited = chosen.parked_number();
        let sum = digests.sum.as_ref().map(|sum| checksum::shown(sum, count));
        let md5 = digests.md5.filter(|_| chosen.has_list());
        let md5 = md5.filter(|_| answered.permit.etag() == EtagStyle::Md5);
        let shown = md5.map(|md5| lookup::md5_etag(md5, count));
        let parts = match closing.last_segment(chosen, &stored, digests).await? {
            Ok(parts) => parts,
            Err(refused) if is_unknown(&refused) && tries < TRIES_MAX => continue,
            Err(refused) => return Ok(refused),
        };
        let body = Bytes::from(xml::multipart::complete(&parts));
        let answer = named.ask(&outgoing, &body).await?;
        match xml::multipart::parse_completed(&answer.body) {
            Some(Completed::Object(etag)) if answer.status.is_success() => {
                let etag = closing.look(etag).await?;
                if let Some(number) = waited {
                    // Others that wait under other numbers were never meant, and are swept.
                    let upload = (&named.place, named.id);
                    let uploads = &named.snapshot.uploads;
                    uploads.used(named.desk()?, upload, number).await?;
                }
                let object = (shown.as_deref().unwrap_or(&etag), sum.as_ref());
                return answered_with(client, &named, &answer, (told, asked), object);
            }
            // Another Complete replaced the last segment, or ended the upload: the list tells.
            Some(Completed::Refused(Some(ErrorCode::InvalidPart | ErrorCode::NoSuchUpload)))
                if tries < TRIES_MAX => {}
            Some(Completed::Refused(code)) => return Ok(refused(answer, code)),
            _ if answer.status.is_success() => return Err(Error::Backend("end of an upload")),
            _ => return Ok(answer),
        }
    }
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
    client: &HeaderMap,
    named: &Named<'_>,
    answer: &Answer,
    (told, asked): (SseTold, &Asked),
    (etag, checksum): (&str, Option<&Shown>),
) -> Result<Answer> {
    let host = client.get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    let (bucket, object) = (named.bucket.as_str(), named.object);
    let location = format!("http://{host}/{bucket}/{}", object.encoded());
    let mut headers = written(answer, (Some(told), asked), None)?;
    headers.remove(header::ETAG);
    let shown = |sum: &'_ Shown| Some((sum.algorithm, sum.value.clone(), sum.kind?));
    let shown = checksum.and_then(shown);
    let body = xml::multipart::completed(&Object {
        location: &location,
        bucket,
        key: object.as_str(),
        etag,
        checksum: shown
            .as_ref()
            .map(|(algorithm, value, kind)| (*algorithm, value.as_str(), *kind)),
    });
    let answer = Answer {
        status: answer.status,
        headers,
        body: Bytes::new(),
    };
    Ok(with_body(answer, body))
}
