//! One client request and its answer, as it walks through the rooms.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use crypto::Envelope;
use http::StatusCode;
use pingora::proxy::Session;
use policy::Permit;
use s3::Operation;
use time::OffsetDateTime;

use crate::asked;
use crate::asked::Asked;
use crate::assemble::Snapshot;
use crate::audit::Began;
use crate::audit::Ended;
use crate::audit::Entry;
use crate::authenticate::Caller;
use crate::call::Call;
use crate::error::Error;
use crate::plan::Lookup;
use crate::plan::Plan;
use crate::plan::reply::ReplyPlan;
use crate::random;
use crate::respond;
use crate::tags::Renamed;
use crate::telemetry::metrics::InFlight;
use crate::transform::download::Download;
use crate::transform::upload::Upload;

/// pingora's per-request context.
pub struct Exchange {
    /// The configuration under which this request began and ends.
    pub snapshot: Arc<Snapshot>,
    /// What the audit log will say of it.
    pub audit: Entry,
    /// What is asked, once it is known.
    pub call: Option<Call>,
    /// Whether the client's connection can serve another request after this one.
    pub keeps_alive: bool,
    /// The object's `ETag`, where the client's conditions had to be put into other words.
    pub renamed: Option<Renamed>,
    /// What the client says of encryption, once that is permitted.
    pub asked: Arc<Asked>,
    /// What passes through the proxy; absent for what is answered here.
    pub passage: Option<Passage>,
    id: String,
    began: Instant,
    failure: Option<Error>,
    status: Option<StatusCode>,
    in_flight: Arc<InFlight>,
}

/// A request that passes through to the backend.
pub struct Passage {
    /// Who calls.
    pub caller: Caller,
    /// What must be looked up before there is a plan.
    pub lookup: Option<Box<Lookup>>,
    /// What is done.
    pub plan: Option<Box<Plan>>,
    /// The client's body, in this attempt.
    pub upload: Option<Upload>,
    /// The permit under which it passes.
    pub permit: Permit,
    /// The answer's head and the envelope behind it, when it is an opened object.
    pub opened: Option<(ReplyPlan, Box<Envelope>)>,
    /// The answer's body.
    pub download: Download,
    /// The endpoint of this attempt.
    pub endpoint: usize,
    /// Attempts that failed before a connection stood.
    pub refused: usize,
    /// Attempts lost to a concurrent write.
    pub races: usize,
}

impl Passage {
    /// Not yet looked up, not yet planned.
    #[must_use]
    pub fn new(caller: Caller, permit: Permit) -> Self {
        Self {
            caller,
            permit,
            lookup: None,
            plan: None,
            upload: None,
            opened: None,
            download: Download::Relay,
            endpoint: 0,
            refused: 0,
            races: 0,
        }
    }
}

impl Exchange {
    /// A request arrives.
    #[must_use]
    pub fn new(snapshot: Arc<Snapshot>, in_flight: InFlight) -> Self {
        Self {
            snapshot,
            audit: Entry::default(),
            call: None,
            keeps_alive: false,
            renamed: None,
            asked: Arc::new(Asked::nothing(Operation::Unknown)),
            passage: None,
            id: request_id(),
            began: Instant::now(),
            failure: None,
            status: None,
            in_flight: Arc::new(in_flight),
        }
    }

    /// The request id: in our log and in the client's answer.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The path, for error documents.
    #[must_use]
    pub fn resource(&self) -> &str {
        self.call.as_ref().map_or("/", Call::resource)
    }

    /// The operation's name, for logs and metrics.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.call
            .as_ref()
            .map_or("Unknown", |call| Operation::name(call.operation))
    }

    /// Begins the audit entry of a client at `address`, once there is room for it.
    pub async fn enter(&mut self, address: Option<SocketAddr>) {
        let Some(audit) = &self.snapshot.audit else {
            return;
        };
        let began = Began {
            time: OffsetDateTime::now_utc(),
            request: self.id.clone(),
            snapshot: self.snapshot.number,
            address,
        };
        self.audit = Entry::begin(audit, began, Arc::clone(&self.in_flight)).await;
    }

    /// Completes the audit entry.
    pub fn leave(&self, session: &Session) {
        let passage = self.passage.as_ref();
        if let Some((_, envelope)) = passage.and_then(|passage| passage.opened.as_ref()) {
            let told = asked::told_of(envelope.advertised());
            self.audit.sealed(&told, envelope.key_name());
        }
        if let Some(call) = &self.call {
            self.audit.ended(Ended::of(session, call.operation));
        }
    }

    /// Since the request arrived, seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// Keeps a failure until the client can be told, and breaks pingora's flow off.
    pub fn fail(&mut self, error: Error) -> Box<pingora::Error> {
        let broken = pingora::Error::explain(pingora::ErrorType::InternalError, error.to_string());
        self.failure.get_or_insert(error);
        broken
    }

    /// The failure that broke the flow off, if it was ours.
    pub fn take_failure(&mut self) -> Option<Error> {
        self.failure.take()
    }

    /// Logs a failure with its causes.
    pub fn record_failure(&mut self, error: &Error, status: StatusCode) {
        self.status = Some(status);
        self.audit.failed(respond::told(error).code);
        let causes = causes(error);
        let (id, operation) = (&self.id, self.operation());
        // A client can cause what it is told at will; only our own faults call for an operator.
        if status.is_server_error() && !matches!(error, Error::Client(_)) {
            log::error!("{id} {operation} {}: {causes}", status.as_u16());
        } else {
            log::info!("{id} {operation} {}: {causes}", status.as_u16());
        }
    }

    /// Notes what the client was answered.
    pub fn record_status(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    /// What the client was answered.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }
}

fn causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// 16 hexadecimal digits in upper case, as S3's look.
fn request_id() -> String {
    let bytes: [u8; 8] = random::bytes().unwrap_or_default();
    format!("{:016X}", u64::from_be_bytes(bytes))
}
