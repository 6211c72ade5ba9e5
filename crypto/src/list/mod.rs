//! The list of parts at the end of a parts object (FORMAT.md §4.5).

mod frame;
mod runs;

use std::ops::Range;

use crate::aead::TAG_LEN;
use crate::derive;
use crate::digests::DIGESTS_LEN;
use crate::digests::Digests;
use crate::error::Error;
use crate::header::Header;
use crate::header::Role;
use crate::keys::ClosingKey;
use crate::list::frame::FRAME_LEN;
use crate::list::frame::Frame;
use crate::list::frame::SALT_LEN;
use crate::list::frame::SEALED_LEN_MIN;
use crate::list::runs::RUN_LEN;
use crate::list::runs::Run;
use crate::seal::as_usize;
use crate::size::FOOTER_LEN;
use crate::size::PART_LEN_MAX;
use crate::size::PART_OVERHEAD;
use crate::size::PARTS_MAX;
use crate::size::PlainLen;
use crate::size::SealedLen;
use crate::suite::Suite;
use crate::table::PartTable;
use crate::tally::Tally;

/// L without runs.
const FIXED_LEN: usize = 104;

/// One of the client's parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// 1 … 10 000.
    pub number: u32,
    /// Its plaintext bytes, at most 5 GiB.
    pub plain_len: PlainLen,
}

impl Part {
    /// Whether `next` belongs to the same run.
    pub(crate) fn runs_on_with(self, next: Self) -> bool {
        next.number == self.number + 1 && next.plain_len == self.plain_len
    }
}

/// What the end of a parts object says about its parts; consistent in itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartList {
    suite: Suite,
    count: u32,
    total: PlainLen,
    digests: Digests,
    digest: [u8; 32],
    /// Empty in a list that was read and had no room for them.
    runs: Vec<Run>,
}

/// What the last bytes of a parts object held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tail {
    /// The list.
    List(PartList),
    /// A longer list: read this many bytes from the object's end, and look again.
    Longer(u64),
    /// None that opens: walk.
    Absent,
}

impl PartList {
    /// The least padding that holds a list.
    pub(crate) const SPACE_MIN: u64 = (SEALED_LEN_MIN + FRAME_LEN) as u64;

    /// The list of `parts`, which ascend; `digests` are the object's.
    pub fn new(suite: Suite, parts: &[Part], digests: Digests) -> Result<Self, Error> {
        let mut tally = Tally::new(suite);
        for part in parts {
            if part.number == 0 || part.number > PARTS_MAX {
                return Err(Error::PartPlace);
            }
            if part.plain_len > PART_LEN_MAX {
                return Err(Error::LengthImpossible(part.plain_len.0));
            }
            tally.add(*part).map_err(|_| Error::PartsNotAscending)?;
        }
        if parts.is_empty() {
            return Err(Error::PartsNotAscending);
        }
        digests.render()?;
        let (count, total, digest) = (tally.count(), tally.total(), tally.digest());
        Ok(Self {
            suite,
            count,
            total,
            digests,
            digest,
            runs: runs::of(parts),
        })
    }

    /// Plaintext bytes of the object.
    #[must_use]
    pub const fn total(&self) -> PlainLen {
        self.total
    }

    /// Number of the client's parts.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// The object's digests.
    #[must_use]
    pub const fn digests(&self) -> &Digests {
        &self.digests
    }

    /// Where every part lies; `None` if the list had no room to say it: walk.
    #[must_use]
    pub fn table(&self) -> Option<PartTable> {
        let parts: Vec<_> = self.runs.iter().copied().flat_map(Run::parts).collect();
        (!self.is_unlisted()).then(|| PartTable::new(self.suite, parts, self.digest))
    }

