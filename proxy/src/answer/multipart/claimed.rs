//! What `CompleteMultipartUpload` claims of the object's digests, held against its parts.

use crypto::Digests;
use crypto::Part;
use http::HeaderMap;
use md5::Digest;
use md5::Md5;
use s3::ChecksumType;
use s3::ErrorCode;
use s3::ObjectChecksum;
use s3::PartsChecksum;
use s3::xml::multipart::ListedPart;
use s3::xml::multipart::Sum;

use super::Named;
use super::invalid_part;
use crate::checksum;
use crate::error::Result;
use crate::state::Unfinished;

/// What the client says of the object.
pub(super) struct Claimed {
    kind: Option<ChecksumType>,
    object: Option<ObjectChecksum>,
}

impl Claimed {
    /// Reads the headers.
    pub fn parse(client: &HeaderMap) -> Result<Self> {
        let kind = s3::header::single(client, "x-amz-checksum-type")?;
        let kind = match kind {
            None => None,
            Some(name) => Some(ChecksumType::from_name(name).ok_or_else(|| {
                invalid("Value for x-amz-checksum-type header is invalid.".to_owned())
            })?),
        };
        Ok(Self {
            kind,
            object: ObjectChecksum::parse(client)?,
        })
    }

    /// The object's digests: from its parts' as the client repeats them, which must be those that
    /// came in as far as this process saw them. Of parts that other gateways took the client's word
    /// is all there is; their own footers hold what was proven.
    pub fn judge(
        &self,
        named: &Named<'_>,
        upload: &Unfinished,
        listed: &[ListedPart],
        parts: &[Part],
    ) -> Result<Digests> {
        self.is_of(upload.checksum)?;
        let wanted = upload.checksum.or_else(|| self.of_the_whole());
        let mut seen = Vec::with_capacity(listed.len());
        for part in listed {
            let known = named.seen(part.number, &part.etag).unwrap_or_default();
            seen.push((known.md5, sum(named, wanted, part, &known)?));
        }
        let sums = seen.iter().map(|(_, sum)| sum.as_deref());
        let sum = self.combined(wanted, listed, parts, sums)?;
        let md5s: Option<Vec<[u8; 16]>> = seen.iter().map(|(md5, _)| *md5).collect();
        Ok(Digests {
            md5: md5s.map(|md5s| Md5::digest(md5s.concat()).into()),
            sum,
        })
    }

    /// One checksum for the whole upload.
    fn is_of(&self, upload: Option<PartsChecksum>) -> Result<()> {
        let kind = upload.map_or(ChecksumType::FullObject, |upload| upload.kind);
        if self.kind.is_some_and(|claimed| claimed != kind) {
            return Err(invalid(format!(
                "The upload was created using the {} checksum mode. The complete request must use \
                 the same checksum mode.",
                kind.name(),
            )));
        }
        let claimed = self.object.as_ref().map(|object| object.algorithm);
        match (upload, claimed) {
            (Some(upload), Some(claimed)) if upload.algorithm != claimed => Err(invalid(format!(
                "The upload was created using the {} checksum algorithm, not {}.",
                upload.algorithm.name(),
                claimed.name(),
            ))),
            (None, Some(claimed)) if !claimed.has_full_objects() => Err(invalid(format!(
                "The FULL_OBJECT checksum type cannot be used with the {} checksum algorithm.",
                claimed.name().to_lowercase(),
            ))),
            _ => Ok(()),
        }
    }

    fn combined<'a>(
        &self,
        wanted: Option<PartsChecksum>,
        listed: &[ListedPart],
        parts: &[Part],
        sums: impl Iterator<Item = Option<&'a [u8]>>,
    ) -> Result<Option<crypto::Checksum>> {
        let Some(wanted) = wanted else {
            return Ok(None);
        };
        if let (ChecksumType::Composite, Some(part)) = (wanted.kind, unsaid(listed)) {
            return Err(invalid(format!(
                "The upload was created using a {} checksum. The complete request must include the \
                 checksum for each part. It was missing for part {} in the request.",
                wanted.algorithm.name().to_lowercase(),
                part.number,
            )));
        }
        let lens = parts.iter().map(|part| part.plain_len.0);
        let all: Option<Vec<(&[u8], u64)>> =
            sums.zip(lens).map(|(sum, len)| Some((sum?, len))).collect();
        let Some(all) = all else {
            let word = self.object.as_ref().map(|object| object.value.clone());
            return Ok(word.map(|value| checksum::of_parts(wanted, value)));
        };
        let value = wanted.combine(all);
        let agrees = |claimed: &ObjectChecksum| {
            claimed.value == value && claimed.parts.is_none_or(|count| count == parts.len())
        };
        if self.object.as_ref().is_some_and(|claimed| !agrees(claimed)) {
            return Err(s3::Error::new(ErrorCode::BadDigest)
                .with_message(format!(
                    "The {} you specified did not match the calculated checksum.",
                    wanted.algorithm.name(),
                ))
                .into());
        }
        Ok(Some(checksum::of_parts(wanted, value)))
    }

    /// A checksum that nobody spoke of before.
    fn of_the_whole(&self) -> Option<PartsChecksum> {
        let algorithm = self.object.as_ref()?.algorithm;
        let kind = ChecksumType::FullObject;
        Some(PartsChecksum { algorithm, kind })
    }
}

/// A part's checksum in the wanted algorithm, from the list or from what was seen; they must not
/// differ.
fn sum(
    named: &Named<'_>,
    wanted: Option<PartsChecksum>,
    part: &ListedPart,
    known: &Digests,
) -> Result<Option<Vec<u8>>> {
    let known = known.sum.as_ref().map(checksum::told);
    let known = known.map(|(checksum, value)| (checksum.algorithm, value.to_vec()));
    let differs = match (&part.checksum, &known) {
        (Some(listed), Some(known)) => listed.0 == known.0 && listed.1 != known.1,
        _ => false,
    };
    let Some(wanted) = wanted.filter(|_| !differs) else {
        return if differs {
            Err(invalid_part(named.id, part))
        } else {
            Ok(None)
        };
    };
    let is_wanted = |sum: &Sum| sum.0 == wanted.algorithm;
    match &part.checksum {
        Some(listed) if !is_wanted(listed) => Err(invalid_part(named.id, part)),
        Some((_, value)) => Ok(Some(value.clone())),
        None => Ok(known.filter(is_wanted).map(|(_, value)| value)),
    }
}

/// The first part whose checksum is not repeated.
fn unsaid(listed: &[ListedPart]) -> Option<&ListedPart> {
    listed.iter().find(|part| part.checksum.is_none())
}

fn invalid(message: String) -> crate::error::Error {
    s3::Error::new(ErrorCode::InvalidRequest)
        .with_message(message)
        .into()
}
