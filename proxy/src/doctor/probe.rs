//! Questions to the backend, and the memory of what they left there.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header;
use s3::BucketName;
use s3::ObjectName;
use s3::Target;
use s3::xml;
use s3::xml::multipart::Completed;
use s3::xml::multipart::ListedPart;

use super::parts::Parts;
use crate::assemble::Snapshot;
use crate::backend::Answer;
use crate::backend::Backend;
use crate::plan::Outgoing;
use crate::random;

/// The largest answer: a page of a listing.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// A step that had to succeed did not: nothing else can be said.
#[derive(Debug)]
pub struct Broken(pub(super) String);

/// Headers of a question.
pub(super) type Headers<'a> = &'a [(&'static str, &'a str)];

/// A place of its own at the backend, `doctor/…`, and what is there.
pub struct Probe<'a> {
    pub(super) backend: &'a Backend,
    pub(super) bucket: BucketName,
    /// Whether the gateway makes the bucket when it is not there.
    pub(super) is_own: bool,
    /// What the gateway takes for the shortest part, bytes.
    pub(super) min_part: u64,
    /// Whether the gateway takes its multipart `ETags` to tell the number of parts.
    pub(super) counts_parts: bool,
    /// The multipart object, once there is one.
    pub(super) parts: OnceLock<Parts>,
    folder: String,
    written: Mutex<Written>,
}

#[derive(Default)]
struct Written {
    /// Names and versions.
    objects: BTreeSet<(String, Option<String>)>,
    /// Names and upload ids.
    uploads: BTreeSet<(String, String)>,
}

impl<'a> Probe<'a> {
    /// In `bucket`; `is_own` when it is the one that the gateway makes for itself.
    pub fn new(
        snapshot: &'a Snapshot,
        (bucket, is_own): (BucketName, bool),
    ) -> Result<Self, getrandom::Error> {
        let unique = u64::from_be_bytes(random::bytes()?);
        Ok(Self {
            backend: &snapshot.backend,
            bucket,
            is_own,
            min_part: snapshot.min_part,
            counts_parts: snapshot.counts_parts,
            parts: OnceLock::new(),
            folder: format!("doctor/{unique:016x}/"),
            written: Mutex::default(),
        })
    }

    /// A request about the bucket.
    pub(super) fn of_bucket(&self, method: Method) -> Outgoing {
        Outgoing::new(method, &Target::Bucket(self.bucket.clone()))
    }

    /// A request about an object of ours.
    pub(super) fn of(&self, method: Method, name: &str) -> Result<Outgoing, Broken> {
        let name = ObjectName::parse(&self.path(name))?;
        let target = Target::Object(self.bucket.clone(), name);
        Ok(Outgoing::new(method, &target))
    }

    /// Where an object of ours is in its bucket.
    pub(super) fn path(&self, name: &str) -> String {
        format!("{}{name}", self.folder)
    }

    /// The same as a source of copies. The name needs no encoding.
    pub(super) fn source(&self, name: &str) -> String {
        format!("/{}/{}", self.bucket, self.path(name))
    }

    /// Asks, whatever the answer is.
    pub(super) async fn ask(
        &self,
        mut outgoing: Outgoing,
        headers: Headers<'_>,
        body: Bytes,
    ) -> Result<Answer, Broken> {
        for (name, value) in headers {
            let value = HeaderValue::from_str(value);
            let value = value.map_err(|_| Broken(format!("{name} is no header")))?;
            outgoing.headers.insert(*name, value);
        }
        if body.is_empty() && [Method::PUT, Method::POST].contains(&outgoing.method) {
            let none = HeaderValue::from(0);
            outgoing.headers.insert(header::CONTENT_LENGTH, none);
        }
        Ok(self.backend.ask(&outgoing, &body, ANSWER_BYTES_MAX).await?)
    }

    /// Asks to write an object of ours, whatever the answer is.
    pub(super) async fn write(
        &self,
        name: &str,
        headers: Headers<'_>,
        body: Bytes,
    ) -> Result<Answer, Broken> {
        self.writes(name);
        let answer = self.ask(self.of(Method::PUT, name)?, headers, body).await?;
        self.wrote(name, &answer.headers);
        Ok(answer)
    }

    /// Writes an object of ours; its `ETag` as it is quoted.
    pub(super) async fn put(&self, name: &str, body: &'static [u8]) -> Result<String, Broken> {
        let answer = self.write(name, &[], Bytes::from_static(body)).await?;
        let answer = succeeded(answer, "an object cannot be written")?;
        etag(&answer.headers)
    }

    /// Asks for an object of ours, whatever the answer is.
    pub(super) async fn get(&self, name: &str, headers: Headers<'_>) -> Result<Answer, Broken> {
        let outgoing = self.of(Method::GET, name)?;
        self.ask(outgoing, headers, Bytes::new()).await
    }

    /// The head of an object of ours, which is there.
    pub(super) async fn head(&self, name: &str) -> Result<HeaderMap, Broken> {
        let outgoing = self.of(Method::HEAD, name)?;
        let answer = self.ask(outgoing, &[], Bytes::new()).await?;
        Ok(succeeded(answer, "HEAD does not find an object")?.headers)
    }

