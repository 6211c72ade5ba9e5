//! What the parts of an object add up to, counted while they pass by.

use sha2::Digest as _;
use sha2::Sha256;
use sm3::Sm3;

use crate::digests::Digests;
use crate::error::Error;
use crate::footer::Footer;
use crate::header::Header;
use crate::header::Place;
use crate::header::Role;
use crate::list::Part;
use crate::list::PartList;
use crate::size::PARTS_MAX;
use crate::size::PlainLen;
use crate::suite::Suite;

/// Count, total, digest and number of runs of a sequence of parts, in constant memory.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    count: u32,
    runs: u64,
    total: u64,
    last: Option<Part>,
    hash: Hash,
}

#[derive(Clone, Debug)]
enum Hash {
    Sha256(Sha256),
    Sm3(Sm3),
}

impl Tally {
    pub(crate) fn new(suite: Suite) -> Self {
        let hash = match suite {
            Suite::Aes256Gcm => Hash::Sha256(Sha256::new()),
            Suite::Sm4Gcm => Hash::Sm3(Sm3::new()),
        };
        Self {
            count: 0,
            runs: 0,
            total: 0,
            last: None,
            hash,
        }
    }

    /// Refuses a number that does not ascend.
    pub(crate) fn follows(&self, number: u32) -> Result<(), Error> {
        let ascends = self.last.is_none_or(|last| last.number < number);
        if ascends {
            Ok(())
        } else {
            Err(Error::PartSequence)
        }
    }

    /// Counts one of the client's parts.
    pub(crate) fn add(&mut self, part: Part) -> Result<(), Error> {
        self.follows(part.number)?;
        if !self.last.is_some_and(|last| last.runs_on_with(part)) {
            self.runs += 1;
        }
        self.count += 1;
        self.total += part.plain_len.0;
        self.last = Some(part);
        self.hash.update(&part.number.to_be_bytes());
        self.hash.update(&part.plain_len.0.to_be_bytes());
        Ok(())
    }

    pub(crate) const fn total(&self) -> PlainLen {
        PlainLen(self.total)
    }

    pub(crate) const fn count(&self) -> u32 {
        self.count
    }

    pub(crate) fn digest(&self) -> [u8; 32] {
        match &self.hash {
            Hash::Sha256(hash) => hash.clone().finalize().into(),
            Hash::Sm3(hash) => hash.clone().finalize().into(),
        }
    }

    /// Counts a segment of which header and footer have verified. An added one counts for nothing
    /// and says nothing.
    pub(crate) fn add_segment(&mut self, header: &Header, footer: &Footer) -> Result<(), Error> {
        match header.place {
            Place::Whole => Err(Error::HeaderOther),
            Place::Part {
                role: Role::Added, ..
            } if footer.digests.is_empty() => Ok(()),
            Place::Part {
                role: Role::Added, ..
            } => Err(Error::FooterDisagrees),
            Place::Part { number, .. } => self.add(Part {
                number,
                plain_len: header.plain_len,
            }),
        }
    }

    /// After the last segment, the digests of the object; `None` if another segment must follow.
    pub(crate) fn close(
        &self,
        header: &Header,
        list: Option<&PartList>,
    ) -> Result<Option<Digests>, Error> {
        if let Some(list) = list {
            self.agrees(list, header.padding_len())?;
            return Ok(Some(list.digests().clone()));
        }
        if header.is_last() {
            self.is_gapless_to_the_last()?;
            return Ok(Some(Digests::default()));
        }
        Ok(None)
    }

    /// Whether these are the parts of `list`, which stood in a padding of `padding_len` bytes.
    fn agrees(&self, list: &PartList, padding_len: u64) -> Result<(), Error> {
        if self.count != list.count() || self.digest() != *list.digest() {
            return Err(Error::PartSequence);
        }
        let fits = PartList::space_for(self.runs) <= padding_len;
        if self.total() != list.total() || fits == list.is_unlisted() {
            return Err(Error::ListDisagrees);
        }
        Ok(())
    }

    /// An object without a list has exactly the parts 1 … 10 000.
    const fn is_gapless_to_the_last(&self) -> Result<(), Error> {
        // Numbers ascend and end at 10 000, so that many leave no gap.
        if self.count == PARTS_MAX {
            Ok(())
        } else {
            Err(Error::PartSequence)
        }
    }
}

impl Hash {
    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Sm3(hash) => hash.update(bytes),
        }
    }
}
