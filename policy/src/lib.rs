//! Which rule decides what happens to object data; pure
