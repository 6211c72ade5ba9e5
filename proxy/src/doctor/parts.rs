//! Findings about objects in parts.

use bytes::Bytes;
use http::Method;
use http::StatusCode;
use s3::xml;

use super::Found;
use super::note;
use super::objects::copied;
use super::objects::is_copied;
use super::ok;
use super::probe::Probe;
use super::probe::etag;
use super::probe::listed;
use super::probe::refusal;
use super::probe::succeeded;
use super::probe::text;
use super::problem;
use crate::plan::is_parts_etag;

/// The last part.
const LAST: &[u8] = b"the end";
/// What no object has.
const ELSE: &str = "\"00000000000000000000000000000000\"";
const NO_OBJECT: &str = "not looked at: there is no multipart object";

/// The multipart object, of two parts.
#[derive(Debug)]
pub(super) struct Parts {
    /// Its `ETag` as it is quoted.
    etag: String,
    /// Its bytes.
    len: u64,
    /// The backend's word against a gap between part numbers, if it has one.
    gap: Option<String>,
}

/// A part of the shortest length and a short last one become one object.
pub(super) async fn upload(probe: &Probe<'_>) -> Found {
    let (name, first) = ("parts", first_part(probe.min_part));
    let id = probe.begin(name).await?;
    let upload = (name, id.as_str());
    let one = probe.part(upload, 1, first.clone()).await?;
    let three = probe.part(upload, 3, Bytes::from_static(LAST)).await?;
    let mut gap = None;
    if let Err(refused) = probe.complete(upload, &[one.clone(), three]).await? {
        if refused.contains("EntityTooSmall") {
            return problem(format!(
                "a first part of {} bytes is too small for the backend: raise `backend.min_part`",
                first.len()
            ));
        }
        let two = probe.part(upload, 2, Bytes::from_static(LAST)).await?;
        if let Err(refused) = probe.complete(upload, &[one, two]).await? {
            return problem(format!(
                "two parts do not become an object: {refused}; clients cannot upload in parts"
            ));
        }
        gap = Some(refused);
    }
    let len = first.len() as u64 + LAST.len() as u64;
    let last = format!("bytes={}-{}", first.len() - 1, first.len() + 1);
    let border = probe.get(name, &[("range", &last)]).await?;
    let expected = [&first[first.len() - 1..], &LAST[..2]].concat();
    let head = probe.head(name).await?;
    let stored = text(&head, "content-length");
    if border.body != expected || stored != Some(&len.to_string()) {
        return problem("an object is not what its parts were: nothing in parts can be read");
    }
    let etag = etag(&head)?;
    // INVARIANT: one examination makes one object.
    let _ = probe.parts.set(Parts { etag, len, gap });
    ok(format!(
        "a part of {} bytes and a short last one become an object",
        first.len()
    ))
}

/// Clients may leave numbers out, and so may the gateway before the part that it adds.
pub(super) fn gaps(probe: &Probe<'_>) -> Found {
    match probe.parts.get() {
        None => note(NO_OBJECT),
        Some(Parts { gap: None, .. }) => ok("are allowed"),
        Some(Parts {
            gap: Some(refused), ..
        }) => note(format!(
            "are refused ({refused}): so are uploads of clients who leave numbers out"
        )),
    }
}

/// The end of an `ETag` says how many segments an object has, and so its size in a listing.
pub(super) async fn etags(probe: &Probe<'_>) -> Found {
    let Some(Parts { etag, len, .. }) = probe.parts.get() else {
        return note(NO_OBJECT);
    };
    let path = probe.path("parts");
    let outgoing = probe
        .of_bucket(Method::GET)
        .with_query("list-type", "2")
        .with_query("prefix", &path);
    let answer = probe.ask(outgoing, &[], Bytes::new()).await?;
    let answer = succeeded(answer, "the bucket cannot be listed")?;
    let page = xml::list::parse(&answer.body).unwrap_or_default();
    let Some(entry) = page.objects.iter().find(|entry| entry.key == path) else {
        return problem(
            "the object is not listed at once: listings are behind, and so are those of the gateway",
        );
    };
    for (shown, by) in [
        (etag.trim_matches('"'), "HEAD"),
        (&*entry.etag, "a listing"),
    ] {
        if is_parts_etag(shown) != Some(2) {
            let text = format!("{by} shows `{shown}`, which does not end in -2");
            return if probe.counts_parts {
                problem(format!(
                    "{text}: listings show wrong sizes; set `backend.multipart_etag: opaque`, and \
                     they look at each object"
                ))
            } else {
                note(format!("{text}: listings look at each object"))
            };
        }
    }
    if entry.etag != etag.trim_matches('"') || entry.size != *len {
        return problem(
            "a listing shows another ETag or size than HEAD: sizes in listings are wrong",
        );
    }
    ok("end in the number of parts, in HEAD and in listings")
}

