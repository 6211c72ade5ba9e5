//! Every default: its value, its unit, and why.
//!
//! Defaults without a number (`protect: gateway`, `unsealed: reject`) stand where they are
//! applied, in `resolve`.

use std::time::Duration;

/// What SDKs sign for when nobody tells them a region.
pub(crate) const REGION: &str = "us-east-1";

/// Bytes: what AWS asks of every part but the last; most others do the same.
pub(crate) const MIN_PART: u64 = 5 * 1024 * 1024;

/// What AWS allows (`RequestTimeTooSkewed`).
pub(crate) const CLOCK_SKEW: Duration = Duration::from_mins(15);

/// Bytes: a `DeleteObjects` of 1 000 keys of 1 024 bytes and their markup, and as much again
/// for escapes.
pub(crate) const XML_BODY: u64 = 2 * 1024 * 1024;

/// Three tries of a lost SYN (1 s, then 2 s, RFC 6298) fit in.
pub(crate) const CONNECT: Duration = Duration::from_secs(5);

/// What SDKs wait by default before they give up.
pub(crate) const SILENCE: Duration = Duration::from_mins(1);
