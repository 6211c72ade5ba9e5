//! Cross-origin requests: the browser's question before them, and what lets a page read our errors.
//! The backend has the bucket's rules, so it is asked.

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Method;
use http::header;
use pingora::http::RequestHeader;
use pingora::proxy::Session;

use super::relayed;
use crate::call::Call;
use crate::error::Error;
use crate::error::Result;
use crate::exchange::Exchange;
use crate::plan::Outgoing;
use crate::respond;

/// A refusal is a short document.
const ANSWER_BYTES_MAX: usize = 64 << 10;

const ASKED: [HeaderName; 3] = [
    header::ORIGIN,
    header::ACCESS_CONTROL_REQUEST_METHOD,
    header::ACCESS_CONTROL_REQUEST_HEADERS,
];

/// Passes a preflight on. It is signed by nobody, and tells nothing but the bucket's rules.
pub async fn answer(session: &mut Session, exchange: &mut Exchange, call: &Call) -> Result<()> {
    let outgoing = outgoing(call, &session.req_header().headers);
    let backend = &exchange.snapshot.backend;
    let answer = backend.ask_unsigned(&outgoing, ANSWER_BYTES_MAX).await?;
    let answer = super::told(exchange, answer)?;
    let headers = relayed(&answer.headers);
    respond::answer(session, exchange, answer.status, &headers, answer.body)
        .await
        .map_err(|_| Error::ClientGone)
}

/// The headers without which a page of the origin of `request` cannot read an error of ours; none
/// when it named no origin or the bucket's rules do not know it.
pub async fn allowances(exchange: &Exchange, request: &RequestHeader) -> HeaderMap {
    let (Some(call), Some(origin)) = (&exchange.call, request.headers.get(header::ORIGIN)) else {
        return HeaderMap::new();
    };
    let mut asked = HeaderMap::new();
    asked.insert(header::ORIGIN, origin.clone());
    if let Ok(method) = HeaderValue::try_from(request.method.as_str()) {
        asked.insert(header::ACCESS_CONTROL_REQUEST_METHOD, method);
    }
    let backend = &exchange.snapshot.backend;
    let question = outgoing(call, &asked);
    let Ok(answer) = backend.ask_unsigned(&question, ANSWER_BYTES_MAX).await else {
        return HeaderMap::new();
    };
    let told =
        |name: &HeaderName| name.as_str().starts_with("access-control-") || *name == header::VARY;
    let headers = answer.headers.iter().filter(|(name, _)| told(name));
    headers
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn outgoing(call: &Call, client: &HeaderMap) -> Outgoing {
    let mut outgoing = Outgoing::new(Method::OPTIONS, &call.target);
    for name in ASKED {
        if let Some(value) = client.get(&name) {
            outgoing.headers.insert(name, value.clone());
        }
    }
    outgoing
}
