//! Scenarios and measurements that see the proxy from outside: as processes, over HTTP.
