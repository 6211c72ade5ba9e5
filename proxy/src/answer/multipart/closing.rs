//! An upload on its way to an object: which parts are meant, and the last segment, which lists them.

use std::collections::BTreeMap;

use bytes::Bytes;
use crypto::Digests;
use crypto::Part;
use crypto::PartList;
use crypto::PlainLen;
use crypto::Suite;
use crypto::added_segment;
use http::HeaderValue;
use http::Method;
use md5::Digest;
use md5::Md5;
use policy::EtagStyle;
use s3::ErrorCode;
use s3::SseMode;
use s3::xml::multipart::ListedPart;
use s3::xml::multipart::StoredPart;
use zeroize::Zeroizing;

use super::Held;
use super::Named;
use super::invalid_part;
use super::part_etag;
use super::plain_len;
use crate::backend::Answer;
use crate::checksum::Shown;
use crate::error::Error;
use crate::error::Result;
use crate::lookup;
use crate::lookup::End;
use crate::plan::Outgoing;
use crate::random;
use crate::seal::Ring;
use crate::state;
use crate::state::Unfinished;

/// Every part but the last has at least so many bytes, as clients see them.
const ENTITY_TOO_SMALL: &str = "Your proposed upload is smaller than the minimum allowed size";

/// What is listed, and where it is.
pub(super) struct Chosen {
    /// The parts of the object.
    pub parts: Vec<Part>,
    /// As the backend knows them, without a part that waits.
    stored: Vec<ListedPart>,
    /// The last part, where it waits.
    parked: Option<Zeroizing<Vec<u8>>>,
}

impl Chosen {
    /// The number of the part that waits, if one does.
    pub fn parked_number(&self) -> Option<u32> {
        let last = self.parts.last()?;
        self.parked.as_ref().map(|_| last.number)
    }

    /// Whether the last segment will have a list.
    pub fn has_list(&self) -> bool {
        let last = self.parts.last().map_or(0, |part| part.number);
        last < crypto::PARTS_MAX || self.parked.is_some()
    }

    /// Whether the object is as long as the client says.
    pub fn has_size(&self, asked: &HeaderValue) -> Result<()> {
        let size: u64 = self.parts.iter().map(|part| part.plain_len.0).sum();
        if asked.to_str().ok().and_then(|text| text.parse().ok()) == Some(size) {
            return Ok(());
        }
        Err(s3::Error::new(ErrorCode::InvalidRequest)
            .with_message(
                "The provided 'x-amz-mp-object-size' header does not match what was computed.",
            )
            .into())
    }
}

/// One upload on its way to an object.
pub(super) struct Closing<'a> {
    pub named: &'a Named<'a>,
    pub upload: &'a Unfinished,
    pub suite: Suite,
    pub ring: Ring<'a>,
}

