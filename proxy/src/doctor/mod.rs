//! What a backend can and cannot do, found out by trying. Each finding is a small function over a
//! [`Probe`], which removes what they wrote.

mod objects;
mod parts;
mod probe;
mod store;

use std::future::Future;
use std::future::ready;
use std::pin::Pin;

use probe::Broken;
pub use probe::Probe;

use crate::error::Error;

/// How good or bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Good to know; nothing that the gateway needs is missing.
    Note,
    /// The gateway needs it otherwise.
    Problem,
}

impl Verdict {
    /// As it is printed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Problem => "problem",
        }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub title: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// In words: what follows from it, and what to do.
    pub text: String,
}

/// A verdict and its words.
type Found = Result<(Verdict, String), Broken>;
type Looks<'a> = Pin<Box<dyn Future<Output = Found> + Send + 'a>>;
type Look = for<'a> fn(&'a Probe<'a>) -> Looks<'a>;

/// Without this, nothing else is worth a look.
const FIRST: (&str, Look) = ("backend", |probe| Box::pin(store::answers(probe)));

/// All that is looked at, in this order: some use what those before them wrote.
const LOOKS: &[(&str, Look)] = &[
    ("clock", |probe| Box::pin(store::clock(probe))),
    ("versioning", |probe| Box::pin(store::versioning(probe))),
    ("metadata", |probe| Box::pin(objects::metadata(probe))),
    ("ranges", |probe| Box::pin(objects::ranges(probe))),
    ("If-Match on reads", |probe| {
        Box::pin(objects::if_match(probe))
    }),
    ("If-None-Match on writes", |probe| {
        Box::pin(objects::if_none_match(probe))
    }),
    ("copies onto themselves", |probe| {
        Box::pin(objects::copy(probe))
    }),
    ("multipart uploads", |probe| Box::pin(parts::upload(probe))),
    ("gaps between part numbers", |probe| {
        Box::pin(ready(parts::gaps(probe)))
    }),
    ("multipart ETags", |probe| Box::pin(parts::etags(probe))),
    ("empty last parts", |probe| Box::pin(parts::empty(probe))),
    ("copies of parts", |probe| Box::pin(parts::part_copy(probe))),
    ("copies of multipart objects", |probe| {
        Box::pin(parts::whole_copy(probe))
    }),
];

/// Looks at everything and tells each finding as soon as it is made.
pub async fn examine(probe: &Probe<'_>, tell: &mut (dyn FnMut(Finding) + Send)) {
    let first = find(probe, FIRST).await;
    let is_there = first.verdict != Verdict::Problem;
    tell(first);
    if is_there {
        for look in LOOKS {
            tell(find(probe, *look).await);
        }
    }
}

/// Removes what was written, if anything was, and says whether that worked.
pub async fn clean_up(probe: &Probe<'_>) -> Option<Finding> {
    if probe.is_clean() {
        return None;
    }
    Some(find(probe, ("removal", |probe| Box::pin(store::removal(probe)))).await)
}

async fn find(probe: &Probe<'_>, (title, look): (&'static str, Look)) -> Finding {
    let (verdict, text) = look(probe)
        .await
        .unwrap_or_else(|Broken(text)| (Verdict::Problem, text));
    Finding {
        title,
        verdict,
        text,
    }
}

#[allow(clippy::unnecessary_wraps)] // looks end with it
fn ok(text: impl Into<String>) -> Found {
    Ok((Verdict::Ok, text.into()))
}

#[allow(clippy::unnecessary_wraps)] // looks end with it
fn note(text: impl Into<String>) -> Found {
    Ok((Verdict::Note, text.into()))
}

#[allow(clippy::unnecessary_wraps)] // looks end with it
fn problem(text: impl Into<String>) -> Found {
    Ok((Verdict::Problem, text.into()))
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

impl From<s3::Error> for Broken {
    fn from(error: s3::Error) -> Self {
        Self(error.to_string())
    }
}
