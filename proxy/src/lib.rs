//! Transparent encryption in front of any S3 object store
