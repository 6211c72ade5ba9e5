//! What is known of one request, gathered on its way through the rooms.

use std::mem;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use http::StatusCode;
use policy::Action;
use policy::Algorithm;
use policy::Caller;
use policy::Decision;
use policy::KeyName;
use policy::Protection;
use policy::Request;
use policy::Sse;
use s3::BucketName;
use s3::ErrorCode;
use s3::ObjectName;
use s3::Operation;
use s3::SseMode;
use s3::SseTold;
use time::OffsetDateTime;

use super::Audit;
use super::Ended;
use super::Place;
use super::line;
use super::line::Line;
use crate::call::Call;
use crate::telemetry::metrics::InFlight;

/// The entry of one request. Dropping it writes its lines, so a request that is broken off
/// anywhere has them too. By default, where no audit is kept, it does nothing.
#[derive(Default)]
pub struct Entry(Option<Box<Kept>>);

struct Kept {
    began: Began,
    notes: Mutex<Notes>,
    place: Option<Place>,
    request: Arc<InFlight>,
}

/// What is known of a request when it arrives.
pub struct Began {
    /// When.
    pub time: OffsetDateTime,
    /// The request id.
    pub request: String,
    /// The snapshot that it keeps.
    pub snapshot: u64,
    /// Where from.
    pub address: Option<SocketAddr>,
}

#[derive(Default)]
struct Notes {
    /// It decides nothing.
    ignored: bool,
    operation: Option<Operation>,
    bucket: Option<String>,
    object: Option<String>,
    version: Option<String>,
    client: Option<String>,
    /// The first is about what the call names.
    decisions: Vec<Decided>,
    sealed: Option<Sealed>,
    bytes: Option<u64>,
    error: Option<&'static str>,
    /// By something else than the policy.
    refused: bool,
    ended: Ended,
}

struct Decided {
    action: Action,
    bucket: Option<String>,
    object: Option<String>,
    version: Option<String>,
    rule: Option<String>,
    permitted: bool,
    /// Only because the rules are in report mode.
    reported: bool,
    /// How its rule seals.
    seals: Option<Sealed>,
}

#[derive(Clone)]
struct Sealed {
    mode: &'static str,
    algorithm: &'static str,
    key: Option<String>,
}

impl Entry {
    /// A request arrives; it waits until there is a place for its lines.
    pub async fn begin(audit: &Audit, began: Began, request: Arc<InFlight>) -> Self {
        let place = audit.place().await;
        Self(Some(Box::new(Kept {
            began,
            notes: Mutex::default(),
            place,
            request,
        })))
    }

    /// What is asked.
    pub fn called(&self, call: &Call) {
        self.note(|notes| {
            notes.ignored = call.operation == Operation::CorsPreflight;
            notes.operation = Some(call.operation);
            let bucket = call.target.bucket().map(BucketName::as_str);
            let object = call.target.object().map(ObjectName::as_str);
            notes.bucket = bucket.map(str::to_owned);
            notes.object = object.map(str::to_owned);
            notes.version = call.query.get("versionId").map(str::to_owned);
        });
    }

    /// Who proved to ask.
    pub fn called_by(&self, caller: &Caller) {
        self.note(|notes| {
            notes.client = Some(match caller {
                Caller::Client(name) => name.as_str().to_owned(),
                Caller::Anonymous => "anonymous".to_owned(),
            });
        });
    }

    /// What the policy said to it.
    pub fn decided(&self, request: &Request<'_>, decision: &Decision) {
        self.decided_on(request, None, decision);
    }

    /// The same about one version.
    pub fn decided_on(&self, request: &Request<'_>, version: Option<&str>, decision: &Decision) {
        let (rule, seals) = match decision {
            Decision::Permitted(permit) => {
                // Only who chooses how new data is encrypted is told by the rule.
                let chosen = request.wish.and(seals(permit.protection()));
                (Some(permit.rule()), chosen)
            }
            Decision::Refused(refusal) => (refusal.rule(), None),
        };
        self.note(|notes| {
            notes.decisions.push(Decided {
                action: request.action,
                bucket: request.bucket.map(str::to_owned),
                object: request.object.map(str::to_owned),
                version: version.map(str::to_owned),
                rule: rule.map(str::to_owned),
                permitted: matches!(decision, Decision::Permitted(_)),
                reported: matches!(decision, Decision::Permitted(permit) if permit.reported().is_some()),
                seals,
            });
        });
    }

    /// What the object is really sealed with, where that does not follow from its rule of today;
    /// `key` is the name of the key in the configuration.
    pub fn sealed(&self, told: &SseTold, key: Option<&str>) {
        self.note(|notes| {
            notes.sealed = Some(Sealed {
                mode: match told.mode {
                    SseMode::Aes256 => Sse::Aes256,
                    SseMode::Kms => Sse::Kms,
                    SseMode::Dsse => Sse::Dsse,
                    SseMode::Customer => Sse::Customer,
                }
                .name(),
                algorithm: if told.sm4 {
                    Algorithm::Sm4.name()
                } else {
                    Algorithm::Aes256.name()
                },
                key: told.key_id.as_deref().or(key).map(str::to_owned),
            });
        });
    }

