//! What an object must consist of, segment by segment.

use std::collections::VecDeque;
use std::ops::Range;

use crate::aead::SegmentKey;
use crate::digests::Digests;
use crate::envelope::Foot;
use crate::error::Error;
use crate::footer::Footer;
use crate::header::Header;
use crate::header::Place;
use crate::header::Role;
use crate::keys::Dek;
use crate::list::Part;
use crate::list::PartList;
use crate::size::PlainLen;
use crate::suite::Suite;
use crate::table::PartSpan;
use crate::tally::Tally;

pub(super) enum Expect {
    /// Exactly this header.
    Whole {
        dek: Dek,
        header: Header,
        foot: Option<Foot>,
    },
    /// Ascending parts, until one says it is the last.
    Parts {
        dek: Dek,
        suite: Suite,
        size: Option<PlainLen>,
        tally: Tally,
    },
    /// These parts of an object whose table is known.
    Span {
        dek: Dek,
        span: PartSpan,
        left: VecDeque<Part>,
        first: bool,
    },
}

/// What follows a segment.
pub(super) enum Next {
    Segment,
    End(Digests),
}

impl Expect {
    pub(super) fn parts(dek: &Dek, suite: Suite, size: Option<PlainLen>) -> Self {
        Self::Parts {
            dek: dek.duplicate(),
            suite,
            size,
            tally: Tally::new(suite),
        }
    }

    pub(super) fn span(dek: &Dek, span: &PartSpan) -> Self {
        let left = span.parts.iter().copied().collect();
        Self::Span {
            dek: dek.duplicate(),
            span: span.clone(),
            left,
            first: true,
        }
    }

    pub(super) const fn is_parts(&self) -> bool {
        matches!(self, Self::Parts { .. })
    }

    /// What is wrong with a body that ends where a header is due.
    pub(super) const fn ended_early(&self) -> Error {
        match self {
            Self::Parts { .. } => Error::LastSegmentMissing,
            Self::Whole { .. } | Self::Span { .. } => Error::SegmentTruncated,
        }
    }

    /// The segment's key, and the chunks of it that will come.
    pub(super) fn begin(&mut self, header: &Header) -> Result<(SegmentKey, Range<u64>), Error> {
        match self {
            Self::Whole {
                dek,
                header: expected,
                ..
            } => {
                if header != expected {
                    return Err(Error::HeaderOther);
                }
                Ok((SegmentKey::of(dek, header), 0..header.chunks()))
            }
            Self::Parts {
                dek, suite, tally, ..
            } => {
                let (number, _) = header.in_parts_of(*suite)?;
                tally.follows(number)?;
                Ok((SegmentKey::of(dek, header), 0..header.chunks()))
            }
            Self::Span {
                dek,
                span,
                left,
                first,
            } => {
                let part = left.pop_front().ok_or(Error::ListDisagrees)?;
                is_listed(header, part, span, left.is_empty())?;
                let start = if std::mem::take(first) {
                    span.first_chunk
                } else {
                    0
                };
                let end = if left.is_empty() {
                    span.end_chunk
                } else {
                    header.chunks()
                };
                Ok((SegmentKey::of(dek, header), start..end))
            }
        }
    }

    /// Compares what stands behind a segment's chunks; `footer` has opened.
    pub(super) fn end(
        &mut self,
        header: &Header,
        padding: &[u8],
        footer: Footer,
    ) -> Result<Next, Error> {
        match self {
            Self::Whole { foot, .. } => {
                let found = Foot {
                    md5: footer.digests.md5.is_some(),
                    sum: footer.digests.sum.is_some(),
                };
                if foot.is_some_and(|foot| foot != found) {
                    return Err(Error::FooterDisagrees);
                }
                Ok(Next::End(footer.digests))
            }
            Self::Parts {
                dek, size, tally, ..
            } => {
                let list = list(dek, header, padding)?;
                tally.add_segment(header, &footer)?;
                let Some(digests) = tally.close(header, list.as_ref())? else {
                    return Ok(Next::Segment);
                };
                if size.is_some_and(|size| size != tally.total()) {
                    return Err(Error::ListDisagrees);
                }
                Ok(Next::End(digests))
            }
            Self::Span {
                dek, span, left, ..
            } => {
                let list = list(dek, header, padding)?;
                if list.is_some_and(|list| *list.digest() != span.digest) {
                    return Err(Error::ListDisagrees);
                }
                let more = !left.is_empty();
                Ok(if more {
                    Next::Segment
                } else {
                    Next::End(Digests::default())
                })
            }
        }
    }
}

/// The list in the padding of a segment that has one; a padding without must be zero.
fn list(dek: &Dek, header: &Header, padding: &[u8]) -> Result<Option<PartList>, Error> {
    let has_list = matches!(header.place, Place::Part { role, .. } if role.has_list());
    if has_list {
        let closing = dek.closing_key(header.suite);
        return PartList::from_padding(padding, &closing, header.suite).map(Some);
    }
    let zero = padding.iter().all(|&byte| byte == 0);
    if zero {
        Ok(None)
    } else {
        Err(Error::PaddingNotZero)
    }
}

fn is_listed(header: &Header, part: Part, span: &PartSpan, is_last: bool) -> Result<(), Error> {
    let (number, role) = header.in_parts_of(span.suite)?;
    let found = Part {
        number,
        plain_len: header.plain_len,
    };
    let may_be_last = is_last && span.to_end;
    if found != part || role == Role::Added || (role.is_last() && !may_be_last) {
        return Err(Error::ListDisagrees);
    }
    Ok(())
}
