//! Carries out a plan on a request that passes through the proxy: one function a phase.

use std::sync::Arc;

use bytes::Bytes;
use crypto::Opener;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::Version;
use http::header;
use pingora::ErrorSource;
use pingora::ErrorType;
use pingora::http::RequestHeader;
use pingora::http::ResponseHeader;
use pingora::upstreams::peer::HttpPeer;
use policy::EtagStyle;
use s3::ErrorCode;

use crate::assemble::Snapshot;
use crate::authorize;
use crate::call::Call;
use crate::checksum;
use crate::error::Error;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::exchange::Passage;
use crate::gateway::expects_continue;
use crate::lookup;
use crate::lookup::End;
use crate::lookup::Facts;
use crate::lookup::Wanted;
use crate::plan::Objects;
use crate::plan::Reading;
use crate::plan::Reply;
use crate::plan::SealOrder;
use crate::plan::reply;
use crate::plan::reply::Found;
use crate::plan::reply::OnePart;
use crate::plan::reply::ReplyBody;
use crate::plan::reply::ReplyPlan;
use crate::plan::reply::SpanOrder;
use crate::proof;
use crate::seal;
use crate::transform::download::Download;
use crate::transform::download::Opening;
use crate::transform::download::Sniff;
use crate::transform::head;
use crate::transform::refusal::Refusal;
use crate::transform::upload::Upload;

/// How often a read that lost a race with a write is begun anew.
const RACES_MAX: usize = 3;

/// Chooses where the next attempt goes; looks up first what the plan needs.
pub async fn depart(exchange: &mut Exchange) -> Result<HttpPeer> {
    let asked = Arc::clone(&exchange.asked);
    let (snapshot, call, passage) = parts(exchange)?;
    if let (Some(lookup), None) = (&passage.lookup, &passage.plan) {
        let ring = asked.ring(&snapshot.keys);
        let plan = lookup::look(&snapshot, &call.target, lookup, ring).await?;
        passage.plan = Some(Box::new(plan));
    }
    let (index, endpoint) = snapshot.backend.endpoint()?;
    passage.endpoint = index;
    endpoint.peer().await
}

/// Whether it is worth trying another endpoint: no byte has been sent to the one that failed.
pub fn another_endpoint(exchange: &mut Exchange) -> bool {
    let endpoints = exchange.snapshot.backend.endpoints();
    let Some(passage) = &mut exchange.passage else {
        return false;
    };
    passage.refused += 1;
    passage.refused < endpoints
}

/// The request of a new attempt, signed; a body to be sealed gets a new key.
pub fn attempt(exchange: &mut Exchange, client: &HeaderMap) -> Result<RequestHeader> {
    let asked = Arc::clone(&exchange.asked);
    let (snapshot, _, passage) = parts(exchange)?;
    let plan = passage
        .plan
        .as_ref()
        .ok_or(Error::Internal("attempt without a plan"))?;
    let ring = asked.ring(&snapshot.keys);
    let (mut outgoing, upload) = seal::upload(plan, &passage.caller.verified, client, ring)?;
    passage.opened = None;
    passage.upload = upload;
    if passage.upload.is_some() && expects_continue(client) {
        outgoing
            .headers
            .insert(header::EXPECT, HeaderValue::from_static("100-continue"));
    }
    snapshot
        .backend
        .sign(&outgoing, snapshot.backend.endpoint_at(passage.endpoint)?)
}

/// The client's body. Nothing yet is `Some(empty)`: `None` would end the upload.
pub fn upload(exchange: &mut Exchange, body: Option<Bytes>, end: bool) -> Result<Option<Bytes>> {
    let (_, _, passage) = parts(exchange)?;
    match &mut passage.upload {
        Some(upload) => upload.push(body, end).map(Some),
        None if body.as_ref().is_none_or(Bytes::is_empty) => Ok(None),
        None => Err(Error::Internal("body of an operation without one")),
    }
}

/// What the backend's head means.
pub enum Arrival {
    /// It is the answer.
    Answer,
    /// The object changed between look-up and read: begin anew.
    LostRace,
}

