//! `GetObject` and `HeadObject`: which stored bytes answer a request in plaintext coordinates.

use std::ops::Range;
use std::sync::Arc;

use crypto::Layout;
use crypto::PartTable;
use crypto::PlainLen;
use crypto::Span;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header;
use policy::Permit;
use s3::ErrorCode;
use s3::Operation;
use s3::RangeHeader;
use s3::Target;

use super::Draft;
use super::Objects;
use super::Outgoing;
use super::Place;
use super::Plan;
use super::Reading;
use super::Reply;
use super::RequestBody;
use super::conditions;
use super::headers;
use super::headers::Kind;
use super::not_implemented;
use super::place;
use super::reply;
use super::reply::OnePart;
use super::reply::SpanOrder;
use crate::call::Call;

/// Query parameters of a read that the backend is to see.
const FORWARDED: &[&str] = &[
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "versionId",
];

/// What is known of a sealed object before it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Backend `ETag`, quotes included, as it stood in the header.
    pub etag: String,
    /// The `ETag` that clients see, quotes included.
    pub shown: String,
    /// Under rules of this style.
    pub style: policy::EtagStyle,
    /// How the body is laid out.
    pub layout: Layout,
    /// Plaintext bytes.
    pub size: PlainLen,
    /// Where its parts lie; of a parts object, always.
    pub table: Option<Arc<PartTable>>,
}

/// What a look at the object's head told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Looked {
    /// A sealed object.
    Sealed(Known),
    /// An object of the backend's own, with this `ETag`.
    Unsealed(String),
    /// Neither: the backend answers an error or that a condition does not hold. It is asked again
    /// for the whole, and what it then says is the answer.
    Otherwise,
}

/// A range on a perhaps sealed object: its size must be known first.
#[derive(Debug, Clone, PartialEq)]
pub struct Lookup {
    /// A HEAD with the client's conditions, whose verdict stands for the read as well.
    pub head: Outgoing,
    /// Whether what is remembered of the object may answer, and be learned: no conditions, and
    /// no version but the current one.
    pub rememberable: bool,
    whole: Plan,
    reading: Reading,
    wanted: Wanted,
    if_range: Option<HeaderValue>,
}

/// The piece of an object that is asked for.
#[derive(Debug, Clone, PartialEq)]
enum Wanted {
    /// A range, as the header says it and as it is understood.
    Range(HeaderValue, RangeHeader),
    /// One of its parts.
    Part(u32),
}

/// A read. Ranges of sealed objects need a [`Lookup`].
pub(super) fn draft(call: &Call, headers: &HeaderMap, permit: &Permit) -> Result<Draft, s3::Error> {
    let Target::Object(bucket, object) = &call.target else {
        return Err(not_implemented("Reads need an object."));
    };
    let head = call.operation == Operation::HeadObject;
    let mut outgoing = outgoing(call, headers, permit, head)?;
    let objects = Objects::of(permit);
    let mut reading = Reading::new(place(permit, bucket, object), permit, head);
    if objects == Objects::Foreign {
        relay_range(headers, &mut outgoing.headers);
        if let Some(number) = call.query.get("partNumber") {
            outgoing = outgoing.with_query("partNumber", number);
        }
        return Ok(read(outgoing, reading).into());
    }
    reading.tells_checksum = wants_checksum(headers);
    let wanted = match (part_number(call)?, range(headers)) {
        (Some(_), Some(_)) => {
            return Err(s3::Error::new(ErrorCode::InvalidRequest)
                .with_message("Cannot specify both Range header and partNumber query parameter"));
        }
        (Some(number), None) => Wanted::Part(number),
        (None, Some((_, range))) if head && objects == Objects::Sealed => {
            reading.head_range = Some(range);
            return Ok(read(outgoing, reading).into());
        }
        (None, Some((asked, range))) => Wanted::Range(asked, range),
        (None, None) => return Ok(read(outgoing, reading).into()),
    };
    let lookup = Outgoing {
        method: Method::HEAD,
        ..outgoing.clone()
    };
    Ok(Draft::Needs(Box::new(Lookup {
        head: lookup,
        rememberable: !(conditions::present(headers)
            || headers.contains_key(header::IF_RANGE)
            || call.query.has("versionId")),
        whole: read(outgoing, reading.clone()),
        reading,
        wanted,
        if_range: headers.get(header::IF_RANGE).cloned(),
    })))
}

