//! The handshake without a certificate, as a state machine without I/O.

use p256::PublicKey;
use p256::ecdh::EphemeralSecret;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use rand_core::{OsRng, RngCore};
use sha2::{Digest, Sha256};

use super::super::facts::TlsFacts;
use super::super::tls::{TlsServer, note_plaintext};
use super::key_schedule::{HASH, KeySchedule, Pair, RecordKeys};
use super::messages;
use super::record::{self, ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, Record};

/// A TLS 1.3 server that shows no certificate.
pub(crate) struct NoCertificateServer {
    stage: Stage,
    input: Vec<u8>,
    output: Vec<u8>,
    handshake: Vec<u8>,
    facts: TlsFacts,
    device_closed: bool,
}

enum Stage {
    Hello,
    /// Our flight is sent; the client's Finished is due.
    Finished(Box<Flight>),
    Open {
        from_device: Box<RecordKeys>,
        to_device: Box<RecordKeys>,
    },
    Over,
}

struct Flight {
    from_device: RecordKeys,
    expected: [u8; HASH],
    application: Pair,
}

impl NoCertificateServer {
    pub(crate) fn new() -> Self {
        Self {
            stage: Stage::Hello,
            input: Vec::new(),
            output: Vec::new(),
            handshake: Vec::new(),
            facts: TlsFacts::default(),
            device_closed: false,
        }
    }

    fn record(&mut self, record: Record) -> Result<(), String> {
        match record.content_type() {
            // Middlebox compatibility (RFC 8446, D.4): to be ignored.
            CHANGE_CIPHER_SPEC => Ok(()),
            ALERT => self.content(ALERT, record.body),
            HANDSHAKE if matches!(self.stage, Stage::Hello) => self.content(HANDSHAKE, record.body),
            APPLICATION_DATA => {
                let keys = match &mut self.stage {
                    Stage::Finished(flight) => &mut flight.from_device,
                    Stage::Open { from_device, .. } => from_device,
                    Stage::Hello | Stage::Over => return Err("encrypted before keys".to_owned()),
                };
                let (kind, content) = record
                    .open(keys)
                    .ok_or("a record that the keys do not open")?;
                self.content(kind, content)
            }
            other => Err(format!("a record of type {other} where none is expected")),
        }
    }

    fn content(&mut self, kind: u8, content: Vec<u8>) -> Result<(), String> {
        match (kind, &self.stage) {
            (ALERT, _) => match content[..] {
                [_, 0] => {
                    self.device_closed = true;
                    Ok(())
                }
                [_, description] => {
                    let alert = format!("{:?}", rustls::AlertDescription::from(description));
                    self.facts.alert_received = Some(alert.clone());
                    Err(format!("received fatal alert: {alert}"))
                }
                _ => Err("an alert that is not two bytes".to_owned()),
            },
            (HANDSHAKE, Stage::Hello | Stage::Finished(_)) => {
                self.handshake.extend(content);
                while let Some((kind, message)) = messages::take(&mut self.handshake) {
                    self.message(kind, &message)?;
                }
                Ok(())
            }
            // A KeyUpdate would need new keys; the clients under test send none.
            (HANDSHAKE, _) => Err("a handshake message after the handshake".to_owned()),
            (APPLICATION_DATA, Stage::Open { .. }) => {
                note_plaintext(&mut self.facts, &content);
                Ok(())
            }
            _ => Err(format!("content of type {kind} where none is expected")),
        }
    }

    fn message(&mut self, kind: u8, message: &[u8]) -> Result<(), String> {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Hello => {
                self.stage = self.answer_hello(kind, message)?;
                Ok(())
            }
            Stage::Finished(flight) => {
                if message != messages::finished(&flight.expected) {
                    return Err("the client's Finished is wrong".to_owned());
                }
                self.facts.handshake_complete = true;
                self.stage = Stage::Open {
                    from_device: Box::new(flight.application.client.keys()),
                    to_device: Box::new(flight.application.server.keys()),
                };
                Ok(())
            }
            Stage::Open { .. } | Stage::Over => Err("a handshake message too many".to_owned()),
        }
    }

    /// ServerHello, EncryptedExtensions, Finished: a record each, and nothing in between.
    fn answer_hello(&mut self, kind: u8, message: &[u8]) -> Result<Stage, String> {
        let hello = messages::client_hello(kind, message)?;
        self.facts.sni = hello.server_name;
        let theirs = PublicKey::from_sec1_bytes(&hello.key_share)
            .map_err(|_| "the key share is no point of P-256")?;
        let secret = EphemeralSecret::random(&mut OsRng);
        let ours = secret.public_key().to_encoded_point(false);
        let mut random = [0; 32];
        OsRng.fill_bytes(&mut random);

        let mut transcript = Sha256::new();
        let mut hash = |message: &[u8]| -> [u8; HASH] {
            transcript.update(message);
            transcript.clone().finalize().into()
        };
        hash(message);
        let server_hello = messages::server_hello(&random, &hello.session_id, ours.as_bytes());
        record::plain(HANDSHAKE, &server_hello, &mut self.output);
        let schedule = KeySchedule::new(secret.diffie_hellman(&theirs).raw_secret_bytes());
        let traffic = schedule.handshake_traffic(&hash(&server_hello));
        let mut keys = traffic.server.keys();

        let extensions = messages::encrypted_extensions();
        record::sealed(HANDSHAKE, &extensions, &mut keys, &mut self.output);
        let finished = messages::finished(&traffic.server.finished(&hash(&extensions)));
        record::sealed(HANDSHAKE, &finished, &mut keys, &mut self.output);
        let whole = hash(&finished);

        self.facts.version = Some("TLSv1_3".to_owned());
        self.facts.suite = Some("TLS13_AES_128_GCM_SHA256".to_owned());
        self.facts.group = Some("secp256r1".to_owned());
        Ok(Stage::Finished(Box::new(Flight {
            from_device: traffic.client.keys(),
            expected: traffic.client.finished(&whole),
            application: schedule.application_traffic(&whole),
        })))
    }
}

impl TlsServer for NoCertificateServer {
    fn receive(&mut self, bytes: &[u8]) -> bool {
        self.input.extend(bytes);
        loop {
            let result = match Record::take(&mut self.input) {
                Ok(None) => return true,
                Ok(Some(record)) => self.record(record),
                Err(error) => Err(error),
            };
            if let Err(error) = result {
                self.facts.error = Some(error);
                self.stage = Stage::Over;
                return false;
            }
        }
    }

    /// Nothing: what the device says goes nowhere.
    fn take_plaintext(&mut self) -> Vec<u8> {
        Vec::new()
    }

    fn send(&mut self, plaintext: &[u8]) {
        if let Stage::Open { to_device, .. } = &mut self.stage {
            record::sealed(APPLICATION_DATA, plaintext, to_device, &mut self.output);
        }
    }

    fn close(&mut self) {
        if let Stage::Open { to_device, .. } = &mut self.stage {
            // Warning, close_notify.
            record::sealed(ALERT, &[1, 0], to_device, &mut self.output);
        }
    }

    fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    fn facts(&self) -> &TlsFacts {
        &self.facts
    }

    fn device_closed(&self) -> bool {
        self.device_closed
    }
}
