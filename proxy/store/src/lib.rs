//! The embedded object store of the demo
