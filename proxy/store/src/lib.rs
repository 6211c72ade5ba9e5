//! The object store behind `sealgate demo`: S3 over a folder.
//!
//! It stands in for a real store in the demo and in tests, so it is strict where the gateway
//! leans on a store: conditions, ranges, entity tags, metadata bytes, listings, multipart. It is
//! not meant for more than one machine or for data that nobody else keeps: nothing is synced to
//! disk, and there is one pair of keys. [`s3s`] parses requests and verifies signatures.
//!
//! # The folder
//!
//! ```text
//! ROOT/sealgate-store                    marks the folder, locked while a store has it open
//! ROOT/blobs/RANDOM                      content: one file per PUT or part, nothing else in it
//! ROOT/buckets/NAME/bucket.json          when it was created
//! ROOT/buckets/NAME/objects/SHA256.null.json        one per object: key, attributes, blobs
//! ROOT/buckets/NAME/uploads/RANDOM/upload.json      one per unfinished multipart upload
//! ROOT/buckets/NAME/uploads/RANDOM/NUMBER.json      one per part
//! ```
//!
//! Object keys never become paths: a record is named by the SHA-256 of its key and holds the key
//! inside. A record is written under another name and renamed, which is the instant at which a
//! write happens; its blobs are complete by then. Blobs that no record names are leftovers, and
//! are removed at once, or at the next start if the process was killed.
//!
//! Completing a multipart upload moves no bytes: the object's record names the parts' blobs.
//!
//! Versions have their place: the `null` in a record's name, and `version` inside it, is the
//! version id. A bucket with versions will write `SHA256.VERSION.json` beside the others and say
//! in `bucket.json` that it does; the index then maps a key to its versions, newest first.
//!
//! # In memory
//!
//! Every bucket keeps all its records in a map sorted by the bytes of the keys, built at the
//! start, so that listings and lookups touch no disk. Writers of a bucket take turns; readers
//! see the map as it was before a write or after it.
//!
//! # Not here
//!
//! Versions, ACLs, policies, tag sub-resources, encryption and object lock: `NotImplemented` or
//! another clear refusal, never silence.

mod assemble;
mod attributes;
mod blob;
mod bucket;
mod checksums;
mod condition;
mod credentials;
mod disk;
mod download;
mod error;
mod listing;
mod load;
mod odd_range;
mod operations;
mod receive;
mod record;
mod serve;
mod store;
mod upload;
mod window;

pub use credentials::Credentials;
pub use error::Error;
pub use s3s::region::Region;
pub use serve::serve;
pub use store::Store;
