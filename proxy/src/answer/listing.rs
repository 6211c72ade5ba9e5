//! Listings: each key by the rule of its own prefix.

use bytes::Bytes;
use crypto::Layout;
use crypto::SealedLen;
use crypto::Sse;
use futures_util::StreamExt as _;
use futures_util::TryStreamExt as _;
use futures_util::stream;
use http::HeaderMap;
use http::Method;
use http::header;
use policy::Decision;
use policy::EtagStyle;
use policy::Permit;
use policy::Request;
use policy::Unsealed;
use s3::BucketName;
use s3::ErrorCode;
use s3::ObjectName;
use s3::Operation;
use s3::Target;
use s3::xml;
use s3::xml::list::Shown;

use super::with_body;
use crate::assemble::Snapshot;
use crate::backend::Answer;
use crate::error::Error;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::lookup;
use crate::lookup::End;
use crate::lookup::Wanted;
use crate::memory::Remembered;
use crate::plan;
use crate::plan::Outgoing;
use crate::plan::Place;
use crate::plan::reply;
use crate::plan::reply::Found;
use crate::receive::Answered;
use crate::seal;
use crate::seal::Ring;
use crate::transform::listing;

/// How a version of an object looks to clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// As it is stored.
    Stored,
    /// As its plaintext is.
    Sealed(Shown),
}

impl Remembered for Look {}

/// How many objects are looked at at a time.
const AT_A_TIME: usize = 32;

/// A listing of objects: sizes and `ETags` of sealed ones become the client's. Mostly they follow
/// from what is listed; where they do not, the objects themselves are looked at.
pub(super) async fn objects(
    exchange: &Exchange,
    answered: &Answered,
    answer: Answer,
) -> Result<Answer> {
    let unfit = |_| Error::Backend("listing of objects");
    let mut unclear = Vec::new();
    let shown = xml::list::rewrite(&answer.body, &mut |entry| {
        let permit = permit(exchange, answered, entry.key)?;
        let arithmetic = listing::shown(entry);
        if !is_looked_at(exchange, &permit, arithmetic.as_ref()) {
            return arithmetic;
        }
        unclear.push(Asked {
            permit,
            key: entry.key.to_owned(),
            version: entry.version_id.map(str::to_owned),
            etag: entry.etag.to_owned(),
            arithmetic,
        });
        None
    });
    let shown = shown.map_err(unfit)?;
    if unclear.is_empty() {
        return Ok(with_body(answer, shown));
    }
    let mut looks = looks(exchange, answered, unclear).await?.into_iter();
    let shown = xml::list::rewrite(&answer.body, &mut |entry| {
        let permit = permit(exchange, answered, entry.key)?;
        let arithmetic = listing::shown(entry);
        if !is_looked_at(exchange, &permit, arithmetic.as_ref()) {
            return arithmetic;
        }
        match looks.next() {
            Some(Look::Sealed(shown)) => Some(shown),
            Some(Look::Stored) | None => None,
        }
    });
    Ok(with_body(answer, shown.map_err(unfit)?))
}

/// The looks of objects, in their order.
async fn looks(exchange: &Exchange, answered: &Answered, unclear: Vec<Asked>) -> Result<Vec<Look>> {
    let bucket = answered.call.target.bucket();
    let bucket = bucket.ok_or(Error::Internal("listing without a bucket"))?;
    stream::iter(unclear)
        .map(|asked| Box::pin(asked.look(&exchange.snapshot, bucket)))
        .buffered(AT_A_TIME)
        .try_collect()
        .await
}

/// Whether what is listed does not tell how a client would see it.
fn is_looked_at(exchange: &Exchange, permit: &Permit, arithmetic: Option<&Shown>) -> bool {
    let unclear = permit.unsealed() == Unsealed::Serve
        || permit.etag() == EtagStyle::Md5
        || !exchange.snapshot.counts_parts;
    unclear || arithmetic.is_none()
}

/// An object that is looked at.
struct Asked {
    permit: Permit,
    key: String,
    version: Option<String>,
    /// The backend's, without quotes.
    etag: String,
    /// What it would look like if it were sealed.
    arithmetic: Option<Shown>,
}

