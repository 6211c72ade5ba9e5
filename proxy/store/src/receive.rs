//! Uploads: from a request body to a blob, in pieces, with everything checked that was promised.

use std::future::poll_fn;
use std::path::PathBuf;
use std::pin::Pin;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use bytes::Bytes;
use hyper::HeaderMap;
use hyper::body::Body as _;
use hyper::http::StatusCode;
use s3s::Body;
use s3s::S3Error;
use s3s::S3ErrorCode;
use s3s::S3Result;
use s3s::StdError;
use s3s::TrailingHeaders;
use s3s::dto::StreamingBlob;
use s3s::s3_error;
use tokio::task::JoinHandle;

use crate::blob::Writer;
use crate::blob::Written;
use crate::bucket::failed;
use crate::checksums::Checksums;

/// What a request says about its body.
#[derive(Debug, Default)]
pub(crate) struct Promise {
    /// In bytes, after any `aws-chunked` framing.
    pub(crate) size: Option<i64>,
    /// `Content-MD5` as sent.
    pub(crate) md5: Option<String>,
    /// Values in headers.
    pub(crate) checksums: Checksums,
    /// An algorithm to compute without a value in a header: of a trailer, or of the upload.
    pub(crate) algorithm: Option<String>,
    /// Where values may follow the body.
    pub(crate) trailers: Option<TrailingHeaders>,
}

impl Promise {
    /// The size that the headers announce, which for framed bodies is not `Content-Length`.
    pub(crate) fn announced(headers: &HeaderMap, parsed: Option<i64>) -> Option<i64> {
        let decoded = headers.get("x-amz-decoded-content-length");
        decoded
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .or(parsed)
    }
}

/// Writes `body` to a new blob in `folder`. On any error, or when dropped, the blob is gone.
pub(crate) async fn receive(
    folder: PathBuf,
    body: Option<StreamingBlob>,
    promise: Promise,
) -> S3Result<Written> {
    let md5 = promise.md5.as_deref().map(parse_md5).transpose()?;
    if promise.size.is_some_and(|size| size > SIZE_MAX) {
        return Err(too_large());
    }
    let hasher = promise.checksums.hasher(promise.algorithm.as_deref());
    let body = body.map(Body::from).unwrap_or_default();
    let writer = blocking(move || Writer::create(&folder, hasher).map_err(failed)).await?;
    let written = copy(body, writer).await?.finish();
    prove(&promise, md5, &written)?;
    Ok(written)
}

/// Runs `work`, which may wait for the disk or a lock, where it holds up no other request.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> S3Result<T> + Send + 'static,
) -> S3Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|e| Err(S3Error::internal_error(e)))
}

/// Gathers the next batch from the network while the last one is hashed and written.
async fn copy(mut body: Body, writer: Writer) -> S3Result<Writer> {
    let mut writing: Option<JoinHandle<S3Result<Writer>>> = None;
    let mut idle = Some(writer);
    loop {
        let batch = gather(&mut body).await?;
        let mut writer = match (idle.take(), writing.take()) {
            (Some(writer), _) => writer,
            (None, Some(writing)) => writing.await.map_err(S3Error::internal_error)??,
            // INVARIANT: each turn of the loop leaves the writer in one of the two.
            (None, None) => return Err(s3_error!(InternalError)),
        };
        if batch.is_empty() {
            return Ok(writer);
        }
        writing = Some(tokio::task::spawn_blocking(move || {
            writer.write(&batch).map_err(failed)?;
            Ok(writer)
        }));
    }
}

/// At least [`BATCH_BYTES`] of the body, less only at its end.
async fn gather(body: &mut Body) -> S3Result<Vec<Bytes>> {
    let mut batch = Vec::new();
    let mut size = 0;
    while size < BATCH_BYTES {
        let Some(frame) = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await else {
            break;
        };
        let frame = frame.map_err(|error| broken(&error))?;
        if let Ok(piece) = frame.into_data() {
            size += piece.len();
            batch.push(piece);
        }
    }
    Ok(batch)
}

/// Holds the finished blob against the promise.
fn prove(promise: &Promise, md5: Option<[u8; 16]>, written: &Written) -> S3Result<()> {
    let size = i64::try_from(written.size).unwrap_or(i64::MAX);
    if promise.size.is_some_and(|announced| announced != size) {
        return Err(incomplete());
    }
    if size > SIZE_MAX {
        return Err(too_large());
    }
    if md5.is_some_and(|md5| md5 != written.md5) {
        return Err(s3_error!(
            BadDigest,
            "The Content-MD5 you specified did not match"
        ));
    }
    let trailing = trailing_checksums(promise.trailers.as_ref());
    for promised in [&promise.checksums, &trailing] {
        if let Some(name) = promised.differs(&written.checksums) {
            return Err(s3_error!(
                BadDigest,
                "The {name} you specified did not match"
            ));
        }
    }
    Ok(())
}

/// The checksums that came after the body.
fn trailing_checksums(trailers: Option<&TrailingHeaders>) -> Checksums {
    let mut checksums = Checksums::default();
    let trailers = trailers.and_then(TrailingHeaders::take).unwrap_or_default();
    for (name, value) in &trailers {
        let algorithm = name
            .as_str()
            .strip_prefix("x-amz-checksum-")
            .map(str::to_uppercase);
        let slot = algorithm.and_then(|algorithm| checksums.slot(&algorithm));
        if let (Some(slot), Ok(value)) = (slot, value.to_str()) {
            *slot = Some(value.to_owned());
        }
    }
    checksums
}

/// Sixteen bytes in base64 (RFC 1864).
fn parse_md5(text: &str) -> S3Result<[u8; 16]> {
    let invalid = || s3_error!(InvalidDigest, "The Content-MD5 you specified was invalid");
    let bytes = BASE64.decode(text).map_err(|_| invalid())?;
    bytes.try_into().map_err(|_| invalid())
}

/// What a body that could not be read to its end means.
///
/// The errors of `s3s` streams have private types, so their texts have to do.
fn broken(error: &StdError) -> S3Error {
    let text = error.to_string();
    if text.contains("SignatureMismatch") {
        return s3_error!(SignatureDoesNotMatch, "A chunk's signature does not match");
    }
    if text.contains("Sha256Mismatch") {
        let code = S3ErrorCode::Custom("XAmzContentSHA256Mismatch".into());
        let message = "The provided 'x-amz-content-sha256' header does not match what was computed";
        let mut mismatch = S3Error::with_message(code, message);
        mismatch.set_status_code(StatusCode::BAD_REQUEST);
        return mismatch;
    }
    incomplete()
}

fn incomplete() -> S3Error {
    s3_error!(
        IncompleteBody,
        "You did not provide the number of bytes specified by the Content-Length HTTP header"
    )
}

fn too_large() -> S3Error {
    s3_error!(
        EntityTooLarge,
        "Your proposed upload exceeds the maximum allowed size"
    )
}

/// How much is handed to the disk at once: enough that handing over costs nothing beside hashing.
const BATCH_BYTES: usize = 256 * 1024;
/// One PUT or part (AWS: "Amazon S3 multipart upload limits").
pub(crate) const SIZE_MAX: i64 = 5 * 1024 * 1024 * 1024;