impl Lookup {
    /// What the object's seal is bound to.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.reading.place
    }

    /// What clients see as `ETag`.
    #[must_use]
    pub fn etag(&self) -> policy::EtagStyle {
        self.reading.etag
    }

    /// The plan, now that the object's head is known. `last_modified` is the head's, for
    /// `If-Range` with a date.
    pub fn resume(
        &self,
        looked: &Looked,
        last_modified: Option<&HeaderValue>,
    ) -> Result<Plan, s3::Error> {
        match looked {
            Looked::Otherwise => Ok(self.whole.clone()),
            Looked::Unsealed(etag) if self.applies(etag, last_modified) => {
                let mut plan = self.guarded(etag);
                match &self.wanted {
                    Wanted::Range(asked, _) => {
                        let headers = &mut plan.outgoing.headers;
                        headers.insert(header::RANGE, asked.clone());
                    }
                    Wanted::Part(number) => {
                        let number = number.to_string();
                        plan.outgoing = plan.outgoing.with_query("partNumber", &number);
                    }
                }
                Ok(plan)
            }
            Looked::Sealed(known) if self.applies(&known.shown, last_modified) => {
                self.sealed(known)
            }
            Looked::Unsealed(etag) | Looked::Sealed(Known { etag, .. }) => Ok(self.guarded(etag)),
        }
    }

    fn sealed(&self, known: &Known) -> Result<Plan, s3::Error> {
        let size = known.size;
        let (wanted, part) = match &self.wanted {
            Wanted::Range(asked, range) => {
                let asked = asked.to_str().unwrap_or_default();
                let refused = |_| reply::unsatisfiable(size).with_detail("RangeRequested", asked);
                (range.resolve(size.0).map_err(refused)?, None)
            }
            Wanted::Part(number) => one_part(known, *number)?,
        };
        let mut plan = self.guarded(&known.etag);
        if self.reading.head || wanted.is_empty() {
            // Only a part has no bytes, or the object: there is no range to tell them by.
            let range = (!wanted.is_empty()).then(|| (wanted.start, wanted.end - 1));
            if part.is_some() {
                plan.outgoing.method = Method::HEAD;
            }
            plan.reply = Reply::Object(Reading {
                guarded: true,
                head_range: range.map(|(first, last)| RangeHeader::FromTo(first, last)),
                part,
                shown: Some(known.shown.clone()),
                ..self.reading.clone()
            });
            return Ok(plan);
        }
        let order = match (known.layout, &known.table) {
            (Layout::Whole, _) => Span::of_whole(size, wanted).map(SpanOrder::whole(size)),
            (Layout::Parts, Some(table)) => table.span(wanted).map(SpanOrder::parts(size)),
            (Layout::Parts, None) => None,
        };
        let order = order.ok_or_else(|| reply::unsatisfiable(size))?;
        plan.outgoing = plan.outgoing.with_range(order.sealed());
        plan.reply = Reply::Object(Reading {
            guarded: true,
            span: Some(order),
            part,
            shown: Some(known.shown.clone()),
            ..self.reading.clone()
        });
        Ok(plan)
    }

    /// The read of exactly the object that was looked at.
    fn guarded(&self, etag: &str) -> Plan {
        let mut plan = self.whole.clone();
        plan.outgoing = plan.outgoing.of_version(value(etag));
        plan.reply = Reply::Object(Reading {
            guarded: true,
            ..self.reading.clone()
        });
        plan
    }

    /// RFC 9110 §13.1.5: the range applies unless `If-Range` names another version.
    fn applies(&self, etag: &str, last_modified: Option<&HeaderValue>) -> bool {
        let Some(asked) = self.if_range.as_ref().and_then(|value| value.to_str().ok()) else {
            return self.if_range.is_none();
        };
        if asked.starts_with("W/") {
            false
        } else if asked.starts_with('"') || httpdate::parse_http_date(asked).is_err() {
            asked.trim_matches('"') == etag.trim_matches('"')
        } else {
            last_modified.is_some_and(|date| date == asked)
        }
    }
}

