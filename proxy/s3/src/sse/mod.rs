//! The headers of server-side encryption in both dialects: which operation carries which, what a
//! request asks for with them, and how an answer tells what was done.

mod asked;
mod customer;
mod table;
mod told;

pub use asked::SseAsked;
pub use customer::CustomerKey;
pub use customer::wrong_key;
pub use table::SseHeader;
pub use table::carries;
pub use table::tells;
pub use told::SseTold;

/// A mode of server-side encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SseMode {
    /// SSE-S3, SSE-OBS.
    Aes256,
    /// SSE-KMS.
    Kms,
    /// DSSE-KMS, in Amazon's dialect only.
    Dsse,
    /// SSE-C.
    Customer,
}
