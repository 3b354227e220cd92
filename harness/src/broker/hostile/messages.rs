//! The few handshake messages of TLS 1.3 the hostile server reads and writes (RFC 8446, section 4).

use sha2::{Digest, Sha256};

/// TLS_AES_128_GCM_SHA256.
const SUITE: u16 = 0x1301;
/// secp256r1.
pub(crate) const GROUP: u16 = 0x0017;
/// TLS 1.3.
const VERSION: u16 = 0x0304;

const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const NEW_SESSION_TICKET: u8 = 4;
const ENCRYPTED_EXTENSIONS: u8 = 8;
pub(crate) const CERTIFICATE: u8 = 11;
const CERTIFICATE_REQUEST: u8 = 13;
pub(crate) const CERTIFICATE_VERIFY: u8 = 15;
const FINISHED: u8 = 20;
const KEY_UPDATE: u8 = 24;

const SERVER_NAME: u16 = 0;
const SIGNATURE_ALGORITHMS: u16 = 13;
const SUPPORTED_VERSIONS: u16 = 43;
const KEY_SHARE: u16 = 51;

/// What the server needs of a ClientHello.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientHello {
    /// To be echoed.
    pub(crate) session_id: Vec<u8>,
    /// Server name indication.
    pub(crate) server_name: Option<String>,
    /// Uncompressed P-256 point, 65 bytes.
    pub(crate) key_share: Vec<u8>,
}

/// Takes one whole handshake message off the front of `stream`: type, and all of its bytes.
pub(crate) fn take(stream: &mut Vec<u8>) -> Option<(u8, Vec<u8>)> {
    let &[kind, high, middle, low] = stream.first_chunk::<4>()?;
    let length = 4 + u32::from_be_bytes([0, high, middle, low]) as usize;
    if stream.len() < length {
        return None;
    }
    let rest = stream.split_off(length);
    Some((kind, std::mem::replace(stream, rest)))
}

/// Reads a ClientHello; the error says what the server cannot do without.
pub(crate) fn client_hello(kind: u8, message: &[u8]) -> Result<ClientHello, String> {
    if kind != CLIENT_HELLO {
        return Err(format!("handshake type {kind} instead of a ClientHello"));
    }
    parse(message).ok_or("the ClientHello is cut short or malformed")?
}

/// `None` if the message ends too early.
fn parse(message: &[u8]) -> Option<Result<ClientHello, String>> {
    let mut reader = Reader(message.get(4 + 2 + 32..)?);
    let session_id = reader.vector8()?.to_vec();
    let mut suites = Reader(reader.vector16()?);
    let mut suite_offered = false;
    while let Some(suite) = suites.u16() {
        suite_offered |= suite == SUITE;
    }
    reader.vector8()?;
    let mut extensions = Reader(reader.vector16()?);
    let (mut server_name, mut key_share, mut version_offered) = (None, None, false);
    while let Some(kind) = extensions.u16() {
        let mut body = Reader(extensions.vector16()?);
        match kind {
            SERVER_NAME => {
                let mut names = Reader(body.vector16()?);
                // Name type 0: host_name, the only one there is.
                if names.u8()? == 0 {
                    server_name = Some(String::from_utf8_lossy(names.vector16()?).into_owned());
                }
            }
            SUPPORTED_VERSIONS => {
                let mut versions = Reader(body.vector8()?);
                while let Some(version) = versions.u16() {
                    version_offered |= version == VERSION;
                }
            }
            KEY_SHARE => {
                let mut shares = Reader(body.vector16()?);
                while let Some(group) = shares.u16() {
                    let share = shares.vector16()?;
                    if group == GROUP {
                        key_share = Some(share.to_vec());
                    }
                }
            }
            _ => {}
        }
    }
    let hello = match key_share {
        _ if !version_offered => Err("the client does not offer TLS 1.3".to_owned()),
        _ if !suite_offered => Err("the client does not offer TLS_AES_128_GCM_SHA256".to_owned()),
        None => Err("the client sent no P-256 key share".to_owned()),
        Some(key_share) => Ok(ClientHello {
            session_id,
            server_name,
            key_share,
        }),
    };
    Some(hello)
}