impl Asked {
    async fn look(self, snapshot: &Snapshot, bucket: &BucketName) -> Result<Look> {
        let version = self.version.as_deref().unwrap_or_default();
        let style = self.permit.etag();
        let name = format!("{bucket}/{}\n{version}\n{}\n{style:?}", self.key, self.etag);
        if let Some(known) = snapshot.looks.get(&name) {
            return Ok(known);
        }
        let Ok(object) = ObjectName::parse(&self.key) else {
            return Ok(Look::Stored);
        };
        let place = plan::place(&self.permit, bucket, &object);
        let mut head = Outgoing::new(Method::HEAD, &Target::Object(bucket.clone(), object));
        if let Some(version) = &self.version {
            head = head.with_query("versionId", version);
        }
        let answer = if self.permit.etag() == EtagStyle::Md5 {
            lookup::glance(&snapshot.backend, &head).await?
        } else {
            snapshot.backend.ask(&head, &Bytes::new(), 0).await?
        };
        let etag = answer.headers.get(header::ETAG);
        let etag = etag.and_then(|etag| etag.to_str().ok()).unwrap_or_default();
        if !answer.status.is_success() || etag.trim_matches('"') != self.etag {
            // It has gone or changed since it was listed.
            return Ok(self.arithmetic.map_or(Look::Stored, Look::Sealed));
        }
        let look = sealed(snapshot, &head, &place, &answer, self.permit.etag()).await;
        let look = match look {
            Ok(Some(shown)) => Look::Sealed(shown),
            Ok(None) => Look::Stored,
            // One object that does not open must not hide all others.
            Err(error) => {
                log::warn!("an object cannot be looked at for a listing: {error}");
                return Ok(self.arithmetic.map_or(Look::Stored, Look::Sealed));
            }
        };
        snapshot.looks.insert(name, look.clone());
        Ok(look)
    }
}

/// The look of the object whose head is `answer`; nothing when it is not sealed.
async fn sealed(
    snapshot: &Snapshot,
    head: &Outgoing,
    place: &Place,
    answer: &Answer,
    style: EtagStyle,
) -> Result<Option<Shown>> {
    let headers = &answer.headers;
    let Found::Sealed(envelope) = reply::find(headers)? else {
        return Ok(None);
    };
    if envelope.sse() == Sse::Customer {
        return Ok(of_customer(envelope.layout(), headers));
    }
    let envelope = seal::verify(*envelope, place, Ring::of(&snapshot.keys))?;
    let end = End::of(headers, &answer.body)?;
    let wanted = Wanted {
        md5: style == EtagStyle::Md5,
        sum: false,
        size: reply::hides_size(&envelope, headers),
    };
    let facts = lookup::facts(snapshot, head, &envelope, end, wanted).await?;
    let facts = facts.ok_or_else(|| s3::Error::new(ErrorCode::SlowDown))?;
    let size = reply::size(&envelope, end.stored, headers, facts.size)?;
    let etag = headers
        .get(header::ETAG)
        .and_then(|etag| etag.to_str().ok());
    let etag = etag.map(reply::client_etag).unwrap_or_default();
    let etag = facts.etag().filter(|_| wanted.md5).unwrap_or(etag);
    Ok(Some(Shown {
        size: size.0,
        etag: etag.trim_matches('"').to_owned(),
    }))
}

/// The look of an object whose key only its client has: what follows from its stored length, and
/// nothing where that is impossible.
fn of_customer(layout: Layout, headers: &HeaderMap) -> Option<Shown> {
    let etag = headers.get(header::ETAG)?.to_str().ok()?;
    let stored = SealedLen(reply::content_length(headers).ok()?);
    let size = match layout {
        Layout::Whole => crypto::whole_plain_len(stored)?,
        Layout::Parts => {
            let segments = plan::is_parts_etag(etag.trim_matches('"'))?;
            crypto::parts_plain_len(stored, segments)?
        }
    };
    let etag = reply::client_etag(etag).trim_matches('"').to_owned();
    Some(Shown { size: size.0, etag })
}

/// `ListBuckets`: those that the caller may list.
pub(super) fn buckets(exchange: &Exchange, answered: &Answered, answer: Answer) -> Result<Answer> {
    let state = exchange.snapshot.state.as_ref();
    let listed = xml::buckets::retain(&answer.body, &mut |bucket| {
        if state.is_some_and(|state| state.is(bucket)) {
            return false;
        }
        let request = request(answered, Some(bucket), None);
        matches!(
            policy::decide(&exchange.snapshot.rules, &request),
            Decision::Permitted(_)
        )
    });
    let listed = listed.map_err(|_| Error::Backend("listing of buckets"))?;
    Ok(with_body(answer, listed))
}

/// The permit for one object of a listing, where its rule seals.
pub(super) fn permit(exchange: &Exchange, answered: &Answered, key: &str) -> Option<Permit> {
    let bucket = answered.call.target.bucket().map(BucketName::as_str);
    let request = request(answered, bucket, Some(key));
    match policy::decide(&exchange.snapshot.rules, &request) {
        Decision::Permitted(permit) => permit.protection().sealing().is_some().then_some(permit),
        Decision::Refused(_) => None,
    }
}

fn request<'a>(
    answered: &'a Answered,
    bucket: Option<&'a str>,
    object: Option<&'a str>,
) -> Request<'a> {
    // An object looks as a read of it would show it.
    let operation = match object {
        Some(_) => Operation::GetObject,
        None => answered.call.operation,
    };
    Request {
        secure: answered.secure,
        ..Request::new(
            &answered.caller.name,
            answered.permit.action(),
            operation.name(),
            bucket,
            object,
        )
    }
}
