//! What the modem's sockets can reach.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};

/// A mapping that is not understood.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// Not of the form.
    #[error("`--host {0}`: expected NAME=ADDR:PORT, for example `socket.usr.cn=127.0.0.1:2317`")]
    Form(String),
    /// The same name twice.
    #[error("`--host {0}`: this name is mapped already")]
    Twice(String),
    /// The address leads nowhere.
    #[error("`--host {text}`: `{address}` is no address: {source}")]
    Address {
        /// As given.
        text: String,
        /// The part after `=`.
        address: String,
        /// What the resolver said.
        source: io::Error,
    },
}

/// Names and where they lead.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts {
    mapped: BTreeMap<String, SocketAddr>,
    network: bool,
}

/// Where a connection goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// To this address.
    To(SocketAddr),
    /// To wherever this machine's resolver says.
    Network,
    /// Nowhere: the name is not mapped, and the network is closed.
    Closed,
}

impl Hosts {
    /// Understands `NAME=ADDR:PORT`. With `network`, names that are not mapped lead to the network
    /// of this machine.
    ///
    /// # Errors
    /// [`HostError`] for the first one that is wrong.
    pub fn parse(texts: &[String], network: bool) -> Result<Self, HostError> {
        let mut mapped = BTreeMap::new();
        for text in texts {
            let (name, address) = text
                .split_once('=')
                .filter(|(name, address)| !name.is_empty() && address.contains(':'))
                .ok_or_else(|| HostError::Form(text.clone()))?;
            let resolved = resolve(address).map_err(|source| HostError::Address {
                text: text.clone(),
                address: address.to_owned(),
                source,
            })?;
            if mapped.insert(name.to_ascii_lowercase(), resolved).is_some() {
                return Err(HostError::Twice(text.clone()));
            }
        }
        Ok(Self { mapped, network })
    }

    /// Where `host` leads; a mapped name does with every port.
    pub(super) fn route(&self, host: &str) -> Route {
        match self.mapped.get(&host.to_ascii_lowercase()) {
            Some(address) => Route::To(*address),
            None if self.network => Route::Network,
            None => Route::Closed,
        }
    }
}

fn resolve(address: &str) -> io::Result<SocketAddr> {
    let mut found = address.to_socket_addrs()?;
    found
        .next()
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no address found"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(texts: &[&str], network: bool) -> Result<Hosts, HostError> {
        let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
        Hosts::parse(&texts, network)
    }

    #[test]
    fn only_mapped_names_lead_somewhere() {
        let hosts = parse(&["Broker.example=127.0.0.1:8883", "six=[::1]:1"], false).unwrap();
        let address = "127.0.0.1:8883".parse().unwrap();
        assert_eq!(hosts.route("broker.EXAMPLE"), Route::To(address));
        assert_eq!(hosts.route("six"), Route::To("[::1]:1".parse().unwrap()));
        assert_eq!(hosts.route("other"), Route::Closed);
        assert_eq!(parse(&[], true).unwrap().route("other"), Route::Network);
    }

    #[test]
    fn says_what_is_wrong() {
        for text in ["", "broker", "=127.0.0.1:1", "broker=127.0.0.1"] {
            let error = parse(&[text], false).unwrap_err();
            assert!(matches!(error, HostError::Form(_)), "{text}: {error}");
        }
        let error = parse(&["broker=127.0.0.1:99999"], false)
            .unwrap_err()
            .to_string();
        assert!(error.contains("127.0.0.1:99999"), "{error}");
        let twice = parse(&["a=127.0.0.1:1", "A=127.0.0.1:2"], false).unwrap_err();
        assert!(matches!(twice, HostError::Twice(_)));
    }
}
