//! What is copied: permitted, looked at, and its envelope verified.

use bytes::Bytes;
use crypto::Envelope;
use http::HeaderMap;
use http::HeaderValue;
use http::StatusCode;
use http::header;
use policy::Action;
use policy::EtagStyle;
use s3::CopySource;
use s3::ErrorCode;
use s3::Operation;

use super::super::ANSWER_BYTES_MAX;
use super::reader::changed;
use crate::authorize;
use crate::backend::Answer;
use crate::error::Error;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::lookup;
use crate::lookup::End;
use crate::plan;
use crate::plan::Objects;
use crate::plan::Outgoing;
use crate::plan::Place;
use crate::plan::reply;
use crate::plan::reply::Found;
use crate::receive::Answered;
use crate::seal;
use crate::tags;

/// An object to be copied.
pub(in crate::answer) struct Source {
    /// The question that found it.
    pub head: Outgoing,
    /// What the backend says of it.
    pub headers: HeaderMap,
    /// The backend's `ETag`.
    pub etag: HeaderValue,
    /// Its envelope, if it is sealed.
    pub envelope: Option<Box<Envelope>>,
    /// Stored bytes.
    pub stored: u64,
    /// The last of them, as many as were read.
    pub tail: Bytes,
    /// Plaintext bytes.
    pub plain_len: u64,
}

impl Source {
    /// What is known of its end.
    pub fn end(&self) -> End<'_> {
        End {
            etag: &self.etag,
            stored: self.stored,
            tail: &self.tail,
        }
    }
}

/// Looks at the source of a copy, or gives the backend's refusal.
pub(in crate::answer) async fn look(
    exchange: &Exchange,
    answered: &Answered,
    from: &CopySource,
    client: &HeaderMap,
) -> Result<Result<Source, Answer>> {
    let snapshot = &exchange.snapshot;
    let (bucket, object) = (from.bucket.as_str(), from.object.as_str());
    let state = snapshot.state.as_ref();
    if state.is_some_and(|state| state.is(bucket)) {
        return Err(s3::Error::new(ErrorCode::AccessDenied).into());
    }
    // The source is read, whatever becomes of what was read.
    let request = policy::Request {
        secure: answered.secure,
        ..policy::Request::new(
            &answered.caller.name,
            Action::Read,
            Operation::GetObject.name(),
            Some(bucket),
            Some(object),
        )
    };
    let permit = authorize::decide(&snapshot.rules, &exchange.audit, &request)?;
    let ring = exchange.asked.source_ring(&snapshot.keys);
    let objects = Objects::of(&permit);
    let place = Place {
        bucket: permit.logical_bucket().unwrap_or(bucket).to_owned(),
        object: object.to_owned(),
    };
    let mut client = client.clone();
    if permit.etag() == EtagStyle::Md5 && objects != Objects::Foreign {
        let any = plan::copy::look(from, &HeaderMap::new(), objects);
        tags::rename(
            snapshot,
            &any,
            (&place, ring),
            &mut client,
            &tags::OF_SOURCE,
        )
        .await?;
    }
    let head = plan::copy::look(from, &client, objects);
    let backend = &snapshot.backend;
    let answer = if objects == Objects::Foreign {
        backend.ask(&head, &Bytes::new(), ANSWER_BYTES_MAX).await?
    } else {
        lookup::glance(backend, &head).await?
    };
    if !answer.status.is_success() {
        return refused(answer);
    }
    let etag = answer.headers.get(header::ETAG).cloned();
    let etag = etag.ok_or(Error::Backend("object without ETag"))?;
    let stored = reply::content_length(&answer.headers)?;
    let (envelope, plain_len) = match reply::find(&answer.headers)? {
        Found::Sealed(_) if objects == Objects::Foreign => {
            return Err(s3::Error::new(ErrorCode::AccessDenied)
                .with_message(
                    "Access Denied: object is sealed, and the rule does not open objects.",
                )
                .into());
        }
        Found::Sealed(envelope) => {
            let envelope = seal::verify(*envelope, &place, ring)?;
            authorize::may_open(&snapshot.rules, &permit, &envelope)?;
            let total = if reply::hides_size(&envelope, &answer.headers) {
                let end = End {
                    etag: &etag,
                    stored,
                    tail: &answer.body,
                };
                let found = lookup::table(snapshot, &head, &envelope, end).await?;
                Some(found.ok_or_else(changed)?.total())
            } else {
                None
            };
            let size = reply::size(&envelope, stored, &answer.headers, total)?;
            (Some(Box::new(envelope)), size.0)
        }
        Found::Unsealed if objects == Objects::Sealed => return Err(reply::not_sealed().into()),
        Found::Unsealed if ring.customer.is_some() => return Err(seal::no_customer_key().into()),
        Found::Unsealed => (None, stored),
    };
    Ok(Ok(Source {
        head,
        headers: answer.headers,
        etag,
        envelope,
        stored,
        tail: answer.body,
        plain_len,
    }))
}

/// Conditions are the source's, and a HEAD has no document to say why.
fn refused(answer: Answer) -> Result<Result<Source, Answer>> {
    let code = match answer.status {
        StatusCode::NOT_MODIFIED | StatusCode::PRECONDITION_FAILED => ErrorCode::PreconditionFailed,
        StatusCode::NOT_FOUND if answer.body.is_empty() => ErrorCode::NoSuchKey,
        StatusCode::FORBIDDEN => ErrorCode::AccessDenied,
        _ => return Ok(Err(answer)),
    };
    Err(s3::Error::new(code).into())
}