impl Closing<'_> {
    /// Which uploads of the listed numbers are meant: their `ETags` say it, and bind their lengths.
    pub async fn choose(&self, listed: &[ListedPart], stored: &[StoredPart]) -> Result<Chosen> {
        let by_number: BTreeMap<u32, &StoredPart> =
            stored.iter().map(|part| (part.number, part)).collect();
        let mut chosen = Chosen {
            parts: Vec::with_capacity(listed.len()),
            stored: Vec::with_capacity(listed.len() + 1),
            parked: None,
        };
        for (at, part) in listed.iter().enumerate() {
            let held = by_number.get(&part.number).copied();
            if let Some((stored, len)) = held.and_then(|stored| self.is(part, stored)) {
                chosen.push(part.number, len);
                chosen.stored.push(ListedPart {
                    number: part.number,
                    etag: stored.etag.clone(),
                    checksum: None,
                });
                continue;
            }
            let Some((segment, len)) = self.parked(part).await? else {
                return Err(invalid_part(self.named.id, part));
            };
            if at + 1 < listed.len() {
                return Err(too_small(part, len, self.upload.min));
            }
            chosen.push(part.number, len);
            chosen.parked = Some(segment);
        }
        let full = chosen
            .parts
            .last()
            .is_some_and(|last| last.number == crypto::PARTS_MAX);
        if full && chosen.parked.is_none() && chosen.parts.len() < crypto::PARTS_MAX as usize {
            return Err(s3::Error::new(ErrorCode::InvalidRequest)
                .with_message("An upload with part 10000 must have all 10000 parts.")
                .into());
        }
        Ok(chosen)
    }

    /// The backend's part, if it is the listed one, and its plaintext bytes.
    fn is<'p>(&self, listed: &ListedPart, stored: &'p StoredPart) -> Option<(&'p StoredPart, u64)> {
        let plain_len = plain_len(stored).filter(|len| *len >= self.upload.min)?;
        let held = Held {
            number: stored.number,
            plain_len,
            hex: &stored.etag,
        };
        let etag = part_etag(self.upload, self.suite, &held);
        (etag == listed.etag).then_some((stored, plain_len))
    }

    /// The segment of a short part, if it is the listed one, and its plaintext bytes.
    async fn parked(&self, listed: &ListedPart) -> Result<Option<(Zeroizing<Vec<u8>>, u64)>> {
        let Named {
            snapshot,
            place,
            id,
            ..
        } = self.named;
        let desk = self.named.desk()?;
        let segment = snapshot.uploads.parked(desk, (place, id), listed.number);
        let Some(segment) = segment.await? else {
            return Ok(None);
        };
        let plain_len = (segment.len() as u64).saturating_sub(crypto::PART_OVERHEAD);
        let held = Held {
            number: listed.number,
            plain_len,
            hex: &super::hex(&Md5::digest(&*segment)),
        };
        let etag = part_etag(self.upload, self.suite, &held);
        Ok((etag == listed.etag).then_some((segment, plain_len)))
    }

    /// Writes the last segment, which has the list of the parts, and gives what the backend is to
    /// complete; or the backend's refusal.
    pub async fn last_segment(
        &self,
        chosen: Chosen,
        stored: &[StoredPart],
        digests: Digests,
    ) -> Result<Result<Vec<ListedPart>, Answer>> {
        if !chosen.has_list() {
            return Ok(Ok(chosen.stored));
        }
        let Chosen {
            parts,
            stored: mut complete,
            parked,
        } = chosen;
        let last = parts.last().map_or(0, |part| part.number);
        let table = PartList::new(self.suite, &parts, digests)?;
        let closing = &self.upload.closing;
        let (number, segment) = if let Some(mut segment) = parked {
            table.fill(closing, random()?, &mut segment)?;
            (last, Bytes::copy_from_slice(&segment))
        } else {
            let number = free_number(last, stored)?;
            let (salt, list_salt) = (random()?, random()?);
            let segment = added_segment(closing, self.suite, number, salt, &table, list_salt)?;
            (number, Bytes::from(segment))
        };
        let outgoing = self.named.outgoing(Method::PUT);
        let outgoing = outgoing.with_query("partNumber", &number.to_string());
        let sent = self.named.ask(&outgoing, &segment).await?;
        if !sent.status.is_success() {
            return Ok(Err(sent));
        }
        let etag = super::etag_of(&sent.headers)?;
        complete.push(ListedPart {
            number,
            etag,
            checksum: None,
        });
        Ok(Ok(complete))
    }

    /// The `ETag` and checksum of the object, if an earlier Complete made it of just the listed parts and its
    /// answer was lost.
    pub async fn completed_before(
        &self,
        listed: &[ListedPart],
        style: EtagStyle,
    ) -> Result<Option<(String, Option<Shown>)>> {
        let head = Outgoing::new(Method::HEAD, self.named.target);
        let answer = self.named.ask(&head, &Bytes::new()).await?;
        let own = &self.upload.envelope;
        let same = state::entries(&answer.headers) == Some((&*own.json, &*own.mac));
        if !(answer.status.is_success() && same) {
            return Ok(None);
        }
        let snapshot = self.named.snapshot;
        if self.upload.described()?.1.mode == SseMode::Customer && self.ring.customer.is_none() {
            // Its list opens with the client's key only.
            return Ok(None);
        }
        let envelope = self.upload.open(self.ring)?;
        let end = End::of(&answer.headers, &[])?;
        let found = lookup::parts(snapshot, &head, &envelope, end).await?;
        let Some((table, list)) = found else {
            return Ok(None);
        };
        let is = |(part, listed): (&Part, &ListedPart)| {
            let hex = listed.etag.split('-').next().unwrap_or_default();
            let part_held = Held {
                number: part.number,
                plain_len: part.plain_len.0,
                hex,
            };
            let etag = part_etag(self.upload, self.suite, &part_held);
            part.number == listed.number && etag == listed.etag
        };
        let parts = table.parts();
        let all = parts.len() == listed.len() && parts.iter().zip(listed).all(is);
        let md5 = list.as_ref().map(|list| (list.digests().md5, list.count()));
        let md5 = md5.filter(|_| style == EtagStyle::Md5);
        let etag = match md5 {
            Some((Some(md5), count)) => lookup::md5_etag(md5, Some(count)),
            _ => super::etag_of(&answer.headers)?,
        };
        let sum = list.as_ref().and_then(lookup::sum);
        Ok(all.then_some((etag, sum)))
    }

    /// The object must have the envelope of the upload, byte for byte. Gives its `ETag`: some
    /// stores (Ceph RGW 16) do not tell it when they complete an upload.
    pub async fn look(&self, told: String) -> Result<String> {
        let head = Outgoing::new(Method::HEAD, self.named.target);
        let answer = self.named.ask(&head, &Bytes::new()).await?;
        let envelope = &self.upload.envelope;
        let ours = state::entries(&answer.headers) == Some((&*envelope.json, &*envelope.mac));
        let found = super::etag_of(&answer.headers).ok();
        match found.filter(|_| answer.status.is_success()) {
            Some(found) if ours && (told.is_empty() || found == told) => Ok(found),
            Some(found) if found == told => {
                Err(Error::Backend("completed object has another envelope"))
            }
            // Another write has come since.
            _ if !told.is_empty() => Ok(told),
            _ => Err(Error::Backend("completed object without an ETag")),
        }
    }
}

