//! Looks at the server's first handshake record before `embedded-tls` does.
//!
//! `embedded-tls` 0.19 takes a ServerHello for what it offered: version, cipher suite and session
//! id are skipped, and a HelloRetryRequest (RFC 8446, 4.1.4) is a ServerHello with a bad key
//! share to it. What is wrong would show later, as a record that does not decrypt.

use thiserror::Error;

const SERVER_HELLO: u8 = 2;
/// TLS_AES_128_GCM_SHA256, the one suite that is offered.
const SUITE: u16 = 0x1301;
/// secp256r1, the one group that is offered.
const GROUP: u16 = 0x0017;
const TLS_1_2: u16 = 0x0303;
const TLS_1_3: u16 = 0x0304;
const KEY_SHARE: u16 = 51;
const SUPPORTED_VERSIONS: u16 = 43;

/// The random of a HelloRetryRequest (4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// Why a ServerHello cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HelloFault {
    /// Another handshake message.
    #[error("handshake message {0} in place of a ServerHello")]
    Message(u8),
    /// The message goes on in another record, which is not supported, or is cut short.
    #[error("ServerHello is cut short, or split across records, which this device lacks")]
    Short,
    /// The server chose an older version.
    #[error("the server speaks TLS 1.{minor} only, TLS 1.3 is needed", minor = .0.saturating_sub(0x0301))]
    Version(u16),
    /// The server wants another key share.
    #[error(
        "the server asks for another key exchange (HelloRetryRequest), this device has P-256 only"
    )]
    Retry,
    /// A cipher suite that was not offered.
    #[error("the server chose cipher suite {0:#06x}, which was not offered")]
    Suite(u16),
    /// A group that was not offered.
    #[error("the server chose key-exchange group {0:#06x}, which was not offered")]
    Group(u16),
    /// No key share.
    #[error("the ServerHello has no key share")]
    NoKeyShare,
    /// The session id is not the one that was sent: none.
    #[error("the server echoes a session id that was not sent")]
    SessionId,
    /// An extension that was not offered.
    #[error("the ServerHello has extension {0}, which was not offered")]
    Extension(u16),
}

/// Checks the content of the first handshake record.
pub(super) fn check(record: &[u8]) -> Result<(), HelloFault> {
    let mut reader = Reader(record);
    let kind = reader.u8()?;
    if kind != SERVER_HELLO {
        return Err(HelloFault::Message(kind));
    }
    reader.u8()?;
    let length = reader.u16()?;
    let mut body = Reader(reader.take(length.into())?);
    let legacy = body.u16()?;
    let random = body.take(32)?;
    let echo = body.u8()?;
    let echo = body.take(echo.into())?;
    let suite = body.u16()?;
    body.u8()?;
    // Absent before TLS 1.3.
    let length = body.u16().unwrap_or_default();
    let mut extensions = Reader(body.take(length.into())?);
    let (mut version, mut group, mut unknown) = (legacy.min(TLS_1_2), None, None);
    while !extensions.0.is_empty() {
        let kind = extensions.u16()?;
        let length = extensions.u16()?;
        let mut body = Reader(extensions.take(length.into())?);
        match kind {
            SUPPORTED_VERSIONS => version = body.u16()?,
            KEY_SHARE => group = Some(body.u16()?),
            other => unknown = unknown.or(Some(other)),
        }
    }
    if version != TLS_1_3 {
        return Err(HelloFault::Version(version));
    }
    if random == RETRY {
        return Err(HelloFault::Retry);
    }
    if suite != SUITE {
        return Err(HelloFault::Suite(suite));
    }
    if !echo.is_empty() {
        return Err(HelloFault::SessionId);
    }
    match (group, unknown) {
        (None, _) => Err(HelloFault::NoKeyShare),
        (Some(group), _) if group != GROUP => Err(HelloFault::Group(group)),
        (_, Some(unknown)) => Err(HelloFault::Extension(unknown)),
        _ => Ok(()),
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], HelloFault> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(HelloFault::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn u8(&mut self) -> Result<u8, HelloFault> {
        Ok(self.take(1)?[0])
    }

    fn u16(&mut self) -> Result<u16, HelloFault> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::*;

    fn hello(
        version: Option<u16>,
        random: [u8; 32],
        echo: &[u8],
        suite: u16,
        group: u16,
    ) -> Vec<u8> {
        let mut body = Vec::from([3, 3]);
        body.extend(random);
        body.push(echo.len() as u8);
        body.extend(echo);
        body.extend(suite.to_be_bytes());
        body.push(0);
        let mut extensions = Vec::new();
        if let Some(version) = version {
            extensions.extend([0, 43, 0, 2]);
            extensions.extend(version.to_be_bytes());
        }
        extensions.extend([0, 51, 0, 2]);
        extensions.extend(group.to_be_bytes());
        body.extend((extensions.len() as u16).to_be_bytes());
        body.extend(extensions);
        let mut message = Vec::from([2, 0, 0, body.len() as u8]);
        message.extend(body);
        message
    }

    #[test]
    fn what_was_offered_is_taken_and_all_else_has_its_reason() {
        let good = hello(Some(TLS_1_3), [7; 32], &[], SUITE, GROUP);
        assert_eq!(check(&good), Ok(()));
        for (message, fault) in [
            (
                hello(None, [7; 32], &[], SUITE, GROUP),
                HelloFault::Version(TLS_1_2),
            ),
            (
                hello(Some(TLS_1_3), RETRY, &[], SUITE, GROUP),
                HelloFault::Retry,
            ),
            (
                hello(Some(TLS_1_3), [7; 32], &[1], SUITE, GROUP),
                HelloFault::SessionId,
            ),
            (
                hello(Some(TLS_1_3), [7; 32], &[], 0x1302, GROUP),
                HelloFault::Suite(0x1302),
            ),
            (
                hello(Some(TLS_1_3), [7; 32], &[], SUITE, 29),
                HelloFault::Group(29),
            ),
            (Vec::from([11, 0, 0, 0]), HelloFault::Message(11)),
        ] {
            assert_eq!(check(&message), Err(fault));
        }
    }

    #[test]
    fn cut_anywhere_it_is_short() {
        let good = hello(Some(TLS_1_3), [7; 32], &[], SUITE, GROUP);
        for length in 0..good.len() {
            assert_eq!(
                check(&good[..length]),
                Err(HelloFault::Short),
                "{length} bytes"
            );
        }
    }

    #[test]
    fn the_version_is_told_as_people_say_it() {
        extern crate std;
        assert!(std::format!("{}", HelloFault::Version(0x0302)).contains("TLS 1.1"));
        assert!(std::format!("{}", HelloFault::Version(0x0303)).contains("TLS 1.2"));
    }
}