/// A ServerHello, field by field, so that each may be wrong.
#[derive(Debug, Clone)]
pub(crate) struct ServerHello {
    /// `legacy_version`.
    pub(crate) legacy_version: u16,
    pub(crate) random: [u8; 32],
    /// The echo of the client's.
    pub(crate) session_id: Vec<u8>,
    pub(crate) suite: u16,
    /// `supported_versions`, if it is sent at all.
    pub(crate) version: Option<u16>,
    /// `key_share`: the group, and the key unless it is a HelloRetryRequest's.
    pub(crate) share: (u16, Option<Vec<u8>>),
    /// More extensions, as they stand on the wire.
    pub(crate) more: Vec<u8>,
}

impl ServerHello {
    /// As an honest server sends it.
    pub(crate) fn honest(random: [u8; 32], session_id: &[u8], key_share: &[u8]) -> Self {
        Self {
            legacy_version: 0x0303,
            random,
            session_id: session_id.to_vec(),
            suite: SUITE,
            version: Some(VERSION),
            share: (GROUP, Some(key_share.to_vec())),
            more: Vec::new(),
        }
    }

    /// A HelloRetryRequest (4.1.4) for `group`: told from a ServerHello by its random.
    pub(crate) fn retry(session_id: &[u8], group: u16) -> Self {
        Self {
            random: Sha256::digest(b"HelloRetryRequest").into(),
            share: (group, None),
            ..Self::honest([0; 32], session_id, &[])
        }
    }

    /// The whole message.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut body = self.legacy_version.to_be_bytes().to_vec();
        body.extend(self.random);
        body.push(self.session_id.len() as u8);
        body.extend(&self.session_id);
        body.extend(self.suite.to_be_bytes());
        body.push(0);
        let mut extensions = Vec::new();
        if let Some(version) = self.version {
            extension(SUPPORTED_VERSIONS, &version.to_be_bytes(), &mut extensions);
        }
        let (group, key) = &self.share;
        let mut share = group.to_be_bytes().to_vec();
        if let Some(key) = key {
            share.extend((key.len() as u16).to_be_bytes());
            share.extend(key);
        }
        extension(KEY_SHARE, &share, &mut extensions);
        extensions.extend(&self.more);
        body.extend((extensions.len() as u16).to_be_bytes());
        body.extend(extensions);
        message(SERVER_HELLO, &body)
    }
}

/// Appends an extension.
pub(crate) fn extension(kind: u16, body: &[u8], output: &mut Vec<u8>) {
    output.extend(kind.to_be_bytes());
    output.extend((body.len() as u16).to_be_bytes());
    output.extend(body);
}

/// EncryptedExtensions with `extensions` as they stand on the wire.
pub(crate) fn encrypted_extensions(extensions: &[u8]) -> Vec<u8> {
    let mut body = (extensions.len() as u16).to_be_bytes().to_vec();
    body.extend(extensions);
    message(ENCRYPTED_EXTENSIONS, &body)
}

/// CertificateRequest for ECDSA P-256 (4.3.2).
pub(crate) fn certificate_request(context: &[u8]) -> Vec<u8> {
    let mut body = vec![context.len() as u8];
    body.extend(context);
    let mut extensions = Vec::new();
    extension(SIGNATURE_ALGORITHMS, &[0, 2, 4, 3], &mut extensions);
    body.extend((extensions.len() as u16).to_be_bytes());
    body.extend(extensions);
    message(CERTIFICATE_REQUEST, &body)
}

/// Certificate with `chain`, leaf first (4.4.2).
pub(crate) fn certificate<'a>(chain: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut list = Vec::new();
    for certificate in chain {
        list.extend(&(certificate.len() as u32).to_be_bytes()[1..]);
        list.extend(certificate);
        list.extend([0, 0]);
    }
    let mut body = vec![0];
    body.extend(&(list.len() as u32).to_be_bytes()[1..]);
    body.extend(list);
    message(CERTIFICATE, &body)
}

