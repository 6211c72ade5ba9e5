//! The sealed object format of FORMAT.md: keys, envelope, segments, part lists.
//!
//! ```text
//! EnvelopeDraft ──seal──▶ EnvelopeText        the two metadata entries
//! UnverifiedEnvelope ──verify──▶ Envelope     … read again; yields the DEK
//! Sealer ──push, finish──▶ sealed bytes       the body, segment by segment
//! Opener ──push, finish──▶ plaintext          … read again, in full or a span of it
//! PartList ──▶ PartTable ──▶ PartSpan         the end of a parts object, and ranges of it
//! ```
//!
//! Pure: salts and keys come as arguments, bytes go in and out. The crate does not know S3, HTTP or
//! a KMS vendor, asks no clock and no random source, and reads and writes nothing.

mod aead;
mod context;
mod derive;
mod digests;
mod envelope;
mod error;
mod footer;
mod header;
mod keys;
mod list;
mod open;
mod part_foot;
mod seal;
mod size;
mod span;
mod suite;
mod table;
mod tally;
mod walk;
mod wrap;

pub use aead::SegmentKey;
pub use aead::TAG_LEN;
pub use context::Context;
pub use context::bucket_key_context;
pub use context::upload_record_id;
pub use digests::Checksum;
pub use digests::ChecksumAlgorithm;
pub use digests::ChecksumType;
pub use digests::Digests;
pub use envelope::Advertised;
pub use envelope::Envelope;
pub use envelope::EnvelopeDraft;
pub use envelope::EnvelopeText;
pub use envelope::Foot;
pub use envelope::KeySource;
pub use envelope::UnverifiedEnvelope;
pub use error::Error;
pub use keys::BucketKey;
pub use keys::ClosingKey;
pub use keys::CustomerKey;
pub use keys::Dek;
pub use keys::MasterKey;
pub use keys::WrappingKey;
pub use list::Part;
pub use list::PartList;
pub use list::Tail;
pub use open::Opener;
pub use part_foot::PartFoot;
pub use seal::Sealer;
pub use seal::added_segment;
pub use size::FOOTER_LEN;
pub use size::PART_LEN_MAX;
pub use size::PART_OVERHEAD;
pub use size::PARTS_MAX;
pub use size::PlainLen;
pub use size::SealedLen;
pub use size::WHOLE_LEN_MAX;
pub use size::part_sealed_len;
pub use size::parts_plain_len;
pub use size::whole_plain_len;
pub use size::whole_sealed_len;
pub use span::Span;
pub use suite::Layout;
pub use suite::Sse;
pub use suite::Suite;
pub use table::PartSpan;
pub use table::PartTable;
pub use walk::Walk;
pub use wrap::master_key_id;
