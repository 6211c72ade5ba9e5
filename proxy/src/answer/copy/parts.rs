//! The copy of an object in parts whose body stays in the backend: part by part at its own
//! boundaries, because the sizes of listings follow from the number of parts (FORMAT.md §5), and a
//! copy in one piece would lose it.

use std::ops::Range;

use bytes::Bytes;
use crypto::Envelope;
use crypto::EnvelopeText;
use crypto::PartTable;
use futures_util::StreamExt as _;
use futures_util::TryStreamExt as _;
use futures_util::stream;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::header;
use s3::ErrorCode;
use s3::xml;
use s3::xml::copy::Copied;
use s3::xml::multipart::Completed;
use s3::xml::multipart::ListedPart;

use super::super::ANSWER_BYTES_MAX;
use super::Source;
use super::Stored;
use super::reader::changed;
use super::stream::copy_tags;
use crate::backend::Answer;
use crate::backend::Backend;
use crate::error::Error;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::lookup;
use crate::plan::Outgoing;
use crate::plan::copy::CopyOrder;
use crate::plan::copy::Directive;
use crate::proof;
use crate::seal;

/// How many parts are copied at a time.
const AT_A_TIME: usize = 8;

/// Conditions on what the copy replaces: they are for the moment when it does.
const CONDITIONS: [header::HeaderName; 2] = [header::IF_MATCH, header::IF_NONE_MATCH];

/// Copies all segments of `source`, under a new envelope.
pub(super) async fn copy(
    exchange: &Exchange,
    order: CopyOrder,
    source: &Source,
    envelope: &Envelope,
    text: &EnvelopeText,
) -> Result<Result<Stored, Answer>> {
    let snapshot = &exchange.snapshot;
    let table = lookup::table(snapshot, &source.head, envelope, source.end()).await?;
    let table = table.ok_or_else(changed)?;
    if table.total().0 != source.plain_len {
        return Err(crypto::Error::ListDisagrees.into());
    }
    let from = HeaderValue::try_from(order.source.render());
    let from = from.map_err(|_| Error::Internal("copy source"))?;
    let (tags, asked) = (order.tags, order.source);
    let demand = order.demand;
    let call = Outgoing {
        headers: HeaderMap::new(),
        ..order.outgoing.clone()
    };
    let mut create = order.outgoing.with_query("uploads", "");
    create.method = Method::POST;
    let mut conditions = HeaderMap::new();
    for name in CONDITIONS {
        if let Some(value) = create.headers.remove(&name) {
            conditions.insert(name, value);
        }
    }
    if tags == Directive::Copy {
        copy_tags(exchange, &asked, source, &mut create).await?;
    }
    create
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(0));
    seal::enclose(&mut create, text)?;
    let backend = &snapshot.backend;
    let begun = ask(backend, &create, &Bytes::new()).await?;
    if !begun.status.is_success() {
        return Ok(Err(begun));
    }
    let id = xml::multipart::upload_id(&begun.body);
    let copying = Copying {
        backend,
        call,
        id: id.ok_or(Error::Backend("upload without an id"))?,
        from,
        etag: &source.etag,
    };
    let target = &exchange
        .call
        .as_ref()
        .ok_or(Error::Internal("copy without a call"))?
        .target;
    let done = match proof::believe(snapshot, target, demand.as_ref(), &begun.headers).await {
        Ok(()) => {
            let segments = segments(&table, source.stored);
            copying.all(segments, conditions).await
        }
        Err(unmet) => Err(unmet),
    };
    if !matches!(done, Ok(Ok(_))) {
        let abort = copying.upload(Method::DELETE);
        let _ = ask(backend, &abort, &Bytes::new()).await;
    }
    done
}

/// An upload of the gateway's own.
struct Copying<'a> {
    backend: &'a Backend,
    call: Outgoing,
    id: String,
    from: HeaderValue,
    etag: &'a HeaderValue,
}