/// A sealed part is never empty; only objects that are not sealed may need this.
pub(super) async fn empty(probe: &Probe<'_>) -> Found {
    let name = "empty";
    let id = probe.begin(name).await?;
    let upload = (name, id.as_str());
    let outgoing = probe.of_part(upload, 1)?;
    let answer = probe.ask(outgoing, &[], Bytes::new()).await?;
    let refused = if answer.status.is_success() {
        let part = listed(1, &etag(&answer.headers)?);
        probe.complete(upload, &[part]).await?.err()
    } else {
        Some(refusal(&answer))
    };
    match refused {
        None => ok("are taken"),
        Some(refused) => note(format!(
            "are refused ({refused}): sealed parts are never empty, only clients under a rule \
             that does not seal may meet it"
        )),
    }
}

/// Copies of multipart objects are made part by part.
pub(super) async fn part_copy(probe: &Probe<'_>) -> Found {
    let Some(Parts { etag, .. }) = probe.parts.get() else {
        return note(NO_OBJECT);
    };
    let name = "part-copy";
    let id = probe.begin(name).await?;
    let upload = (name, id.as_str());
    let (source, len) = (probe.source("parts"), probe.min_part);
    let range = format!("bytes=1-{len}");
    let headers = |etag| {
        [
            ("x-amz-copy-source", source.as_str()),
            ("x-amz-copy-source-range", range.as_str()),
            ("x-amz-copy-source-if-match", etag),
        ]
    };
    let outgoing = probe.of_part(upload, 1)?;
    let raced = outgoing.clone();
    let raced = probe.ask(raced, &headers(ELSE), Bytes::new()).await?;
    if is_copied(&raced.body) {
        return problem(
            "x-amz-copy-source-if-match is not enforced: a copy of an object that is replaced \
             meanwhile does not open",
        );
    }
    let answer = probe.ask(outgoing, &headers(etag), Bytes::new()).await?;
    if !answer.status.is_success() || !is_copied(&answer.body) {
        return problem(format!(
            "are refused: {}; clients cannot copy multipart objects under one key",
            refusal(&answer)
        ));
    }
    let part = listed(1, &copied(&answer.body)?);
    if let Err(refused) = probe.complete(upload, &[part]).await? {
        return problem(format!("do not become an object: {refused}"));
    }
    let first = first_part(len);
    let expected = first.slice(1..first.len().min(4));
    let start = probe.get(name, &[("range", "bytes=0-2")]).await?;
    let head = probe.head(name).await?;
    if start.body != expected || text(&head, "content-length") != Some(&len.to_string()) {
        return problem("are not what their range says: no copy of a multipart object opens");
    }
    ok("take a range")
}

/// AWS itself does not keep it, hence copies part by part.
pub(super) async fn whole_copy(probe: &Probe<'_>) -> Found {
    if probe.parts.get().is_none() {
        return note(NO_OBJECT);
    }
    let (name, source) = ("whole-copy", probe.source("parts"));
    let headers = [("x-amz-copy-source", source.as_str())];
    let answer = probe.write(name, &headers, Bytes::new()).await?;
    if answer.status != StatusCode::OK || !is_copied(&answer.body) {
        let refused = refusal(&answer);
        return note(format!(
            "are refused ({refused}): the gateway copies part by part"
        ));
    }
    let etag = etag(&probe.head(name).await?)?;
    if is_parts_etag(etag.trim_matches('"')) == Some(2) {
        return ok("keep the end of the ETag");
    }
    note("lose the end of the ETag, as on AWS: the gateway copies part by part")
}

/// Bytes that differ from their neighbours, one more than a part must have.
fn first_part(min_part: u64) -> Bytes {
    (0..=min_part).map(|at| b'a' + (at % 23) as u8).collect()
}