/// The backend's head has arrived: the second sitting.
pub async fn arrive(exchange: &mut Exchange, answer: &ResponseHeader) -> Result<Arrival> {
    let id = exchange.id().to_owned();
    let asked = Arc::clone(&exchange.asked);
    let (snapshot, call, passage) = parts(exchange)?;
    let plan = passage
        .plan
        .as_ref()
        .ok_or(Error::Internal("answer without a plan"))?;
    let status = answer.status;
    if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
        return Err(Error::Backend("redirects, and clients must not go there"));
    }
    let unfinished = passage.upload.as_ref().is_some_and(Upload::is_unfinished);
    if status.is_success() && unfinished {
        return Err(Error::Backend("success before the end of the upload"));
    }
    passage.download = Download::Relay;
    let reading = match &plan.reply {
        Reply::Object(reading) => reading.clone(),
        Reply::Relay | Reply::Sealed(_) => {
            snapshot.cache.remove(&call.target);
            if status.is_success() {
                let demand = plan.demand.as_ref();
                proof::believe(&snapshot, &call.target, demand, &answer.headers).await?;
            }
            passage.download = relayed(answer, call, &id, &plan.outgoing.method);
            return Ok(Arrival::Answer);
        }
    };
    if reading.guarded && answer.status == StatusCode::PRECONDITION_FAILED {
        return lost_race(&snapshot, call, passage);
    }
    if !status.is_success() {
        passage.download = relayed(answer, call, &id, &plan.outgoing.method);
        return Ok(Arrival::Answer);
    }
    if reading.objects == Objects::Foreign {
        if head::is_sealed(&answer.headers) {
            return Err(sealed_but_not_ours());
        }
        if asked.brings_key() {
            return Err(seal::no_customer_key().into());
        }
        return Ok(Arrival::Answer);
    }
    match reply::find(&answer.headers)? {
        Found::Unsealed if reading.objects == Objects::Sealed => Err(reply::not_sealed().into()),
        Found::Unsealed if asked.brings_key() => Err(seal::no_customer_key().into()),
        Found::Unsealed => {
            passage.download = Download::Unsealed(Sniff::default());
            Ok(Arrival::Answer)
        }
        Found::Sealed(envelope) => {
            let ring = asked.ring(&snapshot.keys);
            let envelope = seal::verify(*envelope, &reading.place, ring)?;
            authorize::may_open(&snapshot.rules, &passage.permit, &envelope)?;
            let (read, headers) = (&plan.outgoing, &answer.headers);
            let wanted = wanted(&reading, &envelope, headers);
            let facts = if reading.span.is_some() {
                // All that it takes was looked up before.
                Some(Facts::default())
            } else {
                let end = End::of(headers, &[])?;
                lookup::facts(&snapshot, read, &envelope, end, wanted).await?
            };
            let Some(facts) = facts else {
                return lost_race(&snapshot, call, passage);
            };
            let mut reply = reply::object(&reading, &envelope, answer.status, headers, facts.size)?;
            reply.etag = facts.etag().filter(|_| wanted.md5).or(reply.etag);
            reply.checksum = facts.checksum().filter(|_| wanted.sum);
            if let Some(OnePart { foot, .. }) = reading.part.filter(|_| reading.tells_checksum) {
                let part = lookup::one_part(&snapshot, read, &envelope, headers, foot).await?;
                let Some(digests) = part else {
                    return lost_race(&snapshot, call, passage);
                };
                reply.checksum = digests.sum.as_ref().map(checksum::of_one_part);
            }
            let first_header = lookup::first_header(&snapshot, read, &reply, answer).await?;
            let Some(first_header) = first_header else {
                return lost_race(&snapshot, call, passage);
            };
            let plan = reply;
            passage.download = download_of(&plan, &envelope, &first_header)?;
            passage.opened = Some((plan, Box::new(envelope)));
            Ok(Arrival::Answer)
        }
    }
}

/// What the answer needs to know that may stand at the object's end.
fn wanted(reading: &Reading, envelope: &crypto::Envelope, headers: &HeaderMap) -> Wanted {
    let whole = reading.head_range.is_none() && reading.part.is_none();
    Wanted {
        md5: reading.etag == EtagStyle::Md5 && reading.shown.is_none(),
        sum: reading.tells_checksum && whole,
        size: reply::hides_size(envelope, headers),
    }
}

fn lost_race(snapshot: &Snapshot, call: &Call, passage: &mut Passage) -> Result<Arrival> {
    snapshot.cache.remove(&call.target);
    passage.races += 1;
    if passage.lookup.is_some() {
        passage.plan = None;
    }
    match passage.races {
        0..=RACES_MAX => Ok(Arrival::LostRace),
        _ => Err(s3::Error::new(ErrorCode::SlowDown).into()),
    }
}

/// What becomes of a body that is passed on: an error document is told as ours.
fn relayed(answer: &ResponseHeader, call: &Call, id: &str, method: &Method) -> Download {
    let status = answer.status;
    let announced = answer.headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok());
    if !status.is_client_error() && !status.is_server_error() {
        return Download::Relay;
    }
    if *method == Method::HEAD || announced == Some(0) {
        log::info!("{id} backend answered {}", status.as_u16());
        return Download::Relay;
    }
    Download::Refused(Refusal::new(status, announced, call.resource(), id))
}