/// Where a part lies; of an object that came whole, its only one.
fn one_part(known: &Known, number: u32) -> Result<(Range<u64>, Option<OnePart>), s3::Error> {
    let unknown = || s3::Error::new(ErrorCode::InvalidPartNumber);
    let Some(table) = &known.table else {
        return match number {
            1 => Ok((0..known.size.0, None)),
            _ => Err(unknown()),
        };
    };
    let range = table.range_of(number).ok_or_else(unknown)?;
    let foot = table.feet().find(|foot| foot.part().number == number);
    let count = u32::try_from(table.parts().len()).unwrap_or(crypto::PARTS_MAX);
    Ok((range, foot.map(|foot| OnePart { count, foot })))
}

/// The part that is asked for.
fn part_number(call: &Call) -> Result<Option<u32>, s3::Error> {
    let Some(text) = call.query.get("partNumber") else {
        return Ok(None);
    };
    let number = text
        .parse()
        .ok()
        .filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = number.filter(|number| (1..=crypto::PARTS_MAX).contains(number));
    number.map(Some).ok_or_else(|| {
        s3::Error::new(ErrorCode::InvalidArgument)
            .with_message("Part number must be an integer between 1 and 10000, inclusive")
            .with_detail("ArgumentName", "partNumber")
            .with_detail("ArgumentValue", text)
    })
}

pub(super) fn outgoing(
    call: &Call,
    headers: &HeaderMap,
    permit: &Permit,
    head: bool,
) -> Result<Outgoing, s3::Error> {
    let method = if head { Method::HEAD } else { Method::GET };
    let mut outgoing = Outgoing::new(method, &call.target);
    for (name, value) in call
        .query
        .pairs()
        .filter(|(name, _)| FORWARDED.contains(name))
    {
        outgoing = outgoing.with_query(name, value);
    }
    outgoing.headers = headers::forward(headers, Kind::Object)?;
    conditions::copy(headers, &mut outgoing.headers, Objects::of(permit));
    Ok(outgoing)
}

/// One range of bytes; several or malformed ones are ignored, as S3 does.
fn range(headers: &HeaderMap) -> Option<(HeaderValue, RangeHeader)> {
    let asked = headers.get(header::RANGE)?;
    Some((asked.clone(), RangeHeader::parse(asked.to_str().ok()?)?))
}

/// `x-amz-checksum-mode: ENABLED`, the only value there is.
fn wants_checksum(headers: &HeaderMap) -> bool {
    headers
        .get("x-amz-checksum-mode")
        .is_some_and(|mode| mode.as_bytes().eq_ignore_ascii_case(b"enabled"))
}

fn relay_range(from: &HeaderMap, to: &mut HeaderMap) {
    for name in [header::RANGE, header::IF_RANGE] {
        if let Some(value) = from.get(&name) {
            to.insert(name, value.clone());
        }
    }
    if let Some(mode) = from.get("x-amz-checksum-mode") {
        to.insert("x-amz-checksum-mode", mode.clone());
    }
}

fn read(outgoing: Outgoing, reading: Reading) -> Plan {
    Plan {
        outgoing,
        body: RequestBody::Empty,
        reply: Reply::Object(reading),
        demand: None,
    }
}

fn value(text: &str) -> HeaderValue {
    // INVARIANT: an ETag that was a header value before.
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("invalid"))
}
