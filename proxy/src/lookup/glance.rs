//! A look at an object's head and end with one question: what does not stand in the head stands in
//! its last bytes.

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::header;

use super::parts::PIECE_BYTES_MAX;
use super::parts::TAIL;
use crate::backend::Answer;
use crate::backend::Backend;
use crate::error::Error;
use crate::error::Result;
use crate::plan::Outgoing;
use crate::plan::reply;

/// What is known of the end of an object whose head is known.
#[derive(Clone, Copy)]
pub struct End<'a> {
    /// The backend's `ETag`.
    pub etag: &'a HeaderValue,
    /// Stored bytes of the whole.
    pub stored: u64,
    /// The last of them, as many as were read; perhaps none.
    pub tail: &'a [u8],
}

impl<'a> End<'a> {
    /// Of the object whose whole head is `headers`.
    pub fn of(headers: &'a HeaderMap, tail: &'a [u8]) -> Result<Self> {
        let etag = headers.get(header::ETAG);
        Ok(Self {
            etag: etag.ok_or(Error::Backend("object without ETag"))?,
            stored: reply::content_length(headers)?,
            tail,
        })
    }
}

/// Asks the question `head`, and for the end of the object. The answer looks like that to a HEAD,
/// and its body is the end; or it is a refusal.
pub async fn glance(backend: &Backend, head: &Outgoing) -> Result<Answer> {
    let asked = Outgoing {
        method: Method::GET,
        ..head.clone()
    };
    let asked = asked.with_suffix(TAIL);
    let answer = backend.ask(&asked, &Bytes::new(), PIECE_BYTES_MAX).await;
    let head = Outgoing {
        method: Method::HEAD,
        ..head.clone()
    };
    match answer {
        Ok(answer) if answer.status == StatusCode::PARTIAL_CONTENT => {
            Ok(as_head(answer).ok_or(Error::Backend("range other than the one asked for"))?)
        }
        // Of nothing there is no end, what is archived has a head alone, and some stores do not
        // know ends at all.
        Ok(Answer {
            status: StatusCode::RANGE_NOT_SATISFIABLE | StatusCode::FORBIDDEN,
            ..
        })
        | Err(Error::Backend(_)) => backend.ask(&head, &Bytes::new(), 0).await,
        other => other,
    }
}

/// What the same object would answer to a HEAD; nothing when the end is not the end.
fn as_head(mut answer: Answer) -> Option<Answer> {
    let range = answer.headers.remove(header::CONTENT_RANGE)?;
    let (span, total) = range
        .to_str()
        .ok()?
        .strip_prefix("bytes ")?
        .split_once('/')?;
    let (first, last) = span.split_once('-')?;
    let [first, last, total] = [first, last, total].map(|text| text.parse::<u64>().ok());
    let (first, last, total) = (first?, last?, total?);
    let is_end =
        last.checked_add(1)? == total && total.checked_sub(first)? == answer.body.len() as u64;
    if !is_end {
        return None;
    }
    let total = HeaderValue::from(total);
    answer.headers.insert(header::CONTENT_LENGTH, total);
    answer.status = StatusCode::OK;
    Some(answer)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn answer(range: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_RANGE, range.parse().unwrap());
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(3));
        Answer {
            status: StatusCode::PARTIAL_CONTENT,
            headers,
            body: Bytes::from_static(b"end"),
        }
    }

    #[test]
    fn the_end_tells_the_length_of_the_whole() {
        let head = as_head(answer("bytes 7-9/10")).unwrap();
        assert_eq!(head.status, StatusCode::OK);
        assert_eq!(head.headers[header::CONTENT_LENGTH], "10");
        assert!(!head.headers.contains_key(header::CONTENT_RANGE));
    }

    #[test]
    fn what_is_not_the_end_is_refused() {
        for range in [
            "bytes 7-9/11",
            "bytes 8-9/10",
            "bytes 0-2/*",
            "bytes 9-7/10",
            "bytes 0-18446744073709551615/3",
            "items 7-9/10",
            "bytes */10",
        ] {
            assert!(as_head(answer(range)).is_none(), "{range}");
        }
    }
}
