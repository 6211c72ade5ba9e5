//! The client's body where we read it ourselves.

use std::time::Duration;

use bytes::Bytes;
use pingora::ErrorType;
use pingora::proxy::Session;
use s3::ErrorCode;
use tokio::time::Instant;

use super::ANSWER_BYTES_MAX;
use crate::backend::Answer;
use crate::backend::Sending;
use crate::error::Error;
use crate::error::Result;
use crate::gateway::expects_continue;
use crate::transform::upload::Upload;

/// Reads a body and bounds the time that the client takes for it: however it drips, it must make
/// progress within `limits.silence`.
pub(super) struct Inlet<'a> {
    session: &'a mut Session,
    silence: Duration,
    deadline: Instant,
}

impl<'a> Inlet<'a> {
    /// Opens it; a client that waits for leave to send gets it.
    pub async fn open(session: &'a mut Session, silence: Duration) -> Result<Self> {
        if expects_continue(&session.req_header().headers) {
            let sent = session.as_downstream_mut().write_continue_response().await;
            sent.map_err(|_| incomplete())?;
        }
        Ok(Self {
            session,
            silence,
            deadline: Instant::now() + silence,
        })
    }

    /// The next piece; nothing at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        let reading = self.session.as_downstream_mut().read_request_body();
        match tokio::time::timeout_at(self.deadline, reading).await {
            Ok(Ok(piece)) => Ok(piece),
            Ok(Err(error)) if *error.etype() != ErrorType::ReadTimedout => Err(incomplete()),
            Ok(Err(_)) | Err(_) => Err(s3::Error::new(ErrorCode::RequestTimeout).into()),
        }
    }

    /// Sends the body on through `upload` while it comes in, and gives the backend's answer.
    pub async fn send(&mut self, mut sending: Sending<'_>, upload: &mut Upload) -> Result<Answer> {
        while let Some(wire) = self.next().await? {
            let piece = upload.push(Some(wire), false)?;
            if !sending.write(&piece).await {
                return sending.refused(ANSWER_BYTES_MAX).await;
            }
            if !piece.is_empty() {
                self.progresses();
            }
        }
        let end = upload.push(None, true)?;
        if !sending.write(&end).await {
            return sending.refused(ANSWER_BYTES_MAX).await;
        }
        sending.finish(ANSWER_BYTES_MAX).await
    }

    /// Something came of what was read: the client has its time anew.
    pub fn progresses(&mut self) {
        self.deadline = Instant::now() + self.silence;
    }
}

fn incomplete() -> Error {
    s3::Error::new(ErrorCode::IncompleteBody).into()
}
