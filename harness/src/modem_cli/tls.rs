//! TLS that the modem opens itself, for its MQTT client.
//!
//! The modem's core says what it would do (which version, whether the hello names the server, what
//! it checks); rustls does it. TLS 1.0 is not to be had, and no broker of today takes it either.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use modem_sim::{TlsClient, TlsVersion};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme,
};

/// How long the server may take to answer during the handshake.
const PATIENCE: Duration = Duration::from_secs(30);

/// Largest piece of records read at once.
const CHUNK: usize = 16 * 1024;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    /// `AT+SSLVER=TLS10`.
    #[error("`AT+SSLVER=TLS10` is not simulated; `TLS12` is")]
    Version,
    /// `AT+SSLCRT` does not hold what it should.
    #[error("{what} of `AT+SSLCRT={slot}` is unusable: {why}")]
    Certificate {
        /// What it should be.
        what: &'static str,
        /// First parameter of the command.
        slot: u8,
        /// What is wrong. Says nothing about the bytes.
        why: String,
    },
    /// No name to check or to send.
    #[error("`{0}` is neither a host name nor an address")]
    Name(String),
    /// The two sides do not come together.
    #[error("{0}")]
    Handshake(#[from] io::Error),
}

/// A connection with TLS inside. One thread receives while another sends.
#[derive(Debug)]
pub(super) struct TlsStream {
    tcp: TcpStream,
    session: Mutex<Session>,
}

#[derive(Debug)]
struct Session {
    tls: ClientConnection,
    /// Decrypted and not handed on yet.
    ready: Vec<u8>,
    ended: bool,
}

impl TlsStream {
    /// Does the handshake on a fresh connection.
    pub(super) fn open(mut tcp: TcpStream, wish: &TlsClient, host: &str) -> Result<Self, TlsError> {
        let name =
            ServerName::try_from(host.to_owned()).map_err(|_| TlsError::Name(host.to_owned()))?;
        let mut tls = ClientConnection::new(config(wish)?, name).map_err(io::Error::other)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        while tls.is_handshaking() {
            tls.complete_io(&mut tcp)?;
        }
        tcp.set_read_timeout(None)?;
        let mut session = Session {
            tls,
            ready: Vec::new(),
            ended: false,
        };
        session.decrypt()?;
        Ok(Self {
            tcp,
            session: Mutex::new(session),
        })
    }

    /// Waits for bytes; none at the end of the connection.
    pub(super) fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut records = vec![0; CHUNK];
        loop {
            if let Some(count) = self.with(|session| Ok(session.hand_on(buffer)))? {
                return Ok(count);
            }
            let count = (&self.tcp).read(&mut records)?;
            self.with(|session| {
                let fed = session.feed(&records[..count]);
                // An alert, if something was wrong, or the answer to a question.
                let flushed = session.flush(&self.tcp);
                fed.and(flushed)
            })?;
        }
    }

    pub(super) fn send(&self, bytes: &[u8]) -> io::Result<()> {
        self.with(|session| {
            for piece in bytes.chunks(CHUNK) {
                session.tls.writer().write_all(piece)?;
                session.flush(&self.tcp)?;
            }
            Ok(())
        })
    }

    /// Ends the connection and the reads that wait.
    pub(super) fn close(&self) {
        // The peer may be gone already: then nothing is left to say.
        let _ = self.with(|session| {
            session.tls.send_close_notify();
            session.flush(&self.tcp)
        });
        let _ = self.tcp.shutdown(Shutdown::Both);
    }

    fn with<T>(&self, act: impl FnOnce(&mut Session) -> io::Result<T>) -> io::Result<T> {
        // A thread that panicked has ended the program's use of this connection; its state is whole.
        act(&mut self.session.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Session {
    /// Bytes that are ready, or the end; `None`: more must be read.
    fn hand_on(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let count = self.ready.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.ready[..count]);
        self.ready.drain(..count);
        (count > 0 || self.ended).then_some(count)
    }

    fn feed(&mut self, mut records: &[u8]) -> io::Result<()> {
        if records.is_empty() {
            self.ended = true;
        }
        while !records.is_empty() {
            self.tls.read_tls(&mut records)?;
            self.decrypt()?;
        }
        Ok(())
    }

    fn decrypt(&mut self) -> io::Result<()> {
        let state = self
            .tls
            .process_new_packets()
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let from = self.ready.len();
        self.ready.resize(from + state.plaintext_bytes_to_read(), 0);
        self.tls.reader().read_exact(&mut self.ready[from..])?;
        self.ended |= state.peer_has_closed();
        Ok(())
    }

    fn flush(&mut self, mut tcp: &TcpStream) -> io::Result<()> {
        while self.tls.wants_write() {
            self.tls.write_tls(&mut tcp)?;
        }
        Ok(())
    }
}

fn config(wish: &TlsClient) -> Result<Arc<ClientConfig>, TlsError> {
    let versions = match wish.version {
        TlsVersion::Tls10 => return Err(TlsError::Version),
        TlsVersion::Tls12 => [&rustls::version::TLS12],
    };
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions)
        .map_err(io::Error::other)?;
    let builder = match &wish.authority {
        Some(pem) => builder.with_root_certificates(authority(pem)?),
        None => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider))),
    };
    let mut config = match &wish.identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = certificates(certificate, "the certificate", 1)?;
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
                .map_err(|error| unusable("the key", 2, &error))?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| unusable("the key", 2, &error))?
        }
    };
    config.enable_sni = wish.server_name;
    Ok(Arc::new(config))
}

fn authority(pem: &str) -> Result<RootCertStore, TlsError> {
    let what = "the authority's certificate";
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem, what, 0)? {
        roots
            .add(certificate)
            .map_err(|error| unusable(what, 0, &error))?;
    }
    Ok(roots)
}

fn certificates(
    pem: &str,
    what: &'static str,
    slot: u8,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match all {
        Ok(all) if all.is_empty() => Err(unusable(what, slot, &"no PEM block in it")),
        Ok(all) => Ok(all),
        Err(error) => Err(unusable(what, slot, &error)),
    }
}

fn unusable(what: &'static str, slot: u8, why: &dyn ToString) -> TlsError {
    TlsError::Certificate {
        what,
        slot,
        why: why.to_string(),
    }
}

/// `AT+SSLAUTH=NONE`: whoever answers is the broker. That is what the product does.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