    /// Writes the list into a sealed parked segment, in place of its empty list space.
    ///
    /// `salt` is random and new for every list written.
    pub fn fill(
        &self,
        closing: &ClosingKey,
        salt: [u8; SALT_LEN],
        parked: &mut [u8],
    ) -> Result<(), Error> {
        let header = parked.first_chunk().ok_or(Error::SegmentTruncated)?;
        let header = Header::parse(header)?;
        if parked.len() as u64 != header.sealed_len().0 {
            return Err(Error::SegmentTruncated);
        }
        let end = parked.len() - as_usize(FOOTER_LEN);
        let start = end - as_usize(header.padding_len());
        let padding = self.padding(closing, salt, end - start)?;
        parked
            .get_mut(start..end)
            .ok_or(Error::SegmentTruncated)?
            .copy_from_slice(&padding);
        Ok(())
    }

    /// Where in a sealed parked segment of `plain_len` the list space lies: for writers that do
    /// not hold the segment in memory, with [`PartList::padding`].
    #[must_use]
    pub fn space(suite: Suite, plain_len: PlainLen) -> Option<Range<u64>> {
        let header = Header::part(suite, 1, Role::Parked, plain_len, [0; 32]).ok()?;
        let end = header.sealed_len().0 - FOOTER_LEN;
        Some(end - header.padding_len()..end)
    }

    /// The padding of exactly `len` bytes with the list at its end. Leaves the runs out if they do
    /// not fit; refuses a `len` that holds no list at all.
    pub fn padding(
        &self,
        closing: &ClosingKey,
        salt: [u8; SALT_LEN],
        len: usize,
    ) -> Result<Vec<u8>, Error> {
        let fits = Self::space_for(self.runs.len() as u64) <= len as u64;
        let list = self.render(if fits { &self.runs } else { &[] })?;
        let sealed = derive::list(self.suite, closing, &salt)
            .seal(&[], list)
            .map_err(|_| Error::SealRefused)?;
        let zeros = len
            .checked_sub(sealed.len() + FRAME_LEN)
            .ok_or(Error::PartPlace)?;
        let sealed_len = u32::try_from(sealed.len()).map_err(|_| Error::SealRefused)?;
        let mut out = vec![0; zeros];
        out.extend_from_slice(&sealed);
        out.extend_from_slice(&salt);
        out.extend_from_slice(&sealed_len.to_be_bytes());
        out.extend_from_slice(&[0; 12]);
        Ok(out)
    }

    /// Looks for the list in the last bytes of an object of `stored` bytes. 1 KiB holds the lists
    /// of most objects; fewer than 112 bytes hold none.
    pub fn from_tail(
        tail: &[u8],
        stored: SealedLen,
        closing: &ClosingKey,
        suite: Suite,
    ) -> Result<Tail, Error> {
        if stored.0 < PART_OVERHEAD {
            return Err(Error::StoredSizeImpossible(stored.0));
        }
        let Some(padding) = tail
            .len()
            .checked_sub(as_usize(FOOTER_LEN))
            .and_then(|at| tail.get(..at))
        else {
            return Ok(Tail::Absent);
        };
        let Some(frame) = Frame::parse(padding) else {
            return Ok(Tail::Absent);
        };
        let Some(sealed) = frame.sealed else {
            return Ok(Tail::Longer(
                (frame.sealed_len + FRAME_LEN) as u64 + FOOTER_LEN,
            ));
        };
        let Ok(list) = derive::list(suite, closing, frame.salt).open(&[], sealed) else {
            return Ok(Tail::Absent);
        };
        let list = Self::parse(suite, &list).ok_or(Error::ListDisagrees)?;
        list.explains(stored)?;
        Ok(Tail::List(list))
    }