    /// Bytes of object data that came in, in plaintext.
    pub fn received(&self, bytes: u64) {
        self.note(|notes| notes.bytes = Some(bytes));
    }

    /// The gateway's own refusal or failure.
    pub fn failed(&self, code: ErrorCode) {
        self.note(|notes| {
            notes.error = Some(code.name());
            notes.refused |= code.status() == StatusCode::FORBIDDEN;
        });
    }

    /// How it ended.
    pub fn ended(&self, ended: Ended) {
        self.note(|notes| notes.ended = ended);
    }

    fn note(&self, change: impl FnOnce(&mut Notes)) {
        if let Some(kept) = &self.0 {
            change(&mut kept.notes.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let notes = self.notes.get_mut().unwrap_or_else(PoisonError::into_inner);
        let notes = mem::take(notes);
        let Some(place) = self.place.take().filter(|_| !notes.ignored) else {
            return;
        };
        place.fill(notes.render(&self.began), Arc::clone(&self.request));
    }
}

impl Notes {
    /// A line for each decision; one for a request that did not come so far.
    fn render(mut self, began: &Began) -> Vec<u8> {
        let decisions = mem::take(&mut self.decisions);
        let mut text = Vec::with_capacity(512 * decisions.len().max(1));
        let Some((first, others)) = decisions.split_first() else {
            self.line(began).render(&mut text);
            return text;
        };
        // Of many objects at once the call names none, so it is their lines that count.
        if self.operation != Some(Operation::DeleteObjects) || others.is_empty() {
            let told = self.told(first);
            Line {
                mode: told
                    .map(|sealed| sealed.mode)
                    .or(self.ended.mode.as_deref()),
                algorithm: told.map(|sealed| sealed.algorithm),
                key_id: told.and_then(|sealed| sealed.key.as_deref()),
                bytes: self.bytes(),
                version: self.ended.version.as_deref().or(self.version.as_deref()),
                ..self.decision(began, first)
            }
            .render(&mut text);
        }
        for other in others {
            self.decision(began, other).render(&mut text);
        }
        text
    }

    fn decision<'a>(&'a self, began: &'a Began, decided: &'a Decided) -> Line<'a> {
        Line {
            action: Some(decided.action.name()),
            bucket: decided.bucket.as_deref(),
            object: decided.object.as_deref(),
            version: decided.version.as_deref(),
            rule: decided.rule.as_deref(),
            outcome: match (decided.permitted && !self.refused, decided.reported) {
                (true, true) => "reported",
                (permitted, _) => outcome(permitted),
            },
            ..self.line(began)
        }
    }

    /// What a line says whatever was decided.
    fn line<'a>(&'a self, began: &'a Began) -> Line<'a> {
        Line {
            time: line::time(began.time),
            request: &began.request,
            snapshot: began.snapshot,
            client: self.client.as_deref(),
            address: began.address.map(|address| address.to_string()),
            operation: self.operation.map_or("Unknown", Operation::name),
            action: None,
            bucket: self.bucket.as_deref(),
            object: self.object.as_deref(),
            version: self.version.as_deref(),
            rule: None,
            outcome: outcome(false),
            mode: None,
            algorithm: None,
            key_id: None,
            bytes: 0,
            status: self.ended.status,
            error: self.error,
        }
    }

    /// What is sealed with what: as it was found, or as the rule has it of what was written.
    fn told<'a>(&'a self, decided: &'a Decided) -> Option<&'a Sealed> {
        let writes = self.operation.is_some_and(writes) && self.succeeded();
        let as_ruled = decided.seals.as_ref().filter(|_| writes);
        self.sealed.as_ref().or(as_ruled)
    }

    fn bytes(&self) -> u64 {
        let received = self.bytes.filter(|_| self.succeeded());
        self.ended.bytes.or(received).unwrap_or_default()
    }

    /// A long answer begins with success, and may end with an error.
    fn succeeded(&self) -> bool {
        let success = |status| (200..400).contains(&status);
        self.error.is_none() && self.ended.status.is_some_and(success)
    }
}

/// Whether it writes object data.
fn writes(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::PutObject
            | Operation::PostObject
            | Operation::CopyObject
            | Operation::CreateMultipartUpload
            | Operation::UploadPart
            | Operation::UploadPartCopy
            | Operation::CompleteMultipartUpload
    )
}

fn seals(protection: &Protection) -> Option<Sealed> {
    let encryption = protection.encryption()?;
    let named = encryption.key.as_ref().map(KeyName::as_str);
    Some(Sealed {
        mode: encryption.sse.name(),
        algorithm: encryption.algorithm.name(),
        key: encryption.key_id.as_deref().or(named).map(str::to_owned),
    })
}

const fn outcome(permitted: bool) -> &'static str {
    if permitted { "permitted" } else { "refused" }
}
