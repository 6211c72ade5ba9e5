//! Opening segments, push style (FORMAT.md §6).
//!
//! No byte comes out before its chunk's tag has verified; the last chunk of a segment not before a
//! chunk behind it has, or the object has ended as it must.

mod diagnose;
mod expect;
#[cfg(test)]
mod tests;
mod window;

use std::borrow::Cow;
use std::fmt;

use crate::aead::SegmentKey;
use crate::digests::Digests;
use crate::envelope::Envelope;
use crate::envelope::Foot;
use crate::error::Error;
use crate::footer::Footer;
use crate::header::Header;
use crate::header::MAGIC;
use crate::keys::Dek;
use crate::open::expect::Expect;
use crate::open::expect::Next;
use crate::open::window::Window;
use crate::seal::as_usize;
use crate::size::CHUNK_LEN;
use crate::size::FOOTER_LEN;
use crate::size::HEADER_LEN;
use crate::size::PlainLen;
use crate::size::TAG;
use crate::span::Span;
use crate::suite::Layout;
use crate::suite::Suite;
use crate::table::PartSpan;

/// Opens a body that is pushed in pieces of any size. Holds at most two chunks.
///
/// After an error every call returns that error again.
pub struct Opener {
    expect: Expect,
    stage: Stage,
    /// The unit that is being gathered.
    buffer: Vec<u8>,
    /// The last chunk of a segment, verified, until it may be released.
    held: Option<Vec<u8>>,
    digests: Digests,
    window: Window,
    failed: Option<Error>,
}

/// What the bytes that come next are.
enum Stage {
    Header,
    Chunk {
        segment: Segment,
        index: u64,
        end: u64,
    },
    /// Padding and footer.
    Tail(Segment),
    /// The object's, or the span's.
    End,
}

struct Segment {
    header: Header,
    key: SegmentKey,
}

impl Opener {
    /// A full read of the object of this envelope, of either layout.
    pub fn of(envelope: &Envelope) -> Result<Self, Error> {
        let (dek, suite) = (envelope.dek(), envelope.suite());
        match (envelope.layout(), envelope.size()) {
            (Layout::Parts, size) => Ok(Self::parts(dek, suite, size)),
            (Layout::Whole, Some(size)) => {
                Ok(Self::whole(dek, suite, size)?.with_foot(envelope.foot()))
            }
            (Layout::Whole, None) => Err(Error::EnvelopeMalformed("size is missing")),
        }
    }

    /// A full read of a whole object of `size` bytes, as its envelope says.
    pub fn whole(dek: &Dek, suite: Suite, size: PlainLen) -> Result<Self, Error> {
        let header = Header::whole(suite, size)?;
        let expect = Expect::Whole {
            dek: dek.duplicate(),
            header,
            foot: None,
        };
        Ok(Self::new(expect, Stage::Header, Window::ALL))
    }

    /// A range of a whole object of `size` bytes: push exactly the bytes of `span.sealed()`.
    pub fn span(dek: &Dek, suite: Suite, size: PlainLen, span: &Span) -> Result<Self, Error> {
        let header = Header::whole(suite, size)?;
        let (index, end) = (span.first_chunk(), span.end_chunk());
        if span.size() != size {
            return Err(Error::HeaderOther);
        }
        let segment = Segment {
            key: SegmentKey::of(dek, &header),
            header: header.clone(),
        };
        let plain = span.plain();
        let skip = plain.start - index * CHUNK_LEN;
        let window = Window {
            skip,
            left: plain.end - plain.start,
        };
        let expect = Expect::Whole {
            dek: dek.duplicate(),
            header,
            foot: None,
        };
        Ok(Self::new(
            expect,
            Stage::Chunk {
                segment,
                index,
                end,
            },
            window,
        ))
    }

    /// The footer of a whole object alone, for its digests: push exactly the last
    /// [`FOOTER_LEN`] stored bytes.
    pub fn footer(dek: &Dek, suite: Suite, size: PlainLen) -> Result<Self, Error> {
        let mut opener = Self::whole(dek, suite, size)?;
        let header = Header::whole(suite, size)?;
        let key = SegmentKey::of(dek, &header);
        opener.stage = Stage::Tail(Segment { header, key });
        Ok(opener)
    }

