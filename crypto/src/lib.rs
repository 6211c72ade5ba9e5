//! Sealed object format: keys, envelope, segments; pure
