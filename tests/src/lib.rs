//! Scenarios that see the proxy from outside
