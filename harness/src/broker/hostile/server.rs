//! The handshake as a state machine without I/O.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::super::facts::TlsFacts;
use super::super::tls::{TlsServer, note_plaintext};
use super::adversary::Adversary;
use super::flight::{self, CLOSE_NOTIFY, Credentials, FATAL, Flight};
use super::key_schedule::RecordKeys;
use super::messages;
use super::record::{self, ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, Record};

/// No content type of TLS (RFC 8446, B.1).
const UNKNOWN_CONTENT: u8 = 99;

/// A TLS 1.3 server that does what its [`Adversary`] says.
pub(crate) struct HostileServer {
    adversary: Adversary,
    credentials: Arc<Credentials>,
    stage: Stage,
    /// ClientHellos so far.
    hellos: usize,
    input: Vec<u8>,
    output: Vec<u8>,
    plaintext: Vec<u8>,
    handshake: Vec<u8>,
    facts: TlsFacts,
    device_closed: bool,
}

enum Stage {
    /// A ClientHello is due; what went before it.
    Hello(Sha256),
    /// Our flight is sent; the client's Finished is due.
    Finished(Box<Flight>),
    Open {
        from_device: Box<RecordKeys>,
        to_device: Box<RecordKeys>,
    },
    /// It has said what it wanted to say, and there are no keys.
    Deaf,
    Over,
}

