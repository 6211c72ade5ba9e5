//! `PostObject`: a browser's form. Its fields are read first, since they bring the proof of who made
//! it; then the file goes the way of any upload, sealed while it comes in.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::StatusCode;
use http::header;
use pingora::proxy::Session;
use policy::Permit;
use policy::Setting;
use s3::BucketName;
use s3::ErrorCode;
use s3::Form;
use s3::FormCall;
use s3::FormFile;
use s3::FormReader;
use s3::ObjectName;
use s3::Read;
use s3::SseAsked;
use s3::Success;
use s3::Target;
use s3::xml;
use time::OffsetDateTime;

use super::ANSWER_BYTES_MAX;
use super::inlet::Inlet;
use super::preflight;
use super::written;
use crate::asked;
use crate::asked::Asked;
use crate::authorize;
use crate::authorize::Question;
use crate::backend::Answer;
use crate::backend::Sending;
use crate::call::Call;
use crate::error::Error;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::plan;
use crate::plan::Draft;
use crate::plan::Outgoing;
use crate::plan::Plan;
use crate::plan::Reply;
use crate::proof;
use crate::receive;
use crate::respond;
use crate::seal;
use crate::transform::upload::Upload;

/// Takes a form, stores its file and answers as the form wants it.
pub async fn answer(session: &mut Session, exchange: &mut Exchange, call: &Call) -> Result<()> {
    let request = session.req_header().clone();
    let Target::Bucket(bucket) = &call.target else {
        return Err(Error::Internal("form without a bucket"));
    };
    let reader = FormReader::new(&request.headers)?;
    let silence = exchange.snapshot.limits.silence;
    let connection = receive::connection(session);
    let secure = asked::is_secure(&exchange.snapshot, &connection, &request.headers);
    let mut inlet = Inlet::open(session, silence).await?;
    let (form, file, rest) = fields(reader, &mut inlet).await?;
    let posted = FormCall {
        head: call.head(&request.method, &request.headers),
        bucket: bucket.as_str(),
        form: &form,
        file_len: file.len(),
    };
    let object = form.key()?;
    let setting = receive::setting_of(&exchange.snapshot, call).await?;
    let (permit, plan, outgoing, mut upload) = planned(
        exchange,
        (call, setting.as_ref(), secure),
        &posted,
        bucket,
        &object,
    )
    .await?;
    receive::prove(&exchange.snapshot, call, &permit).await?;
    exchange
        .snapshot
        .cache
        .remove(&Target::Object(bucket.clone(), object.clone()));
    let sending = exchange.snapshot.backend.begin(&outgoing).await?;
    let stored = send(sending, &mut inlet, file, rest, &mut upload).await?;
    if !stored.status.is_success() {
        return super::write(session, exchange, stored).await;
    }
    let target = Target::Object(bucket.clone(), object.clone());
    let demand = plan.demand.as_ref();
    proof::believe(&exchange.snapshot, &target, demand, &stored.headers).await?;
    let sse = match &plan.reply {
        Reply::Sealed(order) => Some(order.cipher.told()),
        Reply::Relay | Reply::Object(_) => None,
    };
    let mut headers = written(
        &stored,
        (sse, &exchange.asked),
        upload.proven_checksum().as_ref(),
    )?;
    if let Some(etag) = upload.etag() {
        let etag = HeaderValue::try_from(etag);
        headers.insert(header::ETAG, etag.map_err(|_| Error::Internal("ETag"))?);
    }
    if request.headers.contains_key(header::ORIGIN) {
        headers.extend(preflight::allowances(exchange, &request).await);
    }
    let address = address(session, call, &object)?;
    let (status, body) = told(&form, bucket, &object, &address, &mut headers)?;
    respond::answer(session, exchange, status, &headers, body)
        .await
        .map_err(|_| Error::ClientGone)
}

/// The fields before the file, the file, and its first bytes.
async fn fields(mut reader: FormReader, inlet: &mut Inlet<'_>) -> Result<(Form, FormFile, Bytes)> {
    while let Some(wire) = inlet.next().await? {
        match reader.push(&wire)? {
            Read::Fields(more) => reader = more,
            Read::File { form, file, rest } => return Ok((form, file, rest)),
        }
    }
    Err(s3::Error::new(ErrorCode::MalformedPostRequest).into())
}

