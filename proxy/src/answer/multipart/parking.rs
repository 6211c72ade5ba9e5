//! A part that is too short for the backend waits in the records until its upload is completed.

use bytes::Bytes;
use http::Method;
use md5::Digest as _;
use md5::Md5;

use super::Named;
use super::is_unknown;
use crate::backend::Answer;
use crate::error::Result;
use crate::state::Desk;
use crate::state::Writing;

/// A part on its way to where it waits. Dropped before its end, nothing waits.
pub(super) struct Parking<'a> {
    named: &'a Named<'a>,
    desk: Desk<'a>,
    writing: Writing<'a>,
    md5: Md5,
}

impl<'a> Parking<'a> {
    /// Part `number`, whose sealed segment has so many bytes.
    pub async fn begin(
        named: &'a Named<'a>,
        desk: &'a Desk<'a>,
        (number, sealed_len): (u32, u64),
    ) -> Result<Self> {
        let upload = (&named.place, named.id);
        let uploads = &named.snapshot.uploads;
        let writing = uploads.park(desk, upload, number, sealed_len).await?;
        Ok(Self {
            named,
            desk: *desk,
            writing,
            md5: Md5::new(),
        })
    }

    /// Takes a piece of the segment.
    pub async fn push(&mut self, sealed: &Bytes) -> Result<()> {
        self.md5.update(sealed);
        self.writing.push(sealed).await
    }

    /// The whole segment is there: its MD5, or the backend's refusal. Another gateway may have ended
    /// the upload meanwhile: the backend says so, and then nothing may wait.
    pub async fn finish(self) -> Result<Result<String, Answer>> {
        self.writing.finish().await?;
        let named = self.named;
        let asked = named.outgoing(Method::GET).with_query("max-parts", "1");
        let answer = named.ask(&asked, &Bytes::new()).await?;
        if answer.status.is_success() {
            return Ok(Ok(super::hex(&self.md5.finalize())));
        }
        if is_unknown(&answer) {
            let uploads = &named.snapshot.uploads;
            uploads.unpark(self.desk, &named.place, named.id).await?;
        }
        Ok(Err(answer))
    }
}