impl HostileServer {
    pub(crate) fn new(adversary: Adversary, credentials: Arc<Credentials>) -> Self {
        Self {
            adversary,
            credentials,
            stage: Stage::Hello(Sha256::new()),
            hellos: 0,
            input: Vec::new(),
            output: Vec::new(),
            plaintext: Vec::new(),
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
            HANDSHAKE if matches!(self.stage, Stage::Hello(_)) => {
                self.content(HANDSHAKE, record.body)
            }
            APPLICATION_DATA => {
                let keys = match &mut self.stage {
                    Stage::Finished(flight) => &mut flight.from_device,
                    Stage::Open { from_device, .. } => from_device,
                    Stage::Hello(_) | Stage::Deaf | Stage::Over => {
                        return Err("encrypted before keys".to_owned());
                    }
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
            (HANDSHAKE, Stage::Hello(_) | Stage::Finished(_)) => {
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
                if self.adversary.is_authentic() {
                    self.plaintext.extend(content);
                }
                Ok(())
            }
            _ => Err(format!("content of type {kind} where none is expected")),
        }
    }

    fn message(&mut self, kind: u8, message: &[u8]) -> Result<(), String> {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Hello(transcript) => {
                self.stage = self.answer_hello(kind, message, transcript)?;
                Ok(())
            }
            Stage::Finished(mut flight)
                if matches!(kind, messages::CERTIFICATE | messages::CERTIFICATE_VERIFY) =>
            {
                flight.transcript.update(message);
                self.stage = Stage::Finished(flight);
                Ok(())
            }
            Stage::Finished(flight) => {
                let expected = flight.client.finished(&flight::hash(&flight.transcript));
                if message != messages::finished(&expected) {
                    return Err("the client's Finished is wrong".to_owned());
                }
                self.facts.handshake_complete = true;
                let mut to_device = Box::new(flight.application.server.keys());
                self.afterwards(&mut to_device, &flight);
                self.stage = Stage::Open {
                    from_device: Box::new(flight.application.client.keys()),
                    to_device,
                };
                Ok(())
            }
            Stage::Open { .. } | Stage::Deaf | Stage::Over => {
                Err("a handshake message too many".to_owned())
            }
        }
    }

    fn answer_hello(
        &mut self,
        kind: u8,
        message: &[u8],
        mut transcript: Sha256,
    ) -> Result<Stage, String> {
        self.hellos += 1;
        if let Some(answer) = flight::instead_of_hello(self.adversary) {
            self.output.extend(answer);
            return Ok(Stage::Deaf);
        }
        let hello = messages::client_hello(kind, message)?;
        self.facts.sni.clone_from(&hello.server_name);
        if let Some(group) = flight::retry_group(self.adversary, self.hellos) {
            let retry = messages::ServerHello::retry(&hello.session_id, group).encode();
            record::plain(HANDSHAKE, &retry, &mut self.output);
            // The first ClientHello is replaced by its hash (4.4.1).
            let mut replaced = Sha256::new_with_prefix([254, 0, 0, 32]);
            replaced.update(Sha256::digest(message));
            replaced.update(&retry);
            return Ok(Stage::Hello(replaced));
        }
        transcript.update(message);
        let flight = flight::answer(
            self.adversary,
            &self.credentials,
            &hello,
            transcript,
            &mut self.output,
        )?;
        self.facts.version = Some("TLSv1_3".to_owned());
        self.facts.suite = Some("TLS13_AES_128_GCM_SHA256".to_owned());
        self.facts.group = Some("secp256r1".to_owned());
        Ok(Stage::Finished(Box::new(flight)))
    }

    /// What it says right after the handshake.
    fn afterwards(&mut self, keys: &mut RecordKeys, flight: &Flight) {
        use Adversary as A;
        let output = &mut self.output;
        match self.adversary {
            A::Ticket => record::sealed(HANDSHAKE, &messages::new_session_ticket(1), keys, output),
            A::ManyTickets => (1..=30).for_each(|number| {
                record::sealed(
                    HANDSHAKE,
                    &messages::new_session_ticket(number),
                    keys,
                    output,
                );
            }),
            A::KeyUpdate | A::KeyUpdateRequested => {
                let update = messages::key_update(self.adversary == A::KeyUpdateRequested);
                record::sealed(HANDSHAKE, &update, keys, output);
                *keys = flight.application.server.updated().keys();
            }
            A::EmptyApplicationData => (0..10).for_each(|_| {
                record::sealed(APPLICATION_DATA, &[], keys, output);
            }),
            A::CloseNotifyAfter => record::sealed(ALERT, &CLOSE_NOTIFY, keys, output),
            A::AlertAfter => record::sealed(ALERT, &FATAL, keys, output),
            A::PlainAlertAfter => record::plain(ALERT, &FATAL, output),
            A::ChangeCipherSpecAfter => record::plain(CHANGE_CIPHER_SPEC, &[1], output),
            A::WrongTagAfter => {
                let begin = output.len();
                record::sealed(APPLICATION_DATA, b"hello", keys, output);
                flight::flip_last(output, begin);
            }
            A::PlainHandshakeAfter => {
                record::plain(HANDSHAKE, &messages::key_update(false), output);
            }
            _ => self.handshake_afterwards(keys),
        }
    }

    /// Handshake messages that have no place after the handshake, or not like this.
    fn handshake_afterwards(&mut self, keys: &mut RecordKeys) {
        use Adversary as A;
        let ticket = messages::new_session_ticket(1);
        // The context must not be empty here (RFC 8446, 4.3.2).
        let request = messages::certificate_request(&[1]);
        let content = match self.adversary {
            A::CertificateRequestAfter => request,
            A::CertificateAfter => {
                messages::certificate(self.credentials.chain.iter().map(AsRef::as_ref))
            }
            A::FinishedAfter => messages::finished(&[0x5a; 32]),
            A::UnknownHandshakeAfter => messages::unknown(),
            A::TicketAndRequest => [ticket, request].concat(),
            A::SplitTicket => {
                let (head, tail) = ticket.split_at(ticket.len() / 2);
                record::sealed(HANDSHAKE, head, keys, &mut self.output);
                tail.to_vec()
            }
            A::UnknownContentAfter => {
                return record::sealed(UNKNOWN_CONTENT, b"?", keys, &mut self.output);
            }
            _ => return,
        };
        record::sealed(HANDSHAKE, &content, keys, &mut self.output);
    }
}

impl TlsServer for HostileServer {
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

    /// Nothing, unless the server is one that may be trusted.
    fn take_plaintext(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.plaintext)
    }

    fn send(&mut self, plaintext: &[u8]) {
        if let Stage::Open { to_device, .. } = &mut self.stage {
            record::sealed(APPLICATION_DATA, plaintext, to_device, &mut self.output);
        }
    }

    fn close(&mut self) {
        if let Stage::Open { to_device, .. } = &mut self.stage {
            record::sealed(ALERT, &CLOSE_NOTIFY, to_device, &mut self.output);
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
