//! Arrival: a request's head is read, verified, permitted and planned, before anything is asked
//! of the backend and before a byte of its body is taken.

use std::sync::Arc;

use config::Compatibility;
use http::HeaderMap;
use http::Method;
use http::Version;
use http::header;
use pingora::protocols::l4::socket::SocketAddr;
use pingora::proxy::Session;
use policy::EtagStyle;
use policy::Permit;
use policy::Setting;
use s3::BucketName;
use s3::ErrorCode;
use s3::Operation;
use s3::PolicyCall;
use s3::SseAsked;
use s3::Target;
use s3::Verified;
use time::OffsetDateTime;

use crate::asked;
use crate::asked::Asked;
use crate::asked::Connection;
use crate::assemble::Snapshot;
use crate::authenticate::Caller;
use crate::authorize;
use crate::authorize::Question;
use crate::call::Call;
use crate::error::Error;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::exchange::Passage;
use crate::plan;
use crate::plan::Demand;
use crate::plan::Draft;
use crate::plan::Objects;
use crate::plan::Outgoing;
use crate::proof;
use crate::seal;
use crate::settings;
use crate::state;
use crate::tags;

/// What becomes of a request.
pub enum Received {
    /// It passes through the proxy; the exchange has its [`Passage`].
    Passes,
    /// It is a CORS preflight, which nobody signs.
    Preflight(Box<Call>),
    /// It is a form, whose proof is in its body.
    Form(Box<Call>),
    /// It is answered here, from questions of our own to the backend.
    Answered(Box<Answered>),
}

/// A verified and permitted call that is answered here.
pub struct Answered {
    /// What is asked.
    pub call: Call,
    /// By whom.
    pub caller: Caller,
    /// The policy's permit.
    pub permit: Permit,
    /// Whether it came over an encrypted connection, or counts as if it did.
    pub secure: bool,
}

/// Takes a request's head.
pub async fn receive(session: &mut Session, exchange: &mut Exchange) -> Result<Received> {
    let request = session.req_header();
    let headers = &request.headers;
    let snapshot = &Arc::clone(&exchange.snapshot);
    let call = Call::parse(request, &snapshot.domains)?;
    exchange.audit.called(&call);
    exchange.call = Some(call.clone());
    let own = |bucket: &BucketName| {
        let state = snapshot.state.as_ref();
        state.is_some_and(|state| state.is(bucket.as_str()))
    };
    if call.target.bucket().is_some_and(own) {
        return Err(s3::Error::new(ErrorCode::AccessDenied).into());
    }
    if call.operation == Operation::CorsPreflight {
        without_body(headers)?;
        return Ok(Received::Preflight(Box::new(call)));
    }
    framing(headers, request.version, exchange.keeps_alive)?;
    if call.operation == Operation::PostObject {
        return Ok(Received::Form(Box::new(call)));
    }
    let now = OffsetDateTime::now_utc();
    let caller = snapshot
        .clients
        .authenticate(&call, &request.method, headers, now)
        .map_err(|error| as_reference(error, snapshot.compatibility))?;
    hoist(session, &call)?;
    let headers = &session.req_header().headers;
    let asked = SseAsked::read(headers)?;
    let secure = asked::is_secure(snapshot, &connection(session), headers);
    let setting = setting_of(snapshot, &call).await?;
    let question = Question {
        caller: &caller.name,
        operation: call.operation,
        target: &call.target,
        asked: &asked,
        setting: setting.as_ref(),
        secure,
    };
    let permit = authorize::authorize(&snapshot.rules, &exchange.audit, &question)?;
    denied(snapshot, &call, &question).await?;
    let transport = (permit.transport(), secure);
    let compatibility = snapshot.compatibility;
    let asked = Asked::check(headers, call.operation, compatibility, transport)?;
    exchange.asked = Arc::new(asked);
    if exchange.asked.brings_key() && Objects::of(&permit) == Objects::Foreign {
        fits_no_key(call.operation)?;
    }
    prove(snapshot, &call, &permit).await?;
    rename_tags(session, exchange, &call, &permit).await?;
    let headers = &session.req_header().headers;
    if !passes(call.operation) {
        return Ok(Received::Answered(Box::new(Answered {
            call,
            caller,
            permit,
            secure,
        })));
    }
    let plain_len = plain_len(&call, &caller.verified, headers)?;
    let draft = plan::request(&call, headers, plain_len, &permit)?;
    let mut passage = Passage::new(caller, permit);
    match draft {
        Draft::Plan(plan) => passage.plan = Some(plan),
        Draft::Needs(lookup) => passage.lookup = Some(lookup),
    }
    exchange.passage = Some(passage);
    Ok(Received::Passes)
}

