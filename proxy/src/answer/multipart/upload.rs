//! `UploadPart`: a part is sealed as a segment of its own. One that is too short for the backend
//! waits in the record until the upload is completed.

use bytes::Bytes;
use crypto::Envelope;
use crypto::PlainLen;
use crypto::Sealer;
use http::HeaderValue;
use http::Method;
use http::header;
use pingora::proxy::Session;
use s3::Body;
use s3::Claims;
use s3::ErrorCode;

use super::super::inlet::Inlet;
use super::super::written;
use super::Held;
use super::Named;
use super::parking::Parking;
use super::part_etag;
use crate::asked;
use crate::assemble::Snapshot;
use crate::backend::Answer;
use crate::error::Error;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::plan::Objects;
use crate::plan::Outgoing;
use crate::plan::multipart;
use crate::random;
use crate::receive::Answered;
use crate::transform::upload::Foot;
use crate::transform::upload::Upload;

/// A part's footer keeps all that is known of it.
const FOOT: Foot = Foot {
    md5: true,
    sum: true,
};

/// The largest part, stored bytes.
const PART_BYTES_MAX: u64 = 5 << 30;

/// Takes a part.
pub(in crate::answer) async fn answer(
    session: &mut Session,
    exchange: &Exchange,
    answered: &Answered,
) -> Result<Answer> {
    let client = session.req_header().headers.clone();
    let named = Named::of(
        &exchange.snapshot,
        answered,
        multipart::part_headers(&client)?,
    )?;
    let number = super::number(answered)?;
    let body = Body::expect(&answered.caller.verified, &client)?;
    let plain_len = body.plain_len();
    let mut outgoing = named.outgoing(Method::PUT);
    outgoing = outgoing.with_query("partNumber", &number.to_string());
    if Objects::of(&answered.permit) == Objects::Foreign {
        multipart::digests(&client, &mut outgoing.headers);
        let mut upload = Upload::relay(body);
        let sending = (outgoing, plain_len);
        return send(named.snapshot, sending, session, &mut upload).await;
    }
    let unfinished = named.find().await?;
    fits(unfinished.checksum, body.claims())?;
    let ring = exchange.asked.ring(&named.snapshot.keys);
    let envelope = unfinished.open(ring)?;
    let told = asked::told_of(envelope.advertised());
    exchange.audit.sealed(&told, envelope.key_name());
    let suite = envelope.suite();
    let sealed_len = sealed_len(plain_len)?;
    let waits = plain_len < unfinished.min;
    let sealer = sealer(&envelope, number, plain_len, waits)?;
    let mut upload = Upload::seal(body, sealer, FOOT);
    let (stored, hex) = if waits {
        let place = (number, sealed_len);
        match park(session, &named, place, &mut upload).await? {
            Ok(hex) => (Answer::empty(), hex),
            Err(refused) => return Ok(refused),
        }
    } else {
        let sending = (outgoing, sealed_len);
        let stored = send(named.snapshot, sending, session, &mut upload).await?;
        if !stored.status.is_success() {
            return Ok(stored);
        }
        let hex = super::etag_of(&stored.headers)?;
        (stored, hex)
    };
    let held = Held {
        number,
        plain_len,
        hex: &hex,
    };
    let etag = part_etag(&unfinished, suite, &held);
    named.saw(number, &etag, upload.proven().clone());
    let mut headers = written(
        &stored,
        (Some(told), &exchange.asked),
        upload.proven_checksum().as_ref(),
    )?;
    let etag = HeaderValue::try_from(format!("\"{etag}\""))
        .map_err(|_| Error::Backend("ETag of a part"))?;
    headers.insert(header::ETAG, etag);
    Ok(Answer {
        headers,
        body: Bytes::new(),
        ..stored
    })
}

/// Every part of an upload that was begun with a checksum has one.
fn fits(upload: Option<s3::PartsChecksum>, claims: &Claims) -> Result<(), s3::Error> {
    let claimed = claims.checksum.as_ref().map(|checksum| checksum.0);
    let claimed = claimed.or(claims.trailer);
    let Some(s3::PartsChecksum { algorithm, .. }) = upload else {
        return Ok(());
    };
    if claimed == Some(algorithm) {
        return Ok(());
    }
    let name = |algorithm: s3::ChecksumAlgorithm| algorithm.name().to_lowercase();
    Err(
        s3::Error::new(ErrorCode::InvalidRequest).with_message(format!(
            "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
            name(algorithm),
            claimed.map_or_else(|| "null".to_owned(), name),
        )),
    )
}

/// What seals a part. `waits`: it is too short to go to the backend now.
pub(super) fn sealer(
    envelope: &Envelope,
    number: u32,
    plain_len: u64,
    waits: bool,
) -> Result<Sealer> {
    let (dek, suite, plain_len) = (envelope.dek(), envelope.suite(), PlainLen(plain_len));
    let salt = random::bytes().map_err(|_| Error::Internal("no randomness"))?;
    if waits {
        return Ok(Sealer::parked(dek, suite, number, plain_len, salt)?);
    }
    let last = number == crypto::PARTS_MAX;
    Ok(Sealer::part(dek, suite, number, last, plain_len, salt)?)
}

/// Stored bytes of a part, which the backend must take.
pub(super) fn sealed_len(plain_len: u64) -> Result<u64> {
    let sealed = crypto::part_sealed_len(PlainLen(plain_len)).map(|len| len.0);
    sealed.filter(|len| *len <= PART_BYTES_MAX).ok_or_else(|| {
        s3::Error::new(ErrorCode::EntityTooLarge)
            .with_detail("ProposedSize", plain_len.to_string())
            .into()
    })
}

/// Sends a part on while it comes in.
async fn send(
    snapshot: &Snapshot,
    (mut outgoing, len): (Outgoing, u64),
    session: &mut Session,
    upload: &mut Upload,
) -> Result<Answer> {
    let len = HeaderValue::from(len);
    outgoing.headers.insert(header::CONTENT_LENGTH, len);
    let sending = snapshot.backend.begin(&outgoing).await?;
    let mut inlet = Inlet::open(session, snapshot.limits.silence).await?;
    inlet.send(sending, upload).await
}

/// Lets a part wait while it comes in; gives the MD5 of its segment.
async fn park(
    session: &mut Session,
    named: &Named<'_>,
    (number, sealed_len): (u32, u64),
    upload: &mut Upload,
) -> Result<Result<String, Answer>> {
    let desk = named.desk()?;
    let mut parking = Parking::begin(named, &desk, (number, sealed_len)).await?;
    let mut inlet = Inlet::open(session, named.snapshot.limits.silence).await?;
    while let Some(wire) = inlet.next().await? {
        let sealed = upload.push(Some(wire), false)?;
        if !sealed.is_empty() {
            inlet.progresses();
            parking.push(&sealed).await?;
        }
    }
    let end = upload.push(None, true)?;
    parking.push(&end).await?;
    parking.finish().await
}
