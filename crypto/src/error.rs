//! Everything that can be wrong with a sealed object, or with what a writer was asked to seal.

/// One variant for each defect of FORMAT.md §8, and below them what a writer can be refused for.
///
/// `EnvelopeMalformed` carries a fixed text and never a value: values may be secret or huge.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    // --- the envelope
    /// Neither entry of an envelope, and the body does not begin like a segment.
    #[error("not a sealed object")]
    NotSealed,
    /// Neither entry of an envelope, but the body begins like a segment.
    #[error("body is sealed, but its envelope is missing")]
    EnvelopeMissing,
    /// One entry without the other, or not what FORMAT.md §3 allows.
    #[error("envelope is malformed: {0}")]
    EnvelopeMalformed(&'static str),
    /// `v` is an integer other than 1.
    #[error("envelope has the unknown version {0}")]
    VersionUnknown(u64),
    /// `suite` is no name of FORMAT.md §1.
    #[error("envelope names an unknown suite")]
    SuiteUnknown,
    /// Wrong customer key, other object or bucket, altered or malformed blob: one to the reader.
    #[error("key blob does not open")]
    KeyBlob,
    /// The MAC is not that of these bytes.
    #[error("envelope's MAC is wrong")]
    EnvelopeMac,
    /// `priv` does not open, or does not hold what FORMAT.md §3.1 says.
    #[error("private members of the envelope do not open")]
    PrivateMembers,

    // --- a segment
    /// A field has a value that FORMAT.md §4.1 does not allow.
    #[error("segment header is malformed")]
    HeaderMalformed,
    /// The length in a header is above its limit, or not 0 in an added segment.
    #[error("length of {0} bytes in a segment header is impossible")]
    LengthImpossible(u64),
    /// Well-formed, but of another object or part.
    #[error("segment header is that of another object or part")]
    HeaderOther,
    /// The tag of this chunk (counted from 0 in its segment) does not verify.
    #[error("chunk {chunk} was altered")]
    ChunkAltered {
        /// Position in the segment.
        chunk: u64,
    },
    /// At the position of this chunk stands another chunk of the same segment.
    #[error("chunk {found} stands in the place of chunk {chunk}")]
    ChunkSwapped {
        /// Position in the segment.
        chunk: u64,
        /// The chunk that was found there.
        found: u64,
    },
    /// At the position of this chunk stands the next one.
    #[error("chunk {chunk} is missing")]
    ChunkMissing {
        /// Position in the segment.
        chunk: u64,
    },
    /// The body ends inside a segment.
    #[error("body ends inside a segment")]
    SegmentTruncated,
    /// Bytes after the object that are no segment.
    #[error("bytes follow the object")]
    TrailingBytes,
    /// Padding that is to be zero is not.
    #[error("padding is not zero")]
    PaddingNotZero,
    /// The footer does not open.
    #[error("footer was altered")]
    FooterAltered,
    /// The footer opens, but contradicts header, envelope or FORMAT.md §4.3.
    #[error("footer disagrees with its segment")]
    FooterDisagrees,

    // --- a parts object
    /// The object ends after a segment that is not *last*.
    #[error("last segment is missing")]
    LastSegmentMissing,
    /// A segment follows the one with *last*.
    #[error("a segment follows the last one")]
    SegmentAfterLast,
    /// The parts read are not those the object consists of.
    #[error("a part is missing, inserted or out of order")]
    PartSequence,
    /// The last segment has *list*, but no list opens there.
    #[error("part list was altered")]
    ListAltered,
    /// The list opens, but contradicts itself, the stored size, or a header.
    #[error("part list disagrees with the object")]
    ListDisagrees,
    /// No plaintext gives this stored size.
    #[error("no plaintext gives a stored size of {0} bytes")]
    StoredSizeImpossible(u64),

    // --- refused when writing
    /// The envelope would be longer than 1 536 bytes.
    #[error("envelope of {0} bytes is longer than 1536")]
    EnvelopeTooLong(usize),
    /// More plaintext than was announced.
    #[error("body is longer than announced")]
    BodyTooLong,
    /// Less plaintext than was announced.
    #[error("body is {missing} bytes shorter than announced")]
    BodyTooShort {
        /// How many bytes did not come.
        missing: u64,
    },
    /// A part number outside 1 … 10 000, or flags that FORMAT.md §4.1 does not allow together.
    #[error("part number or place is not allowed")]
    PartPlace,
    /// No parts, or numbers that do not ascend.
    #[error("list of parts is not ascending or empty")]
    PartsNotAscending,
    /// A digest whose length is not that of its algorithm.
    #[error("digest has the wrong length for its algorithm")]
    DigestLength,
    /// A master key id outside `[A-Za-z0-9._-]{1,64}`.
    #[error("master key id is not 1 to 64 of A-Z a-z 0-9 . _ -")]
    MasterKeyId,
    /// The key offered is of the other kind: an object wrapped by bucket keys stays so for life,
    /// and one wrapped by a customer key too (FORMAT.md §2.1).
    #[error("wrapping key is of the other kind")]
    WrappingKind,
    /// The cipher refused to seal: more bytes than one nonce allows.
    #[error("cipher refused to seal")]
    SealRefused,
}

impl Error {
    /// The name of FORMAT.md §8; for what a writer was refused for, a name in the same style.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotSealed => "not_sealed",
            Self::EnvelopeMissing => "envelope_missing",
            Self::EnvelopeMalformed(_) => "envelope_malformed",
            Self::VersionUnknown(_) => "version_unknown",
            Self::SuiteUnknown => "suite_unknown",
            Self::KeyBlob => "key_blob",
            Self::EnvelopeMac => "envelope_mac",
            Self::PrivateMembers => "private_members",
            Self::HeaderMalformed => "header_malformed",
            Self::LengthImpossible(_) => "length_impossible",
            Self::HeaderOther => "header_other",
            Self::ChunkAltered { .. } => "chunk_altered",
            Self::ChunkSwapped { .. } => "chunk_swapped",
            Self::ChunkMissing { .. } => "chunk_missing",
            Self::SegmentTruncated => "segment_truncated",
            Self::TrailingBytes => "trailing_bytes",
            Self::PaddingNotZero => "padding_not_zero",
            Self::FooterAltered => "footer_altered",
            Self::FooterDisagrees => "footer_disagrees",
            Self::LastSegmentMissing => "last_segment_missing",
            Self::SegmentAfterLast => "segment_after_last",
            Self::PartSequence => "part_sequence",
            Self::ListAltered => "list_altered",
            Self::ListDisagrees => "list_disagrees",
            Self::StoredSizeImpossible(_) => "stored_size_impossible",
            Self::EnvelopeTooLong(_) => "envelope_too_long",
            Self::BodyTooLong => "body_too_long",
            Self::BodyTooShort { .. } => "body_too_short",
            Self::PartPlace => "part_place",
            Self::PartsNotAscending => "parts_not_ascending",
            Self::DigestLength => "digest_length",
            Self::MasterKeyId => "master_key_id",
            Self::WrappingKind => "wrapping_kind",
            Self::SealRefused => "seal_refused",
        }
    }
}