/// What the bucket has been set to, where the call chooses how new data is encrypted.
pub(crate) async fn setting_of(snapshot: &Snapshot, call: &Call) -> Result<Option<Setting>> {
    let desk = settings::desk(snapshot).filter(|_| asked::chooses(call.operation));
    let (Some(desk), Some(bucket)) = (desk, call.target.bucket()) else {
        return Ok(None);
    };
    let set = snapshot
        .settings
        .encryption
        .of(desk, bucket.as_str())
        .await?;
    Ok(set.map(|set| settings::setting(&set)))
}

/// Whether the bucket's policy denies what the client asks for, or does not ask for: judged before it
/// is held against the client that it asks in a wrong way.
pub(crate) async fn denied(
    snapshot: &Snapshot,
    call: &Call,
    question: &Question<'_>,
) -> Result<()> {
    let action = match call.operation {
        Operation::GetObject | Operation::HeadObject => "GetObject",
        operation if asked::chooses(operation) => "PutObject",
        _ => return Ok(()),
    };
    let (Some(desk), Target::Object(bucket, object)) = (settings::desk(snapshot), &call.target)
    else {
        return Ok(());
    };
    let Some(policy) = snapshot.settings.policies.of(desk, bucket.as_str()).await? else {
        return Ok(());
    };
    let names = snapshot.clients.names(question.caller);
    let denied = policy.parsed.denies(&PolicyCall {
        names: &names,
        action,
        bucket: bucket.as_str(),
        object: object.as_str(),
        asked: question.asked,
        secure: question.secure,
    });
    match denied {
        None => Ok(()),
        Some(sid) => Err(s3::Error::new(ErrorCode::AccessDenied)
            .with_message(format!(
                "Access Denied: statement `{sid}` of the bucket's policy."
            ))
            .into()),
    }
}

/// Nothing that a rule leaves to the backend is under a key of the client's. Reads that stream are
/// told so when the backend has the object.
fn fits_no_key(operation: Operation) -> Result<()> {
    match operation {
        Operation::GetObject | Operation::HeadObject => Ok(()),
        Operation::GetObjectAttributes => Err(seal::no_customer_key().into()),
        _ => Err(s3::Error::new(ErrorCode::InvalidRequest)
            .with_message(state::KEY_NEEDED)
            .into()),
    }
}

/// Ceph calls a presigned URL that is out of range denied, AWS malformed.
fn as_reference(error: Error, compatibility: Compatibility) -> Error {
    match error {
        Error::Client(error)
            if compatibility == Compatibility::Rgw
                && error.code == ErrorCode::AuthorizationQueryParametersError =>
        {
            s3::Error::new(ErrorCode::AccessDenied)
                .with_message(error.message)
                .into()
        }
        error => error,
    }
}

/// Has the backend prove that it encrypts before new data is sent to it, where the rule leaves that
/// to the backend.
pub(crate) async fn prove(snapshot: &Snapshot, call: &Call, permit: &Permit) -> Result<()> {
    let demand = Demand::of(permit, &HeaderMap::new());
    let writes = asked::chooses(call.operation);
    match (demand.filter(|_| writes), call.target.bucket()) {
        (Some(demand), Some(bucket)) => proof::prove(snapshot, bucket, &demand).await,
        _ => Ok(()),
    }
}

/// How the request came in.
pub(crate) fn connection(session: &Session) -> Connection {
    let address = |address: Option<&SocketAddr>| address.and_then(SocketAddr::as_inet).copied();
    let digest = session.digest();
    Connection {
        tls: digest.is_some_and(|digest| digest.ssl_digest.is_some()),
        client: address(session.client_addr()),
        listener: address(session.server_addr()),
    }
}