/// CertificateVerify with a signature of `scheme` (4.4.3).
pub(crate) fn certificate_verify(scheme: u16, signature: &[u8]) -> Vec<u8> {
    let mut body = scheme.to_be_bytes().to_vec();
    body.extend((signature.len() as u16).to_be_bytes());
    body.extend(signature);
    message(CERTIFICATE_VERIFY, &body)
}

/// NewSessionTicket (4.6.1).
pub(crate) fn new_session_ticket(number: u8) -> Vec<u8> {
    let mut body = 7200_u32.to_be_bytes().to_vec();
    body.extend([0, 0, 0, number]);
    body.extend([1, number]);
    body.extend([0, 32]);
    body.extend([number; 32]);
    body.extend([0, 0]);
    message(NEW_SESSION_TICKET, &body)
}

/// KeyUpdate (4.6.3), which asks for one in return if `requested`.
pub(crate) fn key_update(requested: bool) -> Vec<u8> {
    message(KEY_UPDATE, &[u8::from(requested)])
}

/// A message of a type that does not exist (RFC 8446, B.3).
pub(crate) fn unknown() -> Vec<u8> {
    message(99, b"?")
}

/// Finished with its `verify_data`.
pub(crate) fn finished(verify_data: &[u8]) -> Vec<u8> {
    message(FINISHED, verify_data)
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let [_, high, middle, low] = (body.len() as u32).to_be_bytes();
    let mut message = vec![kind, high, middle, low];
    message.extend(body);
    message
}

/// Reads big-endian fields; `None` where the bytes end.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.bytes(1).map(|bytes| bytes[0])
    }

    fn u16(&mut self) -> Option<u16> {
        self.bytes(2)
            .map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn vector8(&mut self) -> Option<&'a [u8]> {
        let length = self.u8()?;
        self.bytes(length.into())
    }

    fn vector16(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.bytes(length.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(suite: u16, version: u16, group: u16) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([0; 32]);
        body.extend([1, 0xab]);
        body.extend([0, 2]);
        body.extend(suite.to_be_bytes());
        body.extend([1, 0]);
        let mut extensions = vec![0, 0, 0, 6, 0, 4, 0, 0, 1, b'h'];
        extensions.extend([0, 43, 0, 3, 2]);
        extensions.extend(version.to_be_bytes());
        extensions.extend([0, 51, 0, 7, 0, 5]);
        extensions.extend(group.to_be_bytes());
        extensions.extend([0, 1, 0x55]);
        body.extend((extensions.len() as u16).to_be_bytes());
        body.extend(extensions);
        message(CLIENT_HELLO, &body)
    }

    #[test]
    fn a_client_hello_is_read() {
        let expected = ClientHello {
            session_id: vec![0xab],
            server_name: Some("h".to_owned()),
            key_share: vec![0x55],
        };
        assert_eq!(
            client_hello(CLIENT_HELLO, &hello(SUITE, VERSION, GROUP)),
            Ok(expected)
        );
    }

    #[test]
    fn what_the_server_cannot_do_is_named() {
        let error = |message: Vec<u8>| client_hello(CLIENT_HELLO, &message).unwrap_err();
        assert!(error(hello(0x1302, VERSION, GROUP)).contains("AES_128"));
        assert!(error(hello(SUITE, 0x0303, GROUP)).contains("TLS 1.3"));
        assert!(error(hello(SUITE, VERSION, 29)).contains("P-256"));
        assert!(
            client_hello(2, &[2, 0, 0, 0])
                .unwrap_err()
                .contains("type 2")
        );
    }

    #[test]
    fn a_client_hello_cut_anywhere_is_malformed() {
        let whole = hello(SUITE, VERSION, GROUP);
        for length in 0..whole.len() {
            assert!(
                client_hello(CLIENT_HELLO, &whole[..length]).is_err(),
                "{length} bytes"
            );
        }
    }

    #[test]
    fn messages_are_cut_from_a_stream() {
        let mut stream = finished(&[1; 32]);
        stream.extend([20, 0, 0]);
        assert_eq!(take(&mut stream), Some((FINISHED, finished(&[1; 32]))));
        assert_eq!(take(&mut stream), None);
        assert_eq!(stream, [20, 0, 0]);
    }
}
