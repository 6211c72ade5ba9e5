//! What records there are, page by page.

use bytes::Bytes;
use http::Method;
use http::StatusCode;
use s3::Target;
use s3::xml;
use s3::xml::list::Listed;
use time::OffsetDateTime;

use super::Desk;
use crate::error::Error;
use crate::error::Result;
use crate::plan::Outgoing;

/// The largest page of a listing.
pub(super) const LISTING_BYTES_MAX: usize = 16 << 20;

/// Some records, a thousand at most.
#[derive(Default)]
pub(super) struct Page {
    /// In the order of their names.
    pub records: Vec<Listed>,
    /// The token of the next page, if there is one.
    pub next: Option<String>,
    /// When the backend says that it listed them.
    pub date: Option<OffsetDateTime>,
}

impl Desk<'_> {
    /// The records whose names begin with `prefix`, all of them.
    pub async fn records(&self, prefix: &str) -> Result<Vec<Listed>> {
        let mut records = Vec::new();
        let mut token = None;
        loop {
            let page = self.page(prefix, token.as_deref()).await?;
            records.extend(page.records);
            if page.next.is_none() {
                return Ok(records);
            }
            token = page.next;
        }
    }

    /// The records whose names begin with `prefix`, from where the page before ended: `token` is
    /// its `next`.
    pub(super) async fn page(&self, prefix: &str, token: Option<&str>) -> Result<Page> {
        let bucket = Target::Bucket(self.state.bucket.clone());
        let mut outgoing = Outgoing::new(Method::GET, &bucket)
            .with_query("list-type", "2")
            .with_query("prefix", prefix);
        if let Some(token) = token {
            outgoing = outgoing.with_query("continuation-token", token);
        }
        let answer = self
            .ask(&outgoing, &Bytes::new(), LISTING_BYTES_MAX)
            .await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(Page::default());
        }
        let page = xml::list::parse(&answer.body).filter(|_| answer.status.is_success());
        let page = page.ok_or(Error::Backend("listing of state"))?;
        if token.is_some() && page.next.as_deref() == token {
            return Err(Error::Backend("listing of state goes in circles"));
        }
        Ok(Page {
            records: page.objects,
            next: page.next,
            date: answer.date(),
        })
    }
}