/// The client's head; `version` is the HTTP version it speaks.
pub fn head(exchange: &mut Exchange, head: &mut ResponseHeader, version: Version) -> Result<()> {
    let renamed = exchange.renamed.clone();
    let asked = Arc::clone(&exchange.asked);
    let (_, _, passage) = parts(exchange)?;
    let Some(plan) = &passage.plan else {
        return Ok(());
    };
    if matches!(passage.download, Download::Refused(_)) {
        head::of_another_length(head, version)?;
    }
    match (&plan.reply, &passage.opened) {
        (Reply::Sealed(SealOrder { cipher, .. }), _) if head.status.is_success() => {
            let upload = passage.upload.as_ref();
            let proven = upload.and_then(Upload::proven_checksum);
            let told = (cipher.told(), &*asked);
            head::written(head, told, proven.as_ref(), upload.and_then(Upload::etag))
        }
        (Reply::Object(_), Some((plan, envelope))) => head::opened(head, plan, envelope, &asked),
        (Reply::Object(reading), None) if reading.objects == Objects::Sealed => {
            head::unchanged(head, renamed.as_ref())
        }
        _ => head::retold(head, &asked),
    }
}

/// The backend's body.
pub fn download(exchange: &mut Exchange, body: Option<Bytes>, end: bool) -> Result<Option<Bytes>> {
    let (_, _, passage) = parts(exchange)?;
    passage.download.push(body, end)
}

/// What a failure of pingora's own means.
#[must_use]
pub fn failure(error: &pingora::Error, exchange: &Exchange) -> Error {
    let unheard = *error.etype() == ErrorType::ReadTimedout;
    let timed_out = unheard || *error.etype() == ErrorType::WriteTimedout;
    match error.esource() {
        ErrorSource::Downstream if timed_out => s3::Error::new(ErrorCode::RequestTimeout).into(),
        ErrorSource::Downstream if is_uploading(exchange) => {
            s3::Error::new(ErrorCode::IncompleteBody).into()
        }
        ErrorSource::Downstream => Error::ClientGone,
        // The backend has nothing to say before it has heard the end: the client kept it waiting.
        ErrorSource::Upstream if unheard && is_uploading(exchange) => {
            s3::Error::new(ErrorCode::RequestTimeout).into()
        }
        ErrorSource::Upstream => Error::Unreachable(error.to_string()),
        ErrorSource::Internal | ErrorSource::Unset => Error::Internal("proxy"),
    }
}

fn is_uploading(exchange: &Exchange) -> bool {
    let upload = exchange
        .passage
        .as_ref()
        .and_then(|passage| passage.upload.as_ref());
    upload.is_some_and(Upload::is_unfinished)
}

/// `first_header` begins the first part of a piece, where the piece itself does not.
fn download_of(
    plan: &ReplyPlan,
    envelope: &crypto::Envelope,
    first_header: &[u8],
) -> Result<Download> {
    let (dek, suite) = (envelope.dek(), envelope.suite());
    let (opener, stored) = match &plan.body {
        ReplyBody::Empty => return Ok(Download::Empty),
        ReplyBody::Whole(stored) | ReplyBody::Parts(stored) => (Opener::of(envelope)?, *stored),
        ReplyBody::Span(order) => {
            let sealed = order.sealed();
            let opener = match order {
                SpanOrder::Whole(span, size) => Opener::span(dek, suite, *size, span)?,
                SpanOrder::Parts(span, _) => {
                    let mut opener = Opener::parts_span(dek, span);
                    opener.push(first_header, &mut |_| ())?;
                    opener
                }
            };
            (opener, sealed.end - sealed.start)
        }
    };
    let opening = Opening::new(opener, stored, plan.content_length);
    Ok(Download::Open(Box::new(opening)))
}

fn parts(exchange: &mut Exchange) -> Result<(Arc<Snapshot>, &Call, &mut Passage)> {
    let snapshot = Arc::clone(&exchange.snapshot);
    match (&exchange.call, &mut exchange.passage) {
        (Some(call), Some(passage)) => Ok((snapshot, call, passage)),
        _ => Err(Error::Internal("request passes without a plan")),
    }
}

fn sealed_but_not_ours() -> Error {
    let message = "Access Denied: object is sealed, and the rule does not open objects.";
    s3::Error::new(ErrorCode::AccessDenied)
        .with_message(message)
        .into()
}
