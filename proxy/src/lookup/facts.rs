//! What is true of a sealed object's plaintext and may stand at its end instead of its head.

use bytes::Bytes;
use crypto::Digests;
use crypto::Envelope;
use crypto::FOOTER_LEN;
use crypto::Foot;
use crypto::Layout;
use crypto::Opener;
use crypto::PlainLen;
use crypto::Tail;
use policy::EtagStyle;

use super::glance::End;
use super::list;
use super::piece;
use crate::assemble::Snapshot;
use crate::checksum;
use crate::checksum::Shown;
use crate::error::Error;
use crate::error::Result;
use crate::plan::Outgoing;
use crate::plan::reply;

/// A sealed object as it was stored: digests and size of its plaintext.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    digests: Digests,
    /// Of how many parts, of an object that came in parts and has a list.
    parts: Option<u32>,
    /// Of an object in parts that has a list, plaintext bytes.
    pub size: Option<PlainLen>,
}

/// Which facts matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Its MD5.
    pub md5: bool,
    /// Its checksum.
    pub sum: bool,
    /// The size of an object in parts.
    pub size: bool,
}

impl Facts {
    /// The `ETag` that clients see under `etag: md5`, quotes included; nothing where no MD5 is
    /// known (FORMAT.md §7).
    #[must_use]
    pub fn etag(&self) -> Option<String> {
        let md5 = self.digests.md5?;
        Some(format!("\"{}\"", md5_etag(md5, self.parts)))
    }

    /// The checksum.
    #[must_use]
    pub fn checksum(&self) -> Option<Shown> {
        let sum = self.digests.sum.as_ref()?;
        Some(checksum::shown(sum, self.parts))
    }
}

/// The `ETag` of an MD5, S3's own way: of an object in parts with their number.
#[must_use]
pub fn md5_etag(md5: [u8; 16], parts: Option<u32>) -> String {
    let hex = md5.iter().map(|byte| format!("{byte:02x}"));
    let hex: String = hex.collect();
    match parts {
        Some(parts) => format!("{hex}-{parts}"),
        None => hex,
    }
}

/// The wanted facts of the sealed object that `read` found: from its envelope, or from its end,
/// which is asked for where it is not known. Nothing when the object changed since.
pub async fn facts(
    snapshot: &Snapshot,
    read: &Outgoing,
    envelope: &Envelope,
    end: End<'_>,
    wanted: Wanted,
) -> Result<Option<Facts>> {
    match envelope.layout() {
        Layout::Whole => whole(snapshot, read, envelope, end, wanted).await,
        Layout::Parts if wanted == Wanted::default() => Ok(Some(Facts::default())),
        Layout::Parts => {
            let tail = list(snapshot, read, envelope, end).await?;
            Ok(tail.map(|tail| match tail {
                Tail::List(list) => Facts {
                    digests: list.digests().clone(),
                    parts: Some(list.count()),
                    size: Some(list.total()),
                },
                _ => Facts::default(),
            }))
        }
    }
}

/// The `ETag` that clients see of the object that `read` found, quotes included. Nothing when it
/// changed since.
pub async fn shown_etag(
    snapshot: &Snapshot,
    read: &Outgoing,
    envelope: &Envelope,
    end: End<'_>,
    style: EtagStyle,
) -> Result<Option<String>> {
    let wanted = Wanted {
        md5: style == EtagStyle::Md5,
        ..Wanted::default()
    };
    let facts = facts(snapshot, read, envelope, end, wanted).await?;
    let opaque = reply::client_etag(end.etag.to_str().unwrap_or_default());
    Ok(facts.map(|facts| match style {
        EtagStyle::Opaque => opaque,
        EtagStyle::Md5 => facts.etag().unwrap_or(opaque),
    }))
}

async fn whole(
    snapshot: &Snapshot,
    read: &Outgoing,
    envelope: &Envelope,
    end: End<'_>,
    wanted: Wanted,
) -> Result<Option<Facts>> {
    let digests = envelope.digests();
    let Foot { md5, sum } = envelope.foot();
    let behind = (wanted.md5 && md5) || (wanted.sum && sum);
    let (Some(size), true) = (envelope.size(), behind) else {
        return Ok(Some(Facts::of(digests)));
    };
    let start = end.stored.checked_sub(FOOTER_LEN);
    let start = start.ok_or(Error::Backend("no footer"))?;
    let known = usize::try_from(FOOTER_LEN).ok();
    let known = known.and_then(|len| end.tail.len().checked_sub(len));
    let footer = match known.and_then(|at| end.tail.get(at..)) {
        Some(footer) => Bytes::copy_from_slice(footer),
        None => match piece(snapshot, read, end.etag, start..end.stored).await? {
            Some(footer) => footer,
            None => return Ok(None),
        },
    };
    let mut opener =
        Opener::footer(envelope.dek(), envelope.suite(), size)?.with_foot(envelope.foot());
    opener.push(&footer, &mut |_| ())?;
    let found = opener.finish(&mut |_| ())?;
    Ok(Some(Facts::of(Digests {
        md5: digests.md5.or(found.md5),
        sum: digests.sum.or(found.sum),
    })))
}

impl Facts {
    fn of(digests: Digests) -> Self {
        Self {
            digests,
            ..Self::default()
        }
    }
}
