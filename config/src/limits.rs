//! How much of everything, and how long.

use std::time::Duration;

/// How much of everything, and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How far a signature's time may lie from ours, either way.
    pub clock_skew: Duration,
    /// The longest XML body that is read, in bytes.
    pub xml_body: u64,
    /// How long connecting to the backend may take, TLS included.
    pub connect: Duration,
    /// How long either side may stay silent in the middle of an exchange.
    pub silence: Duration,
}