    /// Begins a multipart upload.
    pub(super) async fn begin(&self, name: &str) -> Result<String, Broken> {
        let outgoing = self.of(Method::POST, name)?.with_query("uploads", "");
        let answer = self.ask(outgoing, &[], Bytes::new()).await?;
        let answer = succeeded(answer, "multipart uploads cannot be begun")?;
        let upload = xml::multipart::upload_id(&answer.body);
        let upload = upload.ok_or_else(|| Broken("an upload has no id".to_owned()))?;
        let began = (name.to_owned(), upload.clone());
        self.lock().uploads.insert(began);
        Ok(upload)
    }

    /// A request for a part.
    pub(super) fn of_part(
        &self,
        (name, upload): (&str, &str),
        number: u32,
    ) -> Result<Outgoing, Broken> {
        let outgoing = self.of(Method::PUT, name)?;
        Ok(outgoing
            .with_query("partNumber", &number.to_string())
            .with_query("uploadId", upload))
    }

    /// Sends a part.
    pub(super) async fn part(
        &self,
        upload: (&str, &str),
        number: u32,
        body: Bytes,
    ) -> Result<ListedPart, Broken> {
        let answer = self.ask(self.of_part(upload, number)?, &[], body).await?;
        let answer = succeeded(answer, &format!("part {number} is not taken"))?;
        Ok(listed(number, &etag(&answer.headers)?))
    }

    /// Completes an upload; the refusal where it is refused.
    pub(super) async fn complete(
        &self,
        (name, upload): (&str, &str),
        parts: &[ListedPart],
    ) -> Result<Result<(), String>, Broken> {
        let outgoing = self.of(Method::POST, name)?.with_query("uploadId", upload);
        let body = Bytes::from(xml::multipart::complete(parts));
        self.writes(name);
        let answer = self.ask(outgoing, &[], body).await?;
        self.wrote(name, &answer.headers);
        let completed = xml::multipart::parse_completed(&answer.body);
        match completed {
            Some(Completed::Object(_)) if answer.status.is_success() => Ok(Ok(())),
            _ => Ok(Err(refusal(&answer))),
        }
    }

    /// Whether nothing was written.
    pub(super) fn is_clean(&self) -> bool {
        let written = self.lock();
        written.objects.is_empty() && written.uploads.is_empty()
    }

    /// Removes what was written; what could not be removed.
    pub(super) async fn remove_all(&self) -> Vec<String> {
        let Written { objects, uploads } = std::mem::take(&mut *self.lock());
        let mut left = Vec::new();
        let gone = |answer: Result<Answer, Broken>| {
            answer.is_ok_and(|answer| answer.status.is_success() || answer.status == 404)
        };
        for (name, upload) in uploads {
            let outgoing = self.of(Method::DELETE, &name);
            let outgoing = outgoing.map(|outgoing| outgoing.with_query("uploadId", &upload));
            if !gone(self.send(outgoing).await) {
                left.push(format!("upload {upload} of {}", self.path(&name)));
            }
        }
        for (name, version) in objects {
            let mut outgoing = self.of(Method::DELETE, &name);
            if let Some(version) = version {
                outgoing = outgoing.map(|outgoing| outgoing.with_query("versionId", &version));
            }
            if !gone(self.send(outgoing).await) {
                left.push(self.path(&name));
            }
        }
        left
    }

    async fn send(&self, outgoing: Result<Outgoing, Broken>) -> Result<Answer, Broken> {
        self.ask(outgoing?, &[], Bytes::new()).await
    }

    /// What is asked for may be there, whatever the answer is, and if none comes.
    fn writes(&self, name: &str) {
        self.lock().objects.insert((name.to_owned(), None));
    }

    /// The answer may name the version that is there.
    fn wrote(&self, name: &str, answer: &HeaderMap) {
        if let Some(version) = text(answer, "x-amz-version-id") {
            let (name, version) = (name.to_owned(), version.to_owned());
            let mut written = self.lock();
            written.objects.remove(&(name.clone(), None));
            written.objects.insert((name, Some(version)));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer, if it is a success.
pub(super) fn succeeded(answer: Answer, otherwise: &str) -> Result<Answer, Broken> {
    if answer.status.is_success() {
        return Ok(answer);
    }
    Err(Broken(format!("{otherwise}: {}", refusal(&answer))))
}

/// An answer's status and code.
pub(super) fn refusal(answer: &Answer) -> String {
    let status = answer.status.as_str();
    match xml::error::code(&answer.body) {
        Some(code) => format!("{status} {code}"),
        None => status.to_owned(),
    }
}

/// The `ETag` as it is quoted.
pub(super) fn etag(headers: &HeaderMap) -> Result<String, Broken> {
    text(headers, "etag").map_or_else(
        || Err(Broken("an answer has no ETag".to_owned())),
        |etag| Ok(etag.to_owned()),
    )
}

/// A header's text.
pub(super) fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// A part as Complete lists it.
pub(super) fn listed(number: u32, etag: &str) -> ListedPart {
    ListedPart {
        number,
        etag: etag.trim_matches('"').to_owned(),
        checksum: None,
    }
}
