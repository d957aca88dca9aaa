//! Where credentials may be sent. A name is judged by what it resolves to, at the moment of the connection.

use crate::error::StoreError;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use url::{Host, Origin, Url};

/// The administrator's list.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    allowed: Option<Vec<Origin>>,
    inner: bool,
}

impl Origins {
    /// Any server, wherever it is: what External Secrets Operator does.
    pub fn any() -> Self {
        Self { allowed: None, inner: true }
    }

    /// Any server but this machine, its link and the clouds' metadata addresses.
    pub fn outside() -> Self {
        Self { allowed: None, inner: false }
    }

    /// These servers only, wherever they are.
    ///
    /// # Errors
    /// When one is no URL.
    pub fn only<S: AsRef<str>>(urls: &[S]) -> Result<Self, StoreError> {
        let parse = |url: &S| Url::parse(url.as_ref()).map(|url| url.origin());
        let allowed = urls.iter().map(parse).collect::<Result<_, _>>();
        Ok(Self { allowed: Some(allowed.map_err(|_| StoreError::Invalid("an allowed origin is no URL"))?), inner: true })
    }

    /// The server's URL, if it is one we may talk to.
    pub(crate) fn check(&self, text: &str) -> Result<Url, StoreError> {
        let url = Url::parse(text).map_err(|_| StoreError::Invalid("the server's address is no URL"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(StoreError::Invalid("the server's address is no http or https URL"));
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err(StoreError::Invalid("the server's address holds more than host, port and path"));
        }
        if self.allowed.as_ref().is_some_and(|allowed| !allowed.contains(&url.origin())) {
            return Err(StoreError::Refused("the server is not among the allowed origins"));
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            _ => None,
        };
        if address.is_some_and(|address| !self.may_reach(address)) {
            return Err(StoreError::Refused("the server's address is one of this machine, its link or a metadata service"));
        }
        Ok(url)
    }

    fn may_reach(&self, address: IpAddr) -> bool {
        const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
        if self.inner {
            return true;
        }
        match address.to_canonical() {
            IpAddr::V4(a) => {
                !(a.is_loopback() || a.is_link_local() || a.is_unspecified() || a.is_multicast() || a.is_broadcast())
            }
            IpAddr::V6(a) => {
                !(a.is_loopback() || a.is_unspecified() || a.is_multicast() || a.is_unicast_link_local() || a == METADATA)
            }
        }
    }
}

impl Resolve for Origins {
    fn resolve(&self, name: Name) -> Resolving {
        let origins = self.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let kept: Vec<SocketAddr> = found.into_iter().filter(|address| origins.may_reach(address.ip())).collect();
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Origins;
    use crate::error::StoreError;

    #[test]
    fn inner_addresses_are_refused_however_they_are_spelled() {
        let inner = [
            "http://127.0.0.1:8200",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://[::1]:8200",
            "http://[::ffff:127.0.0.1]",
            "http://169.254.169.254",
            "http://[fd00:ec2::254]",
            "http://[fe80::1]",
            "http://0.0.0.0",
        ];
        for url in inner {
            assert!(matches!(Origins::outside().check(url), Err(StoreError::Refused(_))), "{url}");
            assert!(Origins::any().check(url).is_ok(), "{url}");
        }
        assert!(Origins::outside().check("https://vault.example:8200/base").is_ok());
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let only = Origins::only(&["https://vault.example:8200"]).unwrap();
        assert!(only.check("https://VAULT.example:8200/x").is_ok());
        for url in ["http://vault.example:8200", "https://vault.example", "https://vault.example.evil:8200"] {
            assert!(matches!(only.check(url), Err(StoreError::Refused(_))), "{url}");
        }
        for url in ["https://a@vault.example:8200", "https://vault.example:8200?x", "ftp://vault.example", "vault"] {
            assert!(matches!(only.check(url), Err(StoreError::Invalid(_))), "{url}");
        }
    }
}