impl Copying<'_> {
    async fn all(
        &self,
        segments: Vec<(u32, Range<u64>)>,
        conditions: HeaderMap,
    ) -> Result<Result<Stored, Answer>> {
        let ranged = segments.len() > 1;
        let copied = stream::iter(segments)
            .map(|(number, bytes)| Box::pin(self.one(number, bytes, ranged)))
            .buffered(AT_A_TIME)
            .try_collect::<Vec<Result<ListedPart, Answer>>>()
            .await?;
        let parts = match copied.into_iter().collect::<Result<Vec<_>, _>>() {
            Ok(parts) => parts,
            Err(refused) => return Ok(Err(refused)),
        };
        let mut complete = self.upload(Method::POST);
        complete.headers = conditions;
        let body = Bytes::from(xml::multipart::complete(&parts));
        let answer = ask(self.backend, &complete, &body).await?;
        match xml::multipart::parse_completed(&answer.body) {
            Some(Completed::Object(etag)) if answer.status.is_success() => Ok(Ok(Stored {
                etag: self.etag_of_copy(etag).await?,
                last_modified: super::super::now()?,
                sum: None,
                in_parts: true,
                answer,
            })),
            Some(Completed::Refused(code)) => Ok(Err(refused(answer, code))),
            _ if answer.status.is_success() => Err(Error::Backend("end of a copy")),
            _ => Ok(Err(answer)),
        }
    }

    /// The `ETag` that was told, or that the copy has where none was.
    async fn etag_of_copy(&self, told: String) -> Result<String> {
        if !told.is_empty() {
            return Ok(told);
        }
        let head = Outgoing {
            method: Method::HEAD,
            ..self.call.clone()
        };
        let answer = ask(self.backend, &head, &Bytes::new()).await?;
        let etag = answer.headers.get(header::ETAG);
        let etag = etag.and_then(|etag| etag.to_str().ok());
        let etag = etag.ok_or(Error::Backend("copy without an ETag"))?;
        Ok(etag.trim_matches('"').to_owned())
    }

    /// `ranged`: stores refuse ranges of small sources, and an object of one segment needs none.
    async fn one(
        &self,
        number: u32,
        bytes: Range<u64>,
        ranged: bool,
    ) -> Result<Result<ListedPart, Answer>> {
        let mut part = self
            .upload(Method::PUT)
            .with_query("partNumber", &number.to_string());
        let headers = &mut part.headers;
        headers.insert("x-amz-copy-source", self.from.clone());
        headers.insert("x-amz-copy-source-if-match", self.etag.clone());
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(0));
        if ranged {
            let range = format!("bytes={}-{}", bytes.start, bytes.end - 1);
            let range = HeaderValue::try_from(range);
            let range = range.map_err(|_| Error::Internal("range of a copy"))?;
            headers.insert("x-amz-copy-source-range", range);
        }
        let answer = ask(self.backend, &part, &Bytes::new()).await?;
        if answer.status == StatusCode::PRECONDITION_FAILED {
            return Err(changed());
        }
        match xml::copy::parse(&answer.body) {
            Some(Copied::Object { etag, .. }) if answer.status.is_success() => Ok(Ok(ListedPart {
                number,
                etag,
                checksum: None,
            })),
            Some(Copied::Refused(code)) => Ok(Err(refused(answer, code))),
            _ if answer.status.is_success() => Err(Error::Backend("answer to a copy")),
            _ => Ok(Err(answer)),
        }
    }

    fn upload(&self, method: Method) -> Outgoing {
        let call = Outgoing {
            method,
            ..self.call.clone()
        };
        call.with_query("uploadId", &self.id)
    }
}

/// Numbers and stored bytes of the segments, the gateway's own at the end among them.
fn segments(table: &PartTable, stored: u64) -> Vec<(u32, Range<u64>)> {
    let of_clients = table
        .feet()
        .map(|foot| (foot.part().number, foot.segment()));
    let mut segments: Vec<_> = of_clients.collect();
    let last = segments.last().map_or((0, 0), |last| (last.0, last.1.end));
    if last.1 < stored {
        segments.push((last.0 + 1, last.1..stored));
    }
    segments
}

fn refused(answer: Answer, code: Option<ErrorCode>) -> Answer {
    if !answer.status.is_success() {
        return answer;
    }
    let status = code.map_or(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::status);
    Answer { status, ..answer }
}

async fn ask(backend: &Backend, outgoing: &Outgoing, body: &Bytes) -> Result<Answer> {
    backend.ask(outgoing, body, ANSWER_BYTES_MAX).await
}