    /// A full read of a parts object; `size` if its envelope has one.
    #[must_use]
    pub fn parts(dek: &Dek, suite: Suite, size: Option<PlainLen>) -> Self {
        Self::new(Expect::parts(dek, suite, size), Stage::Header, Window::ALL)
    }

    /// A range of a parts object: push the bytes of `span.head()`, if any, then those of
    /// `span.sealed()`.
    #[must_use]
    pub fn parts_span(dek: &Dek, span: &PartSpan) -> Self {
        let plain = span.plain();
        let window = Window {
            skip: span.skip,
            left: plain.end - plain.start,
        };
        Self::new(Expect::span(dek, span), Stage::Header, window)
    }

    /// Refuses a footer of a whole object that holds other digests than these.
    #[must_use]
    pub fn with_foot(mut self, expected: Foot) -> Self {
        if let Expect::Whole { foot, .. } = &mut self.expect {
            *foot = Some(expected);
        }
        self
    }

    fn new(expect: Expect, stage: Stage, window: Window) -> Self {
        let (buffer, held, digests, failed) = (Vec::new(), None, Digests::default(), None);
        Self {
            expect,
            stage,
            buffer,
            held,
            digests,
            window,
            failed,
        }
    }

    /// Takes sealed bytes, gives what has verified to `plain`.
    pub fn push(&mut self, sealed: &[u8], plain: &mut dyn FnMut(Vec<u8>)) -> Result<(), Error> {
        let opened = self.check_alive().and_then(|()| self.take(sealed, plain));
        if let Err(error) = &opened {
            self.failed = Some(error.clone());
            self.held = None;
        }
        opened
    }

    /// The body has ended: gives what was withheld. Answers the digests of the footer or list; none
    /// for a span that does not reach them.
    pub fn finish(mut self, plain: &mut dyn FnMut(Vec<u8>)) -> Result<Digests, Error> {
        self.check_alive()?;
        match self.stage {
            Stage::End if self.buffer.is_empty() => (),
            Stage::End => return Err(Error::TrailingBytes),
            Stage::Header if self.buffer.is_empty() => return Err(self.expect.ended_early()),
            _ => return Err(Error::SegmentTruncated),
        }
        if let Some(held) = self.held.take() {
            self.window.emit(held, plain);
        }
        Ok(self.digests)
    }

    fn check_alive(&self) -> Result<(), Error> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    /// Cuts the input into units, without a copy where a unit lies in one piece.
    fn take(&mut self, mut sealed: &[u8], plain: &mut dyn FnMut(Vec<u8>)) -> Result<(), Error> {
        while !sealed.is_empty() {
            if matches!(self.stage, Stage::End) {
                return self.behind_the_end(sealed);
            }
            let need = self.unit_len();
            let missing = need - self.buffer.len();
            let (now, later) = sealed.split_at(missing.min(sealed.len()));
            sealed = later;
            if now.len() == need {
                self.step(Cow::Borrowed(now), plain)?;
                continue;
            }
            self.make_room(need, now.len());
            self.buffer.extend_from_slice(now);
            if now.len() == missing {
                let unit = std::mem::take(&mut self.buffer);
                self.step(Cow::Owned(unit), plain)?;
            }
        }
        Ok(())
    }

    fn unit_len(&self) -> usize {
        match &self.stage {
            Stage::Header => as_usize(HEADER_LEN),
            Stage::Chunk { segment, index, .. } => {
                as_usize(segment.header.chunk_plain_len(*index) + TAG)
            }
            Stage::Tail(segment) => as_usize(segment.header.padding_len() + FOOTER_LEN),
            Stage::End => 0,
        }
    }

    /// Makes room for `more` bytes of a unit of `need`. Until a chunk has proven the header, the
    /// buffer grows with the bytes that really come; it never grows beyond the unit.
    fn make_room(&mut self, need: usize, more: usize) {
        let proven = matches!(&self.stage, Stage::Chunk { index, .. } if *index > 0);
        let least = self.buffer.len() + more;
        let capacity = self.buffer.capacity();
        if capacity < least {
            let grown = least.max(2 * capacity).max(as_usize(CHUNK_LEN + TAG));
            let capacity = if proven { need } else { grown.min(need) };
            self.buffer.reserve_exact(capacity - self.buffer.len());
        }
    }