impl Chosen {
    fn push(&mut self, number: u32, len: u64) {
        self.parts.push(Part {
            number,
            plain_len: PlainLen(len),
        });
    }
}

/// The smallest number above `last` that no part has.
fn free_number(last: u32, stored: &[StoredPart]) -> Result<u32> {
    let taken = |number: &u32| stored.iter().any(|part| part.number == *number);
    // A segment that an earlier Complete added may stand there: it is replaced.
    let short = |number: &u32| {
        let part = stored.iter().find(|part| part.number == *number);
        part.and_then(plain_len) == Some(0)
    };
    (last + 1..=crypto::PARTS_MAX)
        .find(|number| !taken(number) || short(number))
        .ok_or_else(|| {
            s3::Error::new(ErrorCode::InvalidRequest)
                .with_message("No part number is free above the last part.")
                .into()
        })
}

fn too_small(part: &ListedPart, len: u64, min: u64) -> Error {
    s3::Error::new(ErrorCode::EntityTooSmall)
        .with_message(ENTITY_TOO_SMALL)
        .with_detail("ProposedSize", len.to_string())
        .with_detail("MinSizeAllowed", min.to_string())
        .with_detail("PartNumber", part.number.to_string())
        .with_detail("ETag", &*part.etag)
        .into()
}

fn random<const N: usize>() -> Result<[u8; N]> {
    random::bytes().map_err(|_| Error::Internal("no randomness"))
}
