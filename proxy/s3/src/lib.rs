//! The S3 wire: requests, signatures, bodies, errors; pure