    /// Opens the list in the padding of the last segment, all of which is given.
    pub(crate) fn from_padding(
        padding: &[u8],
        closing: &ClosingKey,
        suite: Suite,
    ) -> Result<Self, Error> {
        let frame = Frame::parse(padding).ok_or(Error::ListAltered)?;
        let sealed = frame.sealed.ok_or(Error::ListAltered)?;
        let opened = derive::list(suite, closing, frame.salt).open(&[], sealed);
        let list = opened.map_err(|_| Error::ListAltered)?;
        let zeros = padding.len() - FRAME_LEN - sealed.len();
        if padding.iter().take(zeros).any(|&byte| byte != 0) {
            return Err(Error::PaddingNotZero);
        }
        Self::parse(suite, &list).ok_or(Error::ListDisagrees)
    }

    /// Whether it was read without its runs.
    pub(crate) const fn is_unlisted(&self) -> bool {
        self.runs.is_empty()
    }

    pub(crate) const fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// Padding bytes that a list of `runs` runs takes.
    pub(crate) const fn space_for(runs: u64) -> u64 {
        Self::SPACE_MIN + RUN_LEN as u64 * runs
    }

    /// The highest number in it; 0 if its runs are unknown.
    pub(crate) fn last_number(&self) -> u32 {
        self.runs.last().map_or(0, |run| run.first + run.count - 1)
    }

    /// The stored size is that of these parts, with an added segment or without.
    fn explains(&self, stored: SealedLen) -> Result<(), Error> {
        let count = u64::from(self.count);
        let overhead = stored.0.checked_sub(self.total.0);
        let with = |segments: u64| overhead == Some(segments * PART_OVERHEAD);
        let added = self.count < PARTS_MAX && with(count + 1);
        if with(count) || added {
            Ok(())
        } else {
            Err(Error::ListDisagrees)
        }
    }

    fn render(&self, runs: &[Run]) -> Result<Vec<u8>, Error> {
        let run_count = u32::try_from(runs.len()).map_err(|_| Error::PartsNotAscending)?;
        let mut out = Vec::with_capacity(FIXED_LEN + RUN_LEN * runs.len() + TAG_LEN);
        out.extend_from_slice(&self.count.to_be_bytes());
        out.extend_from_slice(&self.total.0.to_be_bytes());
        out.extend_from_slice(&self.digests.render()?);
        out.extend_from_slice(&self.digest);
        out.extend_from_slice(&run_count.to_be_bytes());
        for run in runs {
            out.extend_from_slice(&run.first.to_be_bytes());
            out.extend_from_slice(&run.count.to_be_bytes());
            out.extend_from_slice(&run.plain_len.0.to_be_bytes());
        }
        Ok(out)
    }

    /// `None` for everything that FORMAT.md §4.5 does not allow.
    fn parse(suite: Suite, list: &[u8]) -> Option<Self> {
        let (count, rest) = list.split_first_chunk()?;
        let (total, rest) = rest.split_first_chunk()?;
        let (digests, rest) = rest.split_first_chunk::<DIGESTS_LEN>()?;
        let (digest, rest) = rest.split_first_chunk()?;
        let (run_count, runs) = rest.split_first_chunk()?;
        let runs = runs::parse(u32::from_be_bytes(*run_count), runs)?;
        let parsed = Self {
            suite,
            count: u32::from_be_bytes(*count),
            total: PlainLen(u64::from_be_bytes(*total)),
            digests: Digests::parse(digests)?,
            digest: *digest,
            runs,
        };
        parsed.is_consistent().then_some(parsed)
    }

    fn is_consistent(&self) -> bool {
        if self.is_unlisted() {
            let most = u64::from(self.count) * PART_LEN_MAX.0;
            return (1..=PARTS_MAX).contains(&self.count) && self.total.0 <= most;
        }
        let count: u64 = self.runs.iter().map(|run| u64::from(run.count)).sum();
        if count != u64::from(self.count) || self.count > PARTS_MAX {
            return false;
        }
        let parts: Vec<_> = self.runs.iter().copied().flat_map(Run::parts).collect();
        // Made anew from its parts it must be the same: maximal runs, count, total and digest.
        Self::new(self.suite, &parts, self.digests.clone()).is_ok_and(|anew| anew == *self)
    }
}