/// Headers in the query, which the signature covers there, join the others.
fn hoist(session: &mut Session, call: &Call) -> Result<()> {
    if call.target.object().is_none() {
        return Ok(());
    }
    let request = session.req_header_mut();
    for (name, value) in &s3::hoisted(&call.query)? {
        if request.headers.contains_key(name) {
            return Err(s3::Error::new(ErrorCode::InvalidArgument)
                .with_message("A header must not be given in the query, too.")
                .with_detail("ArgumentName", name.as_str())
                .into());
        }
        let inserted = request.insert_header(name.clone(), value.clone());
        inserted.map_err(|_| Error::Internal("hoisted header"))?;
    }
    Ok(())
}

/// Puts the client's conditions into `ETags` that the plan knows to map.
async fn rename_tags(
    session: &mut Session,
    exchange: &mut Exchange,
    call: &Call,
    permit: &Permit,
) -> Result<()> {
    let Target::Object(bucket, object) = &call.target else {
        return Ok(());
    };
    if permit.etag() == EtagStyle::Opaque || Objects::of(permit) == Objects::Foreign {
        return Ok(());
    }
    let place = plan::place(permit, bucket, object);
    let mut head = Outgoing::new(Method::HEAD, &call.target);
    if let Some(version) = call.query.get("versionId") {
        head = head.with_query("versionId", version);
    }
    let mut headers = session.req_header().headers.clone();
    let names = &tags::OF_TARGET;
    let snapshot = &exchange.snapshot;
    let asked = Arc::clone(&exchange.asked);
    let at = (&place, asked.ring(&snapshot.keys));
    exchange.renamed = tags::rename(snapshot, &head, at, &mut headers, names).await?;
    if exchange.renamed.is_none() {
        return Ok(());
    }
    let request = session.req_header_mut();
    for name in names {
        request.remove_header(*name);
        for value in headers.get_all(*name) {
            let renamed = request.append_header(*name, value.clone());
            renamed.map_err(|_| Error::Internal("renamed tag"))?;
        }
    }
    Ok(())
}

/// Whether the call streams through the proxy. All others are answered here: their answer is
/// rewritten as a whole, or their body must be proven before the backend hears of them.
fn passes(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::PutObject
            | Operation::GetObject
            | Operation::HeadObject
            | Operation::DeleteObject
            | Operation::HeadBucket
            | Operation::DeleteBucket
            | Operation::GetBucketLocation
    )
}

/// Bytes of the client's body without frames. Only uploads have one.
fn plain_len(call: &Call, verified: &Verified, headers: &HeaderMap) -> Result<u64> {
    if call.operation == Operation::PutObject {
        return Ok(s3::Body::expect(verified, headers)?.plain_len());
    }
    without_body(headers).map(|()| 0)
}

/// Refuses a body where none belongs.
pub(crate) fn without_body(headers: &HeaderMap) -> Result<()> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .is_some_and(|length| length != "0");
    if announced || headers.contains_key(header::TRANSFER_ENCODING) {
        return Err(s3::Error::new(ErrorCode::InvalidRequest)
            .with_message("This operation takes no body.")
            .into());
    }
    Ok(())
}

/// What no S3 client sends and what hides a second request inside the first (RFC 9112 §6.3).
///
/// pingora removes a Content-Length that stands beside a Transfer-Encoding and then does not keep
/// the connection: that is how such a request is known here.
fn framing(headers: &HeaderMap, version: Version, keeps_alive: bool) -> Result<()> {
    let lengths = headers.get_all(header::CONTENT_LENGTH).iter().count();
    let coded = headers.contains_key(header::TRANSFER_ENCODING);
    let closes = headers.contains_key(header::CONNECTION) || version != Version::HTTP_11;
    let both = coded && (lengths == 1 || !(keeps_alive || closes));
    if lengths > 1 || both || headers.contains_key(header::UPGRADE) {
        return Err(Error::from(
            s3::Error::new(ErrorCode::InvalidRequest).with_message(
                "Ambiguous framing: one Content-Length, or Transfer-Encoding, and no Upgrade.",
            ),
        ));
    }
    Ok(())
}