    fn step(&mut self, unit: Cow<'_, [u8]>, plain: &mut dyn FnMut(Vec<u8>)) -> Result<(), Error> {
        self.stage = match std::mem::replace(&mut self.stage, Stage::End) {
            Stage::Header => self.header(&unit)?,
            Stage::Chunk {
                segment,
                index,
                end,
            } => {
                let opened = self.chunk(&segment, index, unit)?;
                self.release(&segment.header, index, opened, plain);
                after_chunk(segment, index + 1, end)
            }
            Stage::Tail(segment) => self.tail(&segment, &unit)?,
            Stage::End => Stage::End,
        };
        Ok(())
    }

    fn header(&mut self, unit: &[u8]) -> Result<Stage, Error> {
        let unit = unit.first_chunk().ok_or(Error::SegmentTruncated)?;
        let header = Header::parse(unit)?;
        let (key, chunks) = self.expect.begin(&header)?;
        Ok(after_chunk(
            Segment { header, key },
            chunks.start,
            chunks.end,
        ))
    }

    /// A verified chunk lets go what was held before it.
    fn release(
        &mut self,
        header: &Header,
        index: u64,
        opened: Vec<u8>,
        plain: &mut dyn FnMut(Vec<u8>),
    ) {
        if let Some(held) = self.held.take() {
            self.window.emit(held, plain);
        }
        if index + 1 == header.chunks() {
            self.held = Some(opened);
        } else {
            self.window.emit(opened, plain);
        }
    }

    /// In place while another chunk is held, so that two are the most there ever are, and where no
    /// other chunk can be in the way. Otherwise to a new buffer: the sealed bytes stay whole, to
    /// tell what is wrong with them.
    fn chunk(
        &mut self,
        segment: &Segment,
        index: u64,
        unit: Cow<'_, [u8]>,
    ) -> Result<Vec<u8>, Error> {
        let unit = match unit {
            Cow::Owned(mut chunk) if self.held.is_some() || segment.header.chunks() == 1 => {
                segment.key.open_chunk(index, &mut chunk)?;
                return Ok(chunk);
            }
            unit => unit,
        };
        match segment.key.open_chunk_from(index, &unit) {
            Ok(opened) => {
                self.reuse(unit);
                Ok(opened)
            }
            Err(altered) if self.held.is_some() => Err(altered),
            Err(altered) => Err(diagnose::displaced(segment, index, &unit).unwrap_or(altered)),
        }
    }

    fn reuse(&mut self, unit: Cow<'_, [u8]>) {
        if let Cow::Owned(mut unit) = unit {
            unit.clear();
            self.buffer = unit;
        }
    }

    fn tail(&mut self, segment: &Segment, unit: &[u8]) -> Result<Stage, Error> {
        let at = as_usize(segment.header.padding_len());
        let (padding, footer) = unit.split_at_checked(at).ok_or(Error::SegmentTruncated)?;
        let footer = segment.key.open_footer(footer)?;
        let footer = Footer::parse(&footer, segment.header.plain_len)?;
        match self.expect.end(&segment.header, padding, footer)? {
            Next::Segment => Ok(Stage::Header),
            Next::End(digests) => {
                self.digests = digests;
                Ok(Stage::End)
            }
        }
    }

    /// Tells a further segment from other bytes by the first four.
    fn behind_the_end(&mut self, sealed: &[u8]) -> Result<(), Error> {
        let missing = MAGIC.len() - self.buffer.len();
        self.buffer
            .extend_from_slice(&sealed[..missing.min(sealed.len())]);
        if !self.expect.is_parts() || !MAGIC.starts_with(&self.buffer) {
            return Err(Error::TrailingBytes);
        }
        if self.buffer.len() == MAGIC.len() {
            Err(Error::SegmentAfterLast)
        } else {
            Ok(())
        }
    }
}

fn after_chunk(segment: Segment, index: u64, end: u64) -> Stage {
    if index < end {
        Stage::Chunk {
            segment,
            index,
            end,
        }
    } else if index == segment.header.chunks() {
        Stage::Tail(segment)
    } else {
        Stage::End
    }
}

impl fmt::Debug for Opener {
    /// Leaves out plaintext.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener")
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}
