//! A TLS server in memory, on rustls, and the transport that leads to it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io::{Read as _, Write as _};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use embedded_io_async::{ErrorType, Read, Write};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::TLS13;
use rustls::{RootCertStore, ServerConfig, ServerConnection};

use super::pki::Identity;

/// The server's side. All of it happens when the client waits for bytes.
pub struct Server {
    tls: ServerConnection,
    to_server: VecDeque<u8>,
    to_client: VecDeque<u8>,
    /// What the client sent, decrypted.
    pub received: Vec<u8>,
    /// What rustls said against the client.
    pub error: Option<rustls::Error>,
    /// The client's raw bytes, as they went over the line.
    pub raw: Vec<u8>,
}

impl Server {
    /// A server that shows `chain`, the first one's key being its own.
    pub fn new(chain: &[&Identity]) -> Rc<RefCell<Self>> {
        Self::with_clients(chain, None)
    }

    /// A server that wants a client certificate from `clients`.
    pub fn with_clients(chain: &[&Identity], clients: Option<&Identity>) -> Rc<RefCell<Self>> {
        let certificates = chain
            .iter()
            .map(|identity| CertificateDer::from(identity.der.clone()))
            .collect();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(chain[0].key.serialize_der()));
        let provider = Arc::new(ring::default_provider());
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&TLS13])
            .unwrap();
        let config = match clients {
            None => config.with_no_client_auth(),
            Some(ca) => {
                let mut roots = RootCertStore::empty();
                roots.add(CertificateDer::from(ca.der.clone())).unwrap();
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                config.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let config = config.with_single_cert(certificates, key).unwrap();
        Rc::new(RefCell::new(Self {
            tls: ServerConnection::new(Arc::new(config)).unwrap(),
            to_server: VecDeque::new(),
            to_client: VecDeque::new(),
            received: Vec::new(),
            error: None,
            raw: Vec::new(),
        }))
    }

    /// The name the client asked for.
    pub fn sni(&self) -> Option<&str> {
        self.tls.server_name()
    }

    /// The client's certificate, if it was asked for one.
    pub fn client(&self) -> Option<&[u8]> {
        self.tls
            .peer_certificates()?
            .first()
            .map(|der| der.as_ref())
    }

    /// Encrypts `bytes` for the client.
    pub fn send(&mut self, bytes: &[u8]) {
        self.tls.writer().write_all(bytes).unwrap();
        self.flush();
    }

    /// Sends a good-bye.
    pub fn close(&mut self) {
        self.tls.send_close_notify();
        self.flush();
    }

    /// Puts `bytes` on the line as they are.
    pub fn inject(&mut self, bytes: &[u8]) {
        self.to_client.extend(bytes);
    }

    /// Takes what is on the line.
    pub fn take_line(&mut self) -> Vec<u8> {
        self.to_client.drain(..).collect()
    }

    /// Puts the client's `bytes` on the line; [`work`](Self::work) handles them.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.to_server.extend(bytes);
        self.raw.extend_from_slice(bytes);
    }

    /// Whether the handshake is not complete yet on this side.
    pub fn is_handshaking(&self) -> bool {
        self.tls.is_handshaking()
    }

    /// Handles everything the client has sent so far.
    pub fn work(&mut self) {
        while !self.to_server.is_empty() && self.error.is_none() {
            self.tls.read_tls(&mut self.to_server).unwrap();
            if let Err(error) = self.tls.process_new_packets() {
                self.error = Some(error);
            }
            let mut plain = [0; 4096];
            while let Ok(count @ 1..) = self.tls.reader().read(&mut plain) {
                self.received.extend_from_slice(&plain[..count]);
            }
        }
        self.flush();
    }

    fn flush(&mut self) {
        while self.tls.wants_write() {
            self.tls.write_tls(&mut self.to_client).unwrap();
        }
    }
}

/// The client's end of the line.
pub struct Line {
    server: Rc<RefCell<Server>>,
    /// Bytes that one read may deliver, one after the other, again from the start.
    chunks: Vec<usize>,
    next: usize,
    /// Whether each read waits once before it delivers.
    hesitant: bool,
}

impl Line {
    pub fn new(server: &Rc<RefCell<Server>>) -> Self {
        Self {
            server: Rc::clone(server),
            chunks: vec![usize::MAX],
            next: 0,
            hesitant: false,
        }
    }

    /// A line that delivers `chunks` bytes at a time and waits before each.
    pub fn in_chunks(server: &Rc<RefCell<Server>>, chunks: Vec<usize>) -> Self {
        Self {
            server: Rc::clone(server),
            chunks,
            next: 0,
            hesitant: true,
        }
    }
}

impl ErrorType for Line {
    type Error = Infallible;
}

impl Read for Line {
    async fn read(&mut self, out: &mut [u8]) -> Result<usize, Infallible> {
        let mut waits = self.hesitant;
        poll_fn(|context| {
            if std::mem::take(&mut waits) {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let mut server = self.server.borrow_mut();
            server.work();
            let chunk = self.chunks[self.next % self.chunks.len()].max(1);
            let count = out.len().min(chunk).min(server.to_client.len());
            if count == 0 {
                return Poll::Pending;
            }
            for (slot, byte) in out.iter_mut().zip(server.to_client.drain(..count)) {
                *slot = byte;
            }
            self.next += 1;
            Poll::Ready(Ok(count))
        })
        .await
    }
}

impl Write for Line {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let mut waits = self.hesitant;
        poll_fn(|context| {
            if std::mem::take(&mut waits) {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
        let count = bytes
            .len()
            .min(self.chunks[self.next % self.chunks.len()].max(1));
        self.server.borrow_mut().receive(&bytes[..count]);
        Ok(count)
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