/// Verified, permitted and planned like the `PUT` of the same object.
async fn planned(
    exchange: &mut Exchange,
    (call, setting, secure): (&Call, Option<&Setting>, bool),
    posted: &FormCall<'_>,
    bucket: &BucketName,
    object: &ObjectName,
) -> Result<(Permit, Plan, Outgoing, Upload)> {
    let snapshot = &Arc::clone(&exchange.snapshot);
    let now = OffsetDateTime::now_utc();
    let caller = snapshot.clients.authenticate_form(call, posted, now)?;
    let call = call.on(bucket, object.clone());
    let headers = posted.form.headers(posted.file_len)?;
    let asked = SseAsked::read(&headers)?;
    let question = Question {
        caller: &caller.name,
        operation: call.operation,
        target: &call.target,
        asked: &asked,
        setting,
        secure,
    };
    let permit = authorize::authorize(&snapshot.rules, &exchange.audit, &question)?;
    exchange.audit.called(&call);
    exchange.audit.received(posted.file_len);
    let denied = receive::denied(snapshot, &call, &question);
    denied.await?;
    let transport = (permit.transport(), secure);
    let compatibility = snapshot.compatibility;
    let asked = Asked::check(&headers, call.operation, compatibility, transport)?;
    exchange.asked = Arc::new(asked);
    let Draft::Plan(plan) = plan::request(&call, &headers, posted.file_len, &permit)? else {
        return Err(Error::Internal("form needs a look-up"));
    };
    let ring = exchange.asked.ring(&snapshot.keys);
    let (outgoing, upload) = seal::upload(&plan, &caller.verified, &headers, ring)?;
    let upload = upload.ok_or(Error::Internal("form without a body"))?;
    Ok((permit, *plan, outgoing, upload))
}

/// Sends the file on while it comes in. Its end goes out only when the form has ended, too.
async fn send(
    mut sending: Sending<'_>,
    inlet: &mut Inlet<'_>,
    mut file: FormFile,
    rest: Bytes,
    upload: &mut Upload,
) -> Result<Answer> {
    let mut wire = Some(rest);
    while let Some(piece) = wire {
        let sealed = upload.push(Some(file.push(piece)?), false)?;
        if !sending.write(&sealed).await {
            return sending.refused(ANSWER_BYTES_MAX).await;
        }
        if !sealed.is_empty() {
            inlet.progresses();
        }
        wire = inlet.next().await?;
    }
    file.finish()?;
    let end = upload.push(None, true)?;
    if !sending.write(&end).await {
        return sending.refused(ANSWER_BYTES_MAX).await;
    }
    sending.finish(ANSWER_BYTES_MAX).await
}

/// Status and body as the form wants them; the address joins the headers.
fn told(
    form: &Form,
    bucket: &BucketName,
    object: &ObjectName,
    address: &str,
    headers: &mut HeaderMap,
) -> Result<(StatusCode, Bytes)> {
    let etag = headers
        .get(header::ETAG)
        .and_then(|etag| etag.to_str().ok());
    let etag = etag.unwrap_or_default().to_owned();
    let (bucket, object) = (bucket.as_str(), object.as_str());
    let (status, location, body) = match form.success() {
        Success::Redirect(page) => {
            let page = Success::location(&page, bucket, object, &etag);
            (StatusCode::SEE_OTHER, page, String::new())
        }
        Success::Ok => (StatusCode::OK, address.to_owned(), String::new()),
        Success::NoContent => (StatusCode::NO_CONTENT, address.to_owned(), String::new()),
        Success::Created => {
            let body = xml::post::render(address, bucket, object, &etag);
            headers.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/xml"),
            );
            (StatusCode::CREATED, address.to_owned(), body)
        }
    };
    let location =
        HeaderValue::try_from(location).map_err(|_| s3::Error::new(ErrorCode::InvalidArgument))?;
    headers.insert(header::LOCATION, location);
    Ok((status, Bytes::from(body)))
}

/// Where the object can be had, under the name by which the client called us.
fn address(session: &Session, call: &Call, object: &ObjectName) -> Result<String> {
    let host = session.req_header().headers.get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok());
    let host = host.ok_or(Error::Internal("request without a host"))?;
    let tls = session
        .digest()
        .is_some_and(|digest| digest.ssl_digest.is_some());
    let scheme = if tls { "https" } else { "http" };
    let bucket = call.resource().trim_end_matches('/');
    Ok(format!("{scheme}://{host}{bucket}/{}", object.encoded()))
}
