//! One address of the backend.

use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use config::Limits;
use pingora::upstreams::peer::HttpPeer;

use super::IDLE_TIMEOUT;
use crate::error::Error;
use crate::error::Result;

/// How long a resolved name is believed: pods move, and one lookup per request is too many.
const RESOLVED_FOR: Duration = Duration::from_secs(10);

/// A host that speaks S3.
pub struct Endpoint {
    tls: bool,
    host: String,
    port: u16,
    connect: Duration,
    silence: Duration,
    resolved: Mutex<Option<(SocketAddr, Instant)>>,
}

impl Endpoint {
    /// The configured endpoint.
    #[must_use]
    pub fn new(endpoint: config::Endpoint, limits: &Limits) -> Self {
        let config::Endpoint { tls, host, port } = endpoint;
        let (connect, silence) = (limits.connect, limits.silence);
        Self {
            tls,
            host,
            port,
            connect,
            silence,
            resolved: Mutex::new(None),
        }
    }

    /// The `Host` header: the port only where it is not the scheme's own.
    #[must_use]
    pub fn authority(&self) -> String {
        let default = if self.tls { 443 } else { 80 };
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        if self.port == default {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }

    /// Where it is, in one text.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}", self.authority())
    }

    /// Where to connect, with every wait bounded.
    pub async fn peer(&self) -> Result<HttpPeer> {
        let address = self.address().await?;
        let sni = if self.tls {
            self.host.clone()
        } else {
            String::new()
        };
        let mut peer = HttpPeer::new(address, self.tls, sni);
        peer.options.connection_timeout = Some(self.connect);
        peer.options.total_connection_timeout = Some(self.connect);
        peer.options.read_timeout = Some(self.silence);
        peer.options.write_timeout = Some(self.silence);
        peer.options.idle_timeout = Some(IDLE_TIMEOUT);
        Ok(peer)
    }

    async fn address(&self) -> Result<SocketAddr> {
        if let Ok(ip) = self.host.parse::<IpAddr>() {
            return Ok(SocketAddr::new(ip, self.port));
        }
        if let Some(address) = self.remembered() {
            return Ok(address);
        }
        let unreachable = |reason: String| Error::Unreachable(format!("{}: {reason}", self.host));
        let address = tokio::net::lookup_host((self.host.as_str(), self.port))
            .await
            .map_err(|error| unreachable(error.to_string()))?
            .next()
            .ok_or_else(|| unreachable("no address".to_owned()))?;
        *self.resolved.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((address, Instant::now()));
        Ok(address)
    }

    fn remembered(&self) -> Option<SocketAddr> {
        let resolved = self.resolved.lock().unwrap_or_else(PoisonError::into_inner);
        resolved
            .filter(|(_, when)| when.elapsed() < RESOLVED_FOR)
            .map(|(address, _)| address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authority(tls: bool, host: &str, port: u16) -> String {
        let limits = Limits {
            clock_skew: Duration::ZERO,
            xml_body: 0,
            connect: Duration::ZERO,
            silence: Duration::ZERO,
        };
        Endpoint::new(
            config::Endpoint {
                tls,
                host: host.to_owned(),
                port,
            },
            &limits,
        )
        .authority()
    }

    #[test]
    fn host_header_names_the_port_unless_it_is_the_default() {
        assert_eq!(authority(false, "minio", 9000), "minio:9000");
        assert_eq!(authority(false, "minio", 80), "minio");
        assert_eq!(authority(true, "s3.example.com", 443), "s3.example.com");
        assert_eq!(authority(false, "::1", 9000), "[::1]:9000");
    }
}
