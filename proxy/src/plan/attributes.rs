//! `GetObjectAttributes`: told from a sealed object's head, or passed on.

use http::HeaderMap;
use http::Method;
use policy::Permit;
use s3::Target;
use s3::xml::attributes::ASKED;
use s3::xml::attributes::Asked;

use super::Objects;
use super::Outgoing;
use super::Plan;
use super::Reading;
use super::Reply;
use super::RequestBody;
use super::get;
use super::headers;
use super::headers::Kind;
use super::not_implemented;
use super::place;
use crate::call::Call;

/// A look at the object's head under the client's conditions, or the call itself where the rule
/// leaves objects alone.
pub(super) fn plan(call: &Call, headers: &HeaderMap, permit: &Permit) -> Result<Plan, s3::Error> {
    let Target::Object(bucket, object) = &call.target else {
        return Err(not_implemented("Attributes need an object."));
    };
    let asked = Asked::parse(headers)?;
    let objects = Objects::of(permit);
    let mut reading = Reading::new(place(permit, bucket, object), permit, true);
    reading.tells_checksum = asked.checksum;
    let (outgoing, reply) = if objects == Objects::Foreign {
        (relayed(call, headers)?, Reply::Relay)
    } else {
        let head = get::outgoing(call, headers, permit, true)?;
        (head, Reply::Object(reading))
    };
    Ok(Plan {
        outgoing,
        body: RequestBody::Empty,
        reply,
        demand: None,
    })
}

/// The call as the backend answers it for its own objects.
fn relayed(call: &Call, headers: &HeaderMap) -> Result<Outgoing, s3::Error> {
    let mut outgoing = Outgoing::new(Method::GET, &call.target).with_query("attributes", "");
    if let Some(version) = call.query.get("versionId") {
        outgoing = outgoing.with_query("versionId", version);
    }
    outgoing.headers = headers::forward(headers, Kind::Object)?;
    for name in [ASKED, "x-amz-max-parts", "x-amz-part-number-marker"] {
        for value in headers.get_all(name) {
            outgoing.headers.append(name, value.clone());
        }
    }
    Ok(outgoing)
}
